package probe

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Report is what a run has found out. As JSON it is the transcript, which has
// neither credentials nor values.
type Report struct {
	// Dialect has the settings that make quiva-mock-gateway respond likewise.
	Dialect   []string   `json:"dialect"`
	Exchanges []exchange `json:"exchanges"`

	rows [][4]string // question, response, assumption, whether they agree
}

type exchange struct {
	Step    string   `json:"step"`
	Method  string   `json:"method"`
	Path    string   `json:"path"`
	Status  int      `json:"status"`
	Headers []string `json:"headers"` // their names
	Body    any      `json:"body"`
}

func (r *Report) add(step, method, path string, response reply) {
	var body any = cut(response.text, 100)
	if json.Unmarshal([]byte(response.text), &body) == nil {
		body = mask(body, false)
	}
	r.Exchanges = append(r.Exchanges, exchange{step, method, path, response.outer, slices.Sorted(maps.Keys(response.header)), body})
}

// mask leaves the structure, and the texts that a gateway writes itself. Of a
// list, the first element stands for all, and what is inside of it may be a user's.
func mask(value any, inList bool) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			text, isText := member.(string)
			switch {
			case inList:
				value[name] = typeName(member)
			case isText && slices.Contains([]string{"error", "message", "code", "reason", "status"}, name):
				value[name] = cut(text, 100)
			case name != "status_code":
				value[name] = mask(member, false)
			}
		}
		return value
	case []any:
		if len(value) > 0 {
			return []any{mask(value[0], true), fmt.Sprintf("%d in all", len(value))}
		}
		return value
	}
	return typeName(value)
}

// row says whether a response is what the provider assumes.
func (p *probe) row(question, came, assumed string, agrees bool) {
	if p.err == nil {
		p.report.rows = append(p.report.rows, [4]string{question, p.redact.Replace(came), assumed, map[bool]string{true: "yes", false: "NO"}[agrees]})
	}
}

// form adds a setting to the dialect: one of its values, the first being the
// default, or any text but the only one.
func (p *probe) form(name, found string, values ...string) {
	p.formIf(name+"="+p.redact.Replace(found), found != "" && found != values[0] && (len(values) == 1 || slices.Contains(values, found)))
}

func (p *probe) formIf(setting string, found bool) {
	if p.err == nil && found {
		p.report.Dialect = append(p.report.Dialect, setting)
	}
}

// WriteTable prints the questions for a terminal of 120 columns.
func (r *Report) WriteTable(w io.Writer) {
	disagree := 0
	for _, row := range slices.Insert(slices.Clone(r.rows), 0, [4]string{"QUESTION", "RESPONSE", "THE PROVIDER ASSUMES", "AGREES"}) {
		fmt.Fprintf(w, "%-32s  %-40s  %-36s  %s\n", cut(row[0], 32), cut(row[1], 40), cut(row[2], 36), row[3])
		if row[3] == "NO" {
			disagree++
		}
	}
	fmt.Fprintf(w, "\n%d of %d responses are not what the provider assumes.\n", disagree, len(r.rows))
}

// cut shortens a text to so many characters of one line.
func cut(text string, most int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}
