package quiva

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestRejectedValue: a value that is refused for its size says its size and the
// limit; a rejection that gives no reason names the usual causes.
func TestRejectedValue(t *testing.T) {
	t.Parallel()
	const size = "The value has 20 bytes as JSON"
	usual := size + ". The usual limits are"
	tests := map[string]struct {
		status   int
		body     string
		limit    int32 // the bucket's
		want     string
		tooLarge bool
	}{
		"by the store":            {400, `{"error":"nats: maximum payload exceeded"}`, 0, usual, true},
		"by the bucket":           {400, `{"error":"nats: maximum payload exceeded"}`, 10, size + ", and the bucket's max_value_size is 10", true},
		"by a proxy":              {413, "<html>", 0, usual, true},
		"without a reason, large": {400, `{"error":"validation_error"}`, 10, size + ", and the bucket's max_value_size is 10", true},
		"without a reason":        {400, `{"error":"validation_error"}`, 0, "The usual causes are a key", false},
	}
	for name, test := range tests {
		gateway, client := newFlags()
		gateway.CreateBucketWith(mockgateway.BucketConfig{Name: "limits", MaxValueSize: test.limit})
		gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Effect: mockgateway.Respond(test.status, nil, test.body)})
		err := client.PutEntry(t.Context(), "limits", "a", []byte(`{"text":"12345678"}`+" "))
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrValueTooLarge) != test.tooLarge {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
		if written := gateway.Count(http.MethodPut, ""); written != 1 {
			t.Errorf("%s: written %d times", name, written)
		}
	}
	t.Run("for another reason", func(t *testing.T) {
		t.Parallel()
		gateway, client := newFlags()
		if err := client.PutEntry(t.Context(), "flags", "a b", []byte(`{}`)); err == nil || strings.Contains(err.Error(), "bytes as JSON") {
			t.Errorf("error %v", err)
		}
		if asked := gateway.Count("", ""); asked != 1 {
			t.Errorf("%d requests", asked)
		}
	})
}

// TestRefusedBody: what refuses a large body need not read it; the client hears
// it out before it sends the body, and says what may be wrong if it hears nothing.
func TestRefusedBody(t *testing.T) {
	t.Parallel()
	value := []byte(`{"text":"` + strings.Repeat("x", 8<<20) + `"}`)
	tests := map[string]struct {
		response string
		want     string
		tooLarge bool
	}{
		"413 and a reset": {"HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\n\r\n", "413 Request Entity Too Large", true},
		"a reset":         {"", "may close the connection instead of responding", false},
	}
	for name, test := range tests {
		address := serveRaw(t, listen(t), func(connection net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
				_, _ = connection.Write([]byte(test.response))
			}
			_ = connection.(*net.TCPConn).SetLinger(0)
		})
		err := newClient(t, "http://"+address, nil).PutEntry(t.Context(), "flags", "a", value)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "The value has 8388619 bytes as JSON") {
			t.Errorf("%s: error %v", name, err)
		}
		if errors.Is(err, ErrValueTooLarge) != test.tooLarge {
			t.Errorf("%s: ErrValueTooLarge: %t", name, !test.tooLarge)
		}
	}
}

// TestRejectedBucket: a bucket that is rejected without a reason.
func TestRejectedBucket(t *testing.T) {
	t.Parallel()
	gateway, client := newFlags()
	gateway.Inject(mockgateway.Fault{Method: http.MethodPost, Effect: mockgateway.Respond(http.StatusBadRequest, nil, `{"error":"validation_error"}`)})
	gateway.Inject(mockgateway.Fault{Method: http.MethodPut, Effect: mockgateway.Respond(http.StatusBadRequest, nil, `{"error":"validation_error"}`)})
	_, updateErr := client.UpdateBucket(t.Context(), "flags", BucketUpdate{})
	for _, err := range []error{client.CreateBucket(t.Context(), BucketConfig{Bucket: "limits"}), updateErr} {
		if err == nil || !strings.Contains(err.Error(), "400 Bad Request: validation_error. The usual causes are a name") {
			t.Errorf("error %v", err)
		}
	}
}
