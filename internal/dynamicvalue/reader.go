package dynamicvalue

import (
	"io"
	"strings"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// reader reads MessagePack and knows where it is.
type reader struct {
	*msgpack.Decoder

	text string
	left *strings.Reader
}

func newReader(text string) reader {
	left := strings.NewReader(text)
	return reader{msgpack.NewDecoder(left), text, left}
}

// at returns how much has been read.
func (r reader) at() int { return len(r.text) - r.left.Len() }

// isAbsent reports whether what comes is null or not known, instead of a value.
func (r reader) isAbsent() (null, unknown bool, err error) {
	code, err := r.PeekCode()
	return code == msgpcode.Nil, msgpcode.IsExt(code), err
}

// bytes reads a string without a copy of it.
func (r reader) bytes() (string, error) {
	n, err := r.DecodeBytesLen()
	if err != nil {
		return "", err
	}
	if n < 0 || n > r.left.Len() {
		return "", io.ErrUnexpectedEOF
	}
	start := r.at()
	_, err = r.left.Seek(int64(n), io.SeekCurrent)
	return r.text[start : start+n], err
}

// member is one of an object or a map.
type member struct{ name, packed string }

// members reads an object or a map.
func (r reader) members() ([]member, error) {
	n, err := r.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	var all []member
	for range n {
		name, err := r.bytes()
		if err != nil {
			return nil, err
		}
		packed, err := r.skipped()
		if err != nil {
			return nil, err
		}
		all = append(all, member{name, packed})
	}
	return all, nil
}

// elements reads a list, a set or a tuple.
func (r reader) elements() ([]string, error) {
	n, err := r.DecodeArrayLen()
	if err != nil {
		return nil, err
	}
	var all []string
	for range n {
		packed, err := r.skipped()
		if err != nil {
			return nil, err
		}
		all = append(all, packed)
	}
	return all, nil
}

// skipped reads whatever comes and returns it as it is.
func (r reader) skipped() (string, error) {
	start := r.at()
	err := r.Skip()
	return r.text[start:r.at()], err
}
