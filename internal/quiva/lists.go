package quiva

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// MaxListLimit is the most entries that the gateway lists at once. There is no
// paging: an entry that is missing from a list may exist all the same.
const MaxListLimit = 1000

// ListEntries returns the latest entries of a bucket, up to limit (1 to
// [MaxListLimit]). It fails with [ErrNotFound] if the bucket does not
// exist.
func (c *Client) ListEntries(ctx context.Context, bucket string, limit int) ([]Entry, error) {
	return c.list(ctx, []string{bucket, "entries"}, url.Values{"limit": {strconv.Itoa(limit)}})
}

// SearchEntries returns entries of a bucket whose keys match a pattern, in
// which * stands for any characters, up to limit (1 to [MaxListLimit]). It
// fails with [ErrNotFound] if the bucket does not exist.
func (c *Client) SearchEntries(ctx context.Context, bucket, pattern string, limit int) ([]Entry, error) {
	return c.list(ctx, []string{bucket, "search-by-key"}, url.Values{"search": {pattern}, "limit": {strconv.Itoa(limit)}})
}

func (c *Client) list(ctx context.Context, path []string, query url.Values) ([]Entry, error) {
	var response entriesResponse
	err := c.do(ctx, request{method: http.MethodGet, path: path, query: query, limit: listLimit}, &response)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(*response.Body.Results))
	for i, result := range *response.Body.Results {
		entries[i] = Entry{Key: *result.Key, Value: unquoteObject(result.Value)}
	}
	return entries, nil
}

// entriesResponse is what a list or a search promises.
type entriesResponse struct {
	Body *struct {
		Results *[]struct {
			Key   *string         `json:"key"`
			Value json.RawMessage `json:"value"`
		} `json:"results"`
	} `json:"body"`
}

func (a *entriesResponse) check() error {
	if a.Body == nil || a.Body.Results == nil {
		return errors.New("the response lacks \"body.results\"")
	}
	for _, result := range *a.Body.Results {
		if result.Key == nil || result.Value == nil {
			return errors.New("a result of the response lacks its \"key\" or \"value\"")
		}
	}
	return nil
}

// unquoteObject returns the object that a list gives as a JSON string, as the
// gateway's documents say that it may, and any other value as it is.
func unquoteObject(value json.RawMessage) json.RawMessage {
	var text string
	if !bytes.HasPrefix(value, []byte(`"`)) || json.Unmarshal(value, &text) != nil {
		return value
	}
	if object := bytes.TrimSpace([]byte(text)); bytes.HasPrefix(object, []byte("{")) && json.Valid(object) {
		return object
	}
	return value
}
