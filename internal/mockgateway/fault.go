package mockgateway

import (
	"io"
	"net"
	"net/http"
	"slices"
	"time"
)

// Fault is something that goes wrong with some requests.
type Fault struct {
	// Method and Path select requests, empty for any. Path is a pattern of escaped
	// paths, in which "*" stands for any run of characters, "/" included.
	Method, Path string
	// After is how many selected requests pass unharmed first.
	After int
	// Times is how many selected requests are hit then, 0 for all.
	Times int
	// Delay passes before the effect. It ends early when the client goes away.
	Delay time.Duration
	// Effect is what happens. The zero Effect is the real handling.
	Effect Effect
}

// Effect is what a [Fault] does to a request, which is recorded like any other.
type Effect struct{ apply func(*exchange) }

// Respond responds with this status (200 to 599), header and body instead of
// handling the request. The header's Content-Type, if absent, is guessed from
// the body; header may be nil.
func Respond(status int, header http.Header, body string) Effect {
	header = header.Clone()
	return Effect{func(x *exchange) {
		x.send(response{status: status, header: header, body: []byte(body)})
	}}
}

// Hang never responds. The request ends when the client goes away or the server
// stops.
func Hang() Effect { return Effect{(*exchange).hang} }

// Drop closes the connection, or resets the stream of HTTP/2, without handling the
// request and without a response. Mind that net/http's Transport repeats an idempotent
// request by itself when a connection that it reused breaks; each try is a hit.
func Drop() Effect { return Effect{(*exchange).abandon} }

// Reset is [Drop] with a TCP reset in place of an orderly close, over plain HTTP/1.
func Reset() Effect {
	return raw(func(connection net.Conn) {
		if tcp, ok := connection.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	})
}

// LoseResponse handles the request for real and then closes the connection
// without a response: the write landed and the client cannot know.
func LoseResponse() Effect {
	return Effect{func(x *exchange) {
		x.handle()
		x.abandon()
	}}
}

// HoldResponse handles the request for real and then never responds, so that the
// client can be ended while it waits. The request ends as [Hang]'s does.
func HoldResponse() Effect {
	return Effect{func(x *exchange) {
		x.handle()
		x.hang()
	}}
}

// Truncate handles the request for real and sends the response's header, with the
// full Content-Length, and half of its body. Then it closes the connection or,
// for HTTP/2, resets the stream.
func Truncate() Effect {
	return Effect{func(x *exchange) {
		resp := x.handle()
		x.writeHeader(resp.status, resp.header, len(resp.body))
		_, _ = x.writer.Write(resp.body[:len(resp.body)/2])
		_ = http.NewResponseController(x.writer).Flush()
		cutOff()
	}}
}

// Stream responds with this status (200 to 599), header and what the reader that
// body returns for each hit gives, which may be endless. An error other than io.EOF
// cuts the response off.
func Stream(status int, header http.Header, body func() io.Reader) Effect {
	header = header.Clone()
	return Effect{func(x *exchange) {
		x.writeHeader(status, header, 0)
		controller := http.NewResponseController(x.writer)
		reader := body()
		chunk := make([]byte, 32<<10)
		for x.request.Context().Err() == nil {
			n, readErr := reader.Read(chunk)
			_, err := x.writer.Write(chunk[:n])
			if err == nil && readErr == io.EOF {
				return
			}
			if err != nil || controller.Flush() != nil || readErr != nil {
				break
			}
		}
		cutOff()
	}}
}

// Raw sends a text as it is in place of a response and closes the connection, for
// what no HTTP server would send. It works with HTTP/1 only.
func Raw(text string) Effect {
	return raw(func(connection net.Conn) { _, _ = io.WriteString(connection, text) })
}

// raw has do work on the connection itself, if the server gives it away, and closes it.
func raw(do func(net.Conn)) Effect {
	return Effect{func(x *exchange) {
		x.finish(0)
		connection, _, err := http.NewResponseController(x.writer).Hijack()
		if err != nil {
			cutOff()
		}
		do(connection)
		_ = connection.Close()
	}}
}

// Injection is a fault that was injected.
type Injection struct {
	gateway *Gateway
	fault   Fault
	seen    int
	hits    int
	// awaited are closed when the fault has hit so many requests.
	awaited map[int]chan struct{}
}

// Inject adds a fault. A request is hit by one fault at most: the first
// injected that selects it, has let its After requests pass and is not used up.
// Faults come before routing and credentials are looked at.
func (g *Gateway) Inject(fault Fault) *Injection {
	g.mu.Lock()
	defer g.mu.Unlock()
	injection := &Injection{gateway: g, fault: fault, awaited: map[int]chan struct{}{}}
	g.faults = append(g.faults, injection)
	return injection
}

// ClearFaults ends all faults. Requests already hit by one stay so.
func (g *Gateway) ClearFaults() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = nil
}

// Clear ends the fault. Requests already hit by it stay so.
func (i *Injection) Clear() {
	g := i.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = slices.DeleteFunc(g.faults, func(other *Injection) bool { return other == i })
}

// Hits returns how many requests the fault has hit.
func (i *Injection) Hits() int {
	i.gateway.mu.RLock()
	defer i.gateway.mu.RUnlock()
	return i.hits
}

// Reached returns a channel that is closed once the fault has hit so many
// requests, one at least.
func (i *Injection) Reached(hits int) <-chan struct{} {
	i.gateway.mu.Lock()
	defer i.gateway.mu.Unlock()
	reached := i.awaited[hits]
	if reached == nil {
		reached = make(chan struct{})
		i.awaited[hits] = reached
		if i.hits >= hits {
			close(reached)
		}
	}
	return reached
}

// nextFault returns the fault that hits a request, and counts the hit. The zero
// Fault is none.
func (g *Gateway) nextFault(method, path string) Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, i := range g.faults {
		if !matchRequest(i.fault.Method, i.fault.Path, method, path) || i.fault.Times > 0 && i.hits == i.fault.Times {
			continue
		}
		if i.seen < i.fault.After {
			i.seen++
			continue
		}
		i.hits++
		if reached := i.awaited[i.hits]; reached != nil {
			close(reached)
		}
		return i.fault
	}
	return Fault{}
}
