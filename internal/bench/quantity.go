package main

import (
	"fmt"
	"strconv"
)

// unit is how a quantity is written.
type unit func(float64) string

// seconds writes a time with three digits, after rounding.
func seconds(value float64) string {
	switch {
	case value < 9.995:
		return fmt.Sprintf("%.2f s", value)
	case value < 99.95:
		return fmt.Sprintf("%.1f s", value)
	default:
		return fmt.Sprintf("%.0f s", value)
	}
}

// megabytes writes a number of bytes in MB, of a million bytes each.
func megabytes(bytes float64) string {
	return fmt.Sprintf("%.0f MB", bytes/1e6)
}

// count writes a number of things, with thousands set apart.
func count(value float64) string {
	digits := strconv.Itoa(int(value))
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
