package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
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
	url    string
	apiKey string
	stderr *logBuffer
	stop   func() int // returns the exit code
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

	lines := bufio.NewScanner(stdout)
	for _, line := range []struct {
		variable string
		value    *string
	}{{"QUIVA_API_URL", &p.url}, {"QUIVA_API_KEY", &p.apiKey}} {
		lines.Scan()
		value, ok := strings.CutPrefix(lines.Text(), "export "+line.variable+"='")
		value, isQuoted := strings.CutSuffix(value, "'")
		if !ok || !isQuoted {
			t.Fatalf("stdout has %q for %s; stderr: %s", lines.Text(), line.variable, p.stderr)
		}
		*line.value = value
	}
	return p
}

// send returns the status and the body.
func (p process) send(t *testing.T, method, path, header, credential, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(header, credential)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// put writes an entry of the bucket "b" and returns how that failed.
func (p process) put(t *testing.T, key string, timeout time.Duration) error {
	t.Helper()
	r, err := http.NewRequest(http.MethodPut, p.url+"/storage/kv/b/entries/"+key, strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", p.apiKey)
	// A connection of its own: a broken one that was used before makes Go repeat the request.
	client := http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err == nil {
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
	}
	if err == nil {
		t.Fatalf("%s was written", key)
	}
	return err
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRunServes(t *testing.T) {
	t.Parallel()
	const key = "ms-it's"
	p := start(t, "-seed", writeFile(t, `{"flags":{"a/b":{"n":1.50}},"empty":{}}`), "-api-key", key, "-token", "mine", "-addr", ":0")
	if p.apiKey != `ms-it'\''s` || !strings.HasPrefix(p.url, "http://127.0.0.1:") {
		t.Errorf("printed %s and %s", p.url, p.apiKey)
	}
	const entry = `{"body":{"key":"a/b","value":{"n":1.50}},"metadata":{"bucket":"flags","key":"a/b"}}`
	for _, test := range []struct {
		method, path, header, credential string
		status                           int
		body                             string
	}{
		{"GET", "flags/entries/a%2Fb", "X-Api-Key", key, 200, entry},
		{"GET", "flags/entries/a%2Fb", "Authorization", "Bearer mine", 200, entry},
		{"PUT", "empty/entries/k?q=query", "X-Api-Key", key, 200, `{"message":"success"}`},
		{"PUT", "empty/entries/k", "X-Api-Key", mockgateway.DefaultAPIKey, 401, `{"error":"unauthorized"}`},
		{"PUT", "empty/entries/k", "Authorization", "Bearer " + mockgateway.DefaultToken, 401, `{"error":"unauthorized"}`},
	} {
		if status, body := p.send(t, test.method, "/storage/kv/"+test.path, test.header, test.credential, `{"a":"my-value"}`); status != test.status || body != test.body {
			t.Errorf("%s %s: got %d %s", test.method, test.path, status, body)
		}
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	log := p.stderr.String()
	for _, line := range []string{
		" GET /storage/kv/flags/entries/a%2Fb 200 ", " PUT /storage/kv/empty/entries/k 200 ", " PUT /storage/kv/empty/entries/k 401 ",
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
	if log := start(t).stderr.String(); strings.Contains(log, "warning") {
		t.Errorf("a warning for a loopback address:\n%s", log)
	}
}

func TestRunWithLimitAndLatency(t *testing.T) {
	t.Parallel()
	// A window of a year, so that no other begins meanwhile.
	p := start(t, "-limit", "fixed-window", "-limit-requests", "1", "-limit-window", "8760h", "-latency", "1ms")
	for _, want := range []int{200, 429, 429} {
		if status, body := p.send(t, "GET", "/storage/kv", "X-Api-Key", p.apiKey, ""); status != want {
			t.Errorf("got %d %s, want %d", status, body, want)
		}
	}
}

func TestLimitFlags(t *testing.T) {
	t.Parallel()
	seconds, date := mockgateway.RetryAfter{Form: mockgateway.Seconds}, mockgateway.RetryAfter{Form: mockgateway.Date}
	tests := map[string]mockgateway.Limit{
		"":            nil,
		"-limit none": nil,
		"-limit token-bucket -limit-requests 30 -limit-window 1m -limit-burst 5": mockgateway.TokenBucket{Rate: 0.5, Burst: 5, RetryAfter: seconds},
		"-limit fixed-window -limit-requests 7 -limit-retry-after none":          mockgateway.FixedWindow{Requests: 7, Window: time.Second},
		"-limit sliding-window -limit-retry-after date":                          mockgateway.SlidingWindow{Requests: 100, Window: time.Second, RetryAfter: date},
		"-limit concurrency -limit-requests 4 -limit-retry-after 2": mockgateway.Concurrency{
			Requests:   4,
			RetryAfter: mockgateway.RetryAfter{Form: mockgateway.Seconds, Pause: 2 * time.Second},
		},
	}
	for args, want := range tests {
		options, err := parseFlags(strings.Fields(args), io.Discard)
		if err != nil || options.limit.limit != want {
			t.Errorf("%s: got %+v, %v; want %+v", args, options.limit.limit, err, want)
		}
	}
}

func TestRunFailures(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	seed := func(text string) []string { return []string{"-addr", "127.0.0.1:0", "-seed", writeFile(t, text)} }

	for name, test := range map[string]struct {
		args    []string
		code    int
		message string
	}{
		"help":               {[]string{"-h"}, 0, "-limit-requests"},
		"unknown flag":       {[]string{"-nothing"}, 2, "flag provided but not defined: -nothing"},
		"argument":           {[]string{"terraform", "test"}, 2, `unexpected argument "terraform": a command goes after --`},
		"no command":         {[]string{"-seed", "seed.json", "--"}, 2, "there is no command after --"},
		"absent command":     {[]string{"--", "no-such-command"}, 127, "cannot run the command: "},
		"absent program":     {[]string{"--", "./no-such-program"}, 127, "cannot run the command: "},
		"no program":         {[]string{"--", "./."}, 1, "cannot run the command: "},
		"dialect":            {[]string{"-dialect", "put=raw"}, 2, "put must be one of bare|enveloped|"},
		"dialect's file":     {[]string{"-dialect", "no-such-file.json"}, 2, "open no-such-file.json: "},
		"not a transcript":   {[]string{"-dialect", writeFile(t, `{}`)}, 2, "not a transcript of quiva-probe"},
		"fault":              {[]string{"-fault", "status=99"}, 2, `for flag -fault: invalid value "99" for flag -status: status must be from 200 to 599`},
		"empty key":          {[]string{"-api-key", ""}, 2, "-api-key and -token must not be empty"},
		"empty token":        {[]string{"-token", " "}, 2, "-api-key and -token must not be empty"},
		"latency":            {[]string{"-latency", "-1s"}, 2, "-latency must not be negative"},
		"limit":              {[]string{"-limit", "100"}, 2, `-limit must be token-bucket, fixed-window, sliding-window, concurrency or none, not "100"`},
		"limit's requests":   {[]string{"-limit-requests", "0"}, 2, "-limit-requests, -limit-window and -limit-burst must be positive"},
		"limit's window":     {[]string{"-limit-window", "0s"}, 2, "-limit-requests, -limit-window and -limit-burst must be positive"},
		"limit's burst":      {[]string{"-limit-burst", "0"}, 2, "-limit-requests, -limit-window and -limit-burst must be positive"},
		"limit's pause":      {[]string{"-limit-retry-after", "soon"}, 2, `-limit-retry-after must be seconds, date, none or a number of seconds, not "soon"`},
		"address":            {[]string{"-addr", "nowhere"}, 1, "cannot listen: "},
		"taken address":      {[]string{"-addr", listener.Addr().String()}, 1, "cannot listen: "},
		"no seed file":       {[]string{"-seed", "no-such-file.json"}, 1, "cannot seed: open no-such-file.json"},
		"seed not JSON":      {seed(`{`), 1, `seed.json: not of the form {"bucket": {"key": {…}}}: `},
		"seed array":         {seed(`[]`), 1, "seed.json: not of the form"},
		"seed two values":    {seed(`{} {}`), 1, "seed.json: not of the form"},
		"seed bucket name":   {seed(`{"a b":{}}`), 1, `invalid bucket name "a b"`},
		"seed key":           {seed(`{"b":{".k":{}}}`), 1, `bucket "b", key ".k": invalid key`},
		"seed not an object": {seed(`{"b":{"k":1}}`), 1, `bucket "b", key "k": the value must be a JSON object`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr strings.Builder
			code := run(nil, test.args, &stdout, &stderr)
			if code != test.code || !strings.Contains(stderr.String(), test.message) {
				t.Errorf("exit code %d, stderr %s\nwant %d and %q", code, stderr.String(), test.code, test.message)
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout %s", stdout.String())
			}
		})
	}
}

// TestRunWithDialect: names, switches and transcripts are combined.
func TestRunWithDialect(t *testing.T) {
	t.Parallel()
	transcript := writeFile(t, `{"dialect":["success=201","missing_key_text=no, not here"],"exchanges":[]}`)
	p := start(t, "-seed", writeFile(t, `{"b":{}}`), "-dialect", "pages", "-dialect", transcript, "-dialect", "envelope=errors")
	if status, body := p.send(t, "PUT", "/storage/kv/b/entries/k", "X-Api-Key", p.apiKey, `{}`); status != 201 || body != `{"message":"Key written successfully"}` {
		t.Errorf("got %d %s", status, body)
	}
	if status, body := p.send(t, "GET", "/storage/kv/b/entries/absent", "X-Api-Key", p.apiKey, ""); status != 404 || body != `{"status_code":404,"body":{"error":"no, not here"}}` {
		t.Errorf("got %d %s", status, body)
	}
}

// TestRunFindsAPort: without -addr, a taken default port is no failure.
func TestRunFindsAPort(t *testing.T) {
	t.Parallel()
	if listener, err := net.Listen("tcp", defaultAddress); err == nil { // else something else has it
		defer listener.Close()
	}
	p := start(t, "-addr", "")
	if status, body := p.send(t, "GET", "/storage/kv", "X-Api-Key", p.apiKey, ""); status != 200 || p.url == "http://"+defaultAddress {
		t.Errorf("%s: got %d %s", p.url, status, body)
	}
}

func TestRunPrintsItsVersion(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	if code := run(nil, []string{"-version"}, &stdout, &stderr); code != 0 || !strings.HasPrefix(stdout.String(), "quiva-mock-gateway ") {
		t.Errorf("exit code %d, printed %q; stderr %s", code, stdout.String(), stderr.String())
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"127.0.0.1": "http://127.0.0.1:80", "::1": "http://[::1]:80", "::": "http://127.0.0.1:80",
		"0.0.0.0": "http://127.0.0.1:80", "10.1.2.3": "http://10.1.2.3:80",
	} {
		if got := baseURL(&net.TCPAddr{IP: net.ParseIP(ip), Port: 80}); got != want {
			t.Errorf("%s: got %s, want %s", ip, got, want)
		}
	}
}
