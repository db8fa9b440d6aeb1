package dynamicvalue

import (
	"bytes"
	"crypto/sha256"
)

// Equal reports whether two JSON texts mean the same value. What has no
// canonical text equals nothing.
func Equal(a, b []byte) bool {
	canonical, err := Canonical(a)
	return err == nil && isCanonicalOf(canonical, b)
}

// Same reports whether two Terraform values are the same JSON, whatever their
// Terraform types. What is not wholly known equals nothing.
func Same(a, b Value) bool {
	textA, errA := Encode(a)
	textB, errB := Encode(b)
	return errA == nil && errB == nil && bytes.Equal(textA, textB)
}

// Holds reports whether a Terraform value is the same JSON as a text.
func Holds(value Value, text []byte) bool {
	encoded, err := Encode(value)
	return err == nil && isCanonicalOf(encoded, text)
}

// Digest returns the SHA-256 of a JSON text's canonical form: that of two texts is
// the same exactly when they are equal. It fails where [Canonical] does.
func Digest(text []byte) ([sha256.Size]byte, error) {
	canonical, err := Canonical(text)
	return sha256.Sum256(canonical), err
}

// HoldsDigest reports whether a Terraform value is the same JSON as the text that
// has a digest.
func HoldsDigest(value Value, digest [sha256.Size]byte) bool {
	encoded, err := Encode(value)
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
