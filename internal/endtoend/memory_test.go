//go:build unix

package endtoend_test

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestEndlessResponse: a response that does not end takes no more memory than one
// that is a little too large.
func TestEndlessResponse(t *testing.T) {
	needTerraform(t)
	gateway := newGateway(t)
	w := newWorkspace(t, gateway)
	w.configure("  max_retries = 0", twoEntries(1))
	w.must("apply", "-auto-approve")
	// peak is the memory of Terraform or the provider, whichever took more.
	peak := func(response func() io.Reader) int64 {
		fault := gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Effect: mockgateway.Stream(http.StatusOK, nil, response)})
		defer fault.Clear()
		command, output := w.command("plan")
		if err := command.Run(); err == nil || !strings.Contains(output.String(), "Gateway's response is too large") {
			t.Errorf("ended with %v:\n%s", err, output)
		}
		return command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	}
	tooLarge := peak(func() io.Reader { return io.LimitReader(endless{}, 17<<20) })
	if memory := peak(func() io.Reader { return endless{} }); memory > tooLarge*3/2 {
		t.Errorf("a plan took %d of memory, %d with a response that ends", memory, tooLarge)
	}
}

// endless is a text of spaces.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
