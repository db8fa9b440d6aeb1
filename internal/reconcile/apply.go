package reconcile

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// Change is what one object is to do to entries of one bucket. Values are JSON
// texts of objects.
type Change struct {
	Bucket string
	// Add are the entries that come to the object, Set those that it holds and
	// that get another value.
	Add, Set map[string]json.RawMessage
	// Remove are the entries that the object lets go, with their values in the
	// state; nil is a value that the state does not have.
	Remove map[string]json.RawMessage
	// Overwrite lets Add write over other values.
	Overwrite bool
	// Successors are those keys of Remove that the plan has seen another object
	// have or create. They are left in place for it. IsReplaced says that it is the
	// creation of the object that replaces this one, which comes only if all of
	// this one was removed.
	Successors []string
	IsReplaced bool
	// Prune are keys that no object held when the change was planned. They are
	// deleted if that is still so, and IsAsPlanned says that their entry is too.
	Prune       []string
	IsAsPlanned func(quiva.Entry) bool
}

// Apply makes a change. Nothing is deleted unless all else was written.
func (r *Run) Apply(ctx context.Context, wanted Change) Outcome {
	c := &change{Change: wanted, run: r}
	r.begin(c)
	defer r.end(c)
	c.write(ctx)
	c.remove(ctx)
	c.prune(ctx)
	return c.outcome
}

func (r *Run) begin(c *change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range c.Add {
		r.at(c.Bucket, key).planned = false
	}
	r.lastActive = time.Now()
	r.setActive(+1)
}

func (r *Run) end(c *change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Where nothing is handed over, one creation that is refused is no reason for
	// others to go on waiting.
	if r.handedOver || c.outcome.Failure == nil {
		r.lastActive = time.Now()
	}
	r.setActive(-1)
}

// change is one call of Apply under way.
type change struct {
	Change

	run     *Run
	outcome Outcome
}

// fail notes why the change is not made. Only the first failure is reported.
func (c *change) fail(failure Failure) {
	if c.outcome.Failure == nil {
		c.outcome.Failure = &failure
	}
}

// wanted is the value that a key is to hold.
func (c *change) wanted(key string) json.RawMessage {
	if value, ok := c.Add[key]; ok {
		return value
	}
	return c.Set[key]
}

// write makes entries hold their new values: all of them, or, if one may not be
// written, none.
func (c *change) write(ctx context.Context) {
	keys := slices.Concat(slices.Sorted(maps.Keys(c.Add)), slices.Sorted(maps.Keys(c.Set)))
	if len(keys) == 0 {
		return
	}
	unlock, err := c.run.lock(ctx, c.Bucket, keys)
	if err != nil {
		c.fail(Failure{Kind: Cancelled, Err: err})
		c.giveUp(ctx, keys)
		return
	}
	defer func() { unlock() }()

	present, ok := c.check(ctx, keys)
	if !ok {
		c.giveUp(ctx, keys)
		return
	}
	taken := c.taken(present)
	if len(taken) > 0 {
		// Unlocked, since the calls that are to let the keys go need them.
		unlock()
		c.awaitHandOver(ctx, present)
		unlock, err = c.run.lock(ctx, c.Bucket, keys)
		if err != nil {
			c.fail(Failure{Kind: Cancelled, Err: err})
		} else if c.refuseWritten(keys) {
			if taken = c.taken(present); len(taken) > 0 {
				c.fail(Failure{Kind: Taken, Count: len(c.Add), Keys: taken})
			}
		}
		if c.outcome.Failure != nil {
			c.giveUp(ctx, keys)
			return
		}
	}
	c.put(ctx, keys, present)
}

// check returns the entries that are where others are to be added. It reports
// false if that cannot be told, or if another object has the keys.
func (c *change) check(ctx context.Context, keys []string) (present map[string]quiva.Entry, ok bool) {
	if !c.refuseWritten(keys) {
		return nil, false
	}
	// The gateway's PUT overwrites silently. What this run has deleted is known to
	// be free, and must be written whatever a request would say of it.
	unknown := c.withClaim(slices.Sorted(maps.Keys(c.Add)), func(claim claim) bool { return claim != deleted })
	present, requests := c.run.client.GetEntries(ctx, c.Bucket, unknown)
	if err := requests.Err(); err != nil {
		c.fail(Failure{Kind: NotChecked, Count: len(unknown), Requests: requests, Err: err})
		return nil, false
	}
	return present, true
}

// refuseWritten fails if this run has written any of the keys already: then two
// objects have them.
func (c *change) refuseWritten(keys []string) (ok bool) {
	twice := c.withClaim(keys, func(claim claim) bool { return claim == written })
	if len(twice) > 0 {
		c.fail(Failure{Kind: WrittenBefore, Count: len(keys), Keys: twice})
	}
	return len(twice) == 0
}

// withClaim returns those of the keys, in their order, whose claim is accepted.
func (c *change) withClaim(keys []string, accept func(claim) bool) []string {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	var accepted []string
	for _, key := range keys {
		if accept(c.run.at(c.Bucket, key).claim) {
			accepted = append(accepted, key)
		}
	}
	return accepted
}

