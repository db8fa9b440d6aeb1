package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

// commandVariable makes this test binary a command that a gateway runs.
const commandVariable = "TEST_MOCK_GATEWAY_COMMAND"

func TestMain(m *testing.M) {
	switch os.Getenv(commandVariable) {
	case "":
		os.Exit(m.Run())
	case "gateway":
		main()
	case "client":
		os.Exit(client())
	}
}

// client prints what it has been told, and ends with 0 if the gateway knows the
// bucket "b", else with 7.
func client() int {
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "QUIVA_") {
			fmt.Println(variable)
		}
	}
	fmt.Println(os.Args[1:])
	request, err := http.NewRequest(http.MethodGet, os.Getenv("QUIVA_API_URL")+"/storage/kv/b", nil)
	if err != nil {
		panic(err)
	}
	request.Header.Set("X-Api-Key", os.Getenv("QUIVA_API_KEY"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 7
	}
	return 0
}

// TestRunCommand: a command has the variables of the gateway, and no others of
// its kind; its output and its exit code are passed on.
func TestRunCommand(t *testing.T) { // not parallel: it sets the environment
	t.Setenv(commandVariable, "client")
	t.Setenv("QUIVA_API_KEY", "ms-another")
	t.Setenv("QUIVA_BEARER_TOKEN", "another")
	t.Setenv("QUIVA_CA_CERT_FILE", "absent.pem")
	seed := writeFile(t, `{"b":{}}`)
	for _, test := range []struct {
		flags  []string
		code   int
		logged string
	}{
		{flags: []string{"-seed", seed}},
		{code: 7}, // its own
		{flags: []string{"-seed", seed, "-verbose"}, logged: " GET /storage/kv/b 200 "},
	} {
		var stdout, stderr strings.Builder
		args := append(slices.Clip(test.flags), "-api-key", "ms-mine", "--", os.Args[0], "test", "-verbose", "--", "x")
		if code := run(nil, args, &stdout, &stderr); code != test.code {
			t.Errorf("%q: exit code %d, want %d", test.flags, code, test.code)
		}
		lines := strings.Split(stdout.String(), "\n")
		slices.Sort(lines[:2])
		if len(lines) != 4 || lines[0] != "QUIVA_API_KEY=ms-mine" || !strings.HasPrefix(lines[1], "QUIVA_API_URL=http://127.0.0.1:") || lines[2] != "[test -verbose -- x]" {
			t.Errorf("%q: the command printed:\n%s", test.flags, stdout.String())
		}
		if log := stderr.String(); !strings.Contains(log, test.logged) || (test.logged == "") != (log == "") {
			t.Errorf("%q: stderr: %s", test.flags, log)
		}
	}
}
