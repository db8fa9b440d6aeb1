package reconcile

import (
	"encoding/json"
	"slices"
	"sync"

	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
)

// Owner is an object that has entries of one bucket, or some properties of one.
// All calls with one mark are about one object.
type Owner struct{ Mark, Type string }

// Plan is what this process has read and planned: the whole plan, or in an apply
// what is planned again. It is safe for concurrent use.
type Plan struct {
	mu        sync.Mutex
	entries   map[entryName]*plannedEntry
	objects   map[string]*object   // by their marks
	exclusive map[string][]*object // by their buckets
	deleted   map[string]bool      // buckets
}

// NewPlan returns a plan in which nothing has been read or planned yet.
func NewPlan() *Plan {
	return &Plan{
		entries:   map[entryName]*plannedEntry{},
		objects:   map[string]*object{},
		exclusive: map[string][]*object{},
		deleted:   map[string]bool{},
	}
}

// plannedEntry is what is known of one entry.
type plannedEntry struct {
	// holders are the objects of the state that have all of it, in the order in
	// which they were seen, and readParts those that have some properties.
	holders, readParts []*object
	// owners are the objects that are planned to have it, or some properties.
	owners []*object
}

// object is what is known of one object.
type object struct {
	Owner

	held       map[entryName]bool // in the state
	declared   *Declaration       // nil unless it was planned
	isRead     bool               // with all its keys
	isDeleted  bool               // planned to be, which declares no keys
	successors []string           // keys that its deletion leaves in place
	properties json.RawMessage    // that it has in the state
}

// entryName is what names an entry on a gateway.
type entryName struct{ bucket, key string }

func (p *Plan) at(bucket, key string) *plannedEntry {
	name := entryName{bucket, key}
	e := p.entries[name]
	if e == nil {
		e = &plannedEntry{}
		p.entries[name] = e
	}
	return e
}

// isPart reports whether an object is planned to have some properties of an entry.
func (o *object) isPart() bool { return o.declared.Properties != nil }

func isWhole(o *object) bool { return !o.isPart() }

func (p *Plan) object(owner Owner) *object {
	o := p.objects[owner.Mark]
	if o == nil {
		o = &object{Owner: owner, held: map[entryName]bool{}}
		p.objects[owner.Mark] = o
	}
	return o
}

// hold notes that an object of the state has entries.
func (p *Plan) hold(o *object, bucket string, keys []string) {
	for _, key := range keys {
		if name := (entryName{bucket, key}); !o.held[name] {
			o.held[name] = true
			e := p.at(bucket, key)
			e.holders = append(e.holders, o)
		}
	}
}

// Read notes that an object of the state has been read with entries. It returns
// those that another one was seen to have before, and which this one is to leave to
// it. An object that only comes into the state leaves none.
func (p *Plan) Read(owner Owner, bucket string, keys []string, isNew bool) (twice []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.object(owner)
	o.isRead = true
	for _, key := range keys {
		if e := p.at(bucket, key); !isNew && len(e.holders) > 0 && e.holders[0] != o {
			twice = append(twice, key)
		} else {
			p.hold(o, bucket, []string{key})
		}
	}
	return twice
}

// ReadProperties is [Plan.Read] for properties of an entry. It returns those that
// no other object has, and the paths of the others.
func (p *Plan) ReadProperties(owner Owner, bucket, key string, had json.RawMessage) (own json.RawMessage, twice []properties.Path) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, e := p.object(owner), p.at(bucket, key)
	own = had
	for _, other := range e.readParts {
		if overlap := properties.Overlap(own, other.properties); other != o && len(overlap) > 0 {
			twice = append(twice, overlap...)
			own = properties.Without(own, other.properties)
		}
	}
	o.properties = own
	e.readParts = append(e.readParts, o)
	return own, twice
}

// Declaration is what an object is planned to have once the plan is applied.
type Declaration struct {
	Owner

	// Bucket has the Keys, as far as they are known.
	Bucket string
	Keys   []string
	// HadIn is the bucket in which the object has the keys Had in the state. A
	// creation has none.
	HadIn string
	Had   []string
	// Properties are all that the object has of its one key, unless it is nil.
	Properties json.RawMessage
	// KeyPrefix is what all keys of the object begin with.
	KeyPrefix string
	// Scope is set if no other object may have keys in it.
	Scope *Scope
}

