package quiva

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

// player sends requests, each of which a limit may refuse, and waits for a second
// after the first refusal.
type player struct {
	history history
	at      float64
	stage   int
	latency float64 // seconds
	allows  func(at float64) bool
}

// rise sends requests at a pace, in requests per second, that rises by a rate,
// until one is refused and that is known.
func (p *player) rise(pace, rate float64) {
	refused := math.Inf(1)
	for p.at < refused+p.latency {
		ok := p.allows(p.at)
		p.history = append(p.history, outcome{
			sent: p.at, done: p.at + p.latency, stage: p.stage, refused: !ok, first: !ok && math.IsInf(refused, 1),
		})
		if !ok {
			refused = min(refused, p.at)
		}
		p.at += 1 / pace
		pace *= math.Exp(rate / pace)
	}
	p.at += 1
	p.stage++
}

// The limits, as a gateway would enforce them.

func bucketOf(rate, burst float64) func(float64) bool {
	left, last := burst, 0.0
	return func(at float64) bool {
		left, last = min(burst, left+rate*(at-last)), at
		if left < 1-1e-9 {
			return false
		}
		left--
		return true
	}
}

func slidingOf(requests int) func(float64) bool {
	var accepted []float64
	return func(at float64) bool {
		for len(accepted) > 0 && accepted[0] <= at-1 {
			accepted = accepted[1:]
		}
		if len(accepted) == requests {
			return false
		}
		accepted = append(accepted, at)
		return true
	}
}

func fixedOf(requests int, phase float64) func(float64) bool {
	count, current := 0, math.Inf(-1)
	return func(at float64) bool {
		if window := math.Floor(at + phase); window != current {
			count, current = 0, window
		}
		count++
		return count <= requests
	}
}

func atATimeOf(requests int, latency float64) func(float64) bool {
	var done []float64
	return func(at float64) bool {
		for len(done) > 0 && done[0] <= at {
			done = done[1:]
		}
		if len(done) == requests {
			return false
		}
		done = append(done, at+latency)
		return true
	}
}

// TestBelief: three pauses show what the limit is, near and far.
func TestBelief(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limit func() func(at float64) bool
		rate  float64
		// more is how much more the next pace may be, of what the limit allows.
		more float64
	}{
		"bucket, burst of 1":              {func() func(float64) bool { return bucketOf(20, 1) }, 20, 1.1},
		"bucket, burst of 5":              {func() func(float64) bool { return bucketOf(50, 5) }, 50, 1.05},
		"bucket, burst of a second":       {func() func(float64) bool { return bucketOf(50, 50) }, 50, 1.05},
		"bucket, a thousand":              {func() func(float64) bool { return bucketOf(1000, 100) }, 1000, 1.05},
		"sliding window":                  {func() func(float64) bool { return slidingOf(61) }, 61, 1},
		"fixed window":                    {func() func(float64) bool { return fixedOf(61, 0) }, 61, 1.02},
		"fixed window, some other second": {func() func(float64) bool { return fixedOf(61, 0.37) }, 61, 1.02},
	} {
		for _, latency := range []float64{0.001, 0.1} {
			p := player{latency: latency, allows: test.limit(), at: 1}
			p.rise(6*test.rate, 0)
			p.rise(10, 2.5)
			p.rise(0.8*test.rate, 0.2)
			p.history.sort()
			b := believe(p.history, 0, 0)
			pace := b.pace(1, 1+2*latency)
			if b.slowest > 1.01*test.rate || b.fastest < 0.97*test.rate || b.mistakes > likelyMistakes {
				t.Errorf("%s, %g s away: %.1f to %.1f a second, %.1f mistakes", name, latency, b.slowest, b.fastest, b.mistakes)
			}
			if pace < 0.75*test.rate || pace > test.more*test.rate {
				t.Errorf("%s, %g s away: the next pace is %.1f", name, latency, pace)
			}
			if b.surprise {
				t.Errorf("%s, %g s away: surprised", name, latency)
			}
		}
	}
}

