// Package mockgateway is a Quiva Gateway for tests: the documented key-value
// API over an in-memory store, with faults to inject and a record of every
// request.
//
// A [Server] listens on a free loopback port, in the manner of
// [net/http/httptest]:
//
//	gateway := mockgateway.NewServer()
//	defer gateway.Close()
//	gateway.CreateBucket("flags")
//	gateway.PutEntry("flags", "checkout", `{"enabled":true}`)
//
// Everything but the listening is in [Gateway], an HTTP handler that
// holds all state and that any HTTP server can serve. The command in
// cmd/quiva-mock-gateway serves one on a fixed address.
//
// The package knows the API from its documents only. Where they leave
// something open, a comment says what was chosen.
package mockgateway
