package protocol_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/quivaworks/terraform-provider-quiva/internal/protocol"
)

// waiting is a provider that has not yet got to where it could end a call by
// itself. Its streams go on until they are ended.
type waiting struct {
	inner

	called chan struct{}
	ended  chan error
}

func (w *waiting) wait(ctx context.Context) error {
	close(w.called)
	<-ctx.Done()
	return ctx.Err()
}

func (w *waiting) ReadResource(ctx context.Context, _ *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return nil, w.wait(ctx)
}

func (w *waiting) ApplyResourceChange(ctx context.Context, _ *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return nil, w.wait(ctx)
}

func (w *waiting) PlanResourceChange(ctx context.Context, _ *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return nil, w.wait(ctx)
}

func (w *waiting) ImportResourceState(ctx context.Context, _ *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return nil, w.wait(ctx)
}

func (w *waiting) ReadDataSource(ctx context.Context, _ *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return nil, w.wait(ctx)
}

func (w *waiting) OpenEphemeralResource(ctx context.Context, _ *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return nil, w.wait(ctx)
}

func (*waiting) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (w *waiting) ListResource(ctx context.Context, _ *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	return &tfprotov6.ListResourceServerStream{Results: func(yield func(tfprotov6.ListResourceResult) bool) {
		if err := ctx.Err(); err != nil {
			w.ended <- err
			return
		}
		if yield(tfprotov6.ListResourceResult{DisplayName: "first"}) {
			w.ended <- w.wait(ctx)
			return
		}
		go func() { <-ctx.Done(); w.ended <- ctx.Err() }() // what an iteration may leave behind
	}}, nil
}

func (w *waiting) InvokeAction(ctx context.Context, _ *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	return &tfprotov6.InvokeActionServerStream{Events: func(func(tfprotov6.InvokeActionEvent) bool) {
		w.ended <- w.wait(ctx)
	}}, nil
}

func (*waiting) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// newWaiting returns such a provider and its server, and what interrupts it.
func newWaiting(t *testing.T) (_ *waiting, _ tfprotov6.ProviderServer, interrupt func()) {
	t.Helper()
	w := &waiting{called: make(chan struct{}), ended: make(chan error, 1)}
	ctx, interrupt := context.WithCancel(t.Context())
	server, err := protocol.NewServer(ctx, w, protocol.Unchanged{})
	if err != nil {
		t.Fatal(err)
	}
	return w, server, interrupt
}

// callThatWaits returns how what it has called ended.
type callThatWaits func(*testing.T, *waiting, tfprotov6.ProviderServer) error

func read(t *testing.T, _ *waiting, server tfprotov6.ProviderServer) error {
	_, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{})
	return err
}

func plan(t *testing.T, _ *waiting, server tfprotov6.ProviderServer) error {
	_, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{})
	return err
}

func importState(t *testing.T, _ *waiting, server tfprotov6.ProviderServer) error {
	_, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{})
	return err
}

func readData(t *testing.T, _ *waiting, server tfprotov6.ProviderServer) error {
	_, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{})
	return err
}

func open(t *testing.T, _ *waiting, server tfprotov6.ProviderServer) error {
	_, err := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{})
	return err
}

func list(t *testing.T, w *waiting, server tfprotov6.ProviderServer) error {
	stream, err := server.(tfprotov6.ListResourceServer).ListResource(t.Context(), &tfprotov6.ListResourceRequest{})
	if err != nil {
		return err
	}
	if results := slices.Collect(stream.Results); len(results) != 1 {
		t.Errorf("the list has %d results", len(results))
	}
	return <-w.ended
}

func write(t *testing.T, _ *waiting, server tfprotov6.ProviderServer) error {
	_, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{})
	return err
}

func invoke(t *testing.T, w *waiting, server tfprotov6.ProviderServer) error {
	stream, err := server.(tfprotov6.ActionServer).InvokeAction(t.Context(), &tfprotov6.InvokeActionRequest{})
	if err != nil {
		return err
	}
	for range stream.Events {
	}
	return <-w.ended
}

// TestEndsCalls: a stop ends a call also between its arrival and where the framework
// begins it, and a stream that goes on after its call. An interrupt ends what is read,
// though Terraform asks for no stop.
func TestEndsCalls(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		call        callThatWaits
		interrupted bool
	}{
		"read": {read, false}, "list": {list, false}, "action": {invoke, false},
		"plan": {plan, false}, "import": {importState, false}, "data source": {readData, false}, "ephemeral": {open, false},
		"read, interrupted": {read, true}, "list, interrupted": {list, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, server, interrupt := newWaiting(t)
			done := make(chan error)
			go func() { done <- test.call(t, w, server) }()
			<-w.called
			if test.interrupted {
				interrupt()
			} else if _, err := server.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
				t.Fatal(err)
			}
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("the call ended with %v", err)
			}
		})
	}
}

// TestStreamLeftEarly: a reader that leaves a stream early ends the work for it.
func TestStreamLeftEarly(t *testing.T) {
	t.Parallel()
	w, server, _ := newWaiting(t)
	stream, err := server.(tfprotov6.ListResourceServer).ListResource(t.Context(), &tfprotov6.ListResourceRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for range stream.Results {
		break
	}
	if err := <-w.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the stream ended with %v", err)
	}
}

// TestInterruptBefore: an interrupt ends all that comes after it, also if Terraform
// configures the provider only then.
func TestInterruptBefore(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]callThatWaits{"read": read, "write": write} {
		w, server, interrupt := newWaiting(t)
		interrupt()
		if _, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{}); err != nil {
			t.Fatal(err)
		}
		if err := call(t, w, server); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the call ended with %v", name, err)
		}
	}
}

// TestInterruptWrites: an interrupt tears no write, nor what is read once there
// was one. Terraform asks for a stop then.
func TestInterruptWrites(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]callThatWaits{"write": write, "action": invoke} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, server, interrupt := newWaiting(t)
				done := make(chan error)
				go func() { done <- call(t, w, server) }()
				<-w.called
				interrupt()
				synctest.Wait()
				select {
				case err := <-done:
					t.Fatalf("the interrupt ended the call with %v", err)
				default:
				}
				if _, err := server.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
					t.Fatal(err)
				}
				if err := <-done; !errors.Is(err, context.Canceled) {
					t.Errorf("the call ended with %v", err)
				}
			})
		})
	}
}
