package reconcile

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

const (
	// handOverLimit is how long a creation waits for the calls that let its keys
	// go.
	handOverLimit = 2 * time.Second
	// idleLimit is how long it waits once no other call is under way: as long as
	// Terraform may need to begin the next one.
	idleLimit = 100 * time.Millisecond
)

// awaitHandOver waits until the keys that are taken have been let go. It returns
// early if no call is left that could do that.
func (c *change) awaitHandOver(ctx context.Context, present map[string]quiva.Entry) {
	c.setWaiting(true)
	defer c.setWaiting(false)
	deadline := time.Now().Add(handOverLimit)
	for {
		changed, until := c.run.nextStep(c, deadline)
		pause := time.Until(until)
		if taken, _ := c.inTheWay(present); pause <= 0 || len(taken) == 0 {
			return
		}
		select {
		case <-changed:
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// setWaiting begins or ends the wait for a hand-over. Meanwhile, all keys of the
// change are marked as wanted, including those that hold the right value already:
// if another call deleted them now, they would be lost.
func (c *change) setWaiting(waiting bool) {
	a := c.run
	a.mu.Lock()
	defer a.mu.Unlock()
	difference := 1
	if waiting {
		a.waiting = append(a.waiting, c)
	} else {
		difference = -1
		a.waiting = slices.DeleteFunc(a.waiting, func(other *change) bool { return other == c })
	}
	for key := range c.add {
		a.at(c.Bucket, key).creationsWaiting += difference
	}
	a.setActive(-difference)
}

// release leaves an entry in place for a creation, with the value that its state had.
// The caller holds a.mu.
func (a *Apply) release(e *entry, had json.RawMessage) {
	e.claim, e.released = released, had
	a.notify()
}

// nextStep returns until when a change may wait, unless something changes first. The
// change itself lets go what others wait for: they may have what it waits for.
func (a *Apply) nextStep(c *change, deadline time.Time) (changed <-chan struct{}, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range c.remove {
		if e := a.at(c.Bucket, key); e.claim == untouched && e.creationsWaiting > 0 {
			a.handedOver = true
			a.release(e, c.Had[key])
		}
	}
	// Where keys are being handed over, those who wait may keep Terraform from
	// beginning the calls that they wait for. One of them gives up at a time.
	if a.active == 0 && (!a.handedOver || a.waiting[0] == c) {
		if idle := a.lastActive.Add(idleLimit); idle.Before(deadline) {
			return a.changed, idle
		}
	}
	return a.changed, deadline
}
