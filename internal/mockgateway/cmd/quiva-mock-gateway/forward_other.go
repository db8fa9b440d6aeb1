//go:build !unix

package main

import "os"

// forward does nothing: a console sends its Ctrl-C to the command too, and
// Windows has no other signal to pass on.
func forward(os.Signal, *os.Process) {}
