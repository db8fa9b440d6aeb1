package quiva

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"sync"
)

// writes knows in which form each bucket stores values. The first write to a bucket is read
// back and compared, and so is the first to a key that needs percent-encoding: a gateway that
// reports success and stores something else must not do so 300 times. All others wait for that.
type writes struct {
	mu      sync.Mutex
	buckets map[string]*bucketWrites
	noted   []string // see [Client.EnvelopedBuckets]
}

type bucketWrites struct {
	form form
	// isProven says that entries are stored as sent in this form, isEncodedProven that those
	// are whose keys need percent-encoding.
	isProven, isEncodedProven bool
	// stopped is why nothing more is written.
	stopped error
	// proving is closed when the write that is being compared is over, and nil if there is
	// none.
	proving chan struct{}
}

// begin waits for a turn to write a key. It returns whether this is a first write, after which
// end must be called, and in which form values are sent.
func (w *writes) begin(ctx context.Context, bucket, key string) (isFirst bool, known form, err error) {
	for {
		w.mu.Lock()
		b := w.buckets[bucket]
		if b == nil {
			b = &bucketWrites{form: plain}
			w.buckets[bucket] = b
		}
		known, err = b.form, b.stopped
		isFirst = err == nil && !b.isEncodedProven && (!b.isProven || isEncoded(key))
		proving := b.proving
		if isFirst && proving == nil {
			b.proving = make(chan struct{})
		}
		w.mu.Unlock()
		if !isFirst || proving == nil {
			return isFirst, known, err
		}
		select {
		case <-proving:
		case <-ctx.Done():
			return false, unknownForm, ctx.Err()
		}
	}
}

// end says what a first write has shown.
func (w *writes) end(bucket, key string, shown form, stopped error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.buckets[bucket]
	close(b.proving)
	b.proving, b.stopped = nil, stopped
	if shown == unknownForm {
		return
	}
	if shown != b.form {
		w.noted = append(w.noted, bucket)
	}
	b.form = shown
	b.isProven, b.isEncodedProven = true, b.isEncodedProven || isEncoded(key)
}

func isEncoded(key string) bool { return url.PathEscape(key) != key }

// form is how a gateway takes values: as the body of a request or, as its older documents say,
// in an envelope {"value":…}.
type form int

const (
	unknownForm form = iota
	plain
	enveloped
)

// EnvelopedBuckets returns the buckets whose gateway turned out to take values in an envelope
// only, each once in a run.
func (c *Client) EnvelopedBuckets() []string {
	c.writes.mu.Lock()
	defer c.writes.mu.Unlock()
	noted := c.writes.noted
	c.writes.noted = nil
	return noted
}

// putFirst writes an entry, reads it back and compares. It returns the form in which the
// gateway stores values, as far as this entry tells, and why nothing more may be written.
// A key that was not free may still show what it had before.
func (c *Client) putFirst(ctx context.Context, bucket, key string, value json.RawMessage, known form, wasFree, isOnce bool) (shown form, stopped, err error) {
	if namesOldKey(value) { // a gateway that wants an envelope would replace that entry
		free, _ := json.Marshal(map[string]json.RawMessage{"value": members(value)["value"]})
		if isPlain, err := c.isStoredAs(ctx, plain, bucket, key, free); !isPlain {
			return unknownForm, nil, cmp.Or(err, errOldKey)
		}
	}
	isEqual := isSame
	if wasFree {
		isEqual = hasSameNames
	}
	stored, isStored, err := c.putAndCompare(ctx, bucket, key, value, known, isEqual)
	if err == nil && !isStored && hasSameNames(value, stored) { // the gateway may have rounded it
		isStored, _ = c.isStoredAs(ctx, known, bucket, key, value)
	}
	if !isStored && known == plain && (err == nil && !wasFree || suggestsEnvelope(value, stored, err)) {
		switch isWanted, trial := c.isStoredAs(ctx, enveloped, bucket, key, value); {
		case isWanted:
			return enveloped, nil, c.put(ctx, bucket, key, value, enveloped)
		case errors.Is(trial, ErrNotFound):
			return unknownForm, nil, trial
		}
	}
	if err == nil && !isStored && !isOnce { // another writer may have been in between
		stored, isStored, err = c.putAndCompare(ctx, bucket, key, value, known, isEqual)
	}
	switch {
	case err != nil || isOnce && !isStored:
		return unknownForm, nil, err
	case isStored && string(value) == "{}": // which a gateway may make of anything
		return unknownForm, nil, nil
	case isStored:
		return known, nil, nil
	}
	there := c.redactor.excerpt(string(stored))
	switch {
	case stored == nil:
		there = "no such entry"
	case isNoValue(stored):
		there = "an entry without a value"
	case hasSameNames(value, stored):
		there += ", with other values"
	}
	r := request{method: http.MethodPut, path: entryPath(bucket, key)}
	failure := &Error{Method: r.method, Path: c.url(r).EscapedPath(), StatusCode: http.StatusOK, kind: ErrNotStored,
		Cause: fmt.Sprintf("the request had %s, and after it the gateway has %s", c.redactor.excerpt(string(value)), there)}
	r.explainSlash(failure)
	return unknownForm, failure, failure
}

