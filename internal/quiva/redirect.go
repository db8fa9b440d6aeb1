package quiva

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxRedirects is how many redirects are followed in a row.
const maxRedirects = 5

// checkRedirect follows a redirect only within the gateway's origin, and only if it keeps the
// request what it is. net/http strips Authorization on the way to another host, but not X-Api-Key.
func checkRedirect(next *http.Request, previous []*http.Request) error {
	refuse := func(reason string) error {
		// Without its query, which may carry a secret of the other side.
		return fmt.Errorf("%w to %s, which was not followed: %s", ErrRedirected, Origin(next.URL)+next.URL.EscapedPath(), reason)
	}
	first := previous[0]
	switch {
	case Origin(next.URL) != Origin(first.URL) || next.URL.User != nil:
		return refuse("the credential is only sent to " + Origin(first.URL))
	case next.Method != first.Method:
		return refuse("it would turn the " + first.Method + " into a " + next.Method)
	case len(previous) > maxRedirects:
		return refuse(fmt.Sprintf("it is redirect number %d in a row", len(previous)))
	}
	return nil
}

// Origin returns a URL's scheme, host and port in one spelling.
func Origin(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return u.Scheme + "://" + host
	}
	return u.Scheme + "://" + host + ":" + port
}
