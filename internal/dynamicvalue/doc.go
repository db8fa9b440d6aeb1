// Package dynamicvalue knows the form in which Terraform sends the value of a dynamic attribute,
// and converts between it and JSON text. Its functions are pure.
//
// All comparisons meet in one canonical text (see [Canonical]): object members
// sorted by name, no white space, and one spelling per number. Two values are
// the same JSON exactly when their canonical texts are the same bytes.
//
// Numbers keep every digit that Terraform itself can hold, and one that Terraform cannot hold is an
// error instead of a rounded value. Only a number that is a binary float to Terraform, such as
// pow(10, -1), is the shortest decimal of that float: its digits after that are noise.
package dynamicvalue

import "fmt"

// What one value may hold. Terraform pays for each of them many times over, in
// time and memory, so more is refused before it is begun.
const (
	// MaxDepth is how many arrays and objects may be nested. Terraform carries
	// the type of a dynamic value as JSON that nests about three times as deep
	// as the value does, and its JSON reader gives up at 10,000.
	MaxDepth = 1000

	// MaxElements is how many values may be in a value, itself and all that is
	// nested included. Terraform needs about 600 bytes of memory for each.
	MaxElements = 500_000

	// MaxDigits is how many digits all those numbers may take together that take more than
	// [exactDigits] written out in full, as Terraform writes them: 1e-4000 takes 4001.
	MaxDigits = 50_000
)

var (
	errTooDeep         = fmt.Errorf("the value nests deeper than %d levels", MaxDepth)
	errTooManyElements = fmt.Errorf("the value holds more than %d elements and properties, nested ones included", MaxElements)
	errTooManyDigits   = fmt.Errorf("the value's numbers of more than %d digits take more than %d digits together, written out in full as Terraform does (1e-4000 takes 4001)", exactDigits, MaxDigits)
)

// budget is what is left of the limits of one value.
type budget struct{ elements, digits int }

func newBudget() budget { return budget{MaxElements, MaxDigits} }

// element counts one value.
func (b *budget) element() error {
	if b.elements == 0 {
		return errTooManyElements
	}
	b.elements--
	return nil
}

// number counts the digits of a number.
func (b *budget) number(d decimal) error {
	if d.isOutOfRange() {
		return errOutOfRange
	}
	if digits := d.writtenOut(); digits > exactDigits {
		b.digits -= digits
	}
	if b.digits < 0 {
		return errTooManyDigits
	}
	return nil
}
