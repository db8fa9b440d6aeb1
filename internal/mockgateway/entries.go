package mockgateway

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

func (g *Gateway) putEntry(c call) (response, error) {
	key, err := c.entryKey()
	if err != nil {
		return response{}, err
	}
	value, oldKey, err := c.behaviour.dialect.decodePut(string(c.body))
	if err != nil {
		return response{}, err
	}
	if c.behaviour.transform != nil && value != "" {
		value = c.behaviour.transform(c.bucket, key, value)
	}
	err = g.change(c, func(b *bucket) error {
		if value == "" {
			return nil
		}
		if oldKey != "" {
			_ = b.delete(oldKey) // it may be missing
		}
		return b.put(key, value)
	})
	if err != nil {
		return response{}, err
	}
	return c.success(), nil
}

func (g *Gateway) getEntry(c call) (response, error) {
	key, err := c.entryKey()
	if err != nil {
		return response{}, err
	}
	dialect := c.behaviour.dialect
	var value string
	var missing error
	err = g.store.view(c.bucket, func(b *bucket) {
		value, missing = b.value(key)
		switch deleted := b.deletions[key]; {
		case deleted && dialect.Deleted == "null":
			value, missing = "null", nil
		case deleted && dialect.Deleted == "empty":
			value, missing = `""`, nil
		case dialect.StringValues:
			value = jsonText(value)
		}
	})
	if err := errors.Join(err, missing); err != nil {
		return response{}, err
	}
	// The value goes out as the text that came in: encoding it again would
	// compact it.
	bucket, name := jsonText(c.bucket), jsonText(key)
	return jsonResponse(http.StatusOK, fmt.Appendf(nil,
		`{"body":{"key":%s,"value":%s},"metadata":{"bucket":%s,"key":%s}}`,
		name, value, bucket, name)), nil
}

func (g *Gateway) deleteEntry(c call) (response, error) {
	key, err := c.entryKey()
	if err != nil {
		return response{}, err
	}
	if err := g.change(c, func(b *bucket) error { return b.delete(key) }); err != nil {
		return response{}, err
	}
	return c.success(), nil
}

// entryKey returns the name under which the store has the entry of the path.
func (c call) entryKey() (string, error) {
	if strings.Contains(c.key, "/") {
		switch c.behaviour.dialect.Slash {
		case "refused":
			return "", fmt.Errorf("invalid key %q", c.key)
		case "renamed":
			return strings.ReplaceAll(c.key, "/", "%2F"), nil
		}
	}
	return c.key, checkKey(c.key)
}
