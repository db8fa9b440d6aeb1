package terraformcli

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// interruptPatience is how long an interrupted command may take to end before it
// is killed. Terraform finishes the requests in flight first.
const interruptPatience = 10 * time.Second

// Context returns a context that is done when this process is told to end, or
// its parent has ended: go run dies of a SIGTERM without passing it on. So there
// is time to clean up.
func Context() (context.Context, context.CancelFunc) {
	// SIGPIPE is the end of whoever reads the output; it must not skip the
	// cleaning up either.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	ctx, cancel := context.WithCancel(ctx)
	go cancelWithParent(ctx, cancel)
	return ctx, func() {
		cancel()
		stop()
	}
}

func cancelWithParent(ctx context.Context, cancel context.CancelFunc) {
	parent := os.Getppid()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for os.Getppid() == parent {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
	cancel()
}

// Run runs a command made with a context to its end. When the context is done,
// the command is interrupted and, if that does not help, killed with whatever it
// has started; the error is then the context's cause.
func Run(ctx context.Context, command *exec.Cmd) error {
	if err := Start(command); err != nil {
		return err
	}
	return Wait(ctx, command)
}

// Start begins what Run does.
func Start(command *exec.Cmd) error {
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = interruptPatience
	separate(command)
	return command.Start()
}

// Wait ends what Start has begun.
func Wait(ctx context.Context, command *exec.Cmd) error {
	err := command.Wait()
	if ctx.Err() != nil {
		killRest(command)
		return context.Cause(ctx)
	}
	return err
}
