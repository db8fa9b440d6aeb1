package jsonvalue

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

const (
	// numberPrecision is the size in bits of the mantissa that Terraform keeps
	// of a number.
	numberPrecision = 512

	// exactDigits is how many significant decimal digits always survive in
	// numberPrecision bits.
	exactDigits = 153

	// maxExponent bounds the power of ten of a number that is handed to
	// Terraform, which spells numbers out in full: 1e1000000000 would be a
	// gigabyte of zeros.
	maxExponent = 4096

	// plainDigits is the number of digits up to which a number is spelled
	// without an exponent.
	plainDigits = 40
)

var (
	errNumberSyntax = errors.New("not a JSON number")
	errTooLarge     = fmt.Errorf("a number beyond 1e±%d cannot be sent", maxExponent)
)

// decimal is an exact decimal number: 0.digits × 10^exponent. The digits carry
// no leading and no trailing zero; zero has no digits at all.
type decimal struct {
	negative bool
	digits   string
	exponent int64
}

// parseDecimal reads a JSON number, or what [big.Float.Text] prints, without
// expanding its exponent.
func parseDecimal(text string) (decimal, error) {
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

// append writes the canonical spelling: plain up to plainDigits digits, else
// d.ddde±n.
func (d decimal) append(buf []byte) []byte {
	if d.digits == "" {
		return append(buf, '0')
	}
	if d.negative {
		buf = append(buf, '-')
	}
	count := int64(len(d.digits))
	switch {
	case d.exponent > plainDigits || d.exponent < -plainDigits:
		buf = append(buf, d.digits[0])
		if count > 1 {
			buf = append(buf, '.')
			buf = append(buf, d.digits[1:]...)
		}
		buf = append(buf, 'e')
		return strconv.AppendInt(buf, d.exponent-1, 10)
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

// appendFloat writes the canonical spelling of a Terraform number.
func appendFloat(buf []byte, f *big.Float) ([]byte, error) {
	if i, accuracy := f.Int64(); accuracy == big.Exact {
		return strconv.AppendInt(buf, i, 10), nil
	}
	if f.IsInf() {
		return nil, errors.New("an infinite number has no JSON form")
	}
	// Printing costs time and memory in proportion to the exponent. 4 is more
	// than the bits in a decimal digit.
	if exponent := f.MantExp(nil); exponent > 4*maxExponent || exponent < -4*maxExponent {
		return nil, errTooLarge
	}
	d, err := parseDecimal(f.Text('e', -1))
	if err != nil {
		return nil, err
	}
	if d.exponent > maxExponent || d.exponent < -maxExponent {
		return nil, errTooLarge
	}
	return d.append(buf), nil
}

// parseFloat reads a JSON number as the number that Terraform holds, or fails
// if Terraform cannot hold it exactly.
func parseFloat(text string) (*big.Float, error) {
	d, err := parseDecimal(text)
	if err != nil {
		return nil, err
	}
	if d.exponent > maxExponent || d.exponent < -maxExponent {
		return nil, fmt.Errorf("the number %s is beyond 1e±%d, more than Terraform can show", abbreviate(text), maxExponent)
	}
	f, _, err := big.ParseFloat(text, 10, numberPrecision, big.ToNearestEven)
	if err != nil {
		return nil, err
	}
	if len(d.digits) > exactDigits {
		held, err := parseDecimal(f.Text('e', -1))
		if err != nil {
			return nil, err
		}
		if held != d {
			return nil, fmt.Errorf("the number %s has %d digits, more than Terraform can hold (%d)", abbreviate(text), len(d.digits), exactDigits)
		}
	}
	return f, nil
}

// abbreviate keeps a number's text short enough for an error.
func abbreviate(text string) string {
	const limit = 24
	if len(text) <= limit {
		return text
	}
	return text[:limit] + "…"
}
