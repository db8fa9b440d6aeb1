//go:build unix

package endtoend_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// waitFor waits until a condition holds. It looks again and again: Terraform and
// the provider are processes of their own, which tell of nothing.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatal("waited a minute for " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// start starts a command in a process group of its own.
func start(t *testing.T, command *exec.Cmd) {
	t.Helper()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
}

// interrupt starts a command, and once it has got so far presses Ctrl-C, which must
// end it in time.
func (w *workspace) interrupt(reached <-chan struct{}, within time.Duration, arguments ...string) outcome {
	w.t.Helper()
	command, output := w.command(arguments...)
	start(w.t, command)
	select {
	case <-reached:
	case <-time.After(time.Minute):
		w.t.Fatal("waited a minute for a request")
	}
	interrupted := time.Now()
	// As a terminal does: to Terraform and to the provider.
	if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
		w.t.Fatal(err)
	}
	_ = command.Wait()
	if took := time.Since(interrupted); took > within {
		w.t.Errorf("it took %s to end", took)
	}
	return outcome{command.ProcessState.ExitCode(), output.String()}
}

// TestInterrupt: Ctrl-C ends a run, whatever it waits for, also before it has written
// anything, where Terraform does not ask the provider to stop.
func TestInterrupt(t *testing.T) {
	slowDown := mockgateway.Respond(http.StatusTooManyRequests, http.Header{"Retry-After": {"50"}}, "slow down")
	for name, test := range map[string]struct {
		arguments []string
		method    string
		effect    mockgateway.Effect
		says      string
		within    time.Duration
	}{
		"write":            {[]string{"apply", "-auto-approve"}, http.MethodPut, mockgateway.Hang(), "write", 2 * time.Second},
		"long Retry-After": {[]string{"apply", "-auto-approve"}, http.MethodPut, slowDown, "write", 2 * time.Second},
		"plan":             {[]string{"plan"}, http.MethodGet, mockgateway.Hang(), "read", 3 * time.Second},
		"refresh":          {[]string{"apply", "-auto-approve"}, http.MethodGet, mockgateway.Hang(), "read", 3 * time.Second},
		"import":           {[]string{"import", "quiva_kv_entry.c", "flags/c"}, http.MethodGet, mockgateway.Hang(), "read", 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			needTerraform(t)
			gateway := newGateway(t)
			w := newWorkspace(t, gateway)
			w.configure("", twoEntries(1))
			w.must("apply", "-auto-approve")
			w.configure("", twoEntries(2)+"resource \"quiva_kv_entry\" \"c\" {\n  bucket = \"flags\"\n  key = \"c\"\n  value = { n = 2 }\n}\n")
			result := w.interrupt(gateway.Inject(mockgateway.Fault{Method: test.method, Effect: test.effect}).Reached(1), test.within, test.arguments...)
			if result.status == 0 || !result.says("Cancelled before completion: could not "+test.says+" ") {
				t.Errorf("ended with %d:\n%s", result.status, result.output)
			}
			if held := gateway.Entries("flags"); !maps.Equal(held, before) {
				t.Errorf("the gateway holds %v, want %v", held, before)
			}
			gateway.ClearFaults()
			w.must("apply", "-auto-approve")
			if held := gateway.Entries("flags"); len(held) != 3 || held["a"] != after["a"] {
				t.Errorf("after the next apply, the gateway holds %v", held)
			}
		})
	}
}

// TestInterruptedBucket: a bucket whose creation Ctrl-C cuts off after the gateway
// has made it is in the state all the same.
func TestInterruptedBucket(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	made, ended := make(chan struct{}), make(chan struct{})
	gateway.SetRequestHook(func(request mockgateway.Request) {
		if request.Method == http.MethodPost { // done, and its response not sent
			close(made)
			<-ended
		}
	})
	w := newWorkspace(t, gateway)
	w.configure("", "resource \"quiva_kv_bucket\" \"test\" {\n  bucket = \"limits\"\n}\n")
	w.interrupt(made, 3*time.Second, "apply", "-auto-approve")
	close(ended)
	if plan := w.run("plan", "-detailed-exitcode"); plan.status != 0 {
		t.Errorf("the next plan ended with %d:\n%s", plan.status, plan.output)
	}
}