// Scope are keys of a bucket that belong to one object, which is exclusive.
type Scope struct {
	Contains func(key string) bool
	// Except are the patterns of keys that it leaves alone.
	Except []string
}

// Conflict is why two objects cannot be planned together.
type Conflict struct {
	Kind ConflictKind
	Keys []string
	// Other is the object that was planned before.
	Other Owner
	// Properties are those that are in the way, with [DeclaredTwice] unless all of
	// the entry is.
	Properties []properties.Path
	// Except are the patterns that the exclusive object needs, with [InScope], and
	// IsScopeOfOther says that it is the other one.
	Except         []string
	IsScopeOfOther bool
}

// ConflictKind tells conflicts apart.
type ConflictKind int

const (
	// DeclaredTwice means that two objects are planned to have the keys.
	DeclaredTwice ConflictKind = iota
	// InProperties means that one is planned to have all of the entry, and another
	// some of its properties.
	InProperties
	// InScope means that one is planned to have keys in the other's scope.
	InScope
	// InTwoObjects means that two objects of the state have the keys, of which one
	// lets them go, and neither was read.
	InTwoObjects
)

// Declare notes what an object is planned to have, in place of what was noted of it
// before. It returns nil unless another one was planned that is in the way.
func (p *Plan) Declare(d Declaration) *Conflict {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.object(d.Owner)
	p.hold(o, d.HadIn, d.Had)
	return p.declare(o, d)
}

// Stays notes that an object, which was read, is planned to stay as it is. It
// reports false if that cannot be told without [Plan.Declare].
func (p *Plan) Stays(mark string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.objects[mark]
	if o == nil || len(o.held) == 0 {
		return false
	}
	d := Declaration{Owner: o.Owner}
	for name := range o.held {
		d.Bucket = name.bucket
		d.Keys = append(d.Keys, name.key)
	}
	return p.declare(o, d) == nil
}

func (p *Plan) declare(o *object, d Declaration) *Conflict {
	p.withdraw(o)
	o.declared = &d
	if d.Scope != nil {
		p.exclusive[d.Bucket] = append(p.exclusive[d.Bucket], o)
	}
	for _, key := range d.Keys {
		e := p.at(d.Bucket, key)
		e.owners = append(e.owners, o)
	}
	for _, find := range []func(*object) *Conflict{p.declaredTwice, p.inTwoObjects, p.inScope} {
		if conflict := find(o); conflict != nil {
			slices.Sort(conflict.Keys)
			return conflict
		}
	}
	return nil
}

// withdraw undoes the declaration of an object.
func (p *Plan) withdraw(o *object) {
	if o.declared == nil {
		return
	}
	isIt := func(other *object) bool { return other == o }
	bucket := o.declared.Bucket
	p.exclusive[bucket] = slices.DeleteFunc(p.exclusive[bucket], isIt)
	for _, key := range o.declared.Keys {
		e := p.at(bucket, key)
		e.owners = slices.DeleteFunc(e.owners, isIt)
	}
	o.declared = nil
}

// add adds a key to a conflict, which is made if there is none. A conflict is about
// one other object.
func (c *Conflict) add(kind ConflictKind, other *object, key string) *Conflict {
	if c == nil {
		c = &Conflict{Kind: kind, Other: other.Owner}
	}
	if c.Kind == kind && c.Other == other.Owner {
		c.Keys = append(c.Keys, key)
	}
	return c
}

func (p *Plan) declaredTwice(o *object) (conflict *Conflict) {
	for _, key := range o.declared.Keys {
		for _, other := range p.at(o.declared.Bucket, key).owners {
			switch {
			case other == o:
			case other.isPart() != o.isPart():
				conflict = conflict.add(InProperties, other, key)
			case !o.isPart():
				conflict = conflict.add(DeclaredTwice, other, key)
			default:
				if twice := properties.Overlap(o.declared.Properties, other.declared.Properties); len(twice) > 0 {
					return &Conflict{Kind: DeclaredTwice, Keys: []string{key}, Other: other.Owner, Properties: twice}
				}
			}
		}
	}
	return conflict
}

