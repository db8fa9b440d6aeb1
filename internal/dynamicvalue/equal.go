package dynamicvalue

import (
	"bytes"
	"crypto/sha256"
	"maps"
)

// Equal reports whether two JSON texts mean the same value. What has no
// canonical text equals nothing.
func Equal(a, b []byte) bool {
	canonical, err := Canonical(a)
	return err == nil && isCanonicalOf(canonical, b)
}

// Same reports whether the values of two entries are the same JSON, whatever their
// Terraform types, native or texts. A value that is not wholly known equals no other.
func Same(a, b Value) bool {
	textA, errA := EncodeEntry(a)
	textB, errB := EncodeEntry(b)
	return errA == nil && errB == nil && bytes.Equal(textA, textB)
}

// SameText reports whether two values are the same, or both are JSON texts of the same object.
func SameText(a, b Value) bool {
	return a == b || a.Kind() == KindString && b.Kind() == KindString && Same(a, b)
}

// SameTexts reports whether two objects or maps are of one type and all their
// members are [SameText].
func SameTexts(a, b Value) bool {
	typeA, _, _ := a.split()
	typeB, _, _ := b.split()
	membersA, okA := a.Members()
	membersB, okB := b.Members()
	return okA && okB && typeA == typeB && maps.EqualFunc(membersA, membersB, SameText)
}

// Holds reports whether the value of an entry is the same JSON as a text.
func Holds(value Value, text []byte) bool {
	encoded, err := EncodeEntry(value)
	return err == nil && isCanonicalOf(encoded, text)
}

// Digest returns the SHA-256 of a JSON text's canonical form: that of two texts is
// the same exactly when they are equal. It fails where [Canonical] does.
func Digest(text []byte) ([sha256.Size]byte, error) {
	canonical, err := Canonical(text)
	return sha256.Sum256(canonical), err
}

// HoldsDigest reports whether the value of an entry is the same JSON as the text that has a digest.
func HoldsDigest(value Value, digest [sha256.Size]byte) bool {
	encoded, err := EncodeEntry(value)
	return err == nil && sha256.Sum256(encoded) == digest
}

// isCanonicalOf reports whether a canonical text is that of another one.
func isCanonicalOf(canonical, text []byte) bool {
	if bytes.Equal(canonical, text) {
		return true
	}
	other, err := Canonical(text)
	return err == nil && bytes.Equal(canonical, other)
}
