package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// PropertiesChange is what one object is to do to some properties of one entry,
// which others write too. Properties are JSON texts of objects: see the package
// properties.
type PropertiesChange struct {
	Bucket, Key string
	// Had are the properties that the object has, Wanted those that it is to have.
	// Nil is none: Had of a new object, Wanted of one that lets all of them go.
	Had, Wanted json.RawMessage
	// Overwrite lets values be replaced and removed that the plan has not seen.
	Overwrite bool
	// HasSuccessor is set if the plan has seen another object that is to have all of
	// the entry.
	HasSuccessor bool
}

// ChangeProperties makes a change, or none of it. It reads the entry and writes it
// back, and keeps all other calls of the run from doing so meanwhile; a writer
// outside of it may lose what it writes in between. An entry that does not exist
// is created, and one that is left without properties by an object that lets all
// go is deleted.
func (a *Apply) ChangeProperties(ctx context.Context, wanted PropertiesChange) Outcome {
	underWay := &change{run: a} // others may wait for it to let the entry go
	a.begin()
	defer a.end(underWay)

	c := &propertiesChange{PropertiesChange: wanted, run: a}
	if c.Had == nil {
		c.Had = json.RawMessage("{}")
	}
	unlock, err := a.lock(ctx, c.Bucket, []string{c.Key})
	defer unlock()
	failure := &Failure{Kind: Cancelled, Err: err}
	if err == nil {
		failure = c.apply(ctx)
	}
	c.settle(failure)
	return Outcome{Failure: failure, Left: c.left}
}

// claimedProperties are those of an entry that objects have come to have in this
// run, or failed to. Those that one has left for the creation of all of the entry
// are in left.
type claimedProperties struct {
	written, failed []json.RawMessage
	left            json.RawMessage
}

// propertiesChange is one call of ChangeProperties under way.
type propertiesChange struct {
	PropertiesChange

	run  *Apply
	left []string // as [Outcome.Left]
}

// apply makes the change. The entry is locked.
func (c *propertiesChange) apply(ctx context.Context) *Failure {
	unwanted, refused := c.claim()
	if refused != nil && (c.Wanted == nil || refused.Kind == WrittenBefore) || c.Wanted == nil && properties.IsNone(unwanted) {
		return refused
	}
	present, failure := c.read(ctx)
	if failure != nil {
		return failure
	}
	rest, isDone, failure := c.decide(present, unwanted)
	switch {
	case failure != nil: // whatever is in the way is said at once, in the same apply as that of others
		return failure
	case refused != nil || isDone:
		return refused
	case rest == nil:
		return c.delete(ctx)
	}
	return c.write(ctx, rest, unwanted)
}

// claim returns the properties that the object lets go and that no other one has or
// is to have. It fails if this run has written any of the wanted ones already, or all
// of the entry: then two objects have them. It also fails, and lets nothing go, if
// another object should have them now, but could not be made to.
func (c *propertiesChange) claim() (unwanted json.RawMessage, refused *Failure) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	e := c.run.at(c.Bucket, c.Key)
	none := json.RawMessage("{}")
	isWrittenWhole := e.claim == written && len(e.properties.written) == 0
	switch {
	case isWrittenWhole && c.Wanted == nil:
		return none, nil
	case isWrittenWhole:
		return none, &Failure{Kind: WrittenBefore}
	case c.Wanted == nil:
		unwanted = c.Had
	default:
		unwanted = properties.Without(c.Had, c.Wanted)
	}
	for _, others := range e.properties.written {
		if c.Wanted != nil {
			if twice := properties.Overlap(c.Wanted, others); len(twice) > 0 {
				return none, &Failure{Kind: WrittenBefore, Properties: twice}
			}
		}
		unwanted = properties.Without(unwanted, others)
	}
	for _, others := range e.properties.failed {
		if retained := properties.Overlap(unwanted, others); len(retained) > 0 {
			return none, &Failure{Kind: Retained, Properties: retained}
		}
	}
	if e.claim == failed && len(e.properties.failed) == 0 && !properties.IsNone(unwanted) { // all of the entry
		return none, &Failure{Kind: Retained}
	}
	return unwanted, nil
}

// decide returns what the entry is to hold, nil for nothing, unless that is so already
// or is left to others. It fails if something is in the way.
func (c *propertiesChange) decide(present, unwanted json.RawMessage) (rest json.RawMessage, isDone bool, failure *Failure) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	e := c.run.at(c.Bucket, c.Key)
	if taken := c.taken(e, present); len(taken) > 0 {
		return nil, false, &Failure{Kind: Taken, Properties: taken, Present: present}
	}
	if changed := c.changed(present, unwanted); len(changed) > 0 {
		return nil, false, &Failure{Kind: Changed, Properties: changed, Present: properties.Pick(present, c.Had)}
	}
	rest, removed := remove(present, unwanted)
	switch {
	case !removed && c.isIn(present):
		isDone = true
	case c.Wanted != nil:
		rest = properties.Set(rest, c.Wanted)
	case rest != nil:
		isDone = c.leave(e, unwanted)
	}
	return rest, isDone, nil
}

