package quiva

import (
	"math"
	"time"
)

// pacer finds out how many requests a second a gateway accepts, from nothing but
// which ones it refuses: CUBIC (RFC 9438) within a bracket.
//
// An epoch lasts from one pause to the next. What it accepted, its pause included,
// any limit of the pace accepts again: that is the floor. The ceiling is a part of
// the pace that was refused at its end. The next epoch restarts between the two,
// rises to the ceiling ever more slowly, and beyond it slowly at first.
//
// Refusals may have another cause: one bad replica of ten, say. Then the runs of
// accepted requests do not grow as the pace falls. After a few such runs, the
// pacer goes down to the floor. If it is refused there after no longer a run, the
// pace is acquitted: it goes back up for some pauses, twice as many each time.
type pacer struct {
	retries int // pauses that may lead to nothing until the gateway is given up
	// inFlight are the requests on their way. No more are sent than width, which
	// grows with each one that is over.
	inFlight int
	width    float64
	// pace is how many requests are sent in a second, infinite while no limit is
	// known, and nextSend is when it allows the next one.
	pace, floor, restart, ceiling float64
	nextSend, lastSent            time.Time
	waitsForPace                  bool
	// slowStart is the first rise, before the ceiling is known. Later, the pace rises
	// after flat more were accepted, and risen is for how many seconds it did.
	slowStart bool
	flat      int
	risen     float64
	// pause is the last one that began, in seconds. After it comes the time of
	// probing, in which a single request shows whether it was long enough.
	epochStart, pausedAt, pausedUntil time.Time
	pause                             float64
	probing                           bool
	// accepted counts requests of this epoch, lately those of the last ones, the
	// seconds that these lasted, and the refusals that ended them.
	accepted int
	lately   tally
	// consecutiveRefusals counts the pauses since a request was last accepted, and
	// refusals those among the last outcomes.
	consecutiveRefusals int
	refusals, outcomes  float64
	// shortRuns counts epochs that the pause took much of, and that did not grow;
	// shrank says that the last one was far shorter than those before.
	shortRuns, acquittals, exempt int
	shrank                        bool
}

type tally struct{ accepted, seconds, refusals float64 }

const (
	// A run begins with initialWidth requests at a time, and may send one more with
	// every third response. Where none comes, it may after slowResponse.
	initialWidth = 2
	widthGrowth  = 1.0 / 3
	slowResponse = 250 * time.Millisecond
	initialPace  = 20     // requests a second at which the slow start begins, unless more were accepted
	slowStartUp  = 2      // its exponent: e times as many in half a second
	betaCubic    = 0.8    // part of the refused pace; RFC 9438 has 0.7, but no floor
	cubicK       = 5      // pauses that the rise to the ceiling takes: they cost a sixth of the time
	minStep      = 0.04   // part of the ceiling that is the first step beyond it
	slowestPace  = 0.05   // requests a second, for which a run can wait
	unpaced      = 10_000 // requests a second: a pace that makes no difference
	// Up to lateness, the next requests make up for one that a busy machine sent late,
	// where the pace is so fast that it matters.
	lateness = 25 * time.Millisecond
	// A run grew if it is grown times the average; after more than shortRunsMax that did
	// not, the floor is tested. By chance, one run of seven is conclusive times the
	// average, and two in a row of 250 are shrunk: then the limit is another.
	grown         = 1.5
	shortRunsMax  = 2
	conclusive    = 2
	shrunk        = 1.0 / 16
	keepLately    = 0.75 // weight of what was before an epoch
	tolerance     = 1.1  // of the floor, which responses miscount
	acquittalsMax = 4    // doublings of the pauses until the next test
	// Refusals in a row mean something where chance, by the share of the last outcomes,
	// brings them less often than unlikely. Then pauses become longer by pauseGrowth
	// each: with five retries, that outlasts a window of a minute.
	outcomesMax = 64
	unlikely    = 1e-4
	pauseGrowth = 2.5
	pauseMax    = 40 * time.Second
)

func newPacer(retries int) *pacer {
	return &pacer{retries: retries, width: initialWidth, pace: math.Inf(1)}
}

// next returns when the next request may be sent, unless something happens before.
func (p *pacer) next(now time.Time) time.Time {
	switch {
	case now.Before(p.pausedUntil):
		return p.pausedUntil
	case p.probing && p.lastSent.After(p.pausedAt):
		return p.lastSent.Add(refusedPause)
	case float64(p.inFlight) >= math.Floor(p.width) && now.Before(p.lastSent.Add(slowResponse)):
		return p.lastSent.Add(slowResponse)
	case p.nextSend.After(now) && !math.IsInf(p.pace, 1):
		p.waitsForPace = true
		return p.nextSend
	}
	return now
}

// send notes that a request is sent.
func (p *pacer) send(now time.Time) ticket {
	if p.epochStart.IsZero() {
		p.epochStart = now
	}
	p.inFlight++
	earliest := now
	if p.waitsForPace && !math.IsInf(p.pace, 1) {
		p.rise(min(now.Sub(p.lastSent).Seconds(), 2/p.pace))
		if p.pace*lateness.Seconds() > 1 {
			earliest = now.Add(-lateness)
		}
	}
	p.nextSend = latest(p.nextSend, earliest).Add(time.Duration(float64(time.Second) / p.pace))
	p.waitsForPace, p.lastSent = false, now
	return ticket{at: now, pace: p.pace, probe: p.probing}
}

