package quiva

import (
	"math"
	"slices"
	"time"
)

// search finds out how many requests a gateway accepts in a second, and how many
// at a time, from nothing but which ones it refuses. A method that takes now may
// be told any time that is not before the last one.
//
// A gateway's first refusal says little: many let a burst through that is no
// measure of their rate. So after it the pace rises steeply from a low one, until
// a second refusal shows between which paces the limit lies. From then on the
// pace rises the slower the closer it comes to what was refused, and the dearer
// a pause is.
type search struct {
	// retries is how many pauses in a row may lead to nothing before the gateway
	// is given up.
	retries int

	// inFlight are the requests on their way. No more are sent than width, which
	// grows from a few with each response, nor than widest.
	inFlight      int
	width, widest float64
	// suspect is the number in flight at which a request was refused that may
	// have been one too many at a time, and confirmed whether that was seen twice.
	suspect   int
	confirmed bool
	// crowded says that the next request waits for another's response.
	crowded bool

	// pace is how many requests may be sent in a second, and refusedPace one that
	// was refused. Both are infinite as long as there is none.
	pace, refusedPace float64
	// slot is when the next request may be sent, and early that it waits for it.
	slot     time.Time
	early    bool
	lastSent time.Time

	// burst is how many requests the gateway accepts at once, after a pause.
	burst float64

	pausedAt, pausedUntil time.Time
	// paused is whether the pause is yet to be drawn conclusions from.
	paused bool
	// fruitless counts the pauses since a request was last accepted.
	fruitless int

	// stage is what has happened since the last pause began, first what happened
	// before the first one.
	stage stage
	first *stage
}

// stage is the time from the beginning of one pause to that of the next.
type stage struct {
	began, resumed time.Time
	// probing is the time after a pause in which a single request shows whether
	// it was long enough.
	probing bool
	// accepted counts all requests that were accepted, and sent are those after
	// the probe, no further back than memory.
	accepted int
	sent     []ticket
	// crowded is whether requests had to wait for others' responses.
	crowded bool
	// refusal is the request whose refusal ended the stage, and refused how many
	// were.
	refusal ticket
	refused int
}

// ticket is a request that was let through.
type ticket struct {
	at       time.Time
	inFlight int // this one included
	pace     float64
	probe    bool
}

const (
	// A run begins with firstWidth requests at a time, and may send one more with
	// every third response. Where none comes, it may after slowResponse.
	firstWidth   = 2
	widthGrowth  = 1.0 / 3
	slowResponse = 250 * time.Millisecond
	// firstPace, in requests per second, is where the first rise begins, unless
	// more were accepted.
	firstPace = 20
	// steepest, per second, is the growth rate of the first rise: 16 times as fast
	// in each second. No request makes the next come more than a third sooner.
	steepest        = 2.77
	steepestRequest = 0.35
	// margin is the part of a pace that is used of what was found to be accepted.
	margin = 0.98
	// steadiness divides the growth rate near the limit.
	steadiness = 1.4
	// A pace that is not refused rises by creep each second at first, and twice as
	// fast every creepDoubles.
	creep        = 0.0007
	creepDoubles = 16 * time.Second
	// lifted is how far the pace rises over one that was refused before the limit
	// counts as gone.
	lifted = 1.15
	// unpaced, in requests per second, is a pace that makes no difference.
	unpaced = 10_000
	// memory is how far back requests are remembered.
	memory = 10 * time.Second
	// fewRequests are too few to tell a rate from, and shortStage is too short.
	fewRequests = 15
	shortStage  = 400 * time.Millisecond
	// noticeable is what a wait must last to be one, and lateness how late a request
	// may be, on a busy machine, for the next ones to make up for it.
	noticeable = 5 * time.Millisecond
	lateness   = 25 * time.Millisecond
	// widening, per second of waiting, is the growth rate of a suspected limit of
	// requests at a time.
	widening = 1.4
	// Pauses that lead to nothing become longer by fruitlessGrowth each, up to
	// fruitlessMax. With five retries that outlasts a window of a minute.
	fruitlessGrowth = 2.5
	fruitlessMax    = 40 * time.Second
)

func newSearch(retries int) *search {
	return &search{
		retries: retries,
		width:   firstWidth, widest: math.Inf(1),
		pace: math.Inf(1), refusedPace: math.Inf(1),
	}
}