// putAndCompare writes an entry and reads it until it equals what was sent. It
// returns what was read last, nil if there is no entry.
func (c *Client) putAndCompare(ctx context.Context, bucket, key string, value json.RawMessage, as form, isEqual func(sent, stored json.RawMessage) bool) (stored json.RawMessage, isStored bool, err error) {
	if err := c.put(ctx, bucket, key, value, as); err != nil && !errors.Is(err, errNotShown) {
		return nil, false, err
	}
	poll(ctx, func(ctx context.Context) bool {
		stored, err = c.look(ctx, bucket, key)
		isStored = err == nil && isEqual(value, stored)
		return isStored || err != nil
	})
	switch failure, ok := errors.AsType[*Error](err); {
	case ok && isDenied(failure.StatusCode): // it may write only
		return nil, true, nil
	case err == nil && !isStored:
		err = ctx.Err()
	}
	return stored, isStored, err
}

// isStoredAs reports whether the gateway stores a value that is sent in a form. It tries that
// on a key that it finds free, and nowhere else: not on that of the entry, since what a slow
// gateway shows there later could be from the write before.
func (c *Client) isStoredAs(ctx context.Context, as form, bucket, key string, value json.RawMessage) (isStored bool, err error) {
	free := key + "-" + strings.ToLower(rand.Text()[:8])
	if _, err := c.GetEntry(ctx, bucket, free); !errors.Is(err, ErrNotFound) || !c.absences.state(bucket, free).isFree {
		return false, err
	}
	_, isStored, err = c.putAndCompare(ctx, bucket, free, value, as, hasSameNames)
	if err := c.DeleteEntry(ctx, bucket, free); err != nil && !errors.Is(err, ErrNotFound) {
		c.log(ctx, "Trial entry cannot be deleted", map[string]any{"bucket": bucket, "key": free, "error": err.Error()})
	}
	return isStored && err == nil, err
}

// hasSameNames reports whether two JSON texts have the same structure with the same names.
// Values may differ: a rounded number is for the next plan to show.
func hasSameNames(sent, stored json.RawMessage) bool {
	return reflect.DeepEqual(structure(sent, false), structure(stored, false))
}

// isSame reports whether two JSON texts are equal, with numbers as exact as a float64 is: it is
// enough to tell the value that was written from the one before.
func isSame(a, b json.RawMessage) bool {
	return len(b) > 0 && reflect.DeepEqual(structure(a, true), structure(b, true))
}

// structure decodes a JSON text, with or without its scalars.
func structure(text json.RawMessage, withScalars bool) any {
	return reduce(decoded(text), withScalars)
}

// decoded decodes a JSON text, and a broken one as null.
func decoded(text json.RawMessage) (value any) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a float64 does not hold all of them
	if decoder.Decode(&value) != nil {
		return nil
	}
	return value
}

func reduce(value any, withScalars bool) any {
	switch value := value.(type) {
	case map[string]any:
		for name := range value {
			value[name] = reduce(value[name], withScalars)
		}
		return value
	case []any:
		for i := range value {
			value[i] = reduce(value[i], withScalars)
		}
		return value
	}
	if !withScalars {
		return nil
	}
	if number, isNumber := value.(json.Number); isNumber {
		if float, err := number.Float64(); err == nil {
			return float
		}
	}
	return value
}

// valueRequired matches what a gateway says that looks for the value in an envelope.
var valueRequired = regexp.MustCompile(`(?i)\bvalue\b.*\b(required|missing)\b|\b(required|missing)\b.*\bvalue\b`)

// suggestsEnvelope reports whether a gateway may want the value of a write in an envelope, by
// its error or by what it stored.
func suggestsEnvelope(value, stored json.RawMessage, err error) bool {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure.StatusCode == http.StatusBadRequest && valueRequired.MatchString(failure.Message)
	}
	return err == nil && (stored == nil || isNoValue(stored) || isSame(stored, []byte("{}")) || isSame(stored, members(value)["value"]))
}

// members returns the members of a JSON object.
func members(value json.RawMessage) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	_ = json.Unmarshal(value, &object)
	return object
}

// namesOldKey reports whether a gateway that wants an envelope could take a value for one, in
// which "old_key" names an entry to replace.
func namesOldKey(value json.RawMessage) bool {
	if !bytes.Contains(value, []byte("old_key")) && !bytes.Contains(value, []byte(`\u`)) {
		return false // without decoding it
	}
	object := members(value)
	return object["value"] != nil && object["old_key"] != nil
}
