package mockgateway_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

const entryPath = "/storage/kv/b/entries/k"

func newServerWithEntry(t *testing.T) *mockgateway.Server {
	t.Helper()
	s := newServer(t)
	s.CreateBucket("b")
	s.PutEntry("b", "k", `{"a":1}`)
	return s
}

// TestFaultRespond: which requests are hit by which fault, and what comes of that.
func TestFaultRespond(t *testing.T) {
	t.Parallel()
	s := newServerWithEntry(t)
	header := http.Header{"retry-after": {"7"}, "Content-Type": {"text/html"}}
	busy := s.Inject(mockgateway.Fault{Method: "PUT", Path: "/storage/kv/b/entries/*", After: 1, Times: 2, Effect: mockgateway.Respond(503, header, "<h1>busy</h1>")})
	html := s.Inject(mockgateway.Fault{Path: "*/k", Times: 1, Effect: mockgateway.Respond(502, nil, "<html>")})
	last := s.Inject(mockgateway.Fault{After: 2, Effect: mockgateway.Respond(504, nil, "")})
	play(t, s, `
		GET /b/entries/k => 502 <html>
		PUT /b/entries/k {"a":2} => 200 {"message":"success"}
		PUT /b/entries/k {"a":3} => 503 <h1>busy</h1>
		PUT /b/entries/x {"a":3} => 503 <h1>busy</h1>
		PUT /b/entries/k {"a":4} => 200 {"message":"success"}
		GET /nothing => 504 `)
	if got := do(t, s, "GET", "/nothing", ""); got.status != 504 || busy.Hits() != 2 || html.Hits() != 1 || last.Hits() != 2 {
		t.Errorf("%+v, hits %d, %d and %d", got, busy.Hits(), html.Hits(), last.Hits())
	}
	<-busy.Reached(1) // of the past
	select {
	case <-busy.Reached(3):
		t.Error("a hit that was not is reached")
	default:
	}
	if q := s.Requests(); q[2].Status != 503 || q[4].Status != 200 {
		t.Errorf("recorded %+v", q)
	}
	last.Clear()
	last.Clear()
	play(t, s, `PUT /b/entries/k {"a":5} => 200 {"message":"success"}`)
	s.Inject(mockgateway.Fault{Effect: mockgateway.Respond(503, header, "")})
	if got := do(t, s, "GET", entryPath, ""); got.header.Get("Retry-After") != "7" || got.header.Get("Content-Type") != "text/html" {
		t.Errorf("header %v", got.header)
	}
	s.ClearFaults()
	play(t, s, `PUT /b/entries/k {"a":6} => 200 {"message":"success"}`)
}

// TestDelay: what latency and a fault's delay take.
func TestDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gateway := mockgateway.NewGateway()
		gateway.Inject(mockgateway.Fault{Times: 1, Delay: time.Second})
		gateway.Inject(mockgateway.Fault{Times: 1, Delay: time.Second, Effect: mockgateway.Respond(500, nil, "late")})
		for n, want := range []struct {
			status int
			took   time.Duration
		}{{200, time.Second}, {500, time.Second}, {200, 0}, {200, time.Minute}} {
			if n == 3 {
				gateway.SetLatency(time.Minute)
			}
			start := time.Now()
			got := ask(gateway)
			if took, recorded := time.Since(start), gateway.Requests()[n].Duration; got.Code != want.status || took != want.took || recorded != took {
				t.Errorf("request %d: status %d, took %s, recorded %s", n, got.Code, took, recorded)
			}
		}
	})
}

func TestFaultHang(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		effect mockgateway.Effect
		start  func(*testing.T) *mockgateway.Server
		writes int // of two requests
	}{
		"hang":                   {mockgateway.Hang(), newServer, 0},
		"hang, https":            {mockgateway.Hang(), newTLSServer, 0},
		"hold response":          {mockgateway.HoldResponse(), newServer, 2},
		"hold response of https": {mockgateway.HoldResponse(), newTLSServer, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := test.start(t)
			s.CreateBucket("b")
			fault := s.Inject(mockgateway.Fault{Effect: test.effect})
			client := newClient(t, s)
			ctx, cancel := context.WithCancel(context.Background())
			replied := make(chan reply, 2)
			ask := func(ctx context.Context, n int) {
				go func() { replied <- send(client, newRequest(t, s, "PUT", entryPath, `{}`).WithContext(ctx)) }()
				<-fault.Reached(n)
				eventually(t, "the request is handled", func() bool { return s.Revisions("b", "k") == test.writes*n/2 })
			}
			ask(ctx, 1)
			cancel()
			if got := <-replied; !errors.Is(got.err, context.Canceled) {
				t.Errorf("cancelled: %+v", got)
			}
			eventually(t, "the server sees that the client is gone", func() bool { return s.Requests()[0].Duration > 0 })

			ask(t.Context(), 2)
			s.Close()
			if got := <-replied; got.err == nil {
				t.Errorf("closed: %+v", got)
			}
			if q := s.Requests(); q[0].Status != 0 || q[1].Status != 0 || s.Revisions("b", "k") != test.writes {
				t.Errorf("recorded %+v", q)
			}
		})
	}
}