// taken returns the keys that hold another value, which may not be written over.
func (c *change) taken(present map[string]quiva.Entry) []string {
	if c.Overwrite {
		return nil
	}
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	var taken []string
	for _, key := range slices.Sorted(maps.Keys(present)) {
		value := present[key].Value
		switch e := c.run.at(c.Bucket, key); {
		case e.claim == deleted, e.claim == released:
		case c.run.equal(c.Add[key], value):
		default:
			taken = append(taken, key)
		}
	}
	return taken
}

// put writes what is not as wanted yet.
func (c *change) put(ctx context.Context, keys []string, present map[string]quiva.Entry) {
	// Those that this run has deleted come first: they would be lost.
	first, rest := map[string]json.RawMessage{}, maps.Clone(c.Set)
	if rest == nil {
		rest = map[string]json.RawMessage{}
	}
	for key, value := range c.Add {
		if entry, ok := present[key]; !ok || !c.run.equal(value, entry.Value) {
			rest[key] = value
		}
	}
	for _, key := range c.withClaim(keys, func(claim claim) bool { return claim == deleted }) {
		first[key] = c.wanted(key)
		delete(rest, key)
	}
	requests := c.run.client.PutEntries(ctx, c.Bucket, first)
	if requests.Err() == nil {
		done := requests.Done
		requests = c.run.client.PutEntries(ctx, c.Bucket, rest)
		requests.Done = append(requests.Done, done...)
	} else {
		requests.Untried = slices.AppendSeq(requests.Untried, maps.Keys(rest))
	}
	if err := requests.Err(); err != nil {
		c.fail(Failure{Kind: NotWritten, Count: len(first) + len(rest), Requests: requests, Err: err})
		c.settle(keys, requests.Done)
		return
	}
	c.settle(keys, keys)
}

// giveUp leaves entries as they are, but for those that this run has deleted:
// the object that had them is gone, so they would be lost.
func (c *change) giveUp(ctx context.Context, keys []string) {
	lost := map[string]json.RawMessage{}
	for _, key := range c.withClaim(keys, func(claim claim) bool { return claim == deleted }) {
		lost[key] = c.wanted(key)
	}
	c.settle(keys, c.run.client.PutEntries(ctx, c.Bucket, lost).Done)
}

// settle claims the keys that are done, and says what becomes of the others.
func (c *change) settle(keys, done []string) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	c.outcome.Written = done
	for _, key := range done {
		c.run.at(c.Bucket, key).claim = written
	}
	for _, key := range keys {
		switch e := c.run.at(c.Bucket, key); e.claim {
		case written:
		case released:
			// No other object has it any more.
			if c.outcome.TakenOver == nil {
				c.outcome.TakenOver = map[string]json.RawMessage{}
			}
			c.outcome.TakenOver[key] = e.released
			e.claim = written
		default:
			e.claim = failed
		}
	}
	c.run.notify()
}

// remove lets entries go. Those that another object has, or is to have, stay on
// the gateway.
func (c *change) remove(ctx context.Context) {
	keys := slices.Sorted(maps.Keys(c.Remove))
	if len(keys) == 0 {
		return
	}
	unlock, err := c.run.lock(ctx, c.Bucket, keys)
	if err != nil {
		c.fail(Failure{Kind: Cancelled, Err: err})
		return
	}
	defer unlock()

	letGo, retained, unwanted := c.release(keys)
	if c.outcome.Failure == nil {
		letGo = append(letGo, c.delete(ctx, unwanted)...)
	}
	if len(retained) > 0 {
		c.fail(Failure{Kind: Retained, Count: len(keys), Keys: retained})
	}
	if c.IsReplaced && c.outcome.Failure != nil {
		letGo = slices.DeleteFunc(letGo, c.takeBack)
	}
	c.outcome.LetGo = letGo
}

// delete deletes entries that no object wants, and returns those that are gone.
func (c *change) delete(ctx context.Context, keys []string) (done []string) {
	requests := c.run.client.DeleteEntries(ctx, c.Bucket, keys)
	c.run.setDeleted(c.Bucket, requests.Done)
	if err := requests.Err(); err != nil {
		c.fail(Failure{Kind: NotDeleted, Count: len(keys), Requests: requests, Err: err})
	}
	return requests.Done
}

// takeBack undoes the release of a key.
func (c *change) takeBack(key string) (ok bool) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	e := c.run.at(c.Bucket, key)
	if e.claim != released || e.wanted > 0 {
		return false
	}
	e.claim = untouched
	return true
}

// release divides keys into those that another object has or takes, those that
// must stay this object's, and those that no object wants.
func (c *change) release(keys []string) (letGo, retained, unwanted []string) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	hasSuccessor := map[string]bool{}
	for _, key := range c.Successors {
		hasSuccessor[key] = true
	}
	for _, key := range keys {
		switch e := c.run.at(c.Bucket, key); {
		case e.claim == failed:
			retained = append(retained, key)
		case e.claim != untouched:
			letGo = append(letGo, key)
		case e.wanted > 0 || e.planned || hasSuccessor[key]:
			e.claim, e.released, e.isReplaced = released, c.Remove[key], c.IsReplaced && hasSuccessor[key]
			c.run.handedOver = true
			letGo = append(letGo, key)
		default:
			unwanted = append(unwanted, key)
		}
	}
	c.run.notify()
	return letGo, retained, unwanted
}