// TestKilled: after a kill -9 of Terraform and the provider in the middle of
// an apply, the next apply completes it.
func TestKilled(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	gateway.SetLatency(20 * time.Millisecond)
	configuration, want := manyEntries(200)
	w := newWorkspace(t, gateway)
	w.configure("", configuration)
	command, _ := w.command("apply", "-auto-approve")
	start(t, command)
	waitFor(t, "50 writes", func() bool { return len(gateway.Entries("flags")) >= 50 })
	killBetweenStates(t, w, command)
	_ = command.Wait()
	if written := len(gateway.Entries("flags")); written >= 200 {
		t.Fatalf("the kill came too late: %d entries were written", written)
	}

	gateway.SetLatency(0)
	w.must("apply", "-auto-approve")
	if held := gateway.Entries("flags"); !maps.Equal(held, want) {
		t.Errorf("the gateway holds %d entries, want 200 as configured", len(held))
	}
	if state := w.state(); !maps.Equal(state, want) {
		t.Errorf("the state holds %d entries, want 200 as configured", len(state))
	}
	for key := range want {
		if writes := gateway.Revisions("flags", key); writes != 1 {
			t.Errorf("%s was written %d times", key, writes)
		}
	}
}

// killBetweenStates kills Terraform and the provider while the state file is
// whole. Terraform does not write it atomically; what a kill in the middle of
// that leaves is not the provider's to mend. It may have ended by then. OpenTofu has
// an empty file until it writes the first state.
func killBetweenStates(t *testing.T, w *workspace, command *exec.Cmd) {
	t.Helper()
	signal := func(s syscall.Signal) {
		if err := syscall.Kill(-command.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	for {
		signal(syscall.SIGSTOP)
		stopped := waitUntilStopped(t, command.Process.Pid)
		text, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
		if !stopped || errors.Is(err, os.ErrNotExist) || len(text) == 0 || json.Valid(text) {
			signal(syscall.SIGKILL)
			return
		}
		signal(syscall.SIGCONT)
		// For Terraform to get on with its write, of whose end nothing tells. A
		// shorter or longer pause is only more or fewer rounds.
		time.Sleep(time.Millisecond)
	}
}

// waitUntilStopped waits until no thread of a child process runs any more, and
// reports whether that is because it was stopped; it may have ended before.
func waitUntilStopped(t *testing.T, pid int) (stopped bool) {
	t.Helper()
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.ECHILD): // ended, and waited for by another
			return false
		case err != nil:
			t.Fatal(err)
		default:
			return status.Stopped()
		}
	}
}

// TestGatewayRestarts: a gateway that goes away in the middle of an apply is waited
// for.
func TestGatewayRestarts(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	gateway.SetLatency(10 * time.Millisecond)
	configuration, want := manyEntries(100)
	log := filepath.Join(t.TempDir(), "provider.log")
	w := newWorkspace(t, gateway, "TF_LOG_PROVIDER=DEBUG", "TF_LOG_PATH="+log)
	w.configure("", configuration)
	command, output := w.command("apply", "-auto-approve")
	start(t, command)
	waitFor(t, "30 writes", func() bool { return len(gateway.Entries("flags")) >= 30 })
	gateway.Close()
	waitFor(t, "a request that meets no gateway", func() bool {
		text, err := os.ReadFile(log)
		return err == nil && bytes.Contains(text, []byte("connection refused"))
	})
	gateway.Restart()
	if err := command.Wait(); err != nil {
		t.Errorf("ended with %v:\n%s", err, output)
	}
	if held, state := gateway.Entries("flags"), w.state(); !maps.Equal(held, want) || !maps.Equal(state, want) {
		t.Errorf("the gateway holds %d entries and the state %d, want 100 as configured", len(held), len(state))
	}
}
