package bench_test

import (
	"testing"
	"time"
)

// latency is that of a gateway in the same region.
const latency = 10 * time.Millisecond

// BenchmarkEntries goes through the life of entries, without a limit.
func BenchmarkEntries(b *testing.B) {
	for _, declared := range []configuration{
		{resource: quivaEntry, values: large, entries: 300},
		{resource: quivaEntryText, values: large, entries: 300},
		{resource: silentEntry, values: large, entries: 300},
		{resource: quivaEntry, values: small, entries: 1000},
		{resource: quivaEntryText, values: small, entries: 1000},
		{resource: silentEntry, values: small, entries: 1000},
		{resource: quivaEntryText, values: large, entries: 1000, remoteState: true},
		{resource: silentEntry, values: large, entries: 1000, remoteState: true},
		{resource: quivaEntries, values: small, entries: 1000},
		{resource: quivaEntries, values: small, entries: 5000},
		{resource: quivaEntries, values: small, entries: 10000},
		{resource: quivaEntriesText, values: small, entries: 10000},
		{resource: quivaEntries, values: large, entries: 10000},
		{resource: quivaEntriesText, values: large, entries: 10000},
	} {
		b.Run(declared.name(), func(b *testing.B) {
			w := newWorkspace(b, declared)
			w.gateway.SetLatency(latency)
			b.Run("op=apply", func(b *testing.B) {
				w.measure(b, func() { w.empty(b) }, "apply", "-auto-approve")
				b.ReportMetric(float64(w.stateSize(b)), "state-B")
				w.applied = true
			})
			if !w.applied { // the pattern of -bench leaves it out
				w.run(b, "apply", "-auto-approve")
			}
			b.Run("op=plan", func(b *testing.B) {
				w.measure(b, func() {}, "plan", "-detailed-exitcode")
			})
			b.Run("op=change10", func(b *testing.B) {
				version := 0
				w.measure(b, func() {
					version++
					for number := range 10 {
						w.declare(b, declared, number, version)
					}
				}, "apply", "-auto-approve")
			})
		})
	}
}