func TestFaultsOfTheConnection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		effect  mockgateway.Effect
		want    error
		handled bool
	}{
		"drop":          {mockgateway.Drop(), io.EOF, false},
		"reset":         {mockgateway.Reset(), syscall.ECONNRESET, false},
		"lose response": {mockgateway.LoseResponse(), io.EOF, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServerWithEntry(t)
			s.Inject(mockgateway.Fault{Times: 1, Effect: test.effect})
			// A body, so that the transport does not repeat the request.
			if got := do(t, s, "PUT", entryPath, `{"a":2}`); !errors.Is(got.err, test.want) {
				t.Errorf("got %+v, want %v", got, test.want)
			}
			if q := s.Requests(); len(q) != 1 || q[0].Status != 0 || q[0].Duration == 0 {
				t.Errorf("recorded %+v", q)
			}
			if got, _ := s.Entry("b", "k"); (got == `{"a":2}`) != test.handled {
				t.Errorf("the entry is %s", got)
			}
			do(t, s, "PUT", entryPath, `{"a":3}`).expect(t, 200, success)
		})
		t.Run(name+" over HTTP/2", func(t *testing.T) {
			t.Parallel()
			s := newTLSServer(t)
			s.CreateBucket("b")
			client := newClient(t, s)
			s.Inject(mockgateway.Fault{After: 1, Times: 1, Effect: test.effect})
			send(client, newRequest(t, s, "PUT", entryPath, `{"a":1}`)).expect(t, 200, success)
			if got := send(client, newRequest(t, s, "PUT", entryPath, `{"a":2}`)); got.err == nil {
				t.Errorf("got %+v", got)
			}
			if got := s.Revisions("b", "k") == 2; got != test.handled {
				t.Errorf("handled: %t", got)
			}
			send(client, newRequest(t, s, "PUT", entryPath, `{"a":3}`)).expect(t, 200, success)
			if s.Connections() < 2 {
				t.Error("the connection outlived the fault")
			}
		})
	}
}

func TestFaultTruncate(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *mockgateway.Server{"http": newServer, "https": newTLSServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.CreateBucket("b")
			s.PutEntry("b", "k", `{"a":"`+strings.Repeat("x", 100_000)+`"}`)
			whole := do(t, s, "GET", entryPath, "")
			s.Inject(mockgateway.Fault{Times: 1, Effect: mockgateway.Truncate()})
			got := do(t, s, "GET", entryPath, "")
			if got.err == nil {
				t.Error("no error")
			}
			if got.status != 200 || got.body != whole.body[:len(whole.body)/2] {
				t.Errorf("got %d and %d bytes of %d", got.status, len(got.body), len(whole.body))
			}
			if length := got.header.Get("Content-Length"); length != whole.header.Get("Content-Length") || length == "" {
				t.Errorf("Content-Length %q", length)
			}
			if q := s.Requests()[1]; q.Status != 200 {
				t.Errorf("recorded %+v", q)
			}
		})
	}
}

func TestFaultStream(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	stream := func(body func() io.Reader) {
		header := http.Header{"Content-Type": {"application/json"}}
		s.Inject(mockgateway.Fault{Times: 2, Effect: mockgateway.Stream(200, header, body)})
	}
	stream(func() io.Reader { return strings.NewReader("finite") })
	for range 2 {
		r := do(t, s, "GET", entryPath, "")
		r.expect(t, 200, "finite")
		if got := r.header.Get("Content-Type"); got != "application/json" {
			t.Errorf("Content-Type %q", got)
		}
	}
	stream(func() io.Reader { return io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrNoProgress)) })
	for range 2 {
		if got := do(t, s, "GET", entryPath, ""); got.err == nil || got.body != "half" {
			t.Errorf("a reader that fails: %+v", got)
		}
	}
	stream(func() io.Reader { return rand.Reader })
	response, err := newClient(t, s).Do(newRequest(t, s, "GET", entryPath, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.CopyN(io.Discard, response.Body, 5<<20); err != nil {
		t.Errorf("after %d bytes: %v", n, err)
	}
	s.Close() // returns once the stream is over
}
