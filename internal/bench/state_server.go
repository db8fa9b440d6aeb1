package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// stateServer is what Terraform's http backend stores its states on: each is in
// memory, by its path.
type stateServer struct {
	*httptest.Server

	mu     sync.Mutex
	states map[string][]byte
}

func newStateServer() *stateServer {
	s := &stateServer{states: map[string][]byte{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.handle))
	return s
}

func (s *stateServer) handle(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		state := s.state(r.URL.Path)
		if state == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(state) // Terraform reports what it could not read
	case http.MethodPost:
		state, err := io.ReadAll(r.Body)
		if err != nil {
			return // Terraform has gone
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.states[r.URL.Path] = state
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// state returns the state of a path, or nil if there is none.
func (s *stateServer) state(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states[path]
}

func (s *stateServer) delete(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.states, path)
}

// backend is the configuration that keeps a state at a path of the server.
func (s *stateServer) backend(path string) string {
	return fmt.Sprintf("terraform {\n  backend \"http\" {\n    address = %q\n  }\n}\n", s.URL+path)
}
