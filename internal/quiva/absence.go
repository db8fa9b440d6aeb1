package quiva

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// proofAge is how long a proof holds for responses after it. A gateway that fails later in the
// run must not pass for one whose entries are gone.
const proofAge = 5 * time.Second

// absences are the proofs that something is missing: what a response says of it could also come
// from a proxy. A proof is shared by all who got a response with the same wording about the
// same bucket.
type absences struct {
	mu     sync.Mutex
	proofs map[claim]*proof
	known  map[name]keyState
}

// name is that of an entry or, without a key, of a bucket.
type name struct{ bucket, key string }

// claim is what a proof is about: a wording with which keys of a bucket are said to be missing
// or, without a wording, the bucket itself. A complete list proves any wording.
type claim struct{ bucket, wording string }

const anyWording = "*"

// keyState is what this run knows of a key that it has asked for.
type keyState struct {
	isFree    bool // it was proven absent, or deleted, and not written since
	isDeleted bool // by this run
	written   time.Time
}

// proof is what the gateway says when it is asked in another way. It is complete once done is
// closed.
type proof struct {
	begun, ended time.Time
	done         chan struct{}

	isGone bool     // the bucket is gone, and with it all its entries
	shown  []string // the keys that a list shows
	// forbidden is a route that the credential does not permit, without which there is only the
	// response's own word.
	forbidden string
	err       error  // why there is no proof
	keys      *int64 // how many the bucket's details count, if they do
}

// contradicts reports whether a proof says that something is not missing.
func (p *proof) contradicts(key string) bool {
	if key == "" {
		return !p.isGone && p.forbidden == "" && p.err == nil
	}
	return slices.Contains(p.shown, key)
}

// covers reports whether a proof, unless it is still under way, is good for a response that
// comes now.
func (p *proof) covers(key string, written time.Time) bool {
	select {
	case <-p.done:
		return p.begun.After(written) && time.Since(p.ended) <= proofAge && !errors.Is(p.err, context.Canceled) && !p.contradicts(key)
	default:
		return p.begun.After(written)
	}
}

