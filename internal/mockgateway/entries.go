package mockgateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

var legalKey = regexp.MustCompile(`^[-/_=.A-Za-z0-9]+$`)

func (g *Gateway) putEntry(c call) (response, error) {
	value, oldKey, err := c.behaviour.dialect.decodePut(string(c.record.Body))
	if err != nil {
		return response{}, err
	}
	if c.behaviour.transform != nil && value != "" {
		value = c.behaviour.transform(c.bucket, c.key, value)
	}
	return c.success(), g.change(c, func(b *bucket) error {
		if value == "" {
			return nil
		}
		if oldKey != "" {
			_ = b.delete(oldKey) // it may be missing
		}
		return b.put(c.key, value)
	})
}

func (g *Gateway) getEntry(c call) (response, error) {
	dialect := c.behaviour.dialect
	var value string
	var missing error
	err := g.store.view(c.bucket, func(b *bucket) {
		value, missing = b.value(c.key)
		switch deleted := b.deletions[c.key]; {
		case deleted && dialect.Deleted == "null":
			value, missing = "null", nil
		case deleted && dialect.Deleted == "empty":
			value, missing = `""`, nil
		case dialect.StringValues:
			value = jsonText(value)
		}
	})
	// The value goes out as the text that came in: encoding it again would
	// compact it.
	bucket, key := jsonText(c.bucket), jsonText(c.key)
	return jsonResponse(http.StatusOK, fmt.Appendf(nil,
		`{"body":{"key":%s,"value":%s},"metadata":{"bucket":%s,"key":%s}}`,
		key, value, bucket, key)), errors.Join(err, missing)
}

func (g *Gateway) deleteEntry(c call) (response, error) {
	return c.success(), g.change(c, func(b *bucket) error { return b.delete(c.key) })
}

// storedKey returns the name under which the store has the entry of a path.
func (d Dialect) storedKey(key string) (string, error) {
	if strings.Contains(key, "/") {
		switch d.Slash {
		case "refused":
			return "", fmt.Errorf("invalid key %q", key)
		case "renamed":
			return strings.ReplaceAll(key, "/", "%2F"), nil
		}
	}
	return key, checkKey(key)
}

func checkKey(key string) error {
	return firstBroken(
		rule{legalKey.MatchString(key), fmt.Sprintf("invalid key %q: only letters, digits, -, /, _, = and . are allowed", key)},
		rule{strings.Trim(key, ".") == key, fmt.Sprintf("invalid key %q: it must not start or end with a dot", key)},
	)
}

// checkValue takes what a client may write: exactly one JSON object.
func checkValue(text string) error {
	return firstBroken(
		rule{json.Valid([]byte(text)), "the value is not valid JSON"},
		rule{isObject(text), "the value must be a JSON object"},
	)
}

// isObject reports whether text, if it is JSON at all, is an object.
func isObject(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{")
}
