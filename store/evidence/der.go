package evidence

import (
	"errors"
	"fmt"

	"stet/store"
)

const (
	// maxTimeStamp is the largest answer of an authority that is read.
	maxTimeStamp = 128 << 10
	// maxDepth is how deep one structure may stand in another.
	maxDepth = 40
)

// strictDER errors with ErrVerification where b is anything but one value in
// DER with definite, shortest lengths: what is more lenient could be written in
// many ways, and leads simple readers astray.
func strictDER(b []byte) error {
	if len(b) > maxTimeStamp {
		return fmt.Errorf("%w: a time stamp of more than %d bytes", store.ErrVerification, maxTimeStamp)
	}
	rest, err := skipDER(b, 0)
	if err == nil && len(rest) > 0 {
		err = errors.New("something follows it")
	}
	if err != nil {
		return fmt.Errorf("%w: the time stamp is not well formed: %w", store.ErrVerification, err)
	}
	return nil
}

// skipDER reads one value and returns what follows it.
func skipDER(b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errors.New("it is nested too deeply")
	}
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return nil, errors.New("a value has no tag that is used here")
	}
	constructed, n, b := b[0]&0x20 != 0, int(b[1]), b[2:]
	if n >= 0x80 {
		size := n - 0x80
		if size == 0 || size > 3 || size > len(b) || b[0] == 0 {
			return nil, errors.New("a length is not the shortest")
		}
		n = 0
		for _, c := range b[:size] {
			n = n<<8 | int(c)
		}
		if n < 0x80 {
			return nil, errors.New("a length is not the shortest")
		}
		b = b[size:]
	}
	if n > len(b) {
		return nil, errors.New("a value is cut off")
	}
	if inner := b[:n]; constructed {
		for len(inner) > 0 {
			var err error
			if inner, err = skipDER(inner, depth+1); err != nil {
				return nil, err
			}
		}
	}
	return b[n:], nil
}
