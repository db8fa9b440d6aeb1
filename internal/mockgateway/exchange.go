package mockgateway

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// exchange is one request on its way to its response.
type exchange struct {
	gateway   *Gateway
	behaviour behaviour
	writer    http.ResponseWriter
	request   *http.Request
	record    *Request
}

// handle does what the request asks and returns the response without sending it.
func (x *exchange) handle() response {
	dialect := x.behaviour.dialect
	resp, err := x.operate(dialect)
	if err != nil {
		resp = dialect.errorResponse(err)
	}
	return dialect.wrap(resp)
}

func (x *exchange) operate(dialect Dialect) (response, error) {
	methods, bucket, key := findEndpoint(x.record.Path)
	if methods == nil || dialect.WrongHost || dialect.Slash == "unrouted" && strings.Contains(key, "/") {
		return plainResponse(http.StatusNotFound, "404 page not found"), nil
	}
	operate, ok := methods[x.record.Method]
	if !ok {
		resp := plainResponse(http.StatusMethodNotAllowed, "Method Not Allowed")
		resp.header.Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
		return resp, nil
	}
	if err := x.behaviour.authorize(x.request, x.record.Path); err != nil {
		return response{}, err
	}
	if dialect.NoResponders != "" && matchPattern(dialect.NoResponders, x.record.Path) {
		return response{}, &statusError{http.StatusInternalServerError, "nats: no responders available for request"}
	}
	var err error
	if bucket != "" {
		err = checkBucketName(bucket)
	}
	if err == nil && key != "" {
		key, err = dialect.storedKey(key)
	}
	if err != nil {
		return response{}, err
	}
	return operate(x.gateway, call{x, bucket, key})
}

// wait lets d pass. When the client goes away or the server stops meanwhile, it
// ends the exchange.
func (x *exchange) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-x.request.Context().Done():
		x.abandon()
	}
}

// writeHeader leaves a length of 0 to net/http.
func (x *exchange) writeHeader(status int, header http.Header, length int) {
	x.finish(status)
	if length > 0 {
		x.writer.Header().Set("Content-Length", strconv.Itoa(length))
	}
	for name, values := range header {
		x.writer.Header()[http.CanonicalHeaderKey(name)] = values
	}
	x.writer.WriteHeader(status)
}

func (x *exchange) send(resp response) {
	x.writeHeader(resp.status, resp.header, len(resp.body))
	// The client may be gone, so an error cannot be reported.
	_, _ = x.writer.Write(resp.body)
}

// hang waits until the client is gone or the server stops.
func (x *exchange) hang() {
	<-x.request.Context().Done()
	x.abandon()
}

// abandon ends an exchange that gets no response. Other streams of an HTTP/2 connection
// go on. It does not return.
func (x *exchange) abandon() {
	x.finish(0)
	cutOff()
}

// cutOff ends an exchange, whose response may have begun, after what was flushed of it:
// net/http closes the connection for HTTP/1 and resets the stream for HTTP/2. It does
// not return.
func cutOff() { panic(http.ErrAbortHandler) }
