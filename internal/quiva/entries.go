package quiva

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Entry is one key of a bucket with its value.
type Entry struct {
	Key string `json:"key"`
	// Value is JSON text as the gateway sent it: an object, unless something
	// other than this API has written the entry.
	Value json.RawMessage `json:"value"`
}

// GetEntry reads one entry. It fails with [ErrNotFound] if the bucket or
// the key does not exist; the gateway does not say which.
func (c *Client) GetEntry(ctx context.Context, bucket, key string) (Entry, error) {
	response := entryResponse{key: key}
	err := c.do(ctx, request{method: http.MethodGet, path: entryPath(bucket, key), limit: entryLimit}, &response)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Key: key, Value: response.Body.Value}, nil
}

// PutEntry creates an entry or overwrites it, whatever it held. The value must
// be the text of a JSON object. It fails with [ErrNotFound] if the bucket does not
// exist, with [ErrValueTooLarge] if that is why the value was refused.
func (c *Client) PutEntry(ctx context.Context, bucket, key string, value json.RawMessage) error {
	c.snapshots.forget(bucket, key)
	defer c.snapshots.forget(bucket, key)
	err := c.do(ctx, request{method: http.MethodPut, path: entryPath(bucket, key), body: value, limit: entryLimit}, &successResponse{})
	var failure *Error
	if errors.As(err, &failure) {
		c.explainRejection(ctx, bucket, value, failure)
	}
	return err
}

// DeleteEntry deletes an entry. It fails with [ErrNotFound] if there is
// none.
func (c *Client) DeleteEntry(ctx context.Context, bucket, key string) error {
	c.snapshots.forget(bucket, key)
	defer c.snapshots.forget(bucket, key)
	return c.do(ctx, request{method: http.MethodDelete, path: entryPath(bucket, key), limit: entryLimit}, &successResponse{})
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

func (a *entryResponse) check() error {
	switch {
	case a.Body == nil:
		return errors.New("the response lacks \"body\"")
	case a.Body.Value == nil:
		return errors.New("the response lacks \"body.value\"")
	case a.Body.Key != nil && *a.Body.Key != a.key:
		// A cache or proxy mixed up two responses: better no value than another
		// entry's.
		return fmt.Errorf("the response is about the key %q", *a.Body.Key)
	}
	return nil
}
