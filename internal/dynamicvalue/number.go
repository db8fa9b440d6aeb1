package dynamicvalue

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

const (
	// numberPrecision is the size in bits of the mantissa that Terraform keeps of a number.
	numberPrecision = 512

	// exactDigits is how many significant decimal digits always survive in numberPrecision bits.
	exactDigits = 153

	// floatDigits is up to how many significant decimal digits a number is the
	// shortest decimal of its float64.
	floatDigits = 15

	// maxFloatDigits is how many significant decimal digits the exact value of
	// a float64 can have, maxFloatExponent the power of ten that bounds it.
	maxFloatDigits   = 767
	maxFloatExponent = 324

	// maxExponent bounds the power of ten of a number that is handed to Terraform, which writes
	// numbers out in full: 1e1000000000 would be a gigabyte of zeros.
	maxExponent = 4096

	// plainDigits is the number of digits up to which a number is spelled without an exponent.
	plainDigits = 40
)

var (
	errNumberSyntax = errors.New("not a JSON number")
	errInfinite     = errors.New("an infinite number cannot be represented as JSON")
	errOutOfRange   = fmt.Errorf("a number is beyond 1e±%d, which Terraform would write out in full", maxExponent)
)

// decimal is an exact decimal number: 0.digits × 10^exponent. The digits carry
// no leading and no trailing zero; zero has no digits at all.
type decimal struct {
	negative bool
	digits   string
	exponent int64
}

// parseDecimal reads a number in decimal digits, with or without an exponent,
// without expanding it. A number that is a float64 to Terraform, written out in full
// or as far as Terraform holds it, is that float's shortest decimal.
func parseDecimal(text string) (decimal, error) {
	d, err := parseExact(text)
	if err != nil || !d.mayBeFloat() {
		return d, err
	}
	held, _, err := big.ParseFloat(string(d.append(nil)), 10, numberPrecision, big.ToNearestEven)
	if err != nil {
		return decimal{}, err
	}
	f, accuracy := held.Float64()
	for _, digits := range []int{-1, maxFloatDigits} {
		if written, err := parseExact(held.Text('e', digits)); accuracy == big.Exact && err == nil && written == d {
			return parseExact(strconv.FormatFloat(f, 'e', -1, 64))
		}
	}
	return d, nil
}

func parseExact(text string) (decimal, error) {
	var d decimal
	mantissa := text
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		exponent, err := strconv.ParseInt(text[i+1:], 10, 64)
		if err != nil || exponent > 1<<32 || exponent < -1<<32 {
			return decimal{}, fmt.Errorf("the exponent of the number %s is out of range", abbreviate(text))
		}
		d.exponent, mantissa = exponent, text[:i]
	}
	if rest, ok := strings.CutPrefix(mantissa, "-"); ok {
		d.negative, mantissa = true, rest
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return decimal{}, errNumberSyntax
	}
	d.exponent += int64(len(whole))
	trimmed := strings.TrimLeft(digits, "0")
	d.exponent -= int64(len(digits) - len(trimmed))
	d.digits = strings.TrimRight(trimmed, "0")
	if d.digits == "" {
		return decimal{}, nil // 0, -0, 0.00 and 0e9 are one number
	}
	return d, nil
}

// decimalOf returns the shortest decimal of a float64, unless it is an integer: that is exact.
func decimalOf(f float64) (decimal, error) {
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f):
		return decimal{}, errInfinite
	case f == math.Trunc(f):
		return parseExact(strconv.FormatFloat(f, 'f', 0, 64))
	default:
		return parseExact(strconv.FormatFloat(f, 'e', -1, 64))
	}
}

// mayBeFloat rules out what needs no closer look: integers, what is its float's
// shortest decimal anyway, what no float64 holds, and what does not end with a
// 5, as all binary fractions do that are written out in full.
func (d decimal) mayBeFloat() bool {
	digits := len(d.digits)
	return !d.isInteger() && digits > floatDigits && digits <= maxFloatDigits &&
		d.exponent <= maxFloatExponent && d.exponent >= -maxFloatExponent &&
		(d.digits[digits-1] == '5' || digits > exactDigits)
}

func (d decimal) isInteger() bool { return d.exponent >= int64(len(d.digits)) }

// isOutOfRange reports whether the power of ten is beyond ±maxExponent.
func (d decimal) isOutOfRange() bool {
	return d.exponent-1 > maxExponent || d.exponent-1 < -maxExponent
}

// writtenOut returns how many digits a number in range takes without an exponent.
func (d decimal) writtenOut() int {
	whole, fraction := max(d.exponent, 1), max(int64(len(d.digits))-d.exponent, 0)
	return int(whole + fraction)
}

// append writes the canonical spelling: plain up to plainDigits digits, else d.ddde±n.
func (d decimal) append(buf []byte) []byte {
	if d.exponent <= plainDigits && d.exponent >= -plainDigits {
		return d.appendPlain(buf)
	}
	if d.negative {
		buf = append(buf, '-')
	}
	buf = append(buf, d.digits[0])
	if len(d.digits) > 1 {
		buf = append(buf, '.')
		buf = append(buf, d.digits[1:]...)
	}
	buf = append(buf, 'e')
	return strconv.AppendInt(buf, d.exponent-1, 10)
}

// appendPlain writes a number without an exponent.
func (d decimal) appendPlain(buf []byte) []byte {
	if d.digits == "" {
		return append(buf, '0')
	}
	if d.negative {
		buf = append(buf, '-')
	}
	count := int64(len(d.digits))
	switch {
	case d.exponent <= 0:
		buf = append(buf, "0."...)
		buf = append(buf, strings.Repeat("0", int(-d.exponent))...)
		return append(buf, d.digits...)
	case d.exponent >= count:
		buf = append(buf, d.digits...)
		return append(buf, strings.Repeat("0", int(d.exponent-count))...)
	default:
		buf = append(buf, d.digits[:d.exponent]...)
		buf = append(buf, '.')
		return append(buf, d.digits[d.exponent:]...)
	}
}

// checkHeld fails if Terraform cannot hold a number exactly.
func (d decimal) checkHeld() error {
	if len(d.digits) <= exactDigits {
		return nil
	}
	text := string(d.append(nil))
	f, _, err := big.ParseFloat(text, 10, numberPrecision, big.ToNearestEven)
	if err != nil {
		return err
	}
	if held, err := parseDecimal(f.Text('e', -1)); err != nil || held != d {
		return fmt.Errorf("the number %s has %d digits, more than Terraform can hold (%d)", abbreviate(text), len(d.digits), exactDigits)
	}
	return nil
}

// abbreviate keeps a number's text short enough for an error.
func abbreviate(text string) string {
	const limit = 24
	if len(text) <= limit {
		return text
	}
	return text[:limit] + "…"
}
