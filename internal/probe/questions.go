package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
		p.formIf("put=typed", isAbsent.holds(p.send("GET", p.path("entries", "enveloped"), "")))
	}
	p.formIf("string_values", typeName(read.member("body", "value")) == "string")
	same := p.ask("The same PUT again", "PUT", p.path("entries", "same"), p.body(1), succeeds)
	message, _ := same.member("message").(string)
	p.form("success", strconv.Itoa(same.status), "200", "201", "202", "204")
	p.formIf("success_body=none", same.text == "" && same.status != http.StatusNoContent)
	p.formIf("success_body=object", same.text != "" && message == "")
	p.formIf("success_body=text", message != "" && message != "success")
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
	subjects, _ := p.send("GET", p.path(), "").member("body", "stream_info", "state", "num_subjects").(float64)
	listed := len(list.results())
	p.row("Keys that the details count", fmt.Sprintf("%v, %d in the list", subjects, listed), "not fewer than the list has", int(subjects) >= listed)
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
	purged := p.ask("Purge of a bucket", "DELETE", p.path("purge"), "", succeeds)
	reset := len(purged.header.Get("X-Ratelimit-Reset")) // Unix time has more digits than seconds have
	p.formIf("limit_headers=seconds", reset > 0 && reset < 9)
	p.formIf("limit_headers=unix", reset >= 9)
	p.ask("List after the purge", "GET", p.path("entries"), "", isEmpty)
}
