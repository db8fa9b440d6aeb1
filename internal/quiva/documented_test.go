package quiva

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/documented"
)

// TestDocumentedNumbers: the documentation has the client's limits as they are.
func TestDocumentedNumbers(t *testing.T) {
	t.Parallel()
	say := documented.Sprintf
	const mebibyte = 1 << 20
	var (
		list      = say("%d", MaxListLimit)
		threshold = documented.Word(bulkThreshold)
		seconds   = func(d time.Duration) string { return fmt.Sprint(d.Seconds()) }
		timeout   = seconds(DefaultRequestTimeout)
	)
	longest := (DefaultMaxRetries + 1) * DefaultRequestTimeout
	for attempt := range DefaultMaxRetries {
		longest += min(retryWaitMin<<attempt, retryWaitMax)
	}
	documented.Check(t, "../..", map[string][]string{
		"docs/index.md": {
			"more than a " + threshold + " entries of one bucket reads the bucket's list, of up to " + list + " entries",
			fmt.Sprintf("Defaults to `%ss`.", timeout),
			say("Defaults to `%d`.", DefaultMaxRetries),
		},
		"docs/data-sources/kv_entries.md": {
			"Up to " + list + " entries are one request.",
			say("A response of up to %d MiB is read", listLimit/mebibyte),
		},
		"docs/data-sources/kv_entry.md": {say("A response of up to %d MiB is read", entryLimit/mebibyte)},
		"docs/guides/security-and-failures.md": {
			documented.Word(maxRedirects) + " in a row at most",
			say("regular PEM file of at most %d MiB", rootsLimit/mebibyte),
			say("the first %d bytes of the gateway's own message", messageLimit),
			say("the first %d bytes of its first line", excerptLimit),
			"up to " + documented.Word(DefaultMaxRetries) + " times](#timeouts-and-retries)",
			say("Response above %d MiB", entryLimit/mebibyte),
			say("%d MiB for one entry, %d MiB for a list. A list has at most %d entries", entryLimit/mebibyte, listLimit/mebibyte, MaxListLimit),
			"`request_timeout` (" + timeout + " s)",
			say("`max_retries` (%d)", DefaultMaxRetries),
			"pause of " + seconds(retryWaitMin/2) + " to " + seconds(retryWaitMin) + " s",
			"up to " + seconds(retryWaitMax/2) + " to " + seconds(retryWaitMax) + " s",
			fmt.Sprintf("at most %d min %.0f s", int(longest.Minutes()), math.Ceil((longest % time.Minute).Seconds())),
			say("`quiva_kv_entries` on %d of its own", batchWidth),
			"within " + seconds(silenceMax+pingMax) + " seconds",
		},
		"docs/guides/scale.md": {
			"the first " + threshold + " entries of a bucket one by one",
			"which shows up to " + list + " entries",
			say("larger than %d MiB", listLimit/mebibyte),
			"served for " + seconds(snapshotAge) + " seconds at most",
			say("refreshed by %d requests instead of 1,000", bulkThreshold+1),
			say("sends up to %d), and never more than %d", batchWidth, maxConnections),
		},
		"docs/guides/ci-and-hcp-terraform.md": {"more than " + list + " entries"},
		"docs/guides/troubleshooting.md": {
			say("a regular PEM file of at most %d MiB", rootsLimit/mebibyte),
			say("above %d MiB, or a list above %d MiB", entryLimit/mebibyte, listLimit/mebibyte),
			"more than " + list + " entries",
		},
		"docs/resources/kv_entries.md": {
			say("up to %d requests at a time", batchWidth),
			"more than " + list + " entries",
		},
	})
}
