package main

import (
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

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
