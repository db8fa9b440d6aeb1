// Package jsonvalue converts between Terraform values and JSON text and
// compares JSON texts by meaning. Its functions are pure.
//
// All conversions meet in one canonical text (see [Canonical]): object members
// sorted by name, no white space, and one spelling per number. Two values are
// the same JSON exactly when their canonical texts are the same bytes.
//
// Numbers never pass through a float64: a number keeps every digit that
// Terraform itself can hold, and one that Terraform cannot hold is an error
// instead of a rounded value.
package jsonvalue

// MaxDepth is how many arrays and objects may be nested in one value.
// Terraform carries the type of a dynamic value as JSON that nests about three
// times as deep as the value does, and its JSON reader gives up at 10,000.
const MaxDepth = 1000
