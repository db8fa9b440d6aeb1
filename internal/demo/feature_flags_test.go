package main

import (
	"slices"
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
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

func TestDescribe(t *testing.T) {
	requests := func(methods ...string) (made []mockgateway.Request) {
		for _, method := range methods {
			made = append(made, mockgateway.Request{Method: method})
		}
		return made
	}
	for _, test := range []struct {
		requests    []mockgateway.Request
		connections int
		want        string
	}{
		{nil, 0, ""},
		{requests("GET"), 1, "1 request (1 GET) over 1 connection"},
		{requests("GET", "PUT", "GET"), 2, "3 requests (2 GET, 1 PUT) over 2 connections"},
	} {
		if got := describe(test.requests, test.connections); got != test.want {
			t.Errorf("describe gives %q, want %q", got, test.want)
		}
	}
}
