package quiva

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// MaxListLimit is the most entries that the gateway lists at once. There is no
// paging: an entry that is missing from a list may exist all the same.
const MaxListLimit = 1000

// ListEntries returns the latest entries of a bucket, up to limit (1 to
// [MaxListLimit]), each once. It fails with [ErrNotFound] if the bucket does not
// exist.
func (c *Client) ListEntries(ctx context.Context, bucket string, limit int) ([]Entry, error) {
	entries, _, err := c.list(ctx, bucket, "entries", url.Values{"limit": {strconv.Itoa(limit)}})
	return entries, err
}

// SearchEntries returns entries of a bucket whose keys match a pattern, in
// which * stands for any characters, up to limit (1 to [MaxListLimit]), each
// once. It fails with [ErrNotFound] if the bucket does not exist.
func (c *Client) SearchEntries(ctx context.Context, bucket, pattern string, limit int) ([]Entry, error) {
	entries, _, err := c.list(ctx, bucket, "search-by-key", url.Values{"search": {pattern}, "limit": {strconv.Itoa(limit)}})
	return entries, err
}

// list also reports whether it has as many results as fit in one list, so that
// the gateway may have more.
func (c *Client) list(ctx context.Context, bucket, operation string, query url.Values) (entries []Entry, truncated bool, err error) {
	var response entriesResponse
	err = c.do(ctx, request{method: http.MethodGet, path: []string{bucket, operation}, query: query, limit: listLimit}, &response)
	if err != nil {
		return nil, false, err
	}
	entries = make([]Entry, len(*response.Body.Results))
	for i, result := range *response.Body.Results {
		entries[i] = Entry{Key: *result.Key, Value: result.Value}
	}
	truncated = len(entries) >= MaxListLimit
	if entries, err = c.readRepeated(ctx, bucket, entries); err != nil {
		return nil, false, err
	}
	return entries, truncated, c.unquote(ctx, bucket, operation, entries)
}

// readRepeated reads the keys that a list has more than once on their own: it
// does not say which of the values is the entry's.
func (c *Client) readRepeated(ctx context.Context, bucket string, entries []Entry) ([]Entry, error) {
	listed := make(map[string]int, len(entries))
	for _, entry := range entries {
		listed[entry.Key]++
	}
	if len(listed) == len(entries) {
		return entries, nil
	}
	maps.DeleteFunc(listed, func(_ string, times int) bool { return times == 1 })
	read, outcome := c.GetEntries(ctx, bucket, slices.Sorted(maps.Keys(listed)))
	entries = slices.DeleteFunc(entries, func(entry Entry) bool { return listed[entry.Key] > 1 })
	return slices.AppendSeq(entries, maps.Values(read)), outcome.Err()
}

// unquote replaces in place the values of a gateway that gives them in lists as
// JSON strings, as its documents say that it may, by the JSON that those hold.
func (c *Client) unquote(ctx context.Context, bucket, operation string, entries []Entry) error {
	held := make([]json.RawMessage, len(entries))
	telling := "" // a key whose entry tells whether its value was made a string
	for i, entry := range entries {
		if !bytes.HasPrefix(entry.Value, []byte(`"`)) {
			return nil
		}
		held[i] = quotedJSON(entry.Value)
		if telling == "" && bytes.HasPrefix(held[i], []byte("{")) {
			telling = entry.Key
		}
	}
	if telling == "" {
		return nil
	}
	if quoted, err := c.quoting.learn(ctx, c, operation, bucket, telling); err != nil || !quoted {
		return err
	}
	for i, value := range held {
		if value != nil {
			entries[i].Value = value
		}
	}
	return nil
}

// quoting is what was learned about a gateway: by operation, whether it gives
// values as strings.
type quoting struct {
	mu      sync.Mutex
	learned map[string]bool
}

// learn reads on its own an entry that a list gives as a string that holds an
// object: only that can tell whether the list makes strings of values, or the
// entry is one.
func (q *quoting) learn(ctx context.Context, c *Client, operation, bucket, key string) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if quoted, ok := q.learned[operation]; ok {
		return quoted, nil
	}
	entry, err := c.GetEntry(ctx, bucket, key)
	if errors.Is(err, ErrNotFound) {
		return false, nil // deleted meanwhile
	}
	if err != nil {
		return false, err
	}
	if q.learned == nil {
		q.learned = map[string]bool{}
	}
	q.learned[operation] = bytes.HasPrefix(entry.Value, []byte("{"))
	return q.learned[operation], nil
}

// quotedJSON returns the JSON that a JSON string holds, nil if it holds none.
func quotedJSON(value json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return nil
	}
	// A lone surrogate, which is no character, decodes to U+FFFD.
	if held := bytes.TrimSpace([]byte(text)); json.Valid(held) && !bytes.ContainsRune(held, utf8.RuneError) {
		return held
	}
	return nil
}

// entriesResponse is what a list or a search promises.
type entriesResponse struct {
	Error noError `json:"error"`
	Body  *struct {
		Error   noError `json:"error"`
		Results *[]struct {
			Key   *string         `json:"key"`
			Value json.RawMessage `json:"value"`
		} `json:"results"`
		ResultsTotal int64 `json:"results_total"`
	} `json:"body"`
}

func (a *entriesResponse) check() error {
	if a.Body == nil || a.Body.Results == nil {
		return errors.New("the response lacks \"body.results\"")
	}
	if len(*a.Body.Results) == 0 && a.Body.ResultsTotal > 0 {
		return fmt.Errorf("the response has no results, and counts %d", a.Body.ResultsTotal)
	}
	for _, result := range *a.Body.Results {
		if result.Key == nil || result.Value == nil {
			return errors.New("a result of the response lacks its \"key\" or \"value\"")
		}
	}
	return nil
}
