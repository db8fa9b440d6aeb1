package endtoend_test

import (
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// repositoryURL is where files of the repository are shown, after a blob/main or tree/main.
const repositoryURL = "https://github.com/quivaworks/terraform-provider-quiva/"

// TestLinks: every link of a page leads to a page, a file or a heading that
// exists. Those of docs/index.md and to it are absolute: the Registry shows that
// page as docs, without a slash, so that relative ones would lead beside it; and
// they lead to GitHub, since the Registry has no page before a release. Of other
// pages it takes the .md off a relative link.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages := repositoryFiles(t, ".md")
	maps.DeleteFunc(pages, func(name, _ string) bool { return strings.HasPrefix(name, "templates/") })
	for name, text := range pages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, link := range linksOf(text) {
				to, problem := linkTarget(name, link)
				if problem == "" && to.path != "" {
					problem = to.problem(pages)
				}
				if problem != "" {
					t.Errorf("%s: %s", link, problem)
				}
			}
		})
	}
}

// target is a file of the repository, and a heading in it.
type target struct{ path, anchor string }

// linkTarget returns what a link of a page leads to, empty for another site, and
// what is wrong with its form.
func linkTarget(page, link string) (to target, problem string) {
	address, err := url.Parse(link)
	if err != nil {
		return target{}, err.Error()
	}
	to.anchor = address.Fragment
	address.Fragment = ""
	plain := address.String()
	inDocs := strings.HasPrefix(page, "docs/")
	switch {
	case strings.HasPrefix(plain, repositoryURL+"tree/main/"), strings.HasPrefix(plain, repositoryURL+"blob/main/"):
		to.path = plain[len(repositoryURL+"tree/main/"):]
	case address.IsAbs():
	case plain == "":
		to.path = page
	default:
		to.path = path.Join(path.Dir(page), plain)
		switch {
		case inDocs && (page == "docs/index.md" || to.path == "docs/index.md"):
			problem = "a link of docs/index.md, or to it, must begin with " + repositoryURL
		case inDocs && !strings.HasPrefix(to.path, "docs/"):
			problem = "the Registry shows nothing but docs/"
		}
	}
	return to, problem
}

// problem says what is missing.
func (to target) problem(pages map[string]string) string {
	if _, err := os.Stat(filepath.Join("../..", to.path)); err != nil {
		return "there is no " + to.path
	}
	if to.anchor != "" && !anchorsOf(pages[to.path])[to.anchor] {
		return to.path + " has no heading for #" + to.anchor
	}
	return ""
}

var (
	codeBlock  = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	inlineLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings   = regexp.MustCompile(`(?m)^#+ (.+)$`)
	namedPlace = regexp.MustCompile(`<a id="([^"]+)">`)
)

func linksOf(page string) []string {
	var links []string
	for _, match := range inlineLink.FindAllStringSubmatch(codeBlock.ReplaceAllString(page, ""), -1) {
		links = append(links, match[1])
	}
	return links
}

// anchorsOf returns what a link to a page can have after its #.
func anchorsOf(page string) map[string]bool {
	anchors := map[string]bool{}
	for _, match := range namedPlace.FindAllStringSubmatch(page, -1) {
		anchors[match[1]] = true
	}
	for _, match := range headings.FindAllStringSubmatch(codeBlock.ReplaceAllString(page, ""), -1) {
		anchors[anchorOf(match[1])] = true
	}
	return anchors
}

// anchorOf makes of a heading what GitHub and the Registry make of it.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}
