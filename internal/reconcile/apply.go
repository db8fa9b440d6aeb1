package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// Change is what one object is to do to entries of one bucket. Values are JSON
// texts of objects.
type Change struct {
	Bucket string
	// Had are the entries that the object has, by the state, and Wanted those that it
	// is to have. In Had, nil stands for a value that the state must not hold: such
	// an entry is written over and deleted whatever it holds. An empty value is one
	// that the plan has not seen.
	Had, Wanted map[string]json.RawMessage
	// Overwrite lets values be written over and deleted that the plan has not seen.
	Overwrite bool
	// Successors are those keys that only Had has and that the plan has seen another
	// object have or create. They are left in place for it.
	Successors []string
	// Prune are keys that no object held when the change was planned. They are
	// deleted if that is still so, and IsAsPlanned says of the digest of their value
	// that it is too.
	Prune       []string
	IsAsPlanned func(key string, digest quiva.Digest) bool
}

// Change makes a change. Nothing is deleted unless all else was written.
func (a *Apply) Change(ctx context.Context, wanted Change) Outcome {
	c := &change{Change: wanted, run: a, add: map[string]json.RawMessage{}, set: map[string]json.RawMessage{}}
	c.outcome.Inherited = map[string]json.RawMessage{}
	for key, value := range c.Wanted {
		if had, exists := c.Had[key]; !exists {
			c.add[key] = value
		} else if had == nil || !a.equal(had, value) {
			c.set[key] = value
		}
	}
	for key := range c.Had {
		if c.Wanted[key] == nil {
			c.remove = append(c.remove, key)
		}
	}
	slices.Sort(c.remove)
	a.begin()
	defer a.end(c)
	c.write(ctx)
	c.letGo(ctx)
	c.prune(ctx)
	return c.outcome
}

func (a *Apply) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lastActive = time.Now()
	a.setActive(+1)
}

func (a *Apply) end(c *change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	// If no key is handed over, a refused creation does not make others wait longer.
	if a.handedOver || c.outcome.Failure == nil {
		a.lastActive = time.Now()
	}
	a.setActive(-1)
}

// change is one call of [Apply.Change] under way.
type change struct {
	Change

	run *Apply
	// add are the entries that come to the object, and set those that it has and that
	// get another value; remove are the keys that it lets go.
	add, set map[string]json.RawMessage
	remove   []string
	outcome  Outcome
}

// fail notes why the change is not made. Only the first failure is reported.
func (c *change) fail(failure Failure) {
	if c.outcome.Failure == nil {
		c.outcome.Failure = &failure
	}
}

// write makes entries hold their new values. If one may not be created, none are
// written.
func (c *change) write(ctx context.Context) {
	keys := slices.Sorted(maps.Keys(c.Wanted))
	unlock, err := c.run.lock(ctx, c.Bucket, keys)
	if err != nil {
		c.fail(Failure{Kind: Cancelled, Err: err})
	}
	defer func() { unlock() }()

	present := c.check(ctx)
	taken, changed := c.inTheWay(present)
	if len(taken) > 0 {
		// Unlocked, since the calls that are to let the keys go need them.
		unlock()
		c.awaitHandOver(ctx, present)
		unlock, err = c.run.lock(ctx, c.Bucket, keys)
		taken, changed = c.inTheWay(present)
		if err != nil {
			c.fail(Failure{Kind: Cancelled, Err: err})
		} else if c.refuseWritten() && len(taken) > 0 {
			c.fail(Failure{Kind: Taken, Count: len(c.add), Keys: taken})
		}
	}
	c.outcome.Changed = changed
	// In any case, write what this run has deleted: the object that had it is gone,
	// so the entry would be lost.
	lost := map[string]json.RawMessage{}
	for _, key := range c.which(keys, func(e *entry) bool { return e.claim == deleted }) {
		lost[key] = c.Wanted[key]
	}
	requests := c.run.client.PutEntries(ctx, c.Bucket, lost)
	done := requests.Done
	if !c.outcome.Failed() {
		done = c.put(ctx, requests, lost, present, keys)
	}
	c.settle(done)
}

