package quiva

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// What a call can fail with, for [errors.Is]. Each method names those that are its own; the
// others every method may fail with.
var (
	// ErrNotFound is that the bucket or the key does not exist, by proof.
	ErrNotFound = errors.New("not found")
	// ErrUnproven is that a response says "not found" without proof.
	ErrUnproven = errors.New("not found, without proof")
	// ErrNoRoute is that the host does not serve the API, or not this call of it.
	ErrNoRoute = errors.New("no such route")
	// ErrBucketExists is that there is a bucket of the name already.
	ErrBucketExists = errors.New("the bucket already exists")
	// ErrTimeout is that no complete response came in time.
	ErrTimeout = errors.New("no complete response")
	// ErrStillUnreachable is that the error of another request says why.
	ErrStillUnreachable = errors.New("the gateway is still unreachable")
	// ErrValueTooLarge is that a value was refused for its size.
	ErrValueTooLarge = errors.New("the value is too large")
	// ErrNotStored is that a first write was reported as done, and reads show something else.
	// Nothing more is written to the bucket.
	ErrNotStored = errors.New("the gateway did not store what was sent")
	// ErrAmbiguousValue is a value that the gateway could take for its own envelope.
	ErrAmbiguousValue = errors.New("the value cannot be sent")
	// ErrUntrusted is that the gateway's certificate was not accepted.
	ErrUntrusted = errors.New("the certificate is not trusted")
	// ErrRedirected is a redirect to where the credential is not sent, or that would change the
	// request.
	ErrRedirected = errors.New("redirected")
	// ErrResponseTooLarge is a response of more than 64 MiB for a list, or of more than 16 MiB
	// for all else.
	ErrResponseTooLarge = errors.New("the response is larger than the limit")
)

// Error is a request that failed for good. Nothing in it shows the credential or has control
// characters, whatever the other side sent.
type Error struct {
	// Method and Path are the request's; the path is percent-encoded and includes the
	// endpoint's prefix.
	Method, Path string
	StatusCode   int    // the last response's, or 0 if there was none
	Message      string // what the gateway itself said about the failure, if it did
	Cause        string // why there is no response, or what is wrong with it
	Hint         string // what may be behind it, if the client can tell
	// Permit is a route that the credential must permit for [ErrUnproven] to be decided, if
	// that is all.
	Permit string
	// Excerpt is the beginning of a response that is not the gateway's, with the values of JSON
	// masked.
	Excerpt string
	// Attempts is how often the request was sent, Elapsed how long all of them and the pauses
	// in between took.
	Attempts int
	Elapsed  time.Duration

	kind    error  // what the failure is for [errors.Is], nil if none of the above
	lost    bool   // an attempt may have been carried out although its response did not arrive
	wording string // that of a response that may mean "missing", with its status
	isThere bool   // the bucket exists, despite the wording
}

// Error says all of it in one or two sentences.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s", e.Method, e.Path)
	result := " failed"
	if e.StatusCode != 0 {
		result = fmt.Sprintf(" returned %d %s", e.StatusCode, http.StatusText(e.StatusCode))
	}
	text.WriteString(strings.TrimRight(result, " ")) // an unknown status has no text
	for _, reason := range []string{e.Message, e.Cause} {
		if reason != "" {
			text.WriteString(": " + reason)
		}
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&text, " (%d tries in %s)", e.Attempts, e.Elapsed.Round(time.Millisecond*100))
	}
	if e.Hint != "" {
		text.WriteString(". " + e.Hint)
	}
	if e.Excerpt != "" {
		text.WriteString("\nThe response started with: " + e.Excerpt)
	}
	return text.String()
}

// Is makes [errors.Is] find what the failure is.
func (e *Error) Is(target error) bool { return e.kind != nil && e.kind == target }

// kindOf returns what a failure without a response is, nil if none of the named ones.
func kindOf(err error) error {
	for _, kind := range []error{ErrTimeout, ErrRedirected, ErrResponseTooLarge} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return ErrUntrusted
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return ErrTimeout
	}
	return nil
}
