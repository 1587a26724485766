package wacz

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"sync"

	"stet/store"
)

// Summed is a [Reader] that hashes what is read through it: [Verify] need not
// read an entry again that somebody read to its end. It is safe for concurrent
// use as the reader is.
type Summed struct {
	*Reader
	mu   sync.Mutex
	sums map[string]store.Digest
}

// NewSummed returns r with nothing read yet.
func NewSummed(r *Reader) *Summed { return &Summed{Reader: r, sums: map[string]store.Digest{}} }

// Open is [Reader.Open]. A large entry is read and hashed ahead, on another core
// where one is free.
func (s *Summed) Open(name string) (io.ReadCloser, error) {
	in, err := s.Reader.Open(name)
	if err != nil {
		return nil, err
	}
	note := func(d store.Digest) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sums[name] = d
	}
	if size, _ := s.Size(name); size <= aheadSize {
		return &summing{in: in, hash: sha256.New(), note: note}, nil
	}
	return readAhead(in, note), nil
}

// ReadAll is [Reader.ReadAll].
func (s *Summed) ReadAll(name string, max int64) ([]byte, error) {
	return readAll(s, name, max)
}

// Lines is [Reader.Lines].
func (s *Summed) Lines(name string, max int, yield func(line []byte) error) error {
	return eachLine(s, name, max, yield)
}

// sum returns the digest of an entry, which is read where nobody has read it to
// its end.
func (s *Summed) sum(name string, through func(io.Reader) io.Reader) (store.Digest, error) {
	if d, ok := s.known(name); ok {
		return d, nil
	}
	in, err := s.Open(name)
	if err != nil {
		return store.Digest{}, err
	}
	_, err = io.Copy(io.Discard, through(in))
	err = errors.Join(err, in.Close())
	d, _ := s.known(name)
	return d, err
}

func (s *Summed) known(name string) (store.Digest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.sums[name]
	return d, ok
}

// summing hashes an entry while it is read, and tells of the digest when its end
// is reached, which its length and checksum allow.
type summing struct {
	in   io.ReadCloser
	hash hash.Hash
	note func(store.Digest)
}

// Read reads on. It errors as the entry does.
func (s *summing) Read(p []byte) (int, error) {
	n, err := s.in.Read(p)
	s.hash.Write(p[:n])
	if errors.Is(err, io.EOF) {
		s.note(store.Digest(s.hash.Sum(nil)))
	}
	return n, err
}

// Close closes the entry.
func (s *summing) Close() error { return s.in.Close() }

// The room of an entry that is read ahead, and how large one must be to be.
const (
	aheadChunk  = 256 << 10
	aheadChunks = 4
	aheadSize   = aheadChunks * aheadChunk
)

// ahead is an entry that a goroutine reads and hashes before it is asked for.
type ahead struct {
	in io.Closer
	// filled are the parts that were read, empty those that were used; both have
	// room for all.
	filled, empty chan part
	now           part
	rest          []byte
	stop          chan struct{}
	done          sync.WaitGroup
	once          sync.Once
}

// part is a part of an entry, with what ended it.
type part struct {
	room []byte
	n    int
	err  error
}

func readAhead(in io.ReadCloser, note func(store.Digest)) *ahead {
	a := &ahead{in: in, filled: make(chan part, aheadChunks), empty: make(chan part, aheadChunks), stop: make(chan struct{})}
	for range aheadChunks {
		a.empty <- part{room: make([]byte, aheadChunk)}
	}
	a.done.Go(func() { a.run(in, note) })
	return a
}

// run reads and hashes one part after the other. A part that was used comes back
// only after this hashed it, because it hashes them in turn.
func (a *ahead) run(in io.Reader, note func(store.Digest)) {
	defer close(a.filled)
	h := sha256.New()
	for {
		var p part
		select {
		case <-a.stop:
			return
		case p = <-a.empty:
		}
		for p.n, p.err = 0, nil; p.n < len(p.room) && p.err == nil; {
			var n int
			n, p.err = in.Read(p.room[p.n:])
			p.n += n
		}
		if p.err != nil { // the end is shown when the digest is known
			h.Write(p.room[:p.n])
			if errors.Is(p.err, io.EOF) {
				note(store.Digest(h.Sum(nil)))
			}
			a.filled <- p
			return
		}
		a.filled <- p
		h.Write(p.room[:p.n])
	}
}

// Read reads on. It errors as the entry does.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.room != nil {
			a.empty <- a.now
		}
		next, ok := <-a.filled
		if !ok {
			return 0, io.ErrClosedPipe
		}
		a.now, a.rest = next, next.room[:next.n]
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close stops reading, and closes the entry.
func (a *ahead) Close() error {
	a.once.Do(func() { close(a.stop) })
	a.done.Wait()
	return a.in.Close()
}
