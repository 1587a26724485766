package warc

import (
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// The room of a file that is decompressed ahead.
const (
	stretchSize = 128 << 10
	stretches   = 6
)

// ahead is a gzip file that a goroutine decompresses before it is asked for, on
// another core where one is free: that takes half of the time of reading one.
type ahead struct {
	// filled are the stretches that were read, empty those that were used; both
	// have room for all.
	filled, empty chan *stretch
	stop          chan struct{}
	done          sync.WaitGroup
	once          sync.Once

	// now is the stretch that is read, and how much of its bytes and bounds is
	// used.
	now       *stretch
	used, met int
	// ended is true between two members.
	ended bool
	// at is the place in the file of the bound that was passed last, taken how
	// much of the file was used for what was read, head what the member begins
	// with.
	at, taken int64
	head      [gzipHead]byte
	err       error
}

// stretch is a part of what a file holds, of one member or of several.
type stretch struct {
	room   []byte
	bounds []bound
	taken  int64
	// err follows the last byte and bound, nil where another stretch does.
	err error
}

// bound is where a member begins or ends.
type bound struct {
	// in is the place among the stretch's bytes, at that in the file.
	in   int
	at   int64
	head [gzipHead]byte
}

func readAhead(src *source) *ahead {
	a := &ahead{filled: make(chan *stretch, stretches), empty: make(chan *stretch, stretches), stop: make(chan struct{})}
	for range stretches {
		a.empty <- &stretch{room: make([]byte, 0, stretchSize)}
	}
	a.done.Go(func() { a.run(src) })
	return a
}

// errStopped ends a run that nobody waits for.
var errStopped = errors.New("stopped")

// run decompresses one member after the other.
func (a *ahead) run(src *source) {
	defer close(a.filled)
	f := filling{a: a, src: src}
	err := f.next()
	for err == nil {
		err = f.member()
	}
	if f.s != nil && !errors.Is(err, errStopped) {
		f.s.err, f.s.taken = err, src.in.n
		a.filled <- f.s
	}
}

// filling is the stretch that is being filled.
type filling struct {
	a   *ahead
	src *source
	zip *gzip.Reader
	s   *stretch
}

// next hands the stretch on where there is one, and takes another.
func (f *filling) next() error {
	if f.s != nil {
		f.s.taken = f.src.in.n
		f.a.filled <- f.s
		f.s = nil
	}
	select {
	case <-f.a.stop:
		return errStopped
	case f.s = <-f.a.empty:
	}
	f.s.room, f.s.bounds, f.s.err = f.s.room[:0], f.s.bounds[:0], nil
	return nil
}

// member decompresses the next member. It errors with io.EOF behind the last.
func (f *filling) member() error {
	if _, err := f.src.Peek(1); err != nil {
		return err
	}
	b := bound{in: len(f.s.room), at: f.src.at()}
	if begin, err := f.src.Peek(gzipHead); err == nil {
		copy(b.head[:], begin)
	}
	err := error(nil)
	if f.zip == nil {
		f.zip, err = gzip.NewReader(f.src.Reader)
	} else {
		err = f.zip.Reset(f.src.Reader)
	}
	if err != nil {
		return damaged(err, "a gzip member does not begin as one")
	}
	f.zip.Multistream(false)
	f.s.bounds = append(f.s.bounds, b)
	for {
		if len(f.s.room) == cap(f.s.room) || len(f.s.bounds) > stretchSize/64 {
			if err := f.next(); err != nil {
				return err
			}
		}
		s := f.s
		n, err := f.zip.Read(s.room[len(s.room):cap(s.room)])
		s.room = s.room[:len(s.room)+n]
		if errors.Is(err, io.EOF) {
			s.bounds = append(s.bounds, bound{in: len(s.room), at: f.src.at()})
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// step goes to where something is left to be read: bytes, a bound or an error.
func (a *ahead) step() (bytes []byte, b *bound) {
	for a.err == nil {
		if s := a.now; s != nil {
			end := len(s.room)
			if a.met < len(s.bounds) {
				if b = &s.bounds[a.met]; b.in == a.used {
					return nil, b
				}
				end = b.in
			}
			if end > a.used {
				return s.room[a.used:end], nil
			}
			if a.err = s.err; a.err != nil {
				return nil, nil
			}
			a.empty <- s
		}
		next, ok := <-a.filled
		if !ok {
			a.err = io.ErrClosedPipe
			return nil, nil
		}
		a.now, a.used, a.met, a.taken = next, 0, 0, next.taken
	}
	return nil, nil
}

// next goes to the next member, behind the one that was read to its end. It
// errors with io.EOF behind the last.
func (a *ahead) next() error {
	_, b := a.step()
	if b == nil {
		return a.err
	}
	a.met++
	a.at, a.head, a.ended = b.at, b.head, false
	return nil
}

// Read returns bytes of the member. It errors with io.EOF behind its end.
func (a *ahead) Read(p []byte) (int, error) {
	if a.ended {
		return 0, io.EOF
	}
	bytes, b := a.step()
	switch {
	case b != nil:
		a.met++
		a.at, a.ended = b.at, true
		return 0, io.EOF
	case bytes == nil:
		return 0, a.err
	}
	n := copy(p, bytes)
	a.used += n
	return n, nil
}

// close stops the goroutine, and waits until it reads the file no more.
func (a *ahead) close() {
	a.once.Do(func() { close(a.stop) })
	a.done.Wait()
}
