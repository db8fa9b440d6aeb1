package mockgateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// acceptedDelay is how long after a 202 an entry is written or deleted.
const acceptedDelay = 100 * time.Millisecond

// Dialect is the form in which a gateway responds. Documents, clients and sibling
// services differ, and each field is a form for which one of them is evidence. The
// zero Dialect is the documented page. A tag names the setting that [ParseDialect]
// takes, and its values, the default first.
type Dialect struct {
	// Success is the status of a write. 201 is not for DELETE, 202 writes or deletes
	// an entry a moment later, and 204 has no body.
	Success int `setting:"success" values:"200|201|202|204"`
	// SuccessBody: a message that says success, another text, an object with the
	// names and a status, or no body.
	SuccessBody string `setting:"success_body" values:"message|text|object|none"`
	// Envelope wraps responses in {"status_code":N,"body":…}: errors only, all of
	// them, or all of them with the HTTP status 200.
	Envelope string `setting:"envelope" values:"none|errors|all|status-200"`
	// Error is the object of an error: {"error"}, {"error","code"}, or
	// {"message","details":{"reason"}}.
	Error string `setting:"error" values:"error|code|message"`

	MissingBucketStatus int    `setting:"missing_bucket_status" values:"404|400|500"`
	MissingBucketText   string `setting:"missing_bucket_text"` // by default not_found
	MissingKeyStatus    int    `setting:"missing_key_status" values:"404|400|500"`
	MissingKeyText      string `setting:"missing_key_text"` // by default not_found
	// MissingSearch makes a search that finds nothing respond as for a missing key.
	MissingSearch  bool   `setting:"missing_search" values:"false|true"`
	ExistingStatus int    `setting:"existing_status" values:"400|402|409"`
	ExistingText   string `setting:"existing_text"` // by default Bucket already exists
	// RestrictedStatus is the status of a call that a restricted key may not make.
	RestrictedStatus int `setting:"restricted_status" values:"403|401"`

	// Put is the body of a PUT: the value itself; {"value":…}, where a bare value is
	// a 400, or a success that stores nothing, or one that stores null; {"value":…}
	// with old_key, a key that is then deleted; or the value itself, which
	// is stored inside of {"value":…}.
	Put string `setting:"put" values:"bare|enveloped|enveloped-silent|enveloped-null|typed|wrapper"`
	// StringLists and StringValues give values as JSON strings that hold their
	// text: in lists and searches, and in the GET of one entry.
	StringLists  bool `setting:"string_lists" values:"false|true"`
	StringValues bool `setting:"string_values" values:"false|true"`
	// NullLists gives null instead of a list without elements.
	NullLists bool `setting:"null_lists" values:"false|true"`
	// NumericCreated gives a bucket's creation as a number of milliseconds.
	NumericCreated bool `setting:"numeric_created" values:"false|true"`
	// Deleted is the GET of a deleted key: missing, or a 200 whose value is null or
	// an empty string.
	Deleted string `setting:"deleted" values:"missing|null|empty"`
	// Slash is what happens to a key with "/": it is kept, refused, not routed, or
	// stored under the name that the path has, with %2F.
	Slash string `setting:"slash" values:"kept|refused|unrouted|renamed"`

	// NoResponders is a pattern of escaped paths, in which "*" stands for any run of
	// characters, that nothing serves: they get a 500.
	NoResponders string `setting:"no_responders"`
	// WrongHost has no route of the key-value API.
	WrongHost bool `setting:"wrong_host" values:"false|true"`
	// LimitHeaders adds X-RateLimit-Limit, -Remaining and -Reset to each response
	// while a [Limit] is set. The reset is in seconds from now or in Unix time.
	LimitHeaders string `setting:"limit_headers" values:"none|seconds|unix"`
}

// dialects are the forms that one source describes together.
var dialects = map[string][]string{
	"documented": {},
	// The vendor's pages, as opposed to its OpenAPI document.
	"pages": {
		"success_body=text", "missing_bucket_text=Bucket not found", "missing_key_text=Key not found",
		"string_lists", "string_values", "numeric_created",
	},
	// The OpenAPI document before 18 June 2025.
	"openapi-2025-05": {"success=201", "put=enveloped"},
	// The branch of the OpenAPI document that has the bulk route and was never merged.
	"branch": {"put=typed", "string_lists"},
	// What was seen live on sibling routes.
	"siblings": {
		"success_body=none", "missing_bucket_text=resource not found", "missing_key_status=400",
		"missing_key_text=key not found", "missing_search", "existing_status=409", "existing_text=resource already exists",
		"restricted_status=401", "null_lists", "deleted=null",
	},
	// The newest sibling service.
	"tasks": {"success=201", "success_body=object", "error=code", "missing_key_text=resource not found", "missing_key_status=500"},
	// A gateway that does not strip its services' envelope, and has errors of its own.
	"unstripped": {"envelope=all", "error=message"},
	// Handlers that read from the body what stands in the path only, and say success.
	"silent": {"put=enveloped-silent", "success=202", "deleted=empty"},
}

// Dialects returns the named dialects.
func Dialects() map[string]Dialect {
	named := map[string]Dialect{}
	for name := range dialects {
		named[name], _ = ParseDialect(name) // a test parses them all
	}
	return named
}

// ParseDialect combines settings, each the name of one of [Dialects] or a switch
// and its value, such as put=enveloped. A name changes only what it is about, and
// a later setting wins. A switch without a value is true.
func ParseDialect(settings ...string) (Dialect, error) {
	var d Dialect
	for _, setting := range settings {
		if err := d.set(setting); err != nil {
			return Dialect{}, err
		}
	}
	return d, nil
}

