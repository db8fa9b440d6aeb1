package quiva

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// Entry is one key of a bucket with its value.
type Entry struct {
	Key string `json:"key"`
	// Value is JSON text as the gateway sent it: an object, unless something other than this
	// API has written the entry.
	Value json.RawMessage `json:"value"`
}

// GetEntry reads one entry. It fails with [ErrNotFound] if there is no such bucket or key.
func (c *Client) GetEntry(ctx context.Context, bucket, key string) (Entry, error) {
	response := entryResponse{key: key}
	if err := c.do(ctx, getOf(bucket, key), &response); err != nil {
		return Entry{}, err
	}
	return Entry{Key: key, Value: response.Body.Value}, nil
}

// look returns the value of an entry, null if it has none, or nil if a response says without
// proof that there is no entry.
func (c *Client) look(ctx context.Context, bucket, key string) (json.RawMessage, error) {
	r, response := getOf(bucket, key), entryResponse{key: key}
	err := c.exchange(ctx, r, &response)
	failure, ok := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return response.Body.Value, nil
	case errors.Is(err, errNoValue):
		return json.RawMessage("null"), nil
	case !ok:
		return nil, err
	case failure.wording != "":
		return nil, nil
	}
	r.explainSlash(failure)
	return nil, failure
}

func getOf(bucket, key string) request {
	return request{method: http.MethodGet, path: entryPath(bucket, key)}
}

// PutEntry creates an entry or overwrites it, whatever it held. The value must be the text of a
// JSON object. It fails with [ErrNotFound] if the bucket does not exist, with
// [ErrValueTooLarge] if that is why the value was refused, and with [ErrNotStored] if the first
// write to the bucket stored something else.
func (c *Client) PutEntry(ctx context.Context, bucket, key string, value json.RawMessage) error {
	return c.write(ctx, bucket, key, value, false)
}

// PutEntryOnce is PutEntry for a caller that reads the entry again and compares: what another
// writer has put in its place meanwhile is not overwritten, and no ErrNotStored.
func (c *Client) PutEntryOnce(ctx context.Context, bucket, key string, value json.RawMessage) error {
	return c.write(ctx, bucket, key, value, true)
}

func (c *Client) write(ctx context.Context, bucket, key string, value json.RawMessage, isOnce bool) error {
	wasFree := c.absences.state(bucket, key).isFree
	note := func() {
		c.snapshots.forget(bucket, key)
		c.absences.note(bucket, key, keyState{written: time.Now()})
	}
	note()
	defer note()
	isFirst, known, err := c.writes.begin(ctx, bucket, key)
	switch {
	case err != nil:
		return err
	case !isFirst:
		return c.put(ctx, bucket, key, value, known)
	}
	shown, stopped, err := c.putFirst(ctx, bucket, key, value, known, wasFree, isOnce)
	c.writes.end(bucket, key, shown, stopped)
	return err
}

var errOldKey = fmt.Errorf("%w: this gateway could take its member \"old_key\" for the name of an entry to replace. Rename it or the member \"value\"", ErrAmbiguousValue)

func (c *Client) put(ctx context.Context, bucket, key string, value json.RawMessage, as form) error {
	body := value
	if as == enveloped {
		if namesOldKey(value) {
			return errOldKey
		}
		body = slices.Concat([]byte(`{"value":`), value, []byte("}"))
	}
	err := c.do(ctx, request{method: http.MethodPut, path: entryPath(bucket, key), body: body, isDone: func(ctx context.Context) bool {
		entry, err := c.GetEntry(ctx, bucket, key)
		return err == nil && isSame(value, entry.Value)
	}}, &writeResponse{})
	if failure, ok := errors.AsType[*Error](err); ok {
		c.explainRejection(ctx, bucket, value, failure)
	}
	return err
}

// DeleteEntry deletes an entry. It fails with [ErrNotFound] if there is none.
func (c *Client) DeleteEntry(ctx context.Context, bucket, key string) error {
	c.snapshots.forget(bucket, key)
	defer c.snapshots.forget(bucket, key)
	err := c.do(ctx, request{method: http.MethodDelete, path: entryPath(bucket, key), isDone: func(ctx context.Context) bool {
		_, err := c.GetEntry(ctx, bucket, key)
		return errors.Is(err, ErrNotFound)
	}}, &writeResponse{})
	if err == nil {
		c.absences.note(bucket, key, deleted)
	}
	return err
}

func entryPath(bucket, key string) []string {
	return []string{bucket, "entries", key}
}

// entryResponse is what a GET of an entry promises.
type entryResponse struct {
	key   string  // the one that was asked for
	Error noError `json:"error"`
	Body  *struct {
		Error noError         `json:"error"`
		Key   *string         `json:"key"`
		Value json.RawMessage `json:"value"`
	} `json:"body"`
}

// errNoValue is what a deleted entry may leave behind.
var errNoValue = errors.New("the entry has no value")

func (a *entryResponse) check() error {
	switch {
	case a.Body == nil:
		return errors.New("the response lacks \"body\"")
	case a.Body.Key != nil && *a.Body.Key != a.key: // a cache or proxy mixed up two responses
		return fmt.Errorf("the response is about the key %q", *a.Body.Key)
	case a.Body.Value == nil:
		return errors.New("the response lacks \"body.value\"")
	case isNoValue(a.Body.Value):
		return errNoValue
	}
	a.Body.Value = unquote(a.Body.Value)
	return nil
}

// isNoValue reports whether a value is what a gateway may show of a deleted entry.
func isNoValue(value json.RawMessage) bool {
	return string(value) == "null" || string(value) == `""`
}

// unquote returns the object whose text a JSON string holds: some builds give values that way.
// Any other value stays as it is.
func unquote(value json.RawMessage) json.RawMessage {
	var text string
	if !bytes.HasPrefix(value, []byte(`"`)) || json.Unmarshal(value, &text) != nil {
		return value
	}
	// A lone surrogate, which is no character, decodes to U+FFFD.
	inner := bytes.TrimSpace([]byte(text))
	if !bytes.HasPrefix(inner, []byte("{")) || !json.Valid(inner) || bytes.ContainsRune(inner, utf8.RuneError) {
		return value
	}
	return inner
}
