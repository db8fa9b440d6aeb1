package mockgateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The limits of the JetStream behind the gateway.
const (
	maxHistory  = 64
	maxReplicas = 5
)

var (
	legalBucketName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	legalKey        = regexp.MustCompile(`^[-/_=.A-Za-z0-9]+$`)
	storages        = []string{"file", "memory"}
	fieldTypes      = []string{"text", "number", "date", "boolean", "keyword"}
)

func checkBucketName(name string) error {
	if !legalBucketName.MatchString(name) {
		return fmt.Errorf("invalid bucket name %q: only letters, digits, _ and - are allowed", name)
	}
	return nil
}

func checkKey(key string) error {
	return firstBroken(
		rule{legalKey.MatchString(key), fmt.Sprintf("invalid key %q: only letters, digits, -, /, _, = and . are allowed", key)},
		rule{strings.Trim(key, ".") == key, fmt.Sprintf("invalid key %q: it must not start or end with a dot", key)},
	)
}

// checkValue takes what a client may write: exactly one JSON object.
func checkValue(text string) error {
	return firstBroken(
		rule{json.Valid([]byte(text)), "the value is not valid JSON"},
		rule{isObject(text), "the value must be a JSON object"},
	)
}

// isObject reports whether text, if it is JSON at all, is an object.
func isObject(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{")
}

// checkBucketConfig takes a config that has its defaults.
func checkBucketConfig(c BucketConfig) error {
	if err := checkBucketName(c.Name); err != nil {
		return err
	}
	rules := []rule{
		{c.MaxBytes >= 0, "max_bytes must be at least 1"},
		{c.MaxValueSize >= 0, "max_value_size must be at least 1"},
		{c.History >= 1 && c.History <= maxHistory, fmt.Sprintf("history must be between 1 and %d", maxHistory)},
		replicasRule("replicas", c.Replicas),
		{slices.Contains(storages, c.Storage), "storage must be file or memory"},
	}
	if i := c.Indexing; i != nil {
		rules = append(rules, rule{i.Mappings != nil, "indexing.mappings is required"})
		for n, m := range i.Mappings {
			mapping := fmt.Sprintf("indexing.mappings[%d]", n)
			rules = append(rules, rule{m.Field != "", mapping + ".field is required"},
				rule{slices.Contains(fieldTypes, m.FieldType), mapping + ".field_type must be text, number, date, boolean or keyword"})
		}
		rules = append(rules, rule{i.Partitions >= 1, "indexing.partitions must be at least 1"},
			replicasRule("indexing.replicas", i.Replicas),
			rule{slices.Contains(storages, i.StorageType), "indexing.storage_type must be file or memory"})
	}
	return firstBroken(rules...)
}

type rule struct {
	holds   bool
	message string
}

func replicasRule(field string, n int) rule {
	return rule{n >= 1 && n <= maxReplicas, fmt.Sprintf("%s must be between 1 and %d", field, maxReplicas)}
}

func firstBroken(rules ...rule) error {
	for _, rule := range rules {
		if !rule.holds {
			return errors.New(rule.message)
		}
	}
	return nil
}
