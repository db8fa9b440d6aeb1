// Package bench_test measures what the provider costs, with a real Terraform and
// the mock gateway on this machine: see README.md.
package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

// bucket is where all entries go.
const bucket = "bench"

// providers is the directory of the providers that are measured.
var providers string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if providers, err = os.MkdirTemp("", "quiva-bench-"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(providers)
		return m.Run()
	}())
}

// newTerraform builds the providers for the first benchmark.
var newTerraform = sync.OnceValues(func() (*terraformcli.Terraform, error) {
	ctx := context.Background()
	overrides := map[string]string{}
	for name, pkg := range map[string]string{"quiva": "", "silent": "/internal/bench/silentprovider"} {
		overrides["quivaworks/"+name] = providers
		if err := terraformcli.Build(ctx, pkg, filepath.Join(providers, terraformcli.Executable("terraform-provider-"+name))); err != nil {
			return nil, err
		}
	}
	cli, err := terraformcli.New(ctx, filepath.Join(providers, "cli.tfrc"), terraformcli.Overrides(overrides))
	if err != nil {
		return nil, err
	}
	cli.Env = slices.DeleteFunc(cli.Env, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains([]string{"GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG"}, name) // these change what is measured
	})
	return cli, nil
})

// workspace is a directory with a configuration, its state and a gateway.
type workspace struct {
	cli     *terraformcli.Terraform
	dir     string
	gateway *mockgateway.Server
	remote  *[]byte // the state, if it is on a server
	applied bool
}

// newWorkspace makes a workspace for a configuration of entries.
func newWorkspace(b *testing.B, declared configuration) *workspace {
	b.Helper()
	cli, err := newTerraform()
	if err != nil {
		b.Fatal(err)
	}
	w := &workspace{cli: cli, dir: b.TempDir(), gateway: mockgateway.NewServer()}
	b.Cleanup(w.gateway.Close)
	w.gateway.CreateBucket(bucket)
	if declared.remoteState {
		// Before anything is declared, for which Terraform would ask a registry.
		w.remote = new([]byte)
		server := httptest.NewServer(stateServer(w.remote))
		b.Cleanup(server.Close)
		w.write(b, "backend.tf", fmt.Sprintf("terraform {\n  backend \"http\" {\n    address = %q\n  }\n}\n", server.URL))
		w.run(b, "init")
	}
	w.write(b, "main.tf", declared.resource.text)
	if err := os.Mkdir(filepath.Join(w.dir, "entries"), 0o700); err != nil {
		b.Fatal(err)
	}
	for number := range declared.entries {
		w.declare(b, declared, number, 0)
	}
	return w
}

// stateServer keeps the state of Terraform's http backend.
func stateServer(state *[]byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			*state, _ = io.ReadAll(r.Body) // Terraform notices what is cut off
		case *state == nil:
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write(*state)
		}
	}
}

