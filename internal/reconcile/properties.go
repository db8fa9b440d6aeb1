package reconcile

import (
	"context"
	"encoding/json"
	"errors"

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
	// Successors are those of Had that the object lets go and that the plan has
	// seen another one have, or be planned to have. They are left in place for it.
	Successors json.RawMessage
	// Overwrite lets Wanted replace other values of properties that are not in Had.
	Overwrite bool
}

// ApplyProperties makes a change, or none of it. It reads the entry and writes it
// back, and keeps all other calls of the run from doing so meanwhile; a writer
// outside of it may lose what it writes in between. An entry that does not exist
// is created, and one that is left without properties by an object that lets all
// go is deleted.
func (r *Run) ApplyProperties(ctx context.Context, wanted PropertiesChange) *Failure {
	underWay := &change{run: r} // others may wait for it to let the entry go
	r.begin(underWay)
	defer r.end(underWay)

	c := &propertiesChange{PropertiesChange: wanted, run: r}
	if c.Had == nil {
		c.Had = json.RawMessage("{}")
	}
	unlock, err := r.lock(ctx, c.Bucket, []string{c.Key})
	defer unlock()
	failure := &Failure{Kind: Cancelled, Err: err}
	if err == nil {
		failure = c.apply(ctx)
	}
	c.settle(failure)
	return failure
}

// claimedProperties are those of an entry that objects have come to have in this
// run, failed to, or let go and left in place.
type claimedProperties struct{ written, failed, released []json.RawMessage }

// propertiesChange is one call of ApplyProperties under way.
type propertiesChange struct {
	PropertiesChange

	run *Run
	// released are the properties that it leaves to another object.
	released json.RawMessage
}

// apply makes the change. The entry is locked.
func (c *propertiesChange) apply(ctx context.Context) *Failure {
	if failure := c.refuseWritten(); failure != nil {
		return failure
	}
	unwanted, retained := c.unwanted()
	if c.Wanted == nil && (retained != nil || properties.IsNone(unwanted)) {
		return retained
	}
	present, failure := c.read(ctx)
	if failure != nil {
		return failure
	}
	// Whatever is in the way is said at once, in the same apply as that of others.
	if taken := c.taken(present); len(taken) > 0 {
		return &Failure{Kind: Taken, Properties: taken}
	}
	if retained != nil {
		return retained
	}
	rest, removed := remove(present, unwanted)
	switch {
	case !removed && c.isIn(present):
		return nil
	case c.Wanted != nil:
		rest = properties.Set(rest, c.Wanted)
	case rest == nil:
		return c.delete(ctx)
	}
	return c.write(ctx, rest, unwanted)
}

// refuseWritten fails if this run has written any of the wanted properties already,
// or all of the entry: then two objects have them.
func (c *propertiesChange) refuseWritten() *Failure {
	if c.Wanted == nil {
		return nil
	}
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	e := c.run.at(c.Bucket, c.Key)
	if e.isWrittenWhole() {
		return &Failure{Kind: WrittenBefore}
	}
	for _, others := range e.properties.written {
		if twice := properties.Overlap(c.Wanted, others); len(twice) > 0 {
			return &Failure{Kind: WrittenBefore, Properties: twice}
		}
	}
	return nil
}

// isWrittenWhole reports whether this run has written all of an entry for one
// object. The caller holds the run's mu.
func (e *entry) isWrittenWhole() bool {
	return e.claim == written && len(e.properties.written) == 0
}

// unwanted returns the properties that the object lets go and that no other one
// has or is to have. It fails if another one should have them now, but could not
// be made to.
func (c *propertiesChange) unwanted() (json.RawMessage, *Failure) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	e := c.run.at(c.Bucket, c.Key)
	if e.isWrittenWhole() {
		return json.RawMessage("{}"), nil
	}
	unwanted := c.Had
	if c.Wanted != nil {
		unwanted = properties.Without(c.Had, c.Wanted)
	}
	for _, others := range e.properties.written {
		unwanted = properties.Without(unwanted, others)
	}
	if properties.IsNone(unwanted) {
		return unwanted, nil
	}
	for _, others := range e.properties.failed {
		if retained := properties.Overlap(unwanted, others); len(retained) > 0 {
			return nil, &Failure{Kind: Retained, Properties: retained}
		}
	}
	if e.claim == failed && len(e.properties.failed) == 0 { // all of the entry
		return nil, &Failure{Kind: Retained}
	}
	if c.Successors != nil {
		c.released = properties.Common(unwanted, c.Successors)
		unwanted = properties.Without(unwanted, c.Successors)
	}
	return unwanted, nil
}

// taken returns the paths at which a value holds something that is not the
// object's and may not be written over.
func (c *propertiesChange) taken(present json.RawMessage) []properties.Path {
	if c.Wanted == nil || c.Overwrite {
		return nil
	}
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	e := c.run.at(c.Bucket, c.Key)
	foreign, _ := remove(present, c.Had)
	for _, others := range e.properties.released {
		foreign, _ = remove(foreign, others)
	}
	if foreign == nil || e.claim == released {
		return nil
	}
	return properties.Conflicts(foreign, c.Wanted, c.run.equal)
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

// remove removes properties from a value, of which there may be none.
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
	e := c.run.at(c.Bucket, c.Key)
	if failure == nil && c.released != nil {
		e.properties.released = append(e.properties.released, c.released)
	}
	if c.Wanted == nil {
		return
	}
	if failure == nil {
		e.claim = written
		e.properties.written = append(e.properties.written, c.Wanted)
	} else {
		failure.TakenOver = e.takeOver(c.Wanted)
		if e.claim == untouched {
			e.claim = failed
		}
		e.properties.failed = append(e.properties.failed, c.Wanted)
	}
	c.run.notify()
}

// takeOver returns those of some wanted properties that were released, for an
// object that could not be made to have all of them: no other one has them any
// more. The caller holds the run's mu.
func (e *entry) takeOver(wanted json.RawMessage) json.RawMessage {
	var all json.RawMessage
	for i, some := range e.properties.released {
		if common := properties.Common(some, wanted); !properties.IsNone(common) {
			all = properties.Set(all, common)
			e.properties.released[i] = properties.Without(some, wanted)
		}
	}
	return all
}
