package mockgateway

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"
)

// restartPatience is how long Restart waits for its address, which in the
// meantime may have served for a moment as some client's local port.
const restartPatience = 5 * time.Second

// Server is a [Gateway] that listens on a free port of the loopback interface.
type Server struct {
	*Gateway

	// URL is the base URL, http://127.0.0.1:port or https://127.0.0.1:port,
	// without a trailing slash.
	URL string

	secure      bool
	address     string
	certificate []byte
	accepted    atomic.Int64 // TCP connections

	// handling is read-locked by every request at work, for Close to wait for
	// them: net/http does not wait for the handlers of a closed connection.
	handling sync.RWMutex

	mu      sync.Mutex
	running *httptest.Server // nil while stopped
	cancel  context.CancelFunc
}

// NewServer starts a server that speaks plain HTTP/1, for the caller to close. It
// panics if it cannot listen.
func NewServer() *Server { return newServer(false) }

// NewTLSServer is [NewServer] for HTTPS, HTTP/2 included, with a self-signed
// certificate.
func NewTLSServer() *Server { return newServer(true) }

func newServer(secure bool) *Server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("mockgateway: cannot listen on a loopback port: %v", err))
	}
	s := &Server{Gateway: NewGateway(), secure: secure, address: listener.Addr().String()}
	s.serve(listener)
	s.URL = s.running.URL
	if secure {
		s.certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.running.Certificate().Raw})
	}
	return s
}

// serve needs s.mu once the server is known to others.
func (s *Server) serve(listener net.Listener) {
	ctx, cancel := context.WithCancel(context.Background())
	running := &httptest.Server{
		Listener:    listener,
		EnableHTTP2: s.secure,
		Config: &http.Server{
			Handler:           http.HandlerFunc(s.handle),
			ReadHeaderTimeout: time.Minute,
			BaseContext:       func(net.Listener) context.Context { return ctx },
			ConnState: func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					s.accepted.Add(1)
				}
			},
		},
	}
	if s.secure {
		running.StartTLS()
	} else {
		running.Start()
	}
	s.running, s.cancel = running, cancel
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	s.handling.RLock()
	defer s.handling.RUnlock()
	if r.Context().Err() != nil {
		cutOff() // it came as the server stopped
	}
	s.ServeHTTP(w, r)
}

// CertificatePEM returns, in PEM, the certificate that a client must trust, or
// nil for a server without TLS.
func (s *Server) CertificatePEM() []byte { return s.certificate }

// Close closes the listener and all connections, as if the process had died, and
// returns when no request is being handled any more: a request hook or write
// transform must not call it. The gateway's state and record stay.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

func (s *Server) stop() {
	if s.running == nil {
		return
	}
	// No new connections first, then no old ones, and only then the end of
	// handlers that wait: none of them gets a word out.
	_ = s.running.Listener.Close()
	s.running.CloseClientConnections()
	s.cancel()
	s.running.Close()
	s.handling.Lock() // waits for the last request
	defer s.handling.Unlock()
	s.running = nil
}

// Restart listens on the same address again, stopping the server first if it
// still runs. It panics if something else has taken the address.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
	deadline := time.Now().Add(restartPatience)
	for {
		listener, err := net.Listen("tcp", s.address)
		if err == nil {
			s.serve(listener)
			return
		}
		if time.Now().After(deadline) {
			panic(fmt.Sprintf("mockgateway: cannot listen on %s again: %v", s.address, err))
		}
		time.Sleep(10 * time.Millisecond) // nothing tells when the address is free
	}
}

// Connections returns the number of TCP connections accepted so far.
func (s *Server) Connections() int { return int(s.accepted.Load()) }
