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
		"":                       `there is no setting ""`,
		"503":                    `there is no setting "503"`,
		"times=3":                "it needs status, effect or delay",
		"status=199":             `status must be from 200 to 599, not "199"`,
		"status=600":             `status must be from 200 to 599, not "600"`,
		"status":                 `status must be from 200 to 599, not ""`,
		"effect=explode":         `effect must be hang, drop, lose-response or truncate, not "explode"`,
		"status=503,effect=drop": "only one of status and effect can be set, once",
		"status=503,after=0":     `after must be a whole number above zero, not "0"`,
		"status=503,times=x":     `times must be a whole number above zero, not "x"`,
		"delay=2":                `delay must be a duration such as 2s, not "2"`,
		"delay=-2s":              `delay must be a duration such as 2s, not "-2s"`,
	} {
		if _, err := parseFault(text); err == nil || err.Error() != want {
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
