package mockgateway

import "strings"

// matchPattern reports whether text matches pattern, in which every "*" stands
// for any run of characters, "/" and the empty run included.
func matchPattern(pattern, text string) bool {
	prefix, pattern, wild := strings.Cut(pattern, "*")
	text, ok := strings.CutPrefix(text, prefix)
	for ok && wild {
		var part string
		if part, pattern, wild = strings.Cut(pattern, "*"); !wild {
			return strings.HasSuffix(text, part)
		}
		_, text, ok = strings.Cut(text, part)
	}
	return ok && text == ""
}

// matchRequest reports whether a request is one of those that a method, empty
// for any, and a pattern of escaped paths, empty for any, select.
func matchRequest(wantMethod, pathPattern, method, path string) bool {
	return (wantMethod == "" || wantMethod == method) &&
		(pathPattern == "" || matchPattern(pathPattern, path))
}