// TestBeliefOfRequestsAtATime: what is refused at the same number at a time, and
// not after the same number, is a limit of requests at a time.
func TestBeliefOfRequestsAtATime(t *testing.T) {
	t.Parallel()
	for _, atATime := range []int{1, 4, 16} {
		const latency = 0.05
		p := player{latency: latency, allows: atATimeOf(atATime, latency)}
		p.rise(5, 2.5)
		p.rise(2, 1)
		p.rise(10, 0.5)
		p.history.sort()
		if b := believe(p.history, 0, 0); b.atATime != atATime {
			t.Errorf("%d at a time are taken for %d, and for %.1f to %.1f a second", atATime, b.atATime, b.slowest, b.fastest)
		}
		if b := believe(p.history, 0, 10); b.atATime != 0 {
			t.Errorf("%d at a time are believed against all doubt", b.atATime)
		}
	}
}

// TestBeliefAfterAChange: what comes too early surprises, and the last stages
// alone show the new limit.
func TestBeliefAfterAChange(t *testing.T) {
	t.Parallel()
	p := player{latency: 0.001, allows: bucketOf(100, 10)}
	for range 4 {
		p.rise(80, 0.2)
	}
	p.allows = bucketOf(10, 2)
	p.rise(95, 0)
	p.history.sort()
	if !believe(p.history, 0, 0).surprise {
		t.Error("a refusal after 3 requests is no surprise where bursts of 10 were accepted")
	}
	p.rise(5, 1)
	p.history.sort()
	last := p.history.last(2)
	all, now := believe(p.history, 0, 0), believe(last, 0, 0)
	if all.mistakes <= changedBy+changedTimes*now.mistakes {
		t.Errorf("%.1f mistakes of all, and %.1f of the last two stages", all.mistakes, now.mistakes)
	}
	if now.slowest > 10 || now.fastest < 10 || now.fastest > 15 {
		t.Errorf("10 a second are taken for %.1f to %.1f", now.slowest, now.fastest)
	}
	if p.history.last(p.stage) != nil {
		t.Error("there is no stage before all of them")
	}
}

// FuzzBelief: no history leads to a pace that is none.
func FuzzBelief(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 0, 3, 255, 255, 1}, uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, jitter uint16) {
		var h history
		at, stage := 0.0, 0
		for ; len(data) >= 3 && len(h) < 500; data = data[3:] {
			at += float64(binary.LittleEndian.Uint16(data)) / 1e4
			o := outcome{sent: at, done: at + float64(data[2]>>2)/100, stage: stage, refused: data[2]&1 == 1}
			if o.refused && data[2]&2 == 2 {
				o.first = true
				stage++
			}
			h = append(h, o)
		}
		if h.pauses() == 0 {
			t.Skip()
		}
		h.sort()
		b := believe(h, float64(jitter)/1e4, 0)
		pace := b.pace(1, 1)
		if len(b.likely) == 0 {
			return
		}
		if !(b.slowest > 0 && b.slowest <= b.fastest && b.fastest < unpaced*2 && b.burst >= 1) ||
			!(pace >= margin*b.slowest && pace <= b.fastest) {
			t.Errorf("%+v leads to %g", b, pace)
		}
	})
}

// BenchmarkBelief is what each pause costs. A hundredth of a second is nothing
// beside it.
func BenchmarkBelief(b *testing.B) {
	p := player{latency: 0.001, allows: bucketOf(1000, 100)}
	for len(p.history) < memory {
		p.rise(900, 0.05)
	}
	for b.Loop() {
		believe(p.history, 0.001, 0)
	}
}

// TestHistory: it keeps what is needed, in order.
func TestHistory(t *testing.T) {
	t.Parallel()
	var (
		h       history
		before  = outcome{sent: 1, done: 3, stage: 0}
		kept    = outcome{sent: 2, done: 3, stage: 1}
		refused = outcome{sent: 2, done: 2, stage: 1, refused: true, first: true}
	)
	for _, o := range []outcome{refused, kept, before} {
		h.add(o)
	}
	h.sort()
	if want := (history{before, kept, refused}); !slices.Equal(h, want) {
		t.Errorf("%+v", h)
	}
	if h.pauses() != 1 || h.accepted() != 2 {
		t.Errorf("%d pauses, %d accepted", h.pauses(), h.accepted())
	}
	for range 3 * memory {
		h.add(outcome{})
	}
	if len(h) < memory || len(h) > 2*memory {
		t.Errorf("%d outcomes are remembered", len(h))
	}
}