// inTwoObjects finds entries that one object lets go, and another one has or has
// properties of, without which they would be deleted.
func (p *Plan) inTwoObjects(o *object) (conflict *Conflict) {
	for name := range o.held {
		e := p.entries[name]
		isMine := slices.Contains(e.owners, o)
		for _, other := range e.holders {
			// What a deletion shares with an object that was read is left to that one.
			mayLose := !other.isRead || !o.isDeleted
			if other != o && (isMine && other.letsGo(e, name.key) || !isMine && mayLose && slices.Contains(e.owners, other)) {
				conflict = conflict.add(InTwoObjects, other, name.key)
			}
		}
		for _, other := range e.owners {
			if other.isPart() && !isMine {
				conflict = conflict.add(InProperties, other, name.key)
			}
		}
	}
	for _, key := range o.declared.Keys {
		e := p.at(o.declared.Bucket, key)
		for _, other := range e.holders {
			if o.isPart() && other.letsGo(e, key) {
				conflict = conflict.add(InProperties, other, key)
			}
		}
	}
	return conflict
}

// letsGo reports whether an object of the state that has an entry is planned not to,
// and does not leave it in place.
func (o *object) letsGo(e *plannedEntry, key string) bool {
	return o.declared != nil && !slices.Contains(e.owners, o) && !slices.Contains(o.successors, key)
}

// inScope finds keys of one object in the scope of another one.
func (p *Plan) inScope(o *object) *Conflict {
	for _, other := range p.exclusive[o.declared.Bucket] {
		if keys := other.intrusions(o); len(keys) > 0 {
			except := slices.Concat(other.declared.Scope.Except, o.patterns(keys))
			return &Conflict{Kind: InScope, Keys: keys, Other: other.Owner, Except: except, IsScopeOfOther: true}
		}
	}
	if o.declared.Scope == nil {
		return nil
	}
	conflict := &Conflict{Kind: InScope}
	for _, other := range p.objects {
		if keys := o.intrusions(other); len(keys) > 0 {
			conflict.Other = other.Owner
			conflict.Keys = append(conflict.Keys, keys...)
			conflict.Except = append(conflict.Except, other.patterns(keys)...)
		}
	}
	if conflict.Keys == nil {
		return nil
	}
	slices.Sort(conflict.Except)
	conflict.Except = slices.Concat(o.declared.Scope.Except, conflict.Except)
	return conflict
}

// intrusions returns the keys that another object has in the scope of an exclusive
// one.
func (o *object) intrusions(other *object) []string {
	if other == o || other.declared == nil || other.declared.Bucket != o.declared.Bucket {
		return nil
	}
	isOutside := func(key string) bool { return !o.declared.Scope.Contains(key) }
	return slices.DeleteFunc(slices.Clone(other.declared.Keys), isOutside)
}

// patterns match the keys, which are some of the object's.
func (o *object) patterns(keys []string) []string {
	if o.declared.KeyPrefix != "" {
		return []string{o.declared.KeyPrefix + "*"}
	}
	return slices.Sorted(slices.Values(keys))
}

// Delete notes that an object of the state is planned to be deleted. It returns those
// of its keys that another object has, or is planned to have: see
// [Change.Successors]. It fails if another one is planned to have some of their
// properties, which would be lost, or if two objects of the state have a key and were
// not read: the plan of a deposed object's deletion is made again in the apply, where
// what this plan knows does not reach it.
func (p *Plan) Delete(owner Owner, bucket string, keys []string) (successors []string, conflict *Conflict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.object(owner)
	o.isDeleted, o.successors = true, nil
	p.hold(o, bucket, keys)
	if conflict = p.declare(o, Declaration{Owner: owner, Bucket: bucket}); p.deleted[bucket] {
		return nil, nil // nothing can stay in it
	}
	for _, key := range keys {
		e := p.at(bucket, key)
		mayStay := func(other *object) bool { return other != o && other.declared == nil }
		if slices.ContainsFunc(e.owners, isWhole) || slices.ContainsFunc(e.holders, mayStay) {
			o.successors = append(o.successors, key)
		}
	}
	return o.successors, conflict
}

// DeleteBucket notes that a bucket is planned to be deleted or replaced. No entry
// can stay in it for another object.
func (p *Plan) DeleteBucket(bucket string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deleted[bucket] = true
}

// IsBucketDeleted reports whether a bucket is planned to be deleted or replaced.
func (p *Plan) IsBucketDeleted(bucket string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deleted[bucket]
}

// HasOwner reports whether an object is planned to have all of an entry, in a bucket
// that stays.
func (p *Plan) HasOwner(bucket, key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.at(bucket, key).owners, isWhole) && !p.deleted[bucket]
}
