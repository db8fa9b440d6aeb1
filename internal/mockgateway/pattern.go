package mockgateway

import "strings"

// matchPattern reports whether text matches pattern, in which every "*" stands
// for any run of characters, "/" and the empty run included.
func matchPattern(pattern, text string) bool {
	prefix, pattern, wild := strings.Cut(pattern, "*")
	if !wild {
		return text == prefix
	}
	text, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return false
	}
	for {
		part, rest, wild := strings.Cut(pattern, "*")
		if !wild {
			return strings.HasSuffix(text, part)
		}
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text, pattern = text[at+len(part):], rest
	}
}

// matchRequest reports whether a request is one of those that a method, empty
// for any, and a pattern of escaped paths, empty for any, select.
func matchRequest(wantMethod, pathPattern, method, path string) bool {
	return (wantMethod == "" || wantMethod == method) &&
		(pathPattern == "" || matchPattern(pathPattern, path))
}
