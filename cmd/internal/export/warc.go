package export

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"stet/store"
	"stet/store/warc"
)

// partName names a file of several, in the form that the field is used to.
func (x *exporter) partName(n int) string {
	return fmt.Sprintf("stet-%s-%05d.warc.gz", warc.Timestamp(x.time), n)
}

// warc writes WARC: one file, or a folder of them.
func (x *exporter) warc(ctx context.Context) error {
	chosen, err := x.plan(ctx)
	if err != nil {
		return err
	}
	return x.segments(ctx, chosen, nil)
}

// segments writes the chosen records in parts. A nil index is none.
func (x *exporter) segments(ctx context.Context, chosen numbers, index func(*warc.Entry) error) error {
	m := x.o.From
	after, err := strconv.ParseUint(m.After, 10, 64)
	if err != nil {
		m, after = Mark{}, 0
	}
	s := &segment{x: x, index: index, number: m.Number, offset: m.Offset, limit: x.o.sizes.segment}
	if x.o.Folder {
		s.limit = x.o.sizes.part
	}
	if !x.o.Folder {
		if err := x.out.File(""); err != nil {
			return err
		}
	}
	err = x.each(ctx, chosen, after, func(r *store.Record) error {
		if s.file != nil && s.file.w.Offset()-s.start >= s.limit {
			if err := s.end(s.last); err != nil {
				return err
			}
		}
		if s.file == nil {
			if err := s.begin(); err != nil {
				return err
			}
		}
		s.last = r.Seq
		return s.file.record(ctx, r)
	})
	if err != nil {
		return err
	}
	if s.file == nil && s.number == 0 { // a file without records is one, too
		if err := s.begin(); err != nil {
			return err
		}
	}
	if s.file == nil {
		return nil
	}
	return s.end(s.last)
}

// segment is a part that is being written.
type segment struct {
	x      *exporter
	index  func(*warc.Entry) error
	file   *file
	buffer *bufio.Writer
	// number counts the parts, offset is where this one begins in its file and
	// start where the writer did.
	number        int
	offset, start int64
	limit         int64
	last          uint64
}

func (s *segment) begin() error {
	name, at := s.x.warcName(), s.offset
	if s.x.o.Folder {
		name, at = s.x.partName(s.number), 0
		if err := s.x.out.File(name); err != nil {
			return err
		}
	}
	s.buffer = bufio.NewWriterSize(s.x.out, 256<<10)
	var err error
	s.file, err = s.x.newFile(s.buffer, at, name, s.number, s.index)
	s.start = at
	return err
}

// end finishes the part and says that an interrupted export can go on here.
func (s *segment) end(after uint64) error {
	if err := s.buffer.Flush(); err != nil {
		return err
	}
	s.offset = s.file.w.Offset()
	s.number++
	m := Mark{Number: s.number, Offset: s.offset, After: strconv.FormatUint(after, 10)}
	if s.x.o.Folder {
		m.Offset = 0
	}
	s.file = nil
	return s.x.out.Mark(s.x.mark(m))
}

// warcName is the name of the only file.
func (x *exporter) warcName() string {
	name := x.o.Name
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	if x.o.Format == CDXJ {
		for _, end := range []string{".cdxj", ".cdx"} {
			name = strings.TrimSuffix(name, end)
		}
		if name != "" && !strings.HasSuffix(name, ".warc.gz") {
			name += ".warc.gz"
		}
	}
	if name == "" || name == "-" {
		return "stet.warc.gz"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return '_'
		}
		return r
	}, name)
}

// cdxj writes the index of what an export as one WARC file would hold.
func (x *exporter) cdxj(ctx context.Context) (err error) {
	chosen, err := x.plan(ctx)
	if err != nil {
		return err
	}
	lines := &sorter{temp: x.o.Temp, max: x.o.sizes.run}
	defer func() {
		if cerr := lines.close(); err == nil {
			err = cerr
		}
	}()
	to := *x
	to.o = &Options{}
	*to.o = *x.o
	to.o.Folder, to.o.From = false, Mark{}
	to.out = &counted{Out: ToWriter(io.Discard)}
	if err := to.segments(ctx, chosen, func(e *warc.Entry) error { return lines.add(e.Line()) }); err != nil {
		return err
	}
	x.sum.Records = to.sum.Records
	if err := x.out.File(""); err != nil {
		return err
	}
	w := bufio.NewWriter(x.out)
	if err := lines.each(func(l []byte) error {
		_, err := w.Write(append(l, '\n'))
		return err
	}); err != nil {
		return err
	}
	return w.Flush()
}
