package export

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"slices"
)

// File is a temporary file; closing it removes it.
type File interface {
	io.ReadWriteSeeker
	io.ReaderAt
	io.Closer
}

// open returns a reader of the whole of f, which stays open.
func section(f File, size int64) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(f, 0, size)), nil }
}

// sorter sorts lines by their bytes, however many they are: in runs that are
// kept in temporary files and merged.
type sorter struct {
	temp func() (File, error)
	// max is how many bytes of lines are held in memory.
	max   int
	lines [][]byte
	size  int
	runs  []run
	count int64
}

type run struct {
	f    File
	size int64
}

// add takes a line without line end.
func (s *sorter) add(line []byte) error {
	s.lines = append(s.lines, bytes.Clone(line))
	s.count++
	if s.size += len(line) + 24; s.size < s.max { // and a slice's header
		return nil
	}
	return s.spill()
}

// spill writes the lines that are held to a file.
func (s *sorter) spill() error {
	slices.SortFunc(s.lines, bytes.Compare)
	f, err := s.temp()
	if err != nil {
		return err
	}
	s.runs = append(s.runs, run{f: f})
	w := bufio.NewWriter(f)
	var n int64
	for _, l := range s.lines {
		n += int64(len(l)) + 1
		if _, err := w.Write(append(l, '\n')); err != nil {
			return fmt.Errorf("sorting the index: %w", err)
		}
	}
	s.runs[len(s.runs)-1].size = n
	s.lines, s.size = nil, 0
	return w.Flush()
}

// each calls fn for each line in order, without its line end.
func (s *sorter) each(fn func([]byte) error) error {
	slices.SortFunc(s.lines, bytes.Compare)
	var h mergeHeap
	next := func(r *bufio.Reader) error {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			heap.Push(&h, head{line[:len(line)-1], r})
		}
		return err
	}
	for _, r := range s.runs {
		if err := next(bufio.NewReaderSize(io.NewSectionReader(r.f, 0, r.size), 64<<10)); err != nil {
			return err
		}
	}
	held := s.lines
	for len(h) > 0 || len(held) > 0 {
		if len(h) == 0 || len(held) > 0 && bytes.Compare(held[0], h[0].line) < 0 {
			if err := fn(held[0]); err != nil {
				return err
			}
			held = held[1:]
			continue
		}
		least := heap.Pop(&h).(head)
		if err := fn(least.line); err != nil {
			return err
		}
		if err := next(least.from); err != nil {
			return fmt.Errorf("sorting the index: %w", err)
		}
	}
	return nil
}

// close removes the files.
func (s *sorter) close() error {
	var errs []error
	for _, r := range s.runs {
		errs = append(errs, r.f.Close())
	}
	s.runs = nil
	return errors.Join(errs...)
}

type head struct {
	line []byte
	from *bufio.Reader
}

type mergeHeap []head

// Len, Less, Swap, Push and Pop implement [heap.Interface].
func (h mergeHeap) Len() int           { return len(h) }
func (h mergeHeap) Less(i, j int) bool { return bytes.Compare(h[i].line, h[j].line) < 0 }
func (h mergeHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds x.
func (h *mergeHeap) Push(x any) { *h = append(*h, x.(head)) }

// Pop takes the last.
func (h *mergeHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
