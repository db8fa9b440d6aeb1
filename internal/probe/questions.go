package probe

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// ownText is in each value that the probe writes, and in nothing that it prints.
	ownText   = "written by quiva-probe"
	largeBody = 1 << 20
)

// assumption is what the provider assumes of a response.
type assumption struct {
	text  string
	holds func(reply) bool
}

var (
	succeeds  = assumption{"200, 201, 202 or 204", reply.isSuccess}
	isMissing = assumption{`404, 400 or 500 with "not found"`, func(r reply) bool {
		text := strings.ToLower(strings.ReplaceAll(r.problem(), "_", " "))
		return slices.Contains([]int{404, 400, 500}, r.status) && strings.HasSuffix(text, "not found")
	}}
	isAbsent = assumption{"not found, or no value", func(r reply) bool {
		return isMissing.holds(r) || r.isSuccess() && (r.value() == nil || r.value() == "")
	}}
	isGone    = assumption{"not found, or success", func(r reply) bool { return isMissing.holds(r) || r.isSuccess() }}
	isEmpty   = assumption{"no results, or null", func(r reply) bool { return r.isSuccess() && len(r.results()) == 0 }}
	isRefused = assumption{"400", func(r reply) bool { return r.status == http.StatusBadRequest }}
)

// ask sends one request and compares its response.
func (p *probe) ask(question, method, path, body string, assumed assumption) reply {
	r := p.send(method, path, body)
	p.row(question, r.String(), assumed.text, assumed.holds(r))
	return r
}

func (p *probe) askAll() {
	for _, step := range []struct {
		name string
		ask  func()
	}{
		{"routes and credentials", p.askRoutes},
		{"absent bucket", p.askAbsentBucket},
		{"new bucket", p.askNewBucket},
		{"values", p.askValues},
		{"keys", p.askKeys},
		{"lists and searches", p.askLists},
		{"writes, reads and deletions", p.askWrites},
		{"sizes", p.askSizes},
		{"update, limits and purge", p.askBucket},
	} {
		if p.err == nil {
			p.begin(step.name)
			step.ask()
		}
	}
}

func (p *probe) askRoutes() {
	isPlain := assumption{"404 in plain text", func(r reply) bool { return r.status == 404 && r.json == nil }}
	key := p.APIKey
	p.APIKey = ""
	p.ask("Without a credential", "GET", "/storage/kv", "", assumption{"401 or 403", func(r reply) bool { return r.status == 401 || r.status == 403 }})
	p.APIKey = key
	p.ask("Unknown route", "GET", "/storage/quiva-probe", "", isPlain)
	p.ask("Unknown method", "PATCH", "/storage/kv", "", assumption{"405", func(r reply) bool { return r.status == 405 }})
	list := p.ask("List of buckets", "GET", "/storage/kv", "", succeeds)
	if isPlain.holds(list) {
		p.formIf("wrong_host", true)
		p.err = errors.New("this host has no such routes: use https://api.quiva.ai instead of an account's own gateway host")
	} else if list.status == http.StatusUnauthorized {
		p.err = errors.New("the gateway refuses the API key: " + list.String())
	}
}

func (p *probe) askAbsentBucket() {
	details := p.ask("Details of an absent bucket", "GET", p.path(), "", isMissing)
	p.absent = details
	if details.isSuccess() && strings.Contains(details.text, p.bucket) {
		p.err = errors.New("the bucket " + p.bucket + " exists already")
	}
	p.ask("Delete an entry of it", "DELETE", p.path("entries", "k"), "", isMissing)
	p.ask("List its entries", "GET", p.path("entries"), "", isMissing)
	p.form("missing_bucket_status", strconv.Itoa(details.status), "404", "400", "500")
	p.form("missing_bucket_text", details.problem(), "not_found")
	p.formIf("error=code", details.member("code") != nil)
	p.formIf("error=message", details.member("details") != nil)
	p.formIf("envelope=errors", details.enveloped)
}