// rise raises the pace, since a request has waited for it.
func (p *pacer) rise(waited float64) {
	switch {
	case p.slowStart:
		p.pace *= math.Exp(slowStartUp * waited)
	case p.flat <= 0:
		p.risen += waited
		t := p.risen/(cubicK*p.pause) - 1
		p.pace = max(p.pace, p.ceiling+max(p.ceiling-p.restart, minStep*p.ceiling)*t*t*t)
	}
	if p.pace > unpaced { // the limit is gone
		p.pace, p.floor, p.ceiling, p.lately, p.shortRuns, p.acquittals = math.Inf(1), 0, 0, tally{}, 0, 0
	}
}

// accept notes a response other than 429.
func (p *pacer) accept(t ticket) {
	p.drop()
	if !t.at.After(p.pausedAt) {
		return // of the epoch before
	}
	p.outcomes += float64(p.consecutiveRefusals + 1)
	p.refusals += float64(p.consecutiveRefusals)
	keep := min(1, outcomesMax/p.outcomes)
	p.outcomes, p.refusals, p.consecutiveRefusals = keep*p.outcomes, keep*p.refusals, 0
	p.accepted++
	p.flat--
	if t.probe {
		p.probing = false
	}
}

// drop notes that a request is over, be it without a response.
func (p *pacer) drop() {
	p.inFlight--
	p.width += widthGrowth
}

// refuse notes a 429, with the pause that it asks for. It returns the pause that
// this begins, or 0 if the request was sent before the last one began.
func (p *pacer) refuse(t ticket, now time.Time, pause time.Duration) (begun time.Duration) {
	p.inFlight--
	if t.at.After(p.pausedAt) {
		p.consecutiveRefusals++
		if n := p.fruitless() - 1; n > 0 && !p.givenUp() {
			pause = max(pause, time.Duration(min(float64(pause)*math.Pow(pauseGrowth, float64(n)), float64(pauseMax))))
		}
		if p.accepted > 0 || p.ceiling == 0 {
			p.conclude(t, now, pause)
		}
		begun, p.pausedAt, p.pause, p.probing = pause, now, max(refusedPause, pause).Seconds(), true
		if p.givenUp() { // each request is to fail by itself, and none for the others' sake later
			p.pace, p.width, p.probing = math.Inf(1), math.Inf(1), false
		}
	}
	p.pausedUntil = latest(p.pausedUntil, now.Add(pause))
	return begun
}

// fruitless is how many pauses have led to nothing, chance aside.
func (p *pacer) fruitless() int {
	if p.outcomes == 0 {
		return p.consecutiveRefusals
	}
	share := (p.refusals + 1) / (p.outcomes + 2) // Laplace's rule
	return p.consecutiveRefusals - int(math.Log(unlikely)/math.Log(share))
}

// givenUp reports whether the next refusal is final for any request.
func (p *pacer) givenUp() bool { return p.fruitless() > max(1, p.retries) }

// conclude decides how to go on after an epoch.
func (p *pacer) conclude(t ticket, now time.Time, pause time.Duration) {
	var (
		accepted = float64(p.accepted)
		lasted   = now.Sub(p.epochStart).Seconds()
		run      = now.Sub(latest(p.pausedUntil, p.epochStart)).Seconds()
		average  = p.lately.accepted / max(1, p.lately.refusals)
		shrank   = accepted < average*shrunk
		innocent = t.pace <= tolerance*p.floor && accepted <= conclusive*average && !shrank
	)
	p.epochStart, p.accepted, p.flat, p.risen, p.slowStart = now, 0, 0, 0, false
	if p.ceiling == 0 { // a burst says little of the pace
		p.pace = max(initialPace, accepted/(lasted+pause.Seconds()))
		p.ceiling, p.slowStart = math.Inf(1), true
		return
	}
	if shrank && p.shrank { // the limit has changed
		p.lately = tally{}
	}
	p.shrank = shrank
	p.lately.accepted = keepLately*p.lately.accepted + accepted
	p.lately.seconds = keepLately*p.lately.seconds + lasted
	p.lately.refusals = keepLately*p.lately.refusals + 1
	switch {
	case p.exempt > 1:
		p.exempt--
		return
	case innocent:
		p.acquittals = min(p.acquittals+1, acquittalsMax)
		p.exempt, p.pace = 1<<p.acquittals, math.Inf(1)
		return
	case run >= cubicK*p.pause:
		p.shortRuns, p.acquittals = 0, p.acquittals/2
	case accepted <= grown*average || p.exempt == 1:
		p.shortRuns++
	}
	refused := t.pace
	if math.IsInf(refused, 1) {
		refused = min(unpaced, max(initialPace, accepted/run))
	}
	p.exempt = 0
	p.floor = max(slowestPace, p.lately.accepted/p.lately.seconds)
	p.ceiling = max(betaCubic*refused, p.floor)
	p.restart = math.Sqrt(p.floor * p.ceiling)
	if p.shortRuns > shortRunsMax || p.acquittals > 0 && p.shortRuns > 0 {
		p.restart, p.shortRuns = p.floor, 0
		p.flat = int(conclusive*p.lately.accepted/p.lately.refusals) + 1
	}
	p.pace = p.restart
}
