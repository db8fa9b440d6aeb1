// Package probe asks a real gateway what its documents leave open, in a bucket of
// its own, and compares the responses with what the provider assumes. It speaks
// HTTP itself: the provider's own client would find what it was written for.
package probe

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
)

const (
	requestTimeout = 35 * time.Second // the gateway's own limit is 30 s
	cleanUpTimeout = 2 * time.Minute
	settlePause    = 250 * time.Millisecond // between reads of what was just written
	maxPause       = time.Minute            // before a request that was over a limit is repeated
	tries          = 8
)

// Config says which gateway to ask.
type Config struct {
	Endpoint string // base URL
	APIKey   string
	Progress io.Writer // gets a line for each step
}

// probe is one run. Each request waits for the response to the one before it.
type probe struct {
	Config
	ctx       context.Context
	client    *http.Client
	redact    *strings.Replacer
	bucket    string
	absent    reply // the details before the bucket is created
	mayExist  bool  // this run has perhaps created it
	enveloped bool  // the gateway wants {"value":…}
	err       error // what stopped the run: nothing is sent after it
	step      string
	report    *Report
}

// Run asks all questions and deletes its bucket in the end, also when ctx is done
// before. The report has what was found out until an error.
func Run(ctx context.Context, config Config) (*Report, error) {
	if config.APIKey == "" {
		return nil, errors.New("set QUIVA_API_KEY to an API key of the gateway")
	}
	config.Endpoint = strings.TrimRight(config.Endpoint, "/")
	endpoint, err := url.Parse(config.Endpoint)
	if err != nil || endpoint.Scheme != "https" && !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, endpoint.Hostname()) {
		return nil, errors.New("the endpoint must be a URL with https, or else the API key would be sent unencrypted")
	}
	p := &probe{
		Config: config,
		ctx:    ctx,
		client: &http.Client{
			Transport:     cleanhttp.DefaultPooledTransport(),
			Timeout:       requestTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		redact: strings.NewReplacer(config.APIKey, "[API key]", ownText, "[value]"),
		bucket: "tf-probe-" + strings.ToLower(rand.Text()[:16]),
		report: &Report{Dialect: []string{}},
	}
	defer p.client.CloseIdleConnections()
	p.askAll()
	stopped := p.err
	if p.mayExist {
		stopped = errors.Join(stopped, p.deleteBucket())
	}
	if stopped != nil {
		stopped = errors.New(p.redact.Replace(stopped.Error())) // it may have the text of a response
	}
	return p.report, stopped
}

// deleteBucket also runs after an interruption, so it has a time of its own.
func (p *probe) deleteBucket() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), cleanUpTimeout)
	defer cancel()
	p.ctx = ctx
	for n, isDeleted := 0, false; n < tries; n++ {
		p.err = nil
		p.begin("delete the bucket")
		deleted, details := p.send("DELETE", p.path(), ""), p.send("GET", p.path(), "")
		isDeleted = isDeleted || isGone.holds(deleted)
		if p.err == nil && isDeleted && details.status == p.absent.status && details.problem() == p.absent.problem() {
			p.row("Delete the bucket", deleted.String(), isGone.text, isGone.holds(deleted))
			return nil
		}
		if deleted.status == http.StatusForbidden || deleted.status == http.StatusUnauthorized {
			break
		}
		p.pause(settlePause << n)
	}
	return fmt.Errorf("the bucket %s may be left: delete it", p.bucket)
}

func (p *probe) begin(step string) {
	p.step = step
	fmt.Fprintln(p.Progress, step)
}

func (p *probe) path(segments ...string) string {
	path := "/storage/kv/" + p.bucket
	for _, segment := range segments {
		path += "/" + url.PathEscape(segment)
	}
	return path
}

// send repeats a request that is over a limit, after the pause that is asked for.
func (p *probe) send(method, path, body string) reply {
	if p.err != nil {
		return reply{}
	}
	ctx := p.ctx
	if method == http.MethodPost {
		ctx = context.WithoutCancel(ctx) // a creation that is cut off could land after the deletion
	}
	request, err := http.NewRequestWithContext(ctx, method, p.Endpoint+path, strings.NewReader(body))
	if err != nil {
		p.err = err
		return reply{}
	}
	request.Header.Set("User-Agent", "quiva-probe")
	if p.APIKey != "" {
		request.Header.Set("X-Api-Key", p.APIKey)
	}
	response, err := p.client.Do(request)
	var text []byte
	if err == nil {
		defer response.Body.Close()
		text, err = io.ReadAll(io.LimitReader(response.Body, 16<<20))
	}
	if err != nil {
		// A gateway may close the connection under a large body instead of responding.
		if len(body) < largeBody || p.ctx.Err() != nil {
			p.err = err
		}
		return reply{text: "no response"}
	}
	r := newReply(response, text)
	r.text = p.redact.Replace(r.text)
	p.report.add(p.step, method, strings.ReplaceAll(path, p.bucket, "BUCKET"), r)
	if r.status == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(r.header.Get("Retry-After"))
		p.pause(min(max(time.Duration(seconds)*time.Second, time.Second), maxPause))
		return p.send(method, path, body)
	}
	return r
}

func (p *probe) pause(d time.Duration) {
	select {
	case <-p.ctx.Done():
		p.err = p.ctx.Err()
	case <-time.After(d):
	}
}
