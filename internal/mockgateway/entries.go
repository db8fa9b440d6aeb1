package mockgateway

import (
	"fmt"
	"net/http"
)

func (g *Gateway) putEntry(c call) (response, error) {
	if err := checkEntryPath(c); err != nil {
		return response{}, err
	}
	value := string(c.body)
	if err := checkValue(value); err != nil {
		return response{}, err
	}
	if c.behaviour.transform != nil {
		value = c.behaviour.transform(c.bucket, c.key, value)
	}
	err := g.store.change(c.bucket, func(b *bucket) error { return b.put(c.key, value) })
	if err != nil {
		return response{}, err
	}
	return success(), nil
}

func (g *Gateway) getEntry(c call) (response, error) {
	if err := checkEntryPath(c); err != nil {
		return response{}, err
	}
	var value string
	var missing error
	if err := g.store.view(c.bucket, func(b *bucket) { value, missing = b.value(c.key) }); err != nil {
		return response{}, err
	}
	if missing != nil {
		return response{}, missing
	}
	// The value goes out as the text that came in: encoding it again would
	// compact it.
	bucket, key := jsonText(c.bucket), jsonText(c.key)
	return jsonResponse(http.StatusOK, fmt.Appendf(nil,
		`{"body":{"key":%s,"value":%s},"metadata":{"bucket":%s,"key":%s}}`,
		key, value, bucket, key)), nil
}

func (g *Gateway) deleteEntry(c call) (response, error) {
	if err := checkEntryPath(c); err != nil {
		return response{}, err
	}
	err := g.store.change(c.bucket, func(b *bucket) error { return b.delete(c.key) })
	if err != nil {
		return response{}, err
	}
	return success(), nil
}

func checkEntryPath(c call) error {
	if err := checkBucketName(c.bucket); err != nil {
		return err
	}
	return checkKey(c.key)
}
