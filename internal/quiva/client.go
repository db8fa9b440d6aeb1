package quiva

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// LogFunc receives one event with its fields.
type LogFunc func(ctx context.Context, message string, fields map[string]any)

// How much of one response is read, in bytes. More is an error, not memory.
const (
	entryLimit = 16 << 20
	listLimit  = 64 << 20
)

// MaxBody is the size, in bytes, above which the gateway certainly refuses a request.
const MaxBody = 10 << 20

// largeBody is the size, in bytes, from which on something between the client and the store may
// refuse a request: 1 MiB is the usual limit of both.
const largeBody = 1 << 20

// Client calls one gateway. It is safe for concurrent use.
type Client struct {
	config   Config
	redactor redactor
	log      LogFunc
	http     *retryablehttp.Client

	snapshots snapshots
	absences  absences
	writes    writes
	outage    *outage
}

// New makes a client. It does not connect yet.
func New(config Config) *Client {
	redactor := newRedactor(config.Credential)
	log := redactor.log(config.Log)
	outage := &outage{}
	return &Client{
		config:   config,
		redactor: redactor,
		log:      log,

		snapshots: snapshots{buckets: map[string]*snapshotBucket{}},
		absences:  absences{proofs: map[claim]*proof{}, known: map[name]keyState{}},
		writes:    writes{buckets: map[string]*bucketWrites{}},
		outage:    outage,

		http: &retryablehttp.Client{
			HTTPClient: &http.Client{
				Transport: &transport{
					base:    newHTTPTransport(config),
					limiter: newLimiter(config.MaxRetries),
					timeout: config.RequestTimeout,
					outage:  outage,
					log:     log,
				},
				CheckRedirect: checkRedirect,
			},
			RetryMax:     config.MaxRetries,
			RetryWaitMin: retryWaitMin,
			RetryWaitMax: retryWaitMax,
			CheckRetry:   outage.checkRetry,
			Backoff:      backoff,
			ErrorHandler: retryablehttp.PassthroughErrorHandler,
		},
	}
}

// request is one call of the API.
type request struct {
	method string
	// path is made of plain segments; each is percent-encoded on its own.
	path  []string
	query url.Values
	// body is JSON text, or nil.
	body []byte
	// limit is how many bytes of the response are read, 0 for entryLimit.
	limit int64
	// isDone, if set, reads back whether a write was done, at a 202 or 504.
	isDone func(context.Context) bool
}

// entryKey returns the key of a request about one entry, or "".
func (r request) entryKey() string {
	if len(r.path) == 3 {
		return r.path[2]
	}
	return ""
}

// do sends a request, repeats it where that helps, and decodes the response's JSON object. It
// fails with an [*Error], or with the context's error.
func (c *Client) do(ctx context.Context, r request, into responseBody) error {
	err := c.exchange(ctx, r, into)
	failure, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	if failure.wording != "" && len(r.path) > 0 {
		if err := c.confirmAbsence(ctx, r, failure); err != nil {
			return err
		}
	}
	r.explainSlash(failure)
	return c.redactor.error(failure)
}

// exchange is do without the proof that ErrNotFound needs.
func (c *Client) exchange(ctx context.Context, r request, into responseBody) error {
	target := c.url(r)
	failure := &Error{Method: r.method, Path: target.EscapedPath()}
	call := &call{request: r}
	if streamed, ok := into.(streamedBody); ok {
		call.stream = streamed.read
	}
	start := time.Now()
	response, err := c.send(context.WithValue(ctx, callKey{}, call), r, target)
	failure.Attempts, failure.Elapsed, failure.lost = call.attempts, time.Since(start), call.lost
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		failure.kind, failure.Cause = kindOf(err), err.Error()
		if urlError, ok := errors.AsType[*url.Error](err); ok { // whose method and URL the failure has
			failure.Cause = urlError.Err.Error()
		}
		if isTransient(err) && !isWithoutRetries(ctx) {
			if first := c.outage.begin(failure.Method+" "+failure.Path, start); first != "" {
				failure.kind, failure.Cause = ErrStillUnreachable, "the gateway is still unreachable, see the error about "+first
			}
		}
		return c.redactor.error(failure)
	}
	defer response.Body.Close() // the transport has read it
	failure.StatusCode = response.StatusCode
	if status, _ := unwrap(call.body); status != 0 && isSuccess(response.StatusCode) {
		failure.StatusCode = status
	}
	switch {
	case call.confirmed:
		return nil
	case call.corrupt != nil:
		failure.Cause = fmt.Sprintf("the response cannot be unpacked: %v", call.corrupt)
	case !isSuccess(failure.StatusCode):
		c.redactor.explain(failure, call.body)
	default:
		err := call.decode(into)
		switch {
		case errors.Is(err, errNoValue):
			failure.kind, failure.Cause, failure.wording = errNoValue, err.Error(), "no value"
			return c.redactor.error(failure)
		case err != nil:
			failure.Cause = err.Error()
		case failure.StatusCode == http.StatusAccepted && r.isDone != nil && !poll(ctx, r.isDone):
			failure.kind, failure.Cause = errNotShown, fmt.Sprintf("the gateway accepted it, but the change did not show within %s", readBackTime)
		default:
			return nil
		}
		failure.Excerpt = c.redactor.excerpt(string(call.body))
	}
	return c.redactor.error(failure)
}

// explainSlash says what may be wrong with a key that has a slash: the gateway's routing may
// not tell it from the slashes of the path.
func (r request) explainSlash(failure *Error) {
	key := r.entryKey()
	if !strings.Contains(key, "/") || errors.Is(failure, ErrNotFound) {
		return
	}
	switch failure.StatusCode {
	case http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed:
		failure.Hint = strings.TrimSpace(failure.Hint + slashHint)
	}
}

const slashHint = ` The key contains a "/", which the gateway may take for a part of the path. Use "." instead, as in team-a.checkout`

func (c *Client) send(ctx context.Context, r request, target *url.URL) (*http.Response, error) {
	var body any
	if r.body != nil {
		body = r.body
	}
	httpRequest, err := retryablehttp.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return nil, err
	}
	name, secret := c.config.Credential.header()
	httpRequest.Header.Set(name, secret)
	httpRequest.Header.Set("User-Agent", c.config.UserAgent)
	httpRequest.Header.Set("Accept", "application/json")
	if r.body != nil {
		httpRequest.Header.Set("Content-Type", "application/json")
	}
	if len(r.body) >= largeBody {
		// A server that refuses the size can respond and hang up before the body is sent. Over
		// a connection that is to be kept, net/http would send the body all the same.
		httpRequest.Header.Set("Expect", "100-continue")
		httpRequest.Close = true
	}
	return c.http.Do(httpRequest)
}

func (c *Client) url(r request) *url.URL {
	target := *c.config.Endpoint
	target.RawPath = c.config.Endpoint.EscapedPath() + APIPath
	for _, segment := range r.path {
		target.RawPath += "/" + url.PathEscape(segment)
	}
	// What was escaped segment by segment always unescapes.
	target.Path, _ = url.PathUnescape(target.RawPath)
	target.RawQuery = r.query.Encode()
	return &target
}