// next returns when the next request may be sent, unless something happens
// before, or false if that takes a response.
func (s *search) next(now time.Time) (at time.Time, ok bool) {
	if now.Before(s.pausedUntil) {
		return s.pausedUntil, true
	}
	if s.paused {
		s.resume(now)
	}
	switch {
	case s.stage.probing && s.lastSent.After(s.pausedAt):
		return s.lastSent.Add(refusedPause), true
	case float64(s.inFlight) >= math.Round(s.widest):
		s.crowded = true
		return time.Time{}, false
	case float64(s.inFlight) >= math.Floor(s.width) && now.Before(s.lastSent.Add(slowResponse)):
		return s.lastSent.Add(slowResponse), true
	case s.slot.After(now) && !math.IsInf(s.pace, 1):
		s.early = true
		return s.slot, true
	}
	return now, true
}

// send notes that a request is sent.
func (s *search) send(now time.Time) ticket {
	if s.stage.began.IsZero() {
		s.stage.began = now
	}
	s.inFlight++
	t := ticket{at: now, inFlight: s.inFlight, pace: s.pace, probe: s.stage.probing}
	if waited := now.Sub(s.slot); s.crowded && waited > noticeable {
		s.stage.crowded = true
		s.widen(now, min(waited, time.Second))
	}
	if s.early {
		s.hurry(now)
	}
	if interval := s.interval(); interval > 0 {
		// A little lateness is made up for, but not where it could be one too many.
		slack := max(0, min(lateness, time.Duration((s.burst-2)/4*float64(interval))))
		s.slot = latest(s.slot, now.Add(-slack)).Add(interval)
	} else {
		s.slot = now
	}
	s.crowded, s.early, s.lastSent = false, false, now
	return t
}

func (s *search) interval() time.Duration {
	return time.Duration(float64(time.Second) / s.pace)
}

// widen raises the limit of requests at a time, since one has waited for it.
func (s *search) widen(now time.Time, waited time.Duration) {
	rate := s.creep(now)
	if !s.confirmed {
		rate = widening
	}
	s.widest *= math.Exp(rate * waited.Seconds())
}

// hurry raises the pace, since a request has waited for it.
func (s *search) hurry(now time.Time) {
	var (
		elapsed = min(now.Sub(s.lastSent).Seconds(), 2/s.pace)
		left    = 1 - s.pace/s.refusedPace // 1 if none was refused
		growth  = s.creep(now) * elapsed
	)
	if left > 0 {
		// This is the growth at which it costs as much to be refused too soon as
		// to be too slow for too long, if the limit may lie anywhere in what is left.
		pause := s.pausedUntil.Sub(s.pausedAt).Seconds()
		rate := left * left / (1 - left) / (steadiness * pause * pause)
		growth = max(growth, min(rate*elapsed, steepest*elapsed, steepestRequest*left*left))
	}
	s.pace *= math.Exp(growth)
	if s.pace > lifted*s.refusedPace {
		s.refusedPace = math.Inf(1)
	}
	if s.pace > unpaced {
		s.pace = math.Inf(1)
	}
}

// creep is the growth rate, per second, that finds out whether a limit that was
// met is still there.
func (s *search) creep(now time.Time) float64 {
	dearness := min(3, max(1, s.pausedUntil.Sub(s.pausedAt).Seconds()))
	doublings := now.Sub(s.stage.resumed).Seconds() / (creepDoubles.Seconds() * dearness)
	return min(steepest, creep/dearness*math.Exp2(doublings))
}

// accept notes a response other than 429.
func (s *search) accept(t ticket) {
	s.drop()
	after := t.at.After(s.pausedAt)
	if !after && !s.paused {
		return // of the stage before
	}
	if after {
		s.fruitless = 0
	}
	s.stage.accepted++
	if t.probe {
		s.stage.probing = false
		return
	}
	sent := s.stage.sent
	if len(sent) > 0 && t.at.Sub(sent[0].at) > 2*memory {
		sent = slices.DeleteFunc(sent, func(old ticket) bool { return t.at.Sub(old.at) > memory })
	}
	s.stage.sent = append(sent, t)
}

// drop notes that a request is over, be it without a response.
func (s *search) drop() {
	s.inFlight--
	s.width += widthGrowth
}

