package wire

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"stet/store"
	"stet/store/evidence"
	"stet/store/wacz"
	"stet/store/warc"
)

// maxPlaces is the most records of a package whose places are remembered: some
// 40 MB. An index of more is not compared.
const maxPlaces = 1 << 20

// places remembers where the records of a package stand, to hold its indexes
// against: whoever replays the package sees what they lead to.
type places struct {
	p *wacz.Summed
	// own says that this program wrote the package: then nothing is left open.
	own  bool
	seed maphash.Seed
	// at are the places, with what stands there; pages what stands anywhere. Both
	// are sorted before they are searched.
	at    []placed
	pages []uint64
	full  bool
	// indexed counts the records that an index lists, lines those of indexes.
	indexed, lines int
}

// placed is a place with what stands there: an address at a second, and in a
// package of our own the digest of the payload and whether it is repeated.
type placed struct{ where, what uint64 }

func (a placed) compare(b placed) int { return cmp.Compare(a.where, b.where) }

func newPlaces(p *wacz.Summed, own bool) *places {
	return &places{p: p, own: own, seed: maphash.MakeSeed()}
}

// where is a place in a file, what an address at a second. The numbers stand
// behind the text in as many bytes each, so that no two are read alike.
func (s *places) where(file string, offset, length int64) uint64 {
	return s.hash(file, offset, length)
}

func (s *places) what(address string, at time.Time) uint64 {
	return s.hash(address, at.Unix(), 0)
}

func (s *places) hash(text string, numbers ...int64) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	_, _ = h.WriteString(text) // it never errors
	var b [8]byte
	for _, n := range numbers {
		binary.LittleEndian.PutUint64(b[:], uint64(n)) //nolint:gosec // any number that is its own
		_, _ = h.Write(b[:])
	}
	return h.Sum64()
}

// see notes a record that can be replayed.
func (s *places) see(file string, r *warc.Read) {
	switch r.Type() {
	case warc.TypeResponse, warc.TypeRevisit, warc.TypeResource, warc.TypeConversion, warc.TypeMetadata:
	default:
		return
	}
	if len(s.at) >= maxPlaces {
		s.full = true
		return
	}
	switch r.Type() {
	case warc.TypeResponse, warc.TypeRevisit, warc.TypeResource:
		s.indexed++
	}
	at, err := time.Parse(time.RFC3339Nano, r.Header.Get("WARC-Date"))
	if err != nil {
		return // told elsewhere
	}
	address := strings.Trim(r.Header.Get("WARC-Target-URI"), "<>")
	s.at = append(s.at, placed{s.where(path.Base(file), r.Offset, r.Length),
		s.record(address, at, r.Header.Get("WARC-Payload-Digest"), r.Type() == warc.TypeRevisit)})
	s.pages = append(s.pages, s.what(address, at))
}

// record is what stands at a place. Other programs write digests otherwise into
// indexes than into records.
func (s *places) record(address string, at time.Time, digest string, again bool) uint64 {
	if !s.own {
		return s.what(address, at)
	}
	kind := int64(1)
	if again {
		kind = 2
	}
	return s.hash(address, at.Unix(), kind, int64(s.hash(digest))) //nolint:gosec // any number that is its own
}

// compare holds the indexes and the lists of pages against what was seen.
func (s *places) compare(ctx context.Context) ([]VerifiedPart, error) {
	if s.full {
		return []VerifiedPart{{Name: "indexes", Result: evidence.Unverifiable, Why: "there are too many records to compare the indexes with them"}}, nil
	}
	slices.SortFunc(s.at, placed.compare)
	slices.Sort(s.pages)
	var parts []VerifiedPart
	for _, name := range s.p.Names() {
		var check func([]byte) string
		switch {
		case strings.HasPrefix(name, "indexes/") && (strings.HasSuffix(name, ".cdx") || strings.HasSuffix(name, ".cdxj") || strings.HasSuffix(name, ".cdx.gz")):
			check = s.line
		case strings.HasPrefix(name, "pages/") && strings.HasSuffix(name, ".jsonl"):
			check = s.page
		default:
			continue
		}
		size := int64(0)
		if s.own {
			check = s.strict(name, &size, check)
		}
		part, err := s.file(ctx, name, check)
		if err != nil {
			return parts, err
		}
		if n, _ := s.p.Size(name); s.own && part.Result == evidence.Verified && !strings.HasSuffix(name, ".gz") && n != size {
			part.Result, part.Why = evidence.Wrong, "its lines end otherwise than they should"
		}
		parts = append(parts, part)
	}
	if s.own && s.lines != s.indexed {
		parts = append(parts, VerifiedPart{Name: "indexes", Result: evidence.Wrong, Why: fmt.Sprintf("they have %d lines, there are %d records to be listed", s.lines, s.indexed)})
	}
	return parts, nil
}

