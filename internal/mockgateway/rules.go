package mockgateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
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
)

func checkBucketName(name string) error {
	if !legalBucketName.MatchString(name) {
		return fmt.Errorf("invalid bucket name %q: only letters, digits, _ and - are allowed", name)
	}
	return nil
}

func checkKey(key string) error {
	if !legalKey.MatchString(key) {
		return fmt.Errorf("invalid key %q: only letters, digits, -, /, _, = and . are allowed", key)
	}
	if strings.HasPrefix(key, ".") || strings.HasSuffix(key, ".") {
		return fmt.Errorf("invalid key %q: it must not start or end with a dot", key)
	}
	return nil
}

var errNotJSON = errors.New("the value is not valid JSON")

// checkValue takes what a client may write: exactly one JSON object.
func checkValue(text string) error {
	if !json.Valid([]byte(text)) {
		return errNotJSON
	}
	if !isObject(text) {
		return errors.New("the value must be a JSON object")
	}
	return nil
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
	if c.History < 1 || c.History > maxHistory {
		return fmt.Errorf("history must be between 1 and %d", maxHistory)
	}
	if err := checkReplicas("replicas", c.Replicas); err != nil {
		return err
	}
	if err := checkStorage("storage", c.Storage); err != nil {
		return err
	}
	if c.MaxBytes < 0 {
		return errors.New("max_bytes must be at least 1")
	}
	if c.MaxValueSize < 0 {
		return errors.New("max_value_size must be at least 1")
	}
	if c.Indexing != nil {
		return checkIndexing(c.Indexing)
	}
	return nil
}

func checkIndexing(i *Indexing) error {
	if i.Mappings == nil {
		return errors.New("indexing.mappings is required")
	}
	for n, m := range i.Mappings {
		if m.Field == "" {
			return fmt.Errorf("indexing.mappings[%d].field is required", n)
		}
		switch m.FieldType {
		case "text", "number", "date", "boolean", "keyword":
		default:
			return fmt.Errorf("indexing.mappings[%d].field_type must be text, number, date, boolean or keyword", n)
		}
	}
	if i.Partitions < 1 {
		return errors.New("indexing.partitions must be at least 1")
	}
	if err := checkReplicas("indexing.replicas", i.Replicas); err != nil {
		return err
	}
	return checkStorage("indexing.storage_type", i.StorageType)
}

func checkReplicas(field string, n int) error {
	if n < 1 || n > maxReplicas {
		return fmt.Errorf("%s must be between 1 and %d", field, maxReplicas)
	}
	return nil
}

func checkStorage(field, storage string) error {
	if storage != "file" && storage != "memory" {
		return fmt.Errorf("%s must be file or memory", field)
	}
	return nil
}
