package reconcile

// PlanCreation notes that entries are planned to be created, or added to an
// object.
func (r *Run) PlanCreation(bucket string, keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		r.at(bucket, key).planned = true
	}
}

// PlannedCreations returns those of the keys whose creation is planned so far.
// An object that is planned to be deleted hands them over: see
// [Change.Successors].
func (r *Run) PlannedCreations(bucket string, keys []string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var planned []string
	for _, key := range keys {
		if r.at(bucket, key).planned {
			planned = append(planned, key)
		}
	}
	return planned
}

// PlanBucketDeletion notes that a bucket is planned to be deleted or replaced.
func (r *Run) PlanBucketDeletion(bucket string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaving[bucket] = true
}

// IsBucketLeaving reports whether a bucket is planned to be deleted or replaced.
// Entries cannot stay in it for another object.
func (r *Run) IsBucketLeaving(bucket string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leaving[bucket]
}

// ReadBy notes that an object of the state holds entries, and returns those that
// an object has been seen to hold before. Two objects hold one entry after an
// apply that was cut off between handing the entry over and letting it go; the
// second one is to leave it to the first.
func (r *Run) ReadBy(bucket string, keys []string) (heldBefore []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		e := r.at(bucket, key)
		if e.read {
			heldBefore = append(heldBefore, key)
		}
		e.read = true
	}
	return heldBefore
}