// strict returns a check for files that this program wrote: their lines stand in
// order, each once, and a list of pages has one head. It adds up what the lines
// take.
func (s *places) strict(name string, size *int64, check func([]byte) string) func([]byte) string {
	var last []byte
	n, index := 0, strings.HasPrefix(name, "indexes/")
	return func(line []byte) string {
		n++
		*size += int64(len(line)) + 1
		head := bytes.HasPrefix(line, []byte(`{"format":`))
		switch {
		case index && bytes.Compare(last, line) >= 0:
			return "it does not stand in its place"
		case !index && head != (n == 1):
			return "the list has not one head, at its beginning"
		}
		if index {
			s.lines++
			last = append(last[:0], line...)
		}
		return check(line)
	}
}

// maxPageLine is the longest line of a list of pages: the words of a page are in
// it.
const maxPageLine = 64 << 20

// file looks at each line of one file.
func (s *places) file(ctx context.Context, name string, check func([]byte) string) (VerifiedPart, error) {
	lines, bad, first := 0, 0, ""
	each := func(line []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		lines++
		if why := check(line); why != "" {
			if bad++; bad == 1 {
				first = why
			}
		}
		return nil
	}
	err := s.each(name, each)
	if err == nil && s.own && lines == 0 {
		err = fmt.Errorf("%w: it has no lines", store.ErrCorrupt)
	}
	p := VerifiedPart{Name: name + " lines", Result: evidence.Verified, Why: fmt.Sprintf("each of the %d lines leads to what it says", lines)}
	switch {
	case err != nil && !judged(err):
		return p, err
	case err != nil:
		p.Result, p.Why = evidence.Wrong, err.Error()
	case bad > 0:
		p.Result, p.Why = evidence.Wrong, fmt.Sprintf("%d of %d lines: %s", bad, lines, first)
		if !s.own {
			p.Result, p.Why = evidence.Unverifiable, p.Why+"; other programs write such lines"
		}
	}
	return p, nil
}

// each calls each for each line of a file, which may be compressed.
func (s *places) each(name string, each func([]byte) error) error {
	if !strings.HasSuffix(name, ".gz") {
		return s.p.Lines(name, maxPageLine, each)
	}
	in, err := s.p.Open(name)
	if err != nil {
		return err
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return errors.Join(fmt.Errorf("the entry %s: %w: %w", name, store.ErrCorrupt, err), in.Close())
	}
	return errors.Join(wacz.EachLine(name, io.LimitReader(z, wacz.DefaultEntry), maxPageLine, each), in.Close())
}

// line says what is wrong with a line of an index.
func (s *places) line(line []byte) string {
	if len(strings.TrimSpace(string(line))) == 0 || strings.HasPrefix(string(line), "!") {
		return ""
	}
	e, err := warc.ParseLine(line)
	if err != nil {
		return err.Error()
	}
	if s.own && !bytes.Equal(e.Line(), line) {
		return fmt.Sprintf("%.200q has bytes that mean nothing", line)
	}
	i, ok := slices.BinarySearchFunc(s.at, placed{where: s.where(path.Base(e.Filename), e.Location.Offset, e.Location.Length)}, placed.compare)
	switch {
	case !ok:
		return fmt.Sprintf("%.200q leads to %d bytes at %d of %.80q, where no record stands", e.URL, e.Location.Length, e.Location.Offset, e.Filename)
	case s.at[i].what != s.record(e.URL, e.Time, e.Digest, e.MIME == "warc/revisit"):
		return fmt.Sprintf("%.200q at %s leads to the record of something else", e.URL, warc.Timestamp(e.Time))
	}
	return ""
}

// page says what is wrong with a line of a list of pages.
func (s *places) page(line []byte) string {
	var p struct {
		Format string
		URL    string
		TS     string
	}
	if len(strings.TrimSpace(string(line))) == 0 {
		return ""
	}
	if err := json.Unmarshal(line, &p); err != nil {
		return fmt.Sprintf("%.80q is no page", line)
	}
	if p.Format != "" && p.URL == "" {
		return "" // the head of the list
	}
	at, err := time.Parse(time.RFC3339Nano, p.TS)
	if err == nil {
		if _, ok := slices.BinarySearch(s.pages, s.what(p.URL, at)); ok {
			return ""
		}
	}
	return fmt.Sprintf("the page %.200q of %.40q is not in the package", p.URL, p.TS)
}