func (p *probe) askNewBucket() {
	p.mayExist = true
	body := fmt.Sprintf(`{"bucket":%q,"description":"a test of quiva-probe","history":5}`, p.bucket)
	created := p.ask("Create a bucket", "POST", "/storage/kv", body, succeeds)
	if p.err == nil && !created.isSuccess() {
		p.mayExist = created.status < 400 || created.status >= 500
		p.err = errors.New("the gateway creates no bucket: " + created.String())
	}
	again := p.ask("Create it again", "POST", "/storage/kv", body, assumption{`400, 402 or 409 with "exist"`, func(r reply) bool {
		return slices.Contains([]int{400, 402, 409}, r.status) && strings.Contains(r.problem(), "exist")
	}})
	p.form("existing_status", strconv.Itoa(again.status), "400", "402", "409")
	p.form("existing_text", again.problem(), "Bucket already exists")
	isNamed := assumption{"200 with its name", func(r reply) bool { return r.isSuccess() && strings.Contains(r.text, p.bucket) }}
	p.formIf("envelope=all", p.ask("Details of the bucket", "GET", p.path(), "", isNamed).enveloped)
	p.formIf("envelope=status-200", again.outer != again.status)
	buckets := append(p.ask("List of buckets with it", "GET", "/storage/kv", "", isNamed).results(), nil)
	p.formIf("numeric_created", typeName(buckets[0]["created"]) == "number")
	list := p.ask("List of no entries", "GET", p.path("entries"), "", isEmpty)
	p.formIf("null_lists", list.isSuccess() && list.member("body", "results") == nil)
	absent := p.ask("Absent key", "GET", p.path("entries", "absent"), "", isAbsent)
	p.form("missing_key_status", strconv.Itoa(absent.status), "404", "400", "500")
	p.form("missing_key_text", absent.problem(), "not_found")
	p.ask("Delete an absent key", "DELETE", p.path("entries", "absent"), "", isGone)
}

// What a GET shows of a value that was written.
const (
	kept       = "kept"
	memberOnly = "only its member value"
	wrapped    = "inside of an object"
)

// write sends body and says what a GET shows then. Reads may lag.
func (p *probe) write(key, body string) (wrote reply, found string, read reply) {
	wrote = p.send("PUT", p.path("entries", key), body)
	for range tries {
		read = p.send("GET", p.path("entries", key), "")
		text, _ := json.Marshal(read.value()) // as body has it: without spaces, sorted
		switch string(text) {
		case body:
			return wrote, kept, read
		case strings.TrimSuffix(strings.TrimPrefix(body, `{"value":`), "}"):
			return wrote, memberOnly, read
		case enveloped(body):
			return wrote, wrapped, read
		}
		if found = typeName(read.value()); !read.isSuccess() {
			found = read.String()
		}
		if !wrote.isSuccess() {
			break
		}
		p.pause(settlePause)
	}
	return wrote, found, read
}

// body is the n-th value, in the form that the gateway wants.
func (p *probe) body(n int) string {
	return map[bool]string{true: enveloped(value(n)), false: value(n)}[p.enveloped]
}

func value(n int) string { return fmt.Sprintf(`{"n":%d,"text":%q}`, n, ownText) }

func enveloped(value string) string { return `{"value":` + value + `}` }

// put writes a key and says whether a GET shows it.
func (p *probe) put(question, key string) (wrote reply, isKept bool) {
	wrote, found, _ := p.write(key, p.body(2))
	isKept = found == kept && !p.enveloped || found == memberOnly && p.enveloped
	if isKept {
		found = kept
	}
	p.row(question, wrote.String()+", then "+found, kept, isKept)
	return wrote, isKept
}

