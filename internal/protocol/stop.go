package protocol

import (
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// stoppable ends all calls that could take long when Terraform asks the
// provider to stop, also those that come after that: Terraform sends none on
// purpose, but may have one on the way. The framework ends only those that it
// has begun, so a late one would wait for the gateway as long as any other.
//
// An interrupt ends them too, but only before anything is written: while an apply
// still plans, OpenTofu and Terraform before 1.17 do not ask the provider to stop
// but wait for it. Once it writes, they do ask.
type stoppable struct {
	providerServer

	// interrupted is done after an interrupt that came before all writes, and
	// ignoreInterrupts is called before each write.
	interrupted      context.Context
	ignoreInterrupts func()

	mu   sync.Mutex
	run  context.Context // done when the run is stopped
	stop context.CancelFunc
}

// newStoppable returns a server for which it is an interrupt when ctx is done.
func newStoppable(ctx context.Context, inner providerServer) *stoppable {
	interrupted, interrupt := context.WithCancel(context.Background())
	ignore := context.AfterFunc(ctx, interrupt)
	s := &stoppable{
		providerServer: inner,
		interrupted:    interrupted,
		ignoreInterrupts: sync.OnceFunc(func() {
			if !ignore() {
				interrupt() // now, so that it cannot cut off the write
			}
		}),
	}
	s.begin()
	return s
}

func (s *stoppable) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop() // the run before is over
	}
	s.run, s.stop = context.WithCancel(s.interrupted)
}

// within returns a context that also ends with the run, or when end is called.
func (s *stoppable) within(ctx context.Context) (_ context.Context, end func()) {
	s.mu.Lock()
	run := s.run
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	release := context.AfterFunc(run, cancel)
	if run.Err() != nil {
		cancel() // at once: AfterFunc calls it in a goroutine
	}
	return ctx, func() { release(); cancel() }
}

// call makes a call that also ends with the run.
func call[Request, Response any](ctx context.Context, s *stoppable, req Request, next func(context.Context, Request) (Response, error)) (Response, error) {
	ctx, end := s.within(ctx)
	defer end()
	return next(ctx, req)
}

// ConfigureProvider begins a run. A provider that serves a debugger sees many.
func (s *stoppable) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	s.begin()
	return s.providerServer.ConfigureProvider(ctx, req)
}

func (s *stoppable) StopProvider(ctx context.Context, req *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	return s.providerServer.StopProvider(ctx, req)
}

func (s *stoppable) RenewEphemeralResource(ctx context.Context, req *tfprotov6.RenewEphemeralResourceRequest) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	return call(ctx, s, req, s.providerServer.RenewEphemeralResource)
}

func (s *stoppable) PlanAction(ctx context.Context, req *tfprotov6.PlanActionRequest) (*tfprotov6.PlanActionResponse, error) {
	return call(ctx, s, req, s.providerServer.PlanAction)
}

// InvokeAction returns a stream, which goes on after the call.
func (s *stoppable) InvokeAction(ctx context.Context, req *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	s.ignoreInterrupts()
	ctx, end := s.within(ctx)
	stream, err := s.providerServer.InvokeAction(ctx, req)
	if err != nil {
		end()
		return nil, err
	}
	return &tfprotov6.InvokeActionServerStream{Events: func(yield func(tfprotov6.InvokeActionEvent) bool) {
		defer end()
		stream.Events(yield)
	}}, nil
}
