package reconcile

import (
	"context"
	"encoding/json"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
)

// plannedProperties is what a plan knows of the objects that have properties of
// an entry.
type plannedProperties struct {
	// read are the properties with which objects of the state were read.
	read []json.RawMessage
	// isIn says that an object is planned to have some, wanted has those of each as
	// far as they are known.
	isIn   bool
	wanted []json.RawMessage
}

// ReadProperties notes that an object of the state has properties of an entry. It
// returns those that no other has been seen to have before, and the paths of the
// others: see [Run.ReadBy].
func (r *Run) ReadProperties(bucket, key string, had json.RawMessage) (own json.RawMessage, twice []properties.Path) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.at(bucket, key)
	own = had
	for _, others := range e.plannedProperties.read {
		if overlap := properties.Overlap(own, others); len(overlap) > 0 {
			twice = append(twice, overlap...)
			own = properties.Without(own, others)
		}
	}
	e.plannedProperties.read = append(e.plannedProperties.read, own)
	return own, twice
}

// PlanProperties notes that an object is planned to have properties of an entry,
// which are nil if they are not wholly known. It reports whether another one has
// been seen to have all of the entry, or is planned to.
func (r *Run) PlanProperties(bucket, key string, wanted json.RawMessage) (isWhole bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastPlanned = time.Now()
	e := r.at(bucket, key)
	e.plannedProperties.isIn = true
	if wanted != nil {
		e.plannedProperties.wanted = append(e.plannedProperties.wanted, wanted)
	}
	return e.isWhole()
}

// isWhole reports whether an object has been seen to have all of an entry, or is
// planned to. The caller holds the run's mu.
func (e *entry) isWhole() bool { return e.reader != nil || e.planned }

// InProperties returns those of the keys of which objects are planned to have
// properties.
func (r *Run) InProperties(bucket string, keys []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var inProperties []string
	for _, key := range keys {
		if r.at(bucket, key).plannedProperties.isIn {
			inProperties = append(inProperties, key)
		}
	}
	return inProperties
}

// PropertiesSuccessors returns those of the properties which an object is planned
// to let go that another one has, or is planned to have: see
// [PropertiesChange.Successors]. It waits as [Run.Successors] does.
func (r *Run) PropertiesSuccessors(ctx context.Context, bucket, key string, letGo json.RawMessage) json.RawMessage {
	r.mu.Lock()
	e := r.at(bucket, key)
	e.leaving = true
	r.mu.Unlock()
	r.awaitQuiet(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.isWhole() {
		return letGo
	}
	unwanted := letGo
	for _, others := range e.plannedProperties.wanted {
		unwanted = properties.Without(unwanted, others)
	}
	return properties.Without(letGo, unwanted)
}
