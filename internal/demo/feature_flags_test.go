package main

import (
	"slices"
	"testing"
)

func TestMarkedLines(t *testing.T) {
	plan := output{command: "terraform plan", stdout: `
  # quiva_kv_entry.flag["a"] will be created
  + resource "quiva_kv_entry" "flag" {
    }

  # quiva_kv_entry.flag["b"] will be updated in-place
  ` + "\x1b[33m~\x1b[0m" + ` resource "quiva_kv_entry" "flag" {
        id        = "flags/b"
      ~ value     = {
          + added   = true
          ~ nested  = {
              ~ percentage = 100 -> 25
                # (2 unchanged attributes hidden)
            }
          - removed = [
              - "x",
            ]
        }
    }

Plan: 1 to add, 1 to change, 0 to destroy.
`}
	block, err := plan.block(`# quiva_kv_entry.flag["b"]`, "    }")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`~ resource "quiva_kv_entry" "flag" {`,
		"~ value = {",
		"+ added = true",
		"~ nested = {",
		"~ percentage = 100 -> 25",
		"- removed = [",
		`- "x",`,
	}
	if got := markedLines(block); !slices.Equal(got, want) {
		t.Errorf("marked lines are\n%q\nwant\n%q", got, want)
	}
	if _, err := plan.block(`# quiva_kv_entry.flag["c"]`, "    }"); err == nil {
		t.Error("a block that is not there was found")
	}
	if _, err := plan.find("Plan: 2 to add"); err == nil {
		t.Error("a line that is not there was found")
	}
}