// prove returns the proof of a claim for a key, and asks for it unless there is one. It fails
// with the context's error.
func (a *absences) prove(ctx context.Context, of claim, key string, ask func(*proof)) (*proof, error) {
	for {
		a.mu.Lock()
		written := a.known[name{of.bucket, key}].written
		if list := a.proofs[claim{of.bucket, anyWording}]; key != "" && list != nil && list.covers(key, written) {
			a.mu.Unlock()
			return list, nil
		}
		p := a.proofs[of]
		isMine := p == nil || !p.covers(key, written)
		if isMine {
			p = &proof{begun: time.Now(), done: make(chan struct{})}
			a.proofs[of] = p
		}
		a.mu.Unlock()
		if isMine {
			ask(p)
			if ctx.Err() != nil { // others who wait ask for themselves
				p.err = context.Canceled
			}
			p.ended = time.Now()
			close(p.done)
			return p, ctx.Err()
		}
		select {
		case <-p.done:
			if p.covers(key, written) {
				return p, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// listed notes a complete list of a bucket's keys. An empty one may be of a bucket that is
// gone, or of something in the gateway's place.
func (a *absences) listed(bucket string, keys []string, begun time.Time) {
	if len(keys) == 0 {
		return
	}
	list := &proof{begun: begun, ended: time.Now(), done: make(chan struct{}), shown: keys}
	close(list.done)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.proofs[claim{bucket, anyWording}] = list
}

// deleted is the state of a key that this run has deleted.
var deleted = keyState{isFree: true, isDeleted: true}

// note sets what this run knows of a key.
func (a *absences) note(bucket, key string, state keyState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[name{bucket, key}] = state
}

// state returns what this run knows of a key, also as a part of its bucket.
func (a *absences) state(bucket, key string) keyState {
	a.mu.Lock()
	defer a.mu.Unlock()
	if of := a.known[name{bucket: bucket}]; of.isDeleted {
		return of
	}
	return a.known[name{bucket, key}]
}

// forgetBucket drops all that is known of a bucket which is created or deleted.
func (a *absences) forgetBucket(bucket string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.known, func(n name, _ keyState) bool { return n.bucket == bucket })
	maps.DeleteFunc(a.proofs, func(of claim, _ *proof) bool { return of.bucket == bucket })
}

// confirmAbsence makes a failure that may mean "missing" ErrNotFound if there is proof, and
// otherwise says why there is none. It fails with the context's error.
func (c *Client) confirmAbsence(ctx context.Context, r request, failure *Error) error {
	bucket, key := r.path[0], r.entryKey()
	if r.method == http.MethodPut {
		key = "" // there is no place for it
	}
	if c.absences.state(bucket, key).isDeleted {
		failure.kind = ErrNotFound
		return nil
	}
	var (
		p   *proof
		err error
	)
	switch {
	case key != "":
		p, err = c.proveEntryGone(ctx, claim{bucket, failure.wording}, key)
	case len(r.path) == 1 && r.method == http.MethodGet:
		p, err = c.proveBucketGone(ctx, bucket, failure)
	default:
		p, err = c.proveBucketGone(ctx, bucket, nil)
	}
	if err != nil {
		return err
	}
	reason := ""
	switch {
	case p.err != nil:
		reason = p.err.Error()
	case key != "" && p.contradicts(key):
		reason = "the gateway lists this key"
	case p.contradicts(key):
		failure.isThere = true
		reason = "the gateway gives details of this bucket"
	case p.forbidden != "" && failure.StatusCode != http.StatusNotFound:
		failure.Permit = p.forbidden
		reason = "the credential does not permit " + p.forbidden
	default:
		failure.kind = ErrNotFound
		if key != "" && p.forbidden == "" {
			c.absences.note(bucket, key, keyState{isFree: true})
		}
		return nil
	}
	failure.kind, failure.Cause = ErrUnproven, strings.TrimPrefix(failure.Cause+", ", ", ")+"but nothing confirms it: "+reason
	return nil
}

// proveBucketGone asks for a bucket's details, unless they are what says that it is missing,
// and then for the list of all buckets.
func (c *Client) proveBucketGone(ctx context.Context, bucket string, details *Error) (*proof, error) {
	return c.absences.prove(ctx, claim{bucket: bucket}, "", func(p *proof) {
		if details == nil {
			response := bucketResponse{asked: bucket}
			switch err := c.exchange(ctx, detailsOf(bucket), &response); {
			case err == nil:
				p.keys = response.bucket.EntryTotal
				return
			case !errors.As(err, &details) || details.wording == "":
				p.deny(err)
				return
			}
		}
		var list bucketsResponse
		switch err := c.exchange(ctx, request{method: http.MethodGet, limit: listLimit}, &list); {
		case err != nil:
			p.deny(err)
			if p.forbidden != "" && details.StatusCode != http.StatusNotFound {
				p.err = err
			}
		case slices.ContainsFunc(list.results, func(b bucketResult) bool { return *b.Name == bucket }):
			p.err = errors.New("the list of buckets has this bucket")
		default:
			p.isGone = true
		}
	})
}

// deny notes that a proof could not be had, because the credential does not permit a route or
// for another reason.
func (p *proof) deny(err error) {
	if failure, ok := errors.AsType[*Error](err); ok && isDenied(failure.StatusCode) {
		p.forbidden = failure.Method + " " + failure.Path
		return
	}
	p.err = err
}

// proveEntryGone asks whether the bucket is there, and lists it or, where a list does not show
// all, searches for the key.
func (c *Client) proveEntryGone(ctx context.Context, of claim, key string) (*proof, error) {
	return c.absences.prove(ctx, of, key, func(p *proof) {
		bucket, err := c.proveBucketGone(ctx, of.bucket, nil)
		if err != nil {
			return
		}
		p.isGone, p.forbidden, p.err = bucket.isGone, bucket.forbidden, bucket.err
		if p.isGone || p.err != nil {
			return
		}
		var listErr error
		list := func() (isProof bool) {
			var truncated bool
			p.shown, truncated, listErr = c.listKeys(ctx, listOf(of.bucket, MaxListLimit))
			if len(p.shown) > 0 {
				p.forbidden = "" // the list proves that the bucket is there
			}
			return listErr == nil && (!truncated || p.contradicts(key))
		}
		isListed := bucket.keys == nil || *bucket.keys < MaxListLimit
		if isListed && list() {
			return
		}
		keys, truncated, err := c.listKeys(ctx, searchOf(of.bucket, key, MaxListLimit))
		failure, _ := errors.AsType[*Error](err)
		switch {
		case err == nil && truncated && !slices.Contains(keys, key):
			p.err = errors.New("the search for it finds too much")
		case err == nil:
			p.shown = keys
		case failure != nil && failure.wording != "":
			// So it shows nothing, if the bucket that is there can be listed.
			if !isListed {
				list()
			}
			if listErr == nil || bucket.forbidden != "" {
				return
			}
			p.deny(listErr)
			if again, err := c.proveBucketGone(ctx, of.bucket, nil); err == nil && again.isGone { // by now
				p.isGone, p.err = true, nil
			}
		default:
			p.deny(err)
		}
	})
}

// listKeys returns the keys that a list shows, and whether there may be others.
func (c *Client) listKeys(ctx context.Context, l listing) (keys []string, truncated bool, err error) {
	list := listResponse[struct{}]{keep: func(Entry) struct{} { return struct{}{} }}
	if err := c.exchange(ctx, l.request(), &list); err != nil {
		return nil, false, err
	}
	for _, result := range list.results {
		keys = append(keys, result.key)
	}
	return keys, list.count >= l.limit, nil
}
