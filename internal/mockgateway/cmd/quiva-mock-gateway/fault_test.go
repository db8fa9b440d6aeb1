package main

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func TestParseFaultSelects(t *testing.T) {
	t.Parallel()
	got, err := parseFault("delay=1m30s,method=PUT,path=*/entries/a%2Fb,after=2,times=3")
	want := mockgateway.Fault{Delay: 90 * time.Second, Method: "PUT", Path: "*/entries/a%2Fb", After: 2, Times: 3}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestParseFaultRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"503":                    "flag provided but not defined: -503",
		"times=3":                "it needs status, effect or delay",
		"":                       "it needs status, effect or delay",
		"status=503,,times=3":    "no setting may be empty",
		"status=199":             "status must be from 200 to 599",
		"status=600":             "status must be from 200 to 599",
		"effect=explode":         "effect must be hang, drop, lose-response or truncate",
		"status=503,effect=drop": "only one of status and effect can be set, once",
		"status=503,after=-1":    "after, times and delay must not be negative",
		"status=503,times=x":     `invalid value "x" for flag -times: parse error`,
		"delay=2":                `invalid value "2" for flag -delay: parse error`,
		"delay=-2s":              "after, times and delay must not be negative",
	} {
		if _, err := parseFault(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// TestRunWithFaults: each fault does what it is called.
func TestRunWithFaults(t *testing.T) {
	t.Parallel()
	p := start(t, "-seed", writeFile(t, `{"b":{}}`),
		"-fault", "status=503,times=2,method=GET",
		"-fault", "effect=drop,times=1,path=*/dropped",
		"-fault", "effect=lose-response,times=1,path=*/lost",
		"-fault", "effect=truncate,times=1,path=*/lost",
		"-fault", "effect=hang,path=*/hanging")
	get := func(key string) (int, string) {
		return p.send(t, "GET", "/storage/kv/b/entries/"+key, "X-Api-Key", p.apiKey, "")
	}
	for _, want := range []int{503, 503, 404} {
		if status, body := get("k"); status != want || !strings.Contains(body, `{"error":`) {
			t.Errorf("got %d %s, want %d", status, body, want)
		}
	}
	for _, key := range []string{"dropped", "lost"} {
		if err := p.put(t, key, time.Minute); !strings.Contains(err.Error(), io.EOF.Error()) {
			t.Errorf("%s: got %v", key, err)
		}
	}
	if status, _ := get("dropped"); status != 404 {
		t.Errorf("a dropped write has landed: status %d", status)
	}
	if err := p.put(t, "lost", time.Minute); !strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error()) {
		t.Errorf("truncated: got %v", err)
	}
	if status, _ := get("lost"); status != 200 {
		t.Errorf("a write whose response was lost has not landed: status %d", status)
	}
	if err := p.put(t, "hanging", 50*time.Millisecond); !strings.Contains(err.Error(), "Client.Timeout") {
		t.Errorf("hanging: got %v", err)
	}
}
