package dynamicvalue

import (
	"cmp"
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

// Member is where an object or a map in MessagePack has one.
type Member struct {
	Name       string
	Start, End int // of its value
}

// MembersOf returns the members of an object or a map in MessagePack, in its order.
// Null, an unknown value and an empty text have none.
func MembersOf(packed string) ([]Member, error) {
	if packed == "" {
		return nil, nil
	}
	r := newReader(packed)
	if null, unknown, err := r.isAbsent(); err != nil || null || unknown {
		return nil, err
	}
	n, err := r.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	var all []Member
	for range n {
		name, err := r.bytes()
		start := r.at()
		if err = cmp.Or(err, r.Skip()); err != nil {
			return nil, err
		}
		all = append(all, Member{name, start, r.at()})
	}
	return all, nil
}

// elements reads a well-formed list, set or tuple.
func (r reader) elements() (all []string) {
	n, _ := r.DecodeArrayLen()
	for range n {
		start := r.at()
		_ = r.Skip()
		all = append(all, r.text[start:r.at()])
	}
	return all
}
