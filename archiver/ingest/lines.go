package ingest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"stet/store"
)

// lines calls f with each line that is not blank, without its end, and tooLong
// with those that are longer than max. What f is given holds until it returns.
func lines(ctx context.Context, r io.Reader, max int, f func(at span, line []byte) error, tooLong func(at span) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	var offset, length int64
	for {
		part, err := in.ReadSlice('\n')
		length += int64(len(part))
		if length <= int64(max) {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading from byte %d: %w", offset, err)
		}
		if err := errors.Join(ctx.Err(), oneLine(span{offset: offset, length: length}, line, int64(max), f, tooLong)); err != nil {
			return err
		}
		if err != nil {
			return nil
		}
		offset, length, line = offset+length, 0, line[:0]
	}
}

func oneLine(at span, line []byte, max int64, f func(at span, line []byte) error, tooLong func(at span) error) error {
	if at.length > max {
		return tooLong(at)
	}
	if at.offset == 0 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return nil
	}
	return f(at, line)
}

// pacer bounds what a decoder may read for one item: memory is bounded whatever
// the file says.
type pacer struct {
	r    io.Reader
	left int64
	// most is how much, 0 is 2 * maxItem.
	most int64
}

func (p *pacer) next() { p.left = cmp.Or(p.most, 2*maxItem) }

// Read errors with [store.ErrTooLarge] where the item does not end.
func (p *pacer) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, fmt.Errorf("%w: an item has more than %d MB", store.ErrTooLarge, max(1, cmp.Or(p.most, maxItem)>>20))
	}
	n, err := p.r.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	return n, err
}