// check returns the entries that are where others are to be added. It fails if that
// cannot be told, or if another object has the keys.
func (c *change) check(ctx context.Context) (present map[string]quiva.Entry) {
	if c.outcome.Failed() || !c.refuseWritten() {
		return nil
	}
	// The gateway's PUT overwrites silently. What this run has deleted is known to
	// be free, and must be written whatever a request would say of it.
	unknown := c.which(slices.Sorted(maps.Keys(c.add)), func(e *entry) bool { return e.claim != deleted })
	present, requests := c.run.client.GetEntries(ctx, c.Bucket, unknown)
	if err := requests.Err(); err != nil {
		c.fail(Failure{Kind: NotChecked, Count: len(unknown), Requests: requests, Err: err})
		return nil
	}
	return present
}

// refuseWritten fails if this run has written any of the keys already: then two
// objects have them.
func (c *change) refuseWritten() (ok bool) {
	keys := slices.Sorted(maps.Keys(c.add))
	keys = slices.AppendSeq(keys, maps.Keys(c.set))
	twice := c.which(keys, func(e *entry) bool { return e.claim == written })
	if len(twice) > 0 {
		slices.Sort(twice)
		c.fail(Failure{Kind: WrittenBefore, Count: len(keys), Keys: twice})
	}
	return len(twice) == 0
}

// which returns those of the keys, in their order, whose entries are accepted.
func (c *change) which(keys []string, accept func(*entry) bool) []string {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !accept(c.run.at(c.Bucket, key)) })
}

// inTheWay returns the keys that hold another value and that nobody has let go, and
// those that were released for this object, but hold neither the value that the state
// had nor its own.
func (c *change) inTheWay(present map[string]quiva.Entry) (taken []string, changed map[string]json.RawMessage) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	changed = map[string]json.RawMessage{}
	for _, key := range slices.Sorted(maps.Keys(present)) {
		e, value := c.run.at(c.Bucket, key), present[key].Value
		switch {
		case c.Overwrite || e.claim == deleted || c.run.equal(c.add[key], value) || c.run.isAllButLeft(e, c.add[key], value):
		case e.claim != released:
			taken = append(taken, key)
		case e.released != nil && !c.run.equal(e.released, value):
			changed[key] = value
		}
	}
	return taken, changed
}

// put writes what is not as wanted yet, after the requests for what was lost: what is
// new first. It returns those of the keys that are done.
func (c *change) put(
	ctx context.Context, requests quiva.BatchResult, lost map[string]json.RawMessage, present map[string]quiva.Entry, keys []string,
) (done []string) {
	added, set := maps.Clone(c.add), maps.Clone(c.set)
	maps.DeleteFunc(added, func(key string, value json.RawMessage) bool {
		entry, exists := present[key]
		return lost[key] != nil || exists && c.run.equal(value, entry.Value)
	})
	maps.DeleteFunc(set, func(key string, _ json.RawMessage) bool { return lost[key] != nil })
	if requests.Err() == nil {
		requests = requests.And(c.run.client.PutEntries(ctx, c.Bucket, added))
	} else {
		requests.Untried = slices.AppendSeq(requests.Untried, maps.Keys(added))
	}
	if requests.Err() == nil {
		requests = requests.And(c.run.client.PutSeenEntries(ctx, c.Bucket, set, c.seen))
		maps.Copy(c.outcome.Changed, changed(requests))
	} else {
		requests.Untried = slices.AppendSeq(requests.Untried, maps.Keys(set))
	}
	if err := requests.Err(); err != nil {
		c.fail(Failure{Kind: NotWritten, Count: len(lost) + len(added) + len(set), Requests: requests, Err: err})
		// What was adopted comes into no state, since whatever is in one may later
		// be deleted.
		return requests.Done
	}
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return c.outcome.Changed[key] != nil })
}

// seen is what the plan has seen of an entry.
func (c *change) seen(key string) quiva.Seen {
	value, ok := c.Had[key]
	return quiva.Seen{Any: c.Overwrite || ok && value == nil, Value: value}
}

// changed removes from the failed requests those about entries that hold what the
// plan has not seen, and returns these. They were left alone, which is no failure.
func changed(requests quiva.BatchResult) map[string]json.RawMessage {
	values := map[string]json.RawMessage{}
	for key, err := range requests.Failed {
		var changed *quiva.ChangedError
		if errors.As(err, &changed) {
			values[key] = changed.Value
			delete(requests.Failed, key)
		}
	}
	return values
}

