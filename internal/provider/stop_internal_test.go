package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// slowToRegister is a provider that has not yet got to where it could end a call
// by itself.
type slowToRegister struct {
	tfprotov6.ProviderServer
	called chan struct{}
}

func (s slowToRegister) ReadResource(ctx context.Context, _ *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	close(s.called)
	<-ctx.Done()
	return nil, ctx.Err()
}

func (slowToRegister) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

// TestStopDuringCall: a stop ends a call also between its arrival and where the
// framework begins it.
func TestStopDuringCall(t *testing.T) {
	t.Parallel()
	inner := slowToRegister{called: make(chan struct{})}
	server := newStoppable(inner)
	done := make(chan error)
	go func() {
		_, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{})
		done <- err
	}()
	<-inner.called
	if _, err := server.StopProvider(t.Context(), &tfprotov6.StopProviderRequest{}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("the call ended without an error")
	}
}