func (w *workspace) write(b *testing.B, name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// declare writes the file of the entry with a number, in a version.
func (w *workspace) declare(b *testing.B, declared configuration, number, version int) {
	b.Helper()
	value := declared.values.of(number)
	if version > 0 {
		value["version"] = version
	}
	text, err := json.Marshal(value)
	if err != nil {
		b.Fatal(err)
	}
	w.write(b, fmt.Sprintf("entries/entry-%05d.json", number), string(text))
}

// empty forgets the state and all entries.
func (w *workspace) empty(b *testing.B) {
	b.Helper()
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
		if err := os.Remove(filepath.Join(w.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			b.Fatal(err)
		}
	}
	if w.remote != nil {
		*w.remote = nil
	}
	w.gateway.DeleteBucket(bucket)
	w.gateway.CreateBucket(bucket)
}

// stateSize is in bytes.
func (w *workspace) stateSize(b *testing.B) int {
	b.Helper()
	if w.remote != nil {
		return len(*w.remote)
	}
	info, err := os.Stat(filepath.Join(w.dir, "terraform.tfstate"))
	if err != nil {
		b.Fatal(err)
	}
	return int(info.Size())
}

// cost is what runs of Terraform took.
type cost struct {
	cpu    time.Duration // of Terraform and its providers
	memory int           // bytes, the largest peak of a provider; 0 without Linux
}

// run runs a command of Terraform to its end, which must be a success.
func (w *workspace) run(b *testing.B, arguments ...string) cost {
	b.Helper()
	command := w.cli.Command(b.Context(), w.dir, append(arguments, "-input=false", "-no-color")...)
	command.Env = append(command.Env, "QUIVA_API_URL="+w.gateway.URL, "QUIVA_API_KEY="+mockgateway.DefaultAPIKey)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	done, memory := make(chan struct{}), make(chan int)
	go func() { memory <- providersMemory(command.Process.Pid, done) }()
	err := command.Wait()
	close(done)
	spent := cost{memory: <-memory}
	if err != nil {
		b.Fatalf("terraform %s: %v\n%s", strings.Join(arguments, " "), err, output.String())
	}
	// What a process has used includes its children, once it has waited for them,
	// as Terraform does for its providers.
	spent.cpu = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return spent
}

// providersMemory returns, once done, the largest resident set in bytes that any
// child of a process has had. Linux keeps the peak itself.
func providersMemory(parent int, done <-chan struct{}) (peak int) {
	for {
		children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent)) // the pattern is well-formed
		for _, file := range children {
			pids, _ := os.ReadFile(file) // the thread may have ended meanwhile
			for pid := range strings.FieldsSeq(string(pids)) {
				status, _ := os.ReadFile("/proc/" + pid + "/status") // likewise
				_, line, _ := strings.Cut(string(status), "VmHWM:")
				if fields := strings.Fields(line); len(fields) > 0 {
					kilobytes, _ := strconv.Atoi(fields[0])
					peak = max(peak, kilobytes*1024)
				}
			}
		}
		select {
		case <-done:
			return peak
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// measure runs a command of Terraform again and again, each time after prepare,
// and reports what it costs. The time of an operation is what it lasts.
func (w *workspace) measure(b *testing.B, prepare func(), arguments ...string) {
	b.Helper()
	var sum cost
	requests := 0
	for b.Loop() {
		b.StopTimer()
		prepare()
		w.gateway.ResetRequests()
		b.StartTimer()
		spent := w.run(b, arguments...)
		sum.cpu += spent.cpu
		sum.memory = max(sum.memory, spent.memory)
		requests += w.gateway.Count("", "")
	}
	b.ReportMetric(sum.cpu.Seconds()/float64(b.N), "cpu-sec/op")
	b.ReportMetric(float64(sum.memory), "provider-peak-B")
	b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
}

// configuration is a way to declare so many entries.
type configuration struct {
	resource    resource
	values      values
	entries     int
	remoteState bool
}

// resource is a way to declare entries, each of which has a JSON file of its own. They
// are counted, because Terraform evaluates for_each again for every instance: over a
// large map that takes many times longer than all the rest, and would hide it.
type resource struct{ name, text string }

var (
	quivaEntry       = resource{"quiva_kv_entry", requires("quiva") + single("quiva_kv_entry", "key", "jsondecode(file(%s))") + inBucket + "}\n"}
	quivaEntryText   = resource{"quiva_kv_entry:text", requires("quiva") + single("quiva_kv_entry", "key", "file(%s)") + inBucket + "}\n"}
	quivaEntries     = resource{"quiva_kv_entries", requires("quiva") + bulk("jsondecode(file(%s))")}
	quivaEntriesText = resource{"quiva_kv_entries:text", requires("quiva") + bulk("file(%s)")}
	// silentEntry is the floor: as many resources of a provider that talks to
	// nobody.
	silentEntry = resource{"silent_entry", requires("silent") + single("silent_entry", "name", "file(%s)") + "}\n"}
)

const inBucket = "  bucket = \"" + bucket + "\"\n"

func requires(provider string) string {
	return fmt.Sprintf("terraform {\n  required_providers {\n    %[1]s = { source = \"quivaworks/%[1]s\" }\n  }\n}\n", provider)
}

func single(resource, key, read string) string {
	const name = `format("entry-%05d", count.index)`
	return fmt.Sprintf("resource %q \"entry\" {\n  count = length(fileset(\"entries\", \"*\"))\n  %s = %s\n  value = %s\n",
		resource, key, name, fmt.Sprintf(read, `"entries/${`+name+`}.json"`))
}

func bulk(read string) string {
	return "resource \"quiva_kv_entries\" \"entries\" {\n  entries = { for name in fileset(\"entries\", \"*\") : trimsuffix(name, \".json\") => " +
		fmt.Sprintf(read, `"entries/${name}"`) + " }\n" + inBucket + "}\n"
}

// values makes the value of the entry with a number.
type values struct {
	name string
	of   func(number int) map[string]any
}

var (
	small = values{"small", func(number int) map[string]any {
		return map[string]any{"enabled": number%2 == 0, "rollout": number % 101, "regions": []string{"eu", "us"}}
	}}
	large = values{"large", func(number int) map[string]any {
		value := small.of(number)
		value["owner"] = fmt.Sprintf("team-%d", number%7)
		value["limits"] = map[string]any{"requests": 100 + number, "burst": 2.5}
		value["internal"] = false
		return value
	}}
)

// name is one of key=value pairs, by which benchstat can compare.
func (c configuration) name() string {
	state := "local"
	if c.remoteState {
		state = "http"
	}
	return fmt.Sprintf("resource=%s/values=%s/state=%s/entries=%d", c.resource.name, c.values.name, state, c.entries)
}