// refuse notes a 429, with the pause that it asks for. It returns the pause that
// this begins, or 0 if the request was sent before the last one began.
func (s *search) refuse(t ticket, now time.Time, pause time.Duration) (begun time.Duration) {
	// Requests may arrive in another order than they are sent.
	t.inFlight = max(t.inFlight, s.inFlight)
	s.inFlight--
	s.stage.refused++
	if t.at.After(s.pausedAt) {
		s.pausedAt, s.paused = now, true
		s.stage.refusal, s.stage.refused = t, 1
		s.fruitless++
		if n := s.fruitless - 1; n > 0 && !s.givenUp() {
			longer := float64(pause) * math.Pow(fruitlessGrowth, float64(n))
			pause = max(pause, time.Duration(min(longer, float64(fruitlessMax))))
		}
		begun = pause
	}
	s.pausedUntil = latest(s.pausedUntil, now.Add(pause))
	return begun
}

// givenUp reports whether the gateway has accepted nothing for so many pauses
// that another refusal is final for any request.
func (s *search) givenUp() bool { return s.fruitless > max(1, s.retries) }

// resume begins another stage with what the last one has shown.
func (s *search) resume(now time.Time) {
	s.paused = false
	switch {
	case s.givenUp():
		// Each request is to fail by itself, and none for the others' sake later.
		s.pace, s.width, s.widest = math.Inf(1), math.Inf(1), math.Inf(1)
		s.stage.probing = false
		return
	case s.stage.accepted == 0 && s.first != nil:
		s.stage.probing = true
		return
	}
	s.stage.sort()
	if !s.blameWidth() {
		s.blamePace(now)
	}
	ended := s.stage
	if s.first == nil {
		s.first = &ended
	}
	s.stage = stage{began: s.pausedAt, resumed: now, probing: true}
	s.slot = now
}

// blameWidth concludes from a refusal how many requests are accepted at a time.
// It reports whether that was certainly the reason.
func (s *search) blameWidth() bool {
	var (
		refused = s.stage.refusal.inFlight
		again   = abs(refused-s.suspect) <= max(1, s.suspect/8)
	)
	accepted := 0
	for _, t := range s.stage.sent {
		if t.inFlight >= refused {
			accepted++
		}
	}
	switch {
	case refused == 1,
		accepted*4 > len(s.stage.sent),                      // as many at a time were accepted too often
		s.suspect == 0 && len(s.stage.sent) < 2*refused,     // too few to tell
		s.confirmed && refused <= int(math.Round(s.widest)): // it was no limit after all
		s.widest, s.suspect, s.confirmed = math.Inf(1), 0, false
		return false
	}
	s.widest, s.suspect = float64(refused-min(s.stage.refused, refused/4+1)), refused
	// Of too fast a sequence, all that follows the first one refused is refused.
	s.confirmed = again && s.stage.accepted >= fewRequests && s.stage.refused <= max(2, refused/4)
	if s.confirmed {
		s.pace, s.refusedPace = s.stage.refusal.pace, math.Inf(1)
	}
	return s.confirmed
}

// blamePace concludes from a refusal at what pace to go on.
func (s *search) blamePace(now time.Time) {
	var (
		end  = s.stage.refusal.at
		mean = float64(s.stage.accepted) / now.Sub(s.stage.began).Seconds()
	)
	if s.first == nil {
		s.burst = max(1, mean*now.Sub(s.pausedAt).Seconds())
		s.pace = max(mean, firstPace)
		return
	}

	found := sustained(s.stage.sent, end, s.burst)
	if s.first.sent != nil {
		// The first stage knows the burst, given the rate, and this one the rate,
		// given the burst: a few turns find both.
		for range 5 {
			if found.rate > 0 {
				s.burst = excess(s.first.sent, s.first.refusal.at, found.rate)
			}
			found = sustained(s.stage.sent, end, s.burst)
		}
		s.first.sent = nil
	}
	low, high := mean, s.stage.refusal.pace
	if found.rate > low {
		low = found.rate
		if !s.stage.crowded {
			high = found.limit
		}
	}
	recent := float64(since(s.stage.sent, end.Add(-time.Second), end))
	if recent >= fewRequests && end.Sub(s.stage.resumed) > shortStage {
		// So many have passed in a second, which may be all of a window.
		if found.rate <= mean {
			high = recent
			low = max(low, recent/2)
		}
		high = max(high, recent)
	}
	high = min(high, s.stage.refusal.pace)

	s.refusedPace = high
	if math.IsInf(high, 1) {
		s.pace = max(low, firstPace)
		return
	}
	// What was found over a long time may be trusted, and gone beyond, for as long.
	trust := min(0.5, found.over/20/now.Sub(s.pausedAt).Seconds())
	s.pace = max(high/4, margin*min(high, low+(high-low)*trust))
}

func abs(n int) int { return max(n, -n) }
