package quiva

import (
	"math"
	"time"
)

// search finds out how many requests a gateway accepts in a second, and how many
// at a time, from nothing but which ones it refuses. A method that takes now may
// be told any time that is not before the last one.
//
// A gateway's first refusal says little: many let a burst through that is no
// measure of their rate. So after it the pace rises steeply from a low one. From
// the second refusal on, the search asks which limits explain all that was seen,
// and goes on at the pace that is best if any of them may be the one. The pace
// rises the slower the closer it comes to what is refused for certain, and the
// dearer a pause is.
type search struct {
	// retries is how many pauses in a row may lead to nothing before the gateway
	// is given up.
	retries int

	// inFlight are the requests on their way. No more are sent than width, which
	// grows from a few as requests are over, nor than widest, which is infinite as
	// long as there is no limit of requests at a time.
	inFlight      int
	width, widest float64
	// crowded says that the next request waits for another's response.
	crowded bool
	// refuted is the doubt about such a limit, in mistakes.
	refuted float64

	// pace is how many requests may be sent in a second, and refusedPace one that
	// is refused. Both are infinite as long as there is none.
	pace, refusedPace float64
	// slot is when the next request may be sent, and early that it waits for it.
	slot     time.Time
	early    bool
	lastSent time.Time

	// floor is a pace at which, pauses included, requests were accepted before.
	floor float64
	// burst is how many requests are accepted at once, if none was for long enough,
	// and slowest how many are in a second at least. From these follows how many
	// are saved up in a pause.
	burst, slowest, saved float64

	// latency is how long a response takes, and jitter by how much that varies, in
	// seconds.
	latency, jitter float64

	pausedAt, pausedUntil time.Time
	// paused is whether the pause is yet to be drawn conclusions from.
	paused bool
	// fruitless counts the pauses since a request was last accepted.
	fruitless int

	start   time.Time // of the history
	history history
	// pauses counts those in the history.
	pauses int
	stage  stage
}

// stage is the time from the beginning of one pause to that of the next.
type stage struct {
	number int
	began  time.Time
	// waited is for how many seconds requests have waited for the pace, or the limit
	// of requests at a time, to allow more.
	waited float64
	// probing is the time after a pause in which a single request shows whether
	// it was long enough.
	probing bool
	// accepted counts requests.
	accepted int
	// widest is how many requests at a time were allowed at its beginning.
	widest float64
	// refusal is the request whose refusal ended the stage.
	refusal ticket
}

// ticket is a request that was let through.
type ticket struct {
	at       time.Time
	stage    int // its number
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
	// A pace that is not refused rises by creep each second at first, and twice as
	// fast every creepDoubles: sooner while little is known, and later where a pause
	// takes long.
	creep        = 0.0007
	creepDoubles = 16 * time.Second
	// lifted is how far the pace rises over one that was refused before the limit
	// counts as gone.
	lifted = 1.15
	// unpaced, in requests per second, is a pace that makes no difference.
	unpaced = 10_000
	// fewRequests are too few to tell a limit from.
	fewRequests = 15
	// noticeable is what a wait must last to be one, and lateness how late a request
	// may be, on a busy machine, for the next ones to make up for it.
	noticeable = 5 * time.Millisecond
	lateness   = 25 * time.Millisecond
	// surelyRefuted are the mistakes that count against a limit of requests at a
	// time where one was refused though there were no more.
	surelyRefuted = 3
	// savedPart is the part of what was surely saved up in a pause that is used.
	savedPart = 0.8
	// longBurst is the time, in seconds, whose requests a burst seldom exceeds.
	longBurst = 10
	// After a limit has changed, what was seen before explains what comes after so
	// badly: by some mistakes more, and so many times as many.
	changedBy    = 3
	changedTimes = 3
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
		stage: stage{widest: math.Inf(1)},
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
	case float64(s.inFlight) >= math.Floor(s.widest):
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
	if s.start.IsZero() {
		s.start, s.stage.began = now, now
	}
	s.inFlight++
	t := ticket{at: now, stage: s.stage.number, inFlight: s.inFlight, pace: s.pace, probe: s.stage.probing}
	waited := now.Sub(s.slot)
	if s.crowded {
		s.widen(min(waited, time.Second))
	}
	if s.early || s.crowded && waited < noticeable { // the pace keeps others away
		s.hurry(now)
	}
	switch interval := s.interval(); {
	case s.saved >= 1:
		s.saved--
		s.slot = now
	case interval > 0:
		// A little lateness is made up for, but not where it could be one too many.
		slack := max(0, min(lateness, time.Duration((s.burst-2)/4*float64(interval))))
		s.slot = latest(s.slot, now.Add(-slack)).Add(interval)
	default:
		s.slot = now
	}
	s.crowded, s.early, s.lastSent = false, false, now
	return t
}

func (s *search) interval() time.Duration {
	return time.Duration(float64(time.Second) / s.pace)
}

// widen raises the limit of requests at a time, since one has waited for it: at
// first as steeply as the pace rises, since it may have been no such limit.
func (s *search) widen(waited time.Duration) {
	s.stage.waited += waited.Seconds()
	rate := s.creep()
	switch s.pauses {
	case 1:
		rate = steepest
	case 2:
		rate = max(rate, 0.25/(s.widest*s.widest))
	}
	s.widest *= math.Exp(rate * waited.Seconds())
}

