package jsonvalue

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
