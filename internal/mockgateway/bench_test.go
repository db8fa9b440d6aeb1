package mockgateway_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func BenchmarkEntry(b *testing.B) {
	for _, method := range []string{"PUT", "GET"} {
		b.Run(method, func(b *testing.B) {
			s := mockgateway.NewServer()
			defer s.Close()
			s.CreateBucket("b")
			const keys = 10_000
			for n := range keys {
				s.PutEntry("b", fmt.Sprint(n), `{"enabled":true,"rollout":25}`)
			}
			client := newClient(b, s)
			var next atomic.Int64
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					path := fmt.Sprint("/storage/kv/b/entries/", next.Add(1)%keys)
					if got := send(client, newRequest(b, s, method, path, `{"enabled":false}`)); got.status != 200 {
						b.Errorf("got %+v", got)
						return
					}
				}
			})
		})
	}
}

func BenchmarkListEntries(b *testing.B) {
	s := mockgateway.NewServer()
	defer s.Close()
	s.CreateBucket("b")
	for n := range 10_000 {
		s.PutEntry("b", fmt.Sprint(n), `{"enabled":true,"rollout":25}`)
	}
	client := newClient(b, s)
	for b.Loop() {
		if got := send(client, newRequest(b, s, "GET", "/storage/kv/b/entries?limit=1000", "")); got.status != 200 {
			b.Fatalf("got %+v", got)
		}
	}
}