// hurry raises the pace, since a request has waited for it.
func (s *search) hurry(now time.Time) {
	if math.IsInf(s.pace, 1) {
		return
	}
	elapsed := min(now.Sub(s.lastSent).Seconds(), 2/s.pace)
	s.stage.waited += elapsed
	perSecond, perRequest := rise(s.pace, s.refusedPace, s.pausedUntil.Sub(s.pausedAt).Seconds())
	s.pace *= math.Exp(max(s.creep()*elapsed, min(perSecond*elapsed, perRequest)))
	if s.pace > lifted*s.refusedPace {
		s.refusedPace = math.Inf(1)
		s.history, s.pauses = nil, 0
	}
	if s.pace > unpaced {
		s.pace = math.Inf(1)
	}
}

// rise is how steeply a pace rises, as growth rates, where another one is refused
// and costs a pause of so many seconds. At this rate, it costs as much to be refused
// too soon as to be too slow for too long, if the limit may lie anywhere in what
// is left.
func rise(pace, refused, pause float64) (perSecond, perRequest float64) {
	left := max(0, 1-pace/refused) // 1 if none was refused
	return min(steepest, left*left/(1-left)/(pause*pause)), steepestRequest * left * left
}

// creep is the growth rate, per second, that finds out whether a limit that was
// met is still there. Time in which nobody asked for more tells nothing of it.
func (s *search) creep() float64 {
	dearness := min(3, max(1, s.pausedUntil.Sub(s.pausedAt).Seconds()))
	doubt := 4 / float64(max(1, min(4, s.pauses)))
	doublings := s.stage.waited / creepDoubles.Seconds() / dearness * doubt
	return min(steepest, creep/dearness*math.Exp2(doublings))
}

// accept notes a response other than 429.
func (s *search) accept(t ticket, now time.Time) {
	s.drop()
	s.history.add(outcome{sent: s.seconds(t.at), done: s.seconds(now), stage: t.stage})
	s.measure(now.Sub(t.at).Seconds())
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
		s.saved = savedPart*min(s.burst, s.slowest*now.Sub(s.stage.began).Seconds()) - 1
	}
}

func (s *search) seconds(t time.Time) float64 { return t.Sub(s.start).Seconds() }

// measure notes how long a response took, in seconds.
func (s *search) measure(took float64) {
	if s.latency == 0 {
		s.latency = took
	}
	s.jitter += (math.Abs(took-s.latency) - s.jitter) / 16
	s.latency += (took - s.latency) / 16
}

// drop notes that a request is over, be it without a response.
func (s *search) drop() {
	s.inFlight--
	s.width += widthGrowth
}

// refuse notes a 429, with the pause that it asks for. It returns the pause that
// this begins, or 0 if the request was sent before the last one began.
func (s *search) refuse(t ticket, now time.Time, pause time.Duration) (begun time.Duration) {
	s.inFlight--
	first := t.at.After(s.pausedAt)
	s.history.add(outcome{sent: s.seconds(t.at), done: s.seconds(now), stage: t.stage, refused: true, first: first})
	if first {
		s.pausedAt, s.paused = now, true
		s.stage.refusal = t
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
	case s.stage.accepted == 0 && s.stage.number > 0:
		s.stage.probing = true
		return
	}
	s.conclude(now)
	s.stage = stage{number: s.stage.number + 1, began: s.pausedAt, probing: true, widest: s.widest}
	s.slot = now
}

// conclude decides, from what was refused and what was not, how to go on.
func (s *search) conclude(now time.Time) {
	var (
		b     = s.believe()
		mean  = float64(s.stage.accepted) / now.Sub(s.stage.began).Seconds()
		pause = s.pausedUntil.Sub(s.pausedAt).Seconds()
	)
	s.pauses = s.history.pauses()
	s.burst, s.slowest, s.saved = b.burst, 0, 0
	s.widest, s.refusedPace = math.Inf(1), math.Inf(1)
	if b.atATime > 0 && s.history.accepted() >= max(fewRequests, 2*b.atATime) {
		s.widest = float64(b.atATime)
	}
	unlimited := math.IsInf(s.widest, 1)
	switch {
	case s.pauses == 1 && s.stage.accepted < memory/2, // too little is known
		s.pauses == 2 && unlimited && b.burst > longBurst*b.fastest:
		s.pace = max(mean, firstPace)
		return
	case unlimited && len(b.likely) > 0:
		s.refusedPace, s.slowest = b.fastest, b.slowest
		if s.stage.accepted >= fewRequests {
			s.refusedPace = min(s.refusedPace, s.stage.refusal.pace)
		}
	}
	// What was accepted counts, whatever is believed, and what was before that too:
	// a pause may come too soon to tell anything.
	if s.stage.number > 0 {
		s.floor = max(mean, math.Sqrt(s.floor*mean))
	}
	s.pace = max(slowestRate, margin*mean, margin*s.floor, min(b.pace(pause, pause+2*s.latency), margin*s.stage.refusal.pace))
	s.refusedPace = max(s.refusedPace, s.pace)
}

// believe looks for what explains the history, and forgets what was seen before
// the limit changed.
func (s *search) believe() belief {
	if float64(s.stage.refusal.inFlight) <= math.Floor(s.stage.widest) && !math.IsInf(s.stage.widest, 1) {
		s.refuted += surelyRefuted
	}
	s.history.sort()
	all := believe(s.history, s.jitter, s.refuted)
	if last := s.history.last(1); all.surprise && last != nil {
		s.history, s.refuted = last, 0
		return believe(last, s.jitter, 0)
	}
	if last := s.history.last(2); last != nil {
		if b := believe(last, s.jitter, s.refuted); all.mistakes > changedBy+changedTimes*b.mistakes {
			s.history = last
			return b
		}
	}
	return all
}
