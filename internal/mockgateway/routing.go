package mockgateway

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// basePath is the root of the key-value API.
const basePath = "/storage/kv"

// call is a request as the operations see it.
type call struct {
	method    string
	bucket    string
	key       string
	query     url.Values
	body      []byte
	start     time.Time
	behaviour behaviour
}

// operation serves one method of one endpoint.
type operation func(*Gateway, call) (response, error)

// endpoint is what a path leads to.
type endpoint struct {
	methods map[string]operation
	bucket  string
	key     string
}

var (
	bucketsMethods = map[string]operation{
		http.MethodGet:  (*Gateway).listBuckets,
		http.MethodPost: (*Gateway).createBucket,
	}
	bucketMethods = map[string]operation{
		http.MethodGet:    (*Gateway).getBucket,
		http.MethodPut:    (*Gateway).updateBucket,
		http.MethodDelete: (*Gateway).deleteBucket,
	}
	entryMethods = map[string]operation{
		http.MethodGet:    (*Gateway).getEntry,
		http.MethodPut:    (*Gateway).putEntry,
		http.MethodDelete: (*Gateway).deleteEntry,
	}
	// bucketPaths are what follows a bucket.
	bucketPaths = map[string]map[string]operation{
		"purge":         {http.MethodDelete: (*Gateway).purgeBucket},
		"entries":       {http.MethodGet: (*Gateway).listEntries},
		"search-by-key": {http.MethodGet: (*Gateway).searchByKey},
		"search":        {http.MethodGet: (*Gateway).searchByField},
	}
)

// findEndpoint takes the path as it came, percent-encoded: a key is one segment
// of it, so a "/" in a key is %2F and any other "/" begins a new segment.
func findEndpoint(escapedPath string) (endpoint, bool) {
	rest, ok := strings.CutPrefix(escapedPath, basePath)
	if !ok {
		return endpoint{}, false
	}
	if rest == "" || rest == "/" {
		return endpoint{methods: bucketsMethods}, true
	}
	segments := strings.Split(rest, "/")
	if segments[0] != "" {
		return endpoint{}, false // "/storage/kvx"
	}
	segments = segments[1:]
	for _, segment := range segments {
		if segment == "" {
			return endpoint{}, false
		}
	}
	bucket, err := url.PathUnescape(segments[0])
	if err != nil {
		return endpoint{}, false
	}
	found := endpoint{bucket: bucket}
	switch {
	case len(segments) == 1:
		found.methods = bucketMethods
	case len(segments) == 2:
		found.methods = bucketPaths[segments[1]]
	case len(segments) == 3 && segments[1] == "entries":
		found.methods = entryMethods
		if found.key, err = url.PathUnescape(segments[2]); err != nil {
			return endpoint{}, false
		}
	}
	return found, found.methods != nil
}
