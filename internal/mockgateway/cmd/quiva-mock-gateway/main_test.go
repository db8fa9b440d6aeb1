package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// logBuffer is a stderr that can be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// process is a run of the command in the background.
type process struct {
	url, apiKey string
	stderr      *logBuffer
	stop        func() int // returns the exit code
}

func start(t *testing.T, args ...string) process {
	t.Helper()
	signals := make(chan os.Signal, 1)
	stdout, writer := io.Pipe()
	p := process{stderr: &logBuffer{}}
	exit := make(chan int, 1)
	go func() {
		exit <- run(signals, append([]string{"-addr", "127.0.0.1:0"}, args...), writer, p.stderr)
		writer.Close()
	}()
	p.stop = sync.OnceValue(func() int {
		signals <- os.Interrupt
		return <-exit
	})
	t.Cleanup(func() { p.stop() })
	if _, err := fmt.Fscanf(stdout, "export QUIVA_API_URL='%s\nexport QUIVA_API_KEY='%s\n", &p.url, &p.apiKey); err != nil {
		t.Fatalf("stdout: %v; stderr: %s", err, p.stderr)
	}
	p.url, p.apiKey = strings.TrimSuffix(p.url, "'"), strings.TrimSuffix(p.apiKey, "'")
	return p
}

// send returns the status and the body, or the error, of a request of its own connection:
// one that was used before and breaks makes Go repeat the request.
func (p process) send(t *testing.T, method, path, header, credential string) string {
	t.Helper()
	r, err := http.NewRequest(method, p.url+"/storage/kv"+path, strings.NewReader(`{"a":"my-value"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(header, credential)
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", response.StatusCode, text)
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestServe: a life with all kinds of flags; requests are logged without what is secret.
func TestServe(t *testing.T) {
	t.Parallel()
	const key = "ms-it's"
	transcript := writeFile(t, `{"dialect":["success=201","missing_key_text=no, not here"],"exchanges":[]}`)
	p := start(t, "-seed", writeFile(t, `{"flags":{"a/b":{"n":1.50}},"empty":{}}`), "-api-key", key, "-token", "mine", "-addr", ":0",
		"-dialect", "pages", "-dialect", transcript, "-dialect", "string_values=false",
		"-fault", "effect=drop,times=1,path=*/dropped", "-fault", "effect=lose-response,times=1,path=*/lost",
		"-fault", "effect=truncate,times=1,path=*/lost", "-fault", "status=503,method=DELETE",
		"-limit", "fixed-window", "-limit-requests", "12", "-limit-window", "8760h", "-limit-retry-after", "none", "-latency", "1ms")
	if p.apiKey != `ms-it'\''s` || !strings.HasPrefix(p.url, "http://127.0.0.1:") {
		t.Errorf("printed %s and %s", p.url, p.apiKey)
	}
	const entry = `200 {"body":{"key":"a/b","value":{"n":1.50}},"metadata":{"bucket":"flags","key":"a/b"}}`
	for _, test := range []struct{ method, path, header, credential, want string }{
		{"GET", "/flags/entries/a%2Fb", "X-Api-Key", key, entry},
		{"GET", "/flags/entries/a%2Fb", "Authorization", "Bearer mine", entry},
		{"PUT", "/empty/entries/k?q=query", "X-Api-Key", key, `201 {"message":"Key written successfully"}`},
		{"GET", "/empty/entries/absent", "X-Api-Key", key, `404 {"error":"no, not here"}`},
		{"PUT", "/empty/entries/k", "X-Api-Key", mockgateway.DefaultAPIKey, `401 {"error":"unauthorized"}`},
		{"PUT", "/empty/entries/k", "Authorization", "Bearer " + mockgateway.DefaultToken, `401 {"error":"unauthorized"}`},
		{"PUT", "/empty/entries/dropped", "X-Api-Key", key, "EOF"},
		{"PUT", "/empty/entries/lost", "X-Api-Key", key, "EOF"},
		{"PUT", "/empty/entries/lost", "X-Api-Key", key, "unexpected EOF"},
		{"GET", "/empty/entries?limit=100", "X-Api-Key", key, `"results_total":2`},
		{"DELETE", "/empty", "X-Api-Key", key, `503 {"error":"a fault of the mock gateway"}`},
		{"DELETE", "/empty", "X-Api-Key", key, `503 {"error":"a fault of the mock gateway"}`},
		{"GET", "/flags/entries/a%2Fb", "X-Api-Key", key, "429 Too Many Requests"},
	} {
		if got := p.send(t, test.method, test.path, test.header, test.credential); !strings.Contains(got, test.want) {
			t.Errorf("%s %s: got %s, want %s", test.method, test.path, got, test.want)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	log := p.stderr.String()
	for _, line := range []string{
		" GET /storage/kv/flags/entries/a%2Fb 200 ", " PUT /storage/kv/empty/entries/k 201 ", " PUT /storage/kv/empty/entries/k 401 ",
		" listening on ", "reachable from other machines", " shutting down",
	} {
		if !strings.Contains(log, line) {
			t.Errorf("no line with %q in the log:\n%s", line, log)
		}
	}
	for _, secret := range []string{key, "mine", mockgateway.DefaultAPIKey, mockgateway.DefaultToken, "my-value", "query"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q in the log:\n%s", secret, log)
		}
	}
}

// TestServeFindsAPort: without -addr, a taken default port is no failure, and a loopback
// address no warning.
func TestServeFindsAPort(t *testing.T) {
	t.Parallel()
	if listener, err := net.Listen("tcp", defaultAddress); err == nil { // else something else has it
		defer listener.Close()
	}
	p := start(t, "-addr", "")
	got := p.send(t, "GET", "", "X-Api-Key", p.apiKey)
	if log := p.stderr.String(); !strings.HasPrefix(got, "200 ") || p.url == "http://"+defaultAddress || strings.Contains(log, "warning") {
		t.Errorf("%s: got %s, logged %s", p.url, got, log)
	}
}

func TestLimitFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]mockgateway.Limit{
		"": nil,
		"-limit token-bucket -limit-requests 30 -limit-window 1m -limit-burst 5": mockgateway.TokenBucket{Rate: 0.5, Burst: 5, RetryAfter: "seconds"},
		"-limit sliding-window -limit-retry-after none":                          mockgateway.SlidingWindow{Requests: 100, Window: time.Second},
		"-limit concurrency -limit-requests 4 -limit-retry-after 2":              mockgateway.Concurrency{Requests: 4, RetryAfter: "2"},
	} {
		options, err := parseFlags(strings.Fields(args), io.Discard)
		if err != nil || options.limit != want {
			t.Errorf("%s: got %+v, %v; want %+v", args, options.limit, err, want)
		}
	}
}

func TestFaultFlag(t *testing.T) {
	t.Parallel()
	options, err := parseFlags([]string{"-fault", "delay=1m30s,method=PUT,path=*/entries/a%2Fb,after=2,times=3"}, io.Discard)
	want := []mockgateway.Fault{{Delay: 90 * time.Second, Method: "PUT", Path: "*/entries/a%2Fb", After: 2, Times: 3}}
	if err != nil || !reflect.DeepEqual(options.faults, want) {
		t.Errorf("got %+v, %v; want %+v", options.faults, err, want)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	seed := func(text string) []string { return []string{"-addr", "127.0.0.1:0", "-seed", writeFile(t, text)} }
	for message, test := range map[string]struct {
		code int
		args []string
	}{
		"-limit-requests":                                                                           {0, []string{"-h"}},
		"flag provided but not defined: -nothing":                                                   {2, []string{"-nothing"}},
		`unexpected argument "terraform": a command goes after --`:                                  {2, []string{"terraform", "test"}},
		"there is no command after --":                                                              {2, []string{"-seed", "seed.json", "--"}},
		`cannot run the command: exec: "no-such-command"`:                                           {127, []string{"--", "no-such-command"}},
		"cannot run the command: fork/exec ./no-such-program":                                       {127, []string{"--", "./no-such-program"}},
		"cannot run the command: fork/exec ./.":                                                     {1, []string{"--", "./."}},
		"put must be one of bare|enveloped|":                                                        {2, []string{"-dialect", "put=raw"}},
		"open no-such-dialect.json: ":                                                               {2, []string{"-dialect", "no-such-dialect.json"}},
		"not a transcript of quiva-probe":                                                           {2, []string{"-dialect", writeFile(t, `{}`)}},
		`for flag -fault: invalid value "199" for flag -status: status must be from 200 to 599`:     {2, []string{"-fault", "status=199"}},
		"status must be from 200 to 599":                                                            {2, []string{"-fault", "status=600"}},
		"flag provided but not defined: -503":                                                       {2, []string{"-fault", "503"}},
		"it needs status, effect or delay":                                                          {2, []string{"-fault", "times=3"}},
		"no setting may be empty":                                                                   {2, []string{"-fault", "status=503,,times=3"}},
		"effect must be hang, drop, lose-response or truncate":                                      {2, []string{"-fault", "effect=explode"}},
		"only one of status and effect can be set, once":                                            {2, []string{"-fault", "status=503,effect=drop"}},
		"after, times and delay must not be negative":                                               {2, []string{"-fault", "delay=-2s"}},
		"-api-key and -token must not be empty":                                                     {2, []string{"-api-key", " "}},
		"-latency must not be negative":                                                             {2, []string{"-latency", "-1s"}},
		`-limit must be token-bucket, fixed-window, sliding-window, concurrency or none, not "100"`: {2, []string{"-limit", "100"}},
		"-limit-requests, -limit-window and -limit-burst must be positive":                          {2, []string{"-limit-window", "0s"}},
		"cannot listen: listen tcp: address nowhere":                                                {1, []string{"-addr", "nowhere"}},
		"cannot listen: listen tcp " + listener.Addr().String():                                     {1, []string{"-addr", listener.Addr().String()}},
		"cannot seed: open no-such-seed.json":                                                       {1, []string{"-seed", "no-such-seed.json"}},
		`seed.json: not of the form {"bucket": {"key": {…}}}: `:                                     {1, seed(`[]`)},
		`invalid bucket name "a b"`:                                                                 {1, seed(`{"a b":{}}`)},
		`bucket "b", key ".k": invalid key`:                                                         {1, seed(`{"b":{".k":{}}}`)},
		`bucket "b", key "k": the value must be a JSON object`:                                      {1, seed(`{"b":{"k":1}}`)},
	} {
		var stdout, stderr strings.Builder
		code := run(nil, test.args, &stdout, &stderr)
		if code != test.code || !strings.Contains(stderr.String(), message) || stdout.Len() > 0 {
			t.Errorf("%q: exit code %d, stdout %s, stderr %s\nwant %d and %q", test.args, code, stdout.String(), stderr.String(), test.code, message)
		}
	}
}
