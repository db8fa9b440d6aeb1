package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestStateServer: a state is at its path until it is deleted.
func TestStateServer(t *testing.T) {
	t.Parallel()
	states := newStateServer()
	defer states.Close()
	get := func(path string) (status int, text string) {
		t.Helper()
		response, err := http.Get(states.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}

	if status, _ := get("/a"); status != http.StatusNotFound {
		t.Errorf("a state that was not written has the status %d", status)
	}
	response, err := http.Post(states.URL+"/a", "application/json", strings.NewReader(`{"version":4}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if status, text := get("/a"); status != http.StatusOK || text != `{"version":4}` {
		t.Errorf("the state is %q, with the status %d", text, status)
	}
	if status, _ := get("/b"); status != http.StatusNotFound {
		t.Errorf("a state at another path has the status %d", status)
	}
	states.delete("/a")
	if status, _ := get("/a"); status != http.StatusNotFound {
		t.Errorf("a deleted state has the status %d", status)
	}
}
