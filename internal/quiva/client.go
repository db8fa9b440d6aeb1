package quiva

import (
	"context"
	"encoding/json"
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

// How much of one answer is read, in bytes. More is an error, not memory.
const (
	entryLimit = 16 << 20
	listLimit  = 64 << 20
)

// Client calls one gateway. It is safe for concurrent use.
type Client struct {
	endpoint   *url.URL
	credential Credential
	userAgent  string
	log        LogFunc
	http       *retryablehttp.Client

	bulkRefresh bool
	snapshots   snapshots
}

// New makes a client. It does not connect yet.
func New(config Config) *Client {
	return &Client{
		endpoint:   config.Endpoint,
		credential: config.Credential,
		userAgent:  config.UserAgent,
		log:        config.Log,

		bulkRefresh: config.BulkRefresh,

		http: &retryablehttp.Client{
			HTTPClient: &http.Client{
				Transport: &transport{
					base:    newHTTPTransport(config.Roots),
					timeout: config.RequestTimeout,
					log:     config.Log,
				},
				CheckRedirect: checkRedirect,
			},
			RetryMax:     config.MaxRetries,
			RetryWaitMin: retryWaitMin,
			RetryWaitMax: retryWaitMax,
			CheckRetry:   checkRetry,
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
	// limit is how many bytes of the answer are read.
	limit int64
}

// do sends a request, repeats it where that helps, and decodes the answer's
// JSON object into answer.
func (c *Client) do(ctx context.Context, r request, answer answer) error {
	target := c.url(r)
	failure := &Error{Method: r.method, Path: target.EscapedPath()}

	var body any
	if r.body != nil {
		body = r.body
	}
	call := &call{limit: r.limit}
	httpRequest, err := retryablehttp.NewRequestWithContext(withCall(ctx, call), r.method, target.String(), body)
	if err != nil {
		failure.Err = err
		return failure
	}
	name, secret := c.credential.header()
	httpRequest.Header.Set(name, secret)
	httpRequest.Header.Set("User-Agent", c.userAgent)
	httpRequest.Header.Set("Accept", "application/json")
	if r.body != nil {
		httpRequest.Header.Set("Content-Type", "application/json")
	}

	start := time.Now()
	response, err := c.http.Do(httpRequest)
	failure.Attempts, failure.Elapsed = call.attempts, time.Since(start)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failure.Err = unwrapURLError(err)
		return failure
	}
	defer response.Body.Close() // the transport has read it
	failure.StatusCode = response.StatusCode
	if call.corrupt != nil {
		failure.Err = fmt.Errorf("the answer cannot be unpacked: %w", call.corrupt)
		return failure
	}
	if response.StatusCode != http.StatusOK {
		c.explain(failure, string(call.body))
		return failure
	}
	if err := decodeAnswer(call.body, answer); err != nil {
		failure.Err = errors.New(tidy(c.redact(err.Error())))
		failure.Body = firstLine(c.redact(string(call.body)))
		return failure
	}
	return nil
}

func (c *Client) url(r request) *url.URL {
	var escaped strings.Builder
	escaped.WriteString(c.endpoint.EscapedPath())
	escaped.WriteString("/storage/kv")
	for _, segment := range r.path {
		escaped.WriteByte('/')
		escaped.WriteString(url.PathEscape(segment))
	}
	target := *c.endpoint
	target.RawPath = escaped.String()
	// What was escaped segment by segment always unescapes.
	target.Path, _ = url.PathUnescape(target.RawPath)
	target.RawQuery = r.query.Encode()
	return &target
}

// unwrapURLError drops the method and URL that net/http puts before an error;
// [Error] says them already.
func unwrapURLError(err error) error {
	var urlError *url.Error
	if errors.As(err, &urlError) {
		return urlError.Err
	}
	return err
}

// success is the answer to a write.
type success struct {
	Message *string `json:"message"`
}

func (s *success) check() error {
	if s.Message == nil {
		return errors.New("the answer lacks \"message\"")
	}
	return nil
}

// answer is what a request expects with a status of 200. It is decoded into,
// then asked whether all that it cannot do without is there.
type answer interface{ check() error }

// decodeAnswer reads what came with a status of 200.
func decodeAnswer(text []byte, answer answer) error {
	if err := validText(text); err != nil {
		return err
	}
	err := json.Unmarshal(text, answer)
	if err != nil {
		err = describeJSONError(text, err)
	} else {
		err = answer.check()
	}
	if err != nil {
		if message, ok := errorMessage(string(text)); ok {
			return errors.New("the answer holds an error in spite of its status: " + message)
		}
	}
	return err
}
