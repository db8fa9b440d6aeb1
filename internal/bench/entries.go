package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// valueSize is how large the value of an entry is. Terraform's own work grows
// with it.
type valueSize int

const (
	small valueSize = iota // as in the README
	large                  // twice as many properties, and an object among them
)

// value is the value of the entry with this number. If it is changed, the other
// half of the entries is enabled.
func (s valueSize) value(number int, changed bool) map[string]any {
	value := map[string]any{
		"enabled": (number%2 == 0) != changed,
		"rollout": number % 101,
		"regions": []string{"eu", "us"},
	}
	if s == large {
		value["owner"] = fmt.Sprintf("team-%d", number%7)
		value["limits"] = map[string]any{"requests": 100 + number, "burst": 2.5}
		value["internal"] = false
	}
	return value
}

// entryKey is the key of the entry with this number.
func entryKey(number int) string { return fmt.Sprintf("entry-%05d", number) }

// writeEntries writes this many entries, the first of which are changed.
func writeEntries(dir string, values valueSize, entries, changed int) error {
	var list []map[string]any
	for i := range entries {
		list = append(list, map[string]any{"key": entryKey(i), "value": values.value(i, i < changed)})
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "entries.json"), text, 0o600)
}