func (p *probe) askValues() {
	wrote, bare, read := p.write("bare", value(1))
	p.row("PUT of a value", wrote.String()+", then "+bare, "kept, or a sign of an envelope", bare == kept ||
		wrote.isSuccess() && bare != wrapped || isRefused.holds(wrote) && strings.Contains(wrote.problem(), "value"))
	wroteAgain, found, readAgain := p.write("enveloped", enveloped(value(1)))
	p.row("PUT in an envelope", wroteAgain.String()+", then "+found, "kept, or its value if a value is not", bare == kept && found == kept || bare != kept && found == memberOnly)
	p.formIf("put=wrapper", bare == wrapped)
	if bare != kept && found == memberOnly {
		p.enveloped, read = true, readAgain
		form := "put=enveloped"
		if wrote.isSuccess() {
			form = map[bool]string{true: "put=enveloped-null", false: "put=enveloped-silent"}[bare == "null"]
		}
		p.formIf(form, true)
		p.send("PUT", p.path("entries", "moved"), `{"value":{},"type":"object","old_key":"enveloped"}`)
		p.pause(settlePause)
		gone := isAbsent.holds(p.send("GET", p.path("entries", "enveloped"), ""))
		p.note("old_key deletes a key", strconv.FormatBool(gone))
		p.formIf("put=typed", gone)
	}
	p.formIf("string_values", typeName(read.member("body", "value")) == "string")
	same := p.ask("The same PUT again", "PUT", p.path("entries", "same"), p.body(1), succeeds)
	message, _ := same.member("message").(string)
	p.form("success", strconv.Itoa(same.status), "200", "201", "202", "204")
	p.formIf("success_body=none", same.text == "" && same.status != http.StatusNoContent)
	p.formIf("success_body=object", same.text != "" && message == "")
	p.formIf("success_body=text", message != "" && message != "success")
	for _, body := range []string{`"text"`, `[]`, `null`} {
		p.note("PUT of "+body, p.send("PUT", p.path("entries", "odd"), body).String())
	}
	p.ask("PUT of what is not JSON", "PUT", p.path("entries", "odd"), `{"n":`, isRefused)
}

func (p *probe) askKeys() {
	p.put("Key a.b", "a.b")
	p.put("Key a=b", "a=b")
	p.put("Key of 300 characters", strings.Repeat("k", 300))
	p.ask("Key with a space", "PUT", p.path("entries", "a b"), p.body(2), isRefused)
	slash, isKept := p.put("Key a/b, which is unproven", "a/b")
	listed := p.send("GET", p.path("entries")+"?limit=1000", "").has("a/b")
	p.row("Key a/b in the list", strconv.FormatBool(listed), "true", listed)
	p.formIf("slash=unrouted", slash.status == http.StatusNotFound && slash.json == nil)
	p.formIf("slash=refused", isRefused.holds(slash))
	p.formIf("slash=renamed", isKept && !listed)
}

func (p *probe) askLists() {
	p.put("Another key", "last")
	list := p.ask("List of entries", "GET", p.path("entries")+"?limit=1000", "", succeeds)
	results := append(list.results(), nil)
	p.row("First in a list is the last key", strconv.FormatBool(results[0]["key"] == "last"), "true", results[0]["key"] == "last")
	p.formIf("string_lists", typeName(results[0]["value"]) == "string")
	p.note("Values in a list", typeName(results[0]["value"]))
	p.note("Total of a list", fmt.Sprintf("%v of %d", list.member("body", "results_total"), len(list.results())))
	p.note("Total with limit 1", fmt.Sprint(p.send("GET", p.path("entries")+"?limit=1", "").member("body", "results_total")))
	p.ask("List with limit 0", "GET", p.path("entries")+"?limit=0", "", isRefused)
	p.ask("List with limit 1001", "GET", p.path("entries")+"?limit=1001", "", isRefused)
	search := p.path("search-by-key") + "?limit=1000&search="
	prefix := p.ask("Search for a*", "GET", search+"a*", "", succeeds)
	p.formIf("no_responders=*/search-by-key", strings.Contains(prefix.problem(), "no responders"))
	p.row("It finds a.b", strconv.FormatBool(prefix.has("a.b")), "true", prefix.has("a.b"))
	p.row("It finds a/b", strconv.FormatBool(prefix.has("a/b")), "true", prefix.has("a/b"))
	p.ask("Search for a.b", "GET", search+"a.b", "", assumption{"this one", func(r reply) bool { return r.has("a.b") && len(r.results()) == 1 }})
	absent := p.ask("Search for an absent key", "GET", search+"absent", "", assumption{"not found, or no results", func(r reply) bool { return isMissing.holds(r) || isEmpty.holds(r) }})
	p.formIf("missing_search", isMissing.holds(absent))
}