// settle claims the keys that are done, and says what becomes of the others.
func (c *change) settle(done []string) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	stays := func(key string) bool { return c.add[key] == nil && c.set[key] == nil }
	for _, key := range done {
		c.run.at(c.Bucket, key).claim = written
		if !stays(key) {
			c.outcome.Written = append(c.outcome.Written, key)
		}
	}
	for key := range c.Wanted {
		e := c.run.at(c.Bucket, key)
		switch {
		case e.claim == written:
		case stays(key) && e.claim != deleted:
			e.claim = written
		case e.claim == released:
			// No other object has it any more.
			c.outcome.Inherited[key] = e.released
			e.claim = written
		default:
			e.claim = failed
		}
	}
	c.run.notify()
}

// letGo lets entries go. Those that another object has, or is to have, stay on
// the gateway.
func (c *change) letGo(ctx context.Context) {
	if len(c.remove) == 0 {
		return
	}
	unlock, err := c.run.lock(ctx, c.Bucket, c.remove)
	if err != nil {
		c.fail(Failure{Kind: Cancelled, Err: err})
		return
	}
	defer unlock()

	removed, left, retained, unwanted := c.release()
	if !c.outcome.Failed() {
		done, changed := c.delete(ctx, unwanted, c.seen)
		removed = append(removed, done...)
		maps.Copy(c.outcome.Changed, changed)
	}
	if len(retained) > 0 {
		c.fail(Failure{Kind: Retained, Count: len(c.remove), Keys: retained})
	}
	if !c.outcome.Failed() { // else it is still this object's
		c.run.update(c.Bucket, left, func(key string, e *entry) { c.run.release(e, c.Had[key]) })
		removed, c.outcome.Left = append(removed, left...), left
	}
	c.outcome.Removed = removed
}

// delete deletes entries that no object wants, as far as they hold what was seen. It
// returns those that are gone and the values of those that hold something else.
func (c *change) delete(
	ctx context.Context, keys []string, seen func(key string) quiva.Seen,
) (done []string, left map[string]json.RawMessage) {
	requests := c.run.client.DeleteSeenEntries(ctx, c.Bucket, keys, seen)
	left = changed(requests)
	c.run.setDeleted(c.Bucket, requests.Done)
	if err := requests.Err(); err != nil {
		c.fail(Failure{Kind: NotDeleted, Count: len(keys), Requests: requests, Err: err})
	}
	return requests.Done, left
}

// release divides the keys that the object lets go into those that are another
// object's now, those that are left for one that is to come, those that must stay
// this object's, and those that no object wants.
func (c *change) release() (removed, left, retained, unwanted []string) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	for _, key := range c.remove {
		switch e := c.run.at(c.Bucket, key); {
		case e.claim == failed:
			retained = append(retained, key)
		case e.claim != untouched:
			removed = append(removed, key)
		case e.creationsWaiting > 0:
			c.run.handedOver = true
			c.run.release(e, c.Had[key])
			removed = append(removed, key)
		case slices.Contains(c.Successors, key):
			left = append(left, key)
		default:
			unwanted = append(unwanted, key)
		}
	}
	return removed, left, retained, unwanted
}

// prune deletes entries that no object holds, as far as they are what the plan
// saw.
func (c *change) prune(ctx context.Context) {
	if len(c.Prune) == 0 || c.outcome.Failed() {
		return
	}
	unlock, err := c.run.lock(ctx, c.Bucket, c.Prune)
	if err != nil {
		c.fail(Failure{Kind: Cancelled, Err: err})
		return
	}
	defer unlock()

	// An entry that this run has touched, or is about to create, belongs to an
	// object.
	keys := c.which(c.Prune, func(e *entry) bool { return e.claim == untouched && e.creationsWaiting == 0 })
	_, changed := c.delete(ctx, keys, func(key string) quiva.Seen {
		return quiva.Seen{IsSeen: func(digest quiva.Digest) bool { return c.IsAsPlanned(key, digest) }}
	})
	c.outcome.Kept = slices.Sorted(maps.Keys(changed))
}
