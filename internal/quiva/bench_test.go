package quiva_test

import (
	"fmt"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// newBenchClient returns a client of a gateway with a full list of entries.
func newBenchClient(b *testing.B) *quiva.Client {
	b.Helper()
	gateway := mockgateway.NewServer()
	b.Cleanup(gateway.Close)
	gateway.SetKeepRequests(false)
	gateway.CreateBucket("flags")
	for i := range quiva.MaxListLimit {
		gateway.PutEntry("flags", fmt.Sprint("k/", i), fmt.Sprintf(`{"enabled":true,"rollout":%d}`, i))
	}
	endpoint, err := quiva.ParseEndpoint(gateway.URL, false)
	if err != nil {
		b.Fatal(err)
	}
	return quiva.New(quiva.Config{
		Endpoint:       endpoint,
		Credential:     quiva.Credential{Scheme: quiva.APIKey, Secret: mockgateway.DefaultAPIKey},
		RequestTimeout: quiva.DefaultRequestTimeout,
		BulkRefresh:    true,
		Digest:         digest,
	})
}

func BenchmarkGetEntry(b *testing.B) {
	client := newBenchClient(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.GetEntry(b.Context(), "flags", "k/1"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkListedDigest(b *testing.B) {
	client := newBenchClient(b)
	for range asks {
		client.ListedDigest(b.Context(), "flags", "k/1")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := client.ListedDigest(b.Context(), "flags", "k/1"); !ok {
			b.Fatal("not listed")
		}
	}
}

func BenchmarkListEntries(b *testing.B) {
	client := newBenchClient(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.ListEntries(b.Context(), "flags", quiva.MaxListLimit); err != nil {
			b.Fatal(err)
		}
	}
}
