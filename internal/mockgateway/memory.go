package mockgateway

import (
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
)

// InMemory returns a transport on which a handler, such as a [Gateway], responds
// without a network: for clients on the clock of testing/synctest.
func InMemory(handler http.Handler) http.RoundTripper { return inMemory{handler} }

type inMemory struct{ handler http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	recorder := httptest.NewRecorder()
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler: // no response, or not all of it
			response, err = nil, cmp.Or(r.Context().Err(), io.ErrUnexpectedEOF)
		default:
			panic(cause)
		}
	}()
	m.handler.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}
