package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// scenario drives one of the examples through Terraform and looks at what the
// gateway has of it.
type scenario struct {
	repository string
	gateway    *mockgateway.Server
	cli        *terraform
	say        *narrator
}

// useExample makes an example the module that Terraform runs in.
func (s *scenario) useExample(name string) error {
	return s.cli.useModule(filepath.Join(s.repository, "examples", name))
}

// evaluate returns the value of an expression in the module. Numbers keep every
// digit.
func (s *scenario) evaluate(ctx context.Context, expression string) (any, error) {
	encoded, err := s.cli.evaluate(ctx, "base64encode(jsonencode("+expression+"))")
	if err != nil {
		return nil, err
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("evaluating %s: %w", expression, err)
	}
	value, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("evaluating %s: %w", expression, err)
	}
	return value, nil
}

// terraform runs a subcommand and says what the gateway saw of it.
func (s *scenario) terraform(ctx context.Context, want int, args ...string) (output, error) {
	s.say.command(s.cli.name + " " + strings.Join(args, " "))
	s.gateway.ResetRequests()
	s.gateway.ResetConnections()
	result, err := s.cli.run(ctx, want, args...)
	if err != nil {
		return output{}, err
	}
	if traffic := describe(s.gateway.Requests(), s.gateway.Connections()); traffic != "" {
		s.say.note("%s", traffic)
	}
	return result, nil
}

// describe counts requests by method: "54 requests (27 GET, 27 PUT) over 10
// connections".
func describe(requests []mockgateway.Request, connections int) string {
	if len(requests) == 0 {
		return ""
	}
	counts := map[string]int{}
	for _, request := range requests {
		counts[request.Method]++
	}
	var parts []string
	for _, method := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[method], method))
	}
	return fmt.Sprintf("%s (%s) over %s", count(len(requests), "request"), strings.Join(parts, ", "), count(connections, "connection"))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// show shows the first line that begins with prefix, which must be there.
func (s *scenario) show(result output, prefix string) error {
	line, err := result.find(prefix)
	if err != nil {
		return err
	}
	s.say.excerpt(strings.TrimSpace(line.shown))
	return nil
}

func (s *scenario) excerpt(lines []outputLine) {
	for _, line := range lines {
		s.say.excerpt(line.shown)
	}
}

// writes counts the requests since the last command began that were no reads.
func (s *scenario) writes() int {
	return s.gateway.Count("", "") - s.gateway.Count(http.MethodGet, "")
}

// checkEntries compares everything in a bucket with what should be there.
// Numbers must agree digit for digit.
func (s *scenario) checkEntries(bucket string, wanted map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		held, err := s.held(bucket, key)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(wanted[key], any(held)) {
			text, _ := json.Marshal(wanted[key])
			return fmt.Errorf("the entry %s should be\n\n%s\n\nbut is\n\n%s", key, text, s.gateway.Entries(bucket)[key])
		}
	}
	if held := len(s.gateway.Entries(bucket)); held != len(wanted) {
		return fmt.Errorf("the bucket %s holds %d entries where %d were due", bucket, held, len(wanted))
	}
	return nil
}

// held is what the gateway's store holds under a key.
func (s *scenario) held(bucket, key string) (map[string]any, error) {
	text, found := s.gateway.Entry(bucket, key)
	if !found {
		return nil, fmt.Errorf("the gateway has no entry %s", key)
	}
	value, err := decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the entry %s: %w", key, err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the entry %s is no object: %s", key, text)
	}
	return object, nil
}

// decode reads JSON and keeps every digit of its numbers.
func decode(text []byte) (any, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err := decoder.Decode(&value)
	return value, err
}

// entryPath is the path of an entry: its key is one segment.
func entryPath(bucket, key string) string {
	return "/storage/kv/" + bucket + "/entries/" + url.PathEscape(key)
}