// leave leaves properties in place for the creation of all of the entry, if there is
// to be one: others have properties too, so it may be refused, and then nothing must
// be lost.
func (c *propertiesChange) leave(e *entry, unwanted json.RawMessage) bool {
	if e.creationsWaiting == 0 {
		if !c.HasSuccessor {
			return false
		}
		c.left = []string{c.Key}
	}
	e.properties.left = properties.Set(e.properties.left, unwanted)
	c.run.notify()
	return true
}

// isAllButLeft reports whether a value differs from what is there in nothing but
// properties that were left for it, as they were left. The caller holds the run's mu.
func (a *Apply) isAllButLeft(e *entry, value, present json.RawMessage) bool {
	left := e.properties.left
	if left == nil || len(properties.Conflicts(present, left, a.equal)) > 0 {
		return false
	}
	value, _ = remove(value, left)
	other, _ := remove(present, left)
	return value != nil && other != nil && a.equal(value, other)
}

// taken returns the paths at which a value holds something that is not the
// object's and may not be written over.
func (c *propertiesChange) taken(e *entry, present json.RawMessage) []properties.Path {
	if c.Wanted == nil || c.Overwrite {
		return nil
	}
	foreign, _ := remove(present, c.Had)
	if foreign == nil || e.claim == released && (e.released == nil || c.run.equal(e.released, present)) {
		return nil
	}
	return properties.Conflicts(foreign, c.Wanted, c.run.equal)
}

// changed returns the paths at which a value holds something of the object's that
// the plan has not seen, and that the change would replace or remove.
func (c *propertiesChange) changed(present, unwanted json.RawMessage) []properties.Path {
	if c.Overwrite || present == nil {
		return nil
	}
	changed := properties.Conflicts(properties.Pick(present, unwanted), unwanted, c.run.equal)
	if c.Wanted == nil {
		return changed
	}
	stay := properties.Common(c.Had, c.Wanted)
	held := properties.Pick(present, stay)
	notWanted := properties.Conflicts(held, c.Wanted, c.run.equal)
	for _, path := range properties.Conflicts(held, stay, c.run.equal) {
		if slices.ContainsFunc(notWanted, path.IsWithin) {
			changed = append(changed, path)
		}
	}
	return changed
}

// isIn reports whether a value, which is nil where there is none, has all wanted
// properties.
func (c *propertiesChange) isIn(value json.RawMessage) bool {
	return c.Wanted == nil || value != nil && c.run.equal(properties.Pick(value, c.Wanted), c.Wanted)
}

// read returns the entry's value, which is nil if there is none.
func (c *propertiesChange) read(ctx context.Context) (json.RawMessage, *Failure) {
	entry, err := c.run.client.GetEntry(ctx, c.Bucket, c.Key)
	if err != nil && !errors.Is(err, quiva.ErrNotFound) {
		return nil, &Failure{Kind: NotChecked, Err: err}
	}
	return entry.Value, nil
}

// write writes the entry and reads it again: a writer that read it before may
// have written it after. If it cannot be read, the gateway's response to the write
// counts.
func (c *propertiesChange) write(ctx context.Context, value, unwanted json.RawMessage) *Failure {
	if err := c.run.client.PutEntryOnce(ctx, c.Bucket, c.Key, value); err != nil {
		return &Failure{Kind: NotWritten, Err: err}
	}
	present, failure := c.read(ctx)
	if failure != nil {
		return nil
	}
	if _, isBack := remove(present, unwanted); isBack || !c.isIn(present) {
		return &Failure{Kind: Overtaken}
	}
	return nil
}

// remove removes properties from a value, which may be nil.
func remove(value, unwanted json.RawMessage) (rest json.RawMessage, removed bool) {
	if properties.IsNone(unwanted) {
		return value, false
	}
	return properties.Remove(value, unwanted)
}

// delete deletes the entry, of which nothing is left.
func (c *propertiesChange) delete(ctx context.Context) *Failure {
	err := c.run.client.DeleteEntry(ctx, c.Bucket, c.Key)
	if err != nil && !errors.Is(err, quiva.ErrNotFound) {
		return &Failure{Kind: NotDeleted, Err: err}
	}
	c.run.setDeleted(c.Bucket, []string{c.Key})
	return nil
}

// settle claims the properties that the object has now, or notes those that it
// should have.
func (c *propertiesChange) settle(failure *Failure) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	if c.Wanted == nil {
		return
	}
	e := c.run.at(c.Bucket, c.Key)
	if failure == nil {
		e.claim = written
		e.properties.written = append(e.properties.written, c.Wanted)
	} else {
		if e.claim == untouched {
			e.claim = failed
		}
		e.properties.failed = append(e.properties.failed, c.Wanted)
	}
	c.run.notify()
}
