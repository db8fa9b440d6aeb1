package quiva

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// bulkThreshold is how many entries of one bucket are read one by one before its list.
	bulkThreshold = 12
	// snapshotAge is how long a list is served, counted from when it was asked for.
	snapshotAge = 30 * time.Second
)

// Digest stands for a value, see [Config.Digest].
type Digest = [sha256.Size]byte

// ListedDigest returns the digest of an entry's value out of its bucket's list, which is
// fetched once for all callers when more than a dozen entries of a bucket were asked for, and
// is up to 30 seconds old. None says nothing about the entry: the list shows at most 1,000, it may
// have failed, and a key that this client writes is not served from an older list.
func (c *Client) ListedDigest(ctx context.Context, bucket, key string) (Digest, bool) {
	return c.listedDigest(ctx, bucket, key, snapshotAge)
}

// listedDigest is [Client.ListedDigest] out of a list that is at most so old.
func (c *Client) listedDigest(ctx context.Context, bucket, key string, age time.Duration) (Digest, bool) {
	if !c.config.BulkRefresh {
		return Digest{}, false
	}
	list, fetch := c.snapshots.join(bucket, age)
	if list == nil {
		return Digest{}, false
	}
	if fetch {
		c.fetchSnapshot(ctx, bucket, list)
	}
	select {
	case <-list.done:
		return c.snapshots.get(list, key)
	case <-ctx.Done():
		return Digest{}, false
	}
}

// fetchSnapshot fills a list. It is tried only once: if it fails, those who wait for it read
// their entries one by one, which is better than more tries.
func (c *Client) fetchSnapshot(ctx context.Context, bucket string, list *snapshot) {
	defer close(list.done)
	// Only digests are kept, so that the lists of many buckets take no memory.
	listed, _, err := readList(withoutRetries(ctx), c, listOf(bucket, MaxListLimit), c.digestOf)
	if err != nil {
		c.logUnlisted(ctx, bucket, err)
	}
	list.digests = make(map[string]Digest, len(listed))
	for _, result := range listed {
		if result.kept != (Digest{}) {
			list.digests[result.key] = result.kept
		}
	}
	if err == nil && time.Since(list.askedAt) <= snapshotAge {
		return
	}
	// One that took so long is good for those who have waited, and the next one would be as slow.
	// After a caller that gave up, another one may still list the bucket.
	c.snapshots.mu.Lock()
	defer c.snapshots.mu.Unlock()
	if b := c.snapshots.buckets[bucket]; b.list == list {
		b.list, b.givenUp = nil, ctx.Err() == nil
	}
}

func (c *Client) logUnlisted(ctx context.Context, bucket string, err error) {
	c.log(ctx, "Bucket cannot be listed, reading its entries one by one", map[string]any{"bucket": bucket, "error": err.Error()})
}

// digestOf returns the digest of an entry's value, a zero one if it has none.
func (c *Client) digestOf(entry Entry) Digest {
	digest, err := c.config.Digest(entry.Value)
	if err != nil {
		return Digest{}
	}
	return digest
}

// snapshots are the lists of buckets, each shared by all who ask for an entry.
type snapshots struct {
	mu      sync.Mutex
	buckets map[string]*snapshotBucket
}

type snapshotBucket struct {
	asked int
	list  *snapshot
	// givenUp means that listing this bucket does not pay in this run.
	givenUp bool
}

// snapshot is one list of a bucket. It is complete once done is closed.
type snapshot struct {
	askedAt time.Time
	done    chan struct{}
	digests map[string]Digest
	written map[string]bool // since it was asked for
	purged  bool
}

// join counts a request for an entry of a bucket. It returns the list to wait for, if there is one,
// and whether the caller must fetch it since the last one is older than age.
func (s *snapshots) join(bucket string, age time.Duration) (list *snapshot, fetch bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucket]
	if b == nil {
		b = &snapshotBucket{}
		s.buckets[bucket] = b
	}
	b.asked++
	if b.asked <= bulkThreshold || b.givenUp {
		return nil, false
	}
	if b.list == nil || time.Since(b.list.askedAt) > age {
		b.list = &snapshot{askedAt: time.Now(), done: make(chan struct{}), written: map[string]bool{}}
		return b.list, true
	}
	return b.list, false
}

// forget keeps a key from being served out of a list that may be from before a write. It is
// called before the write, for the list of until then, and after it, for one that was asked for
// in the meantime.
func (s *snapshots) forget(bucket, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucket]; b != nil && b.list != nil {
		b.list.written[key] = true
	}
}

// forgetBucket is forget for all keys of a bucket.
func (s *snapshots) forgetBucket(bucket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucket]; b != nil && b.list != nil {
		b.list.purged = true // for those who wait for it
		b.list = nil
	}
}

func (s *snapshots) get(list *snapshot, key string) (Digest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	digest, ok := list.digests[key]
	return digest, ok && !list.purged && !list.written[key]
}