func (p *probe) askWrites() {
	for n := range 3 {
		p.send("PUT", p.path("entries", "last"), p.body(n))
	}
	p.note("Revisions after 3 writes", p.send("GET", "/storage/streams/KV_"+p.bucket+"/search-by-subject?search="+url.QueryEscape("$KV."+p.bucket+".last"), "").String())
	const writes = 100
	seen, start := 0, time.Now()
	for n := range writes {
		p.send("PUT", p.path("entries", "write"), p.body(n))
		if value, _ := p.send("GET", p.path("entries", "write"), "").value().(map[string]any); value["n"] == float64(n) {
			seen++
		}
	}
	p.row("Writes that are read at once", fmt.Sprintf("%d of %d, %s each", seen, writes, (time.Since(start)/writes).Round(time.Millisecond)), "all", seen == writes)
	p.ask("Delete an entry", "DELETE", p.path("entries", "last"), "", succeeds)
	p.pause(settlePause)
	deleted := p.ask("The deleted entry", "GET", p.path("entries", "last"), "", isAbsent)
	p.formIf("deleted=null", deleted.isSuccess() && deleted.value() == nil)
	p.formIf("deleted=empty", deleted.value() == "")
	p.ask("Delete it again", "DELETE", p.path("entries", "last"), "", isGone)
	list := p.send("GET", p.path("entries")+"?limit=1000", "")
	p.row("It is in the list", strconv.FormatBool(list.has("last")), "false", !list.has("last"))
	subjects := p.send("GET", p.path(), "").member("body", "stream_info", "state", "num_subjects")
	p.note("Keys that the details count", fmt.Sprintf("%v, %d in the list", subjects, len(list.results())))
}

func (p *probe) askSizes() {
	for _, size := range []float64{0.9, 1.1, 10.1} {
		wrote := p.send("PUT", p.path("entries", "large"), enveloped(`{"text":"`+strings.Repeat("x", int(size*largeBody))+`"}`))
		p.row(fmt.Sprintf("PUT of %.1f MiB", size), wrote.String(), "10 MiB at most", wrote.isSuccess() == (size < 10))
	}
}

func (p *probe) askBucket() {
	p.ask("Update of a bucket", "PUT", p.path(), `{"description":"another"}`, succeeds)
	p.ask("Details of the bucket", "GET", p.path(), "", assumption{"what was updated", func(r reply) bool { return strings.Contains(r.text, "another") }})
	var last reply
	for range 50 {
		last = p.send("GET", p.path("entries", "write"), "")
		if len(last.header.Get("X-Ratelimit-Remaining")) == 1 {
			break // so few are left: the limit is not to be reached
		}
	}
	limit, reset := last.header.Get("X-Ratelimit-Limit"), last.header.Get("X-Ratelimit-Reset")
	p.note("X-RateLimit-Limit and -Reset", cmp.Or(limit, "none")+", "+cmp.Or(reset, "none"))
	p.formIf("limit_headers=seconds", limit != "" && len(reset) < 9)
	p.formIf("limit_headers=unix", limit != "" && len(reset) >= 9)
	p.ask("Purge of a bucket", "DELETE", p.path("purge"), "", succeeds)
	p.ask("List after the purge", "GET", p.path("entries"), "", isEmpty)
}