func (d *Dialect) set(setting string) error {
	if named, ok := dialects[setting]; ok {
		for _, part := range named {
			if err := d.set(part); err != nil {
				return err
			}
		}
		return nil
	}
	name, text, hasText := strings.Cut(setting, "=")
	for field, value := range reflect.ValueOf(d).Elem().Fields() {
		if field.Tag.Get("setting") != name {
			continue
		}
		values := field.Tag.Get("values")
		switch {
		case !hasText && value.Kind() == reflect.Bool:
			text = "true"
		case values != "" && !slices.Contains(strings.Split(values, "|"), text):
			return fmt.Errorf("%s must be one of %s, not %q", name, values, text)
		}
		switch value.Kind() {
		case reflect.Bool:
			value.SetBool(text == "true")
		case reflect.Int:
			n, _ := strconv.ParseInt(text, 10, 0) // one of its values
			value.SetInt(n)
		default:
			value.SetString(text)
		}
		return nil
	}
	return fmt.Errorf("no dialect or switch has the name %q", name)
}

// DialectUsage lists the named dialects and, one on a line, the switches with their
// values.
func DialectUsage() string {
	var switches []string
	for field := range reflect.TypeFor[Dialect]().Fields() {
		switches = append(switches, field.Tag.Get("setting")+"="+cmp.Or(field.Tag.Get("values"), "TEXT"))
	}
	return strings.Join(slices.Sorted(maps.Keys(dialects)), ", ") + "; or a switch:\n" + strings.Join(switches, "\n")
}

// success is the response to a write that is done.
func (c call) success() response {
	d := c.behaviour.dialect
	status := cmp.Or(d.Success, http.StatusOK)
	if status == http.StatusCreated && c.record.Method == http.MethodDelete {
		status = http.StatusOK
	}
	if status == http.StatusNoContent {
		return response{status: status}
	}
	body := `{"message":"success"}`
	switch d.SuccessBody {
	case "text":
		body = `{"message":"Key written successfully"}`
	case "object":
		body = fmt.Sprintf(`{"bucket":%s,"key":%s,"status":"created"}`, jsonText(c.bucket), jsonText(c.key))
	case "none":
		body = ""
	}
	return jsonResponse(status, []byte(body))
}

// change runs write on a bucket that must exist: now, or a moment later.
func (g *Gateway) change(c call, write func(*bucket) error) error {
	if c.behaviour.dialect.Success != http.StatusAccepted {
		return g.store.change(c.bucket, write)
	}
	if err := g.store.view(c.bucket, func(*bucket) {}); err != nil {
		return err
	}
	time.AfterFunc(acceptedDelay, func() { _ = g.store.change(c.bucket, write) }) // nobody waits for its error
	return nil
}

// errorResponse gives err the status it has, else 400: a refusal is the request's
// own fault.
func (d Dialect) errorResponse(err error) response {
	status, text := http.StatusBadRequest, err.Error()
	var own *statusError
	switch {
	case errors.Is(err, errNoBucket):
		status, text = cmp.Or(d.MissingBucketStatus, http.StatusNotFound), cmp.Or(d.MissingBucketText, text)
	case errors.Is(err, errNoKey):
		status, text = cmp.Or(d.MissingKeyStatus, http.StatusNotFound), cmp.Or(d.MissingKeyText, text)
	case errors.As(err, &own):
		status = own.status
	}
	form := `{"error":%s}`
	switch d.Error {
	case "code":
		form = fmt.Sprintf(`{"error":%%s,"code":"E%d"}`, status)
	case "message":
		form = `{"message":"request failed","details":{"reason":%s}}`
	}
	return jsonResponse(status, fmt.Appendf(nil, form, jsonText(text)))
}

// wrap puts a response into the envelope, if it gets one.
func (d Dialect) wrap(resp response) response {
	switch {
	case len(resp.body) == 0, resp.header.Get("Content-Type") != "application/json":
		return resp
	case d.Envelope == "all", d.Envelope == "status-200", d.Envelope == "errors" && resp.status >= http.StatusBadRequest:
		resp.body = fmt.Appendf(nil, `{"status_code":%d,"body":%s}`, resp.status, resp.body)
	}
	if d.Envelope == "status-200" {
		resp.status = http.StatusOK
	}
	return resp
}

// putRequest is the body of a PUT in a dialect that wants an envelope.
type putRequest struct {
	Value  json.RawMessage `json:"value"`
	OldKey string          `json:"old_key"`
}

// decodePut returns the value, as JSON text, that the body of a PUT stores, empty
// for none, and the key that it replaces.
func (d Dialect) decodePut(body string) (value, oldKey string, err error) {
	switch d.Put {
	case "", "bare":
		return body, "", checkValue(body)
	case "wrapper":
		return `{"value":` + body + `}`, "", checkValue(body)
	}
	var request putRequest
	if !isObject(body) || json.Unmarshal([]byte(body), &request) != nil {
		return "", "", errors.New("invalid_request_body")
	}
	if request.Value == nil {
		switch d.Put {
		case "enveloped-silent":
			return "", "", nil
		case "enveloped-null":
			return "null", "", nil
		}
		return "", "", errors.New("value is required")
	}
	if d.Put != "typed" {
		request.OldKey = ""
	}
	return string(request.Value), request.OldKey, nil
}
