package mockgateway

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// basePath is the root of the key-value API.
const basePath = "/storage/kv"

// call is a request as the operations see it.
type call struct {
	*exchange
	bucket, key string
}

// operation serves one method of one endpoint.
type operation func(*Gateway, call) (response, error)

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

// findEndpoint returns the methods of a path and the names in it, or nil. It takes the
// path as it came, percent-encoded: a key is one segment of it, so a "/" in a key is
// %2F and any other "/" begins a new segment.
func findEndpoint(escapedPath string) (methods map[string]operation, bucket, key string) {
	rest, ok := strings.CutPrefix(escapedPath, basePath)
	segments := strings.Split(rest, "/")
	switch {
	case !ok || segments[0] != "": // "/storage/kvx"
		return nil, "", ""
	case rest == "" || rest == "/":
		return bucketsMethods, "", ""
	case slices.Contains(segments[1:], ""):
		return nil, "", ""
	}
	bucket, err := url.PathUnescape(segments[1])
	switch {
	case len(segments) == 2:
		methods = bucketMethods
	case len(segments) == 3:
		methods = bucketPaths[segments[2]]
	case len(segments) == 4 && segments[2] == "entries":
		methods = entryMethods
		var keyErr error
		key, keyErr = url.PathUnescape(segments[3])
		err = cmp.Or(err, keyErr)
	}
	if err != nil {
		return nil, "", ""
	}
	return methods, bucket, key
}
