package provider

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// stoppable ends all calls that could reach the gateway when Terraform asks the
// provider to stop, also those that come after that: Terraform sends none on
// purpose, but may have one on the way. The framework ends only those that it
// has begun, so a late one would wait for the gateway as long as any other.
type stoppable struct {
	tfprotov6.ProviderServer

	mu   sync.Mutex
	run  context.Context // done when the run is stopped
	stop context.CancelFunc
}

func newStoppable(inner tfprotov6.ProviderServer) *stoppable {
	s := &stoppable{ProviderServer: inner}
	s.begin()
	return s
}

func (s *stoppable) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run, s.stop = context.WithCancel(context.Background())
}

// call makes a call that also ends with the run.
func call[Request, Response any](ctx context.Context, s *stoppable, req Request, next func(context.Context, Request) (Response, error)) (Response, error) {
	s.mu.Lock()
	run := s.run
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(run, cancel)()
	if run.Err() != nil {
		cancel() // now, and not when the above gets to it
	}
	return next(ctx, req)
}

// ConfigureProvider begins a run. A provider that serves a debugger sees many.
func (s *stoppable) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	s.begin()
	return s.ProviderServer.ConfigureProvider(ctx, req)
}

func (s *stoppable) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	return s.ProviderServer.StopProvider(ctx, req)
}

func (s *stoppable) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return call(ctx, s, req, s.ProviderServer.ReadResource)
}

func (s *stoppable) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return call(ctx, s, req, s.ProviderServer.ApplyResourceChange)
}

func (s *stoppable) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return call(ctx, s, req, s.ProviderServer.ImportResourceState)
}

func (s *stoppable) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return call(ctx, s, req, s.ProviderServer.ReadDataSource)
}

func (s *stoppable) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return call(ctx, s, req, s.ProviderServer.OpenEphemeralResource)
}
