package search

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"stet/store"
)

// filter is a [store.SearchFilter] in the numbers of the index.
type filter struct {
	everything bool
	// kinds, statuses and sources have a bit for each that fits, media for each
	// of which one is enough; mediaNone fits those without.
	kinds     uint8
	statuses  uint64
	sources   uint32
	media     uint8
	mediaNone bool
	anyMedia  bool
	platforms map[uint16]bool // nil for all
	authors   []uint32        // ascending; nil for all
	// domains are the documents of the domains, nil for all.
	domains docSet

	postedFrom, postedTo, goneFrom, goneTo uint32
	posted, gone                           bool
}

func newFilter(tx *bbolt.Tx, f *store.SearchFilter, docs uint32) (*filter, error) {
	if f.IsZero() {
		return &filter{everything: true}, nil
	}
	x := &filter{kinds: 0xff, statuses: 1<<64 - 1, sources: 1<<32 - 1, anyMedia: len(f.Media) == 0}
	x.lists(f)
	x.times(f)
	if len(f.Platforms) > 0 {
		x.platforms = map[uint16]bool{}
		for _, p := range f.Platforms {
			if n := lookUp(tx, bucketPlatforms, string(p)); n != 0 {
				x.platforms[uint16(min(n, 1<<16-1))] = true
			}
		}
	}
	if len(f.Authors) > 0 {
		x.authors = authorsOf(tx, f.Authors)
	}
	if len(f.Domains) > 0 {
		x.domains = newDocSet(docs)
		for _, d := range f.Domains {
			if err := domainDocs(tx, strings.TrimPrefix(strings.ToLower(d), "www."), x.domains); err != nil {
				return nil, err
			}
		}
	}
	return x, nil
}

// lists takes the lists of words.
func (x *filter) lists(f *store.SearchFilter) {
	if len(f.Kinds) > 0 {
		x.kinds = 0
		for _, k := range f.Kinds {
			x.kinds |= 1 << kindNumber(k)
		}
	}
	if len(f.Statuses) > 0 {
		x.statuses = 0
		for _, s := range f.Statuses {
			if n := number(statusNames(), string(s)); n != 0 {
				x.statuses |= 1 << n
			}
		}
	}
	if len(f.Sources) > 0 {
		x.sources = 0
		for _, s := range f.Sources {
			if n := number(sourceNames(), string(s)); n != 0 {
				x.sources |= 1 << n
			}
		}
	}
	for _, m := range f.Media {
		if m == store.MediaNone {
			x.mediaNone = true
		} else if slices.Contains(mediaNames(), m) {
			x.media |= mediaBit(m)
		}
	}
}

// times takes the bounds of time.
func (x *filter) times(f *store.SearchFilter) {
	x.posted = !f.PostedFrom.IsZero() || !f.PostedTo.IsZero()
	x.gone = !f.GoneFrom.IsZero() || !f.GoneTo.IsZero()
	x.postedTo, x.goneTo = 1<<32-1, 1<<32-1
	x.postedFrom, x.goneFrom = seconds(f.PostedFrom), seconds(f.GoneFrom)
	if !f.PostedTo.IsZero() {
		x.postedTo = seconds(f.PostedTo)
	}
	if !f.GoneTo.IsZero() {
		x.goneTo = seconds(f.GoneTo)
	}
}

// passes reports whether a document fits.
func (x *filter) passes(doc uint32, raw []byte) bool {
	if x.everything {
		return true
	}
	// An account is asked for most often, and few rows are of it.
	if x.authors != nil {
		if _, ok := slices.BinarySearch(x.authors, binary.LittleEndian.Uint32(raw[8:])); !ok {
			return false
		}
	}
	r := readRow(raw)
	switch {
	case x.kinds>>r.kind&1 == 0, x.statuses>>r.status&1 == 0, x.sources>>r.source&1 == 0:
		return false
	case x.domains != nil && !x.domains.has(doc):
		return false
	case !x.anyMedia && (r.kind != kindPost || r.media&x.media == 0 && (!x.mediaNone || r.media != 0)):
		return false
	case x.platforms != nil && !x.platforms[r.platform]:
		return false
	case x.posted && (r.unstated || r.posted < x.postedFrom || r.posted >= x.postedTo):
		return false
	case x.gone && (r.gone == 0 || r.gone < x.goneFrom || r.gone >= x.goneTo):
		return false
	}
	return true
}

// lookUp returns the number of a value in a dictionary, 0 where it has none.
func lookUp(tx *bbolt.Tx, bucket, value string) uint32 {
	v := tx.Bucket([]byte(bucket)).Get(append([]byte("v"), value[:min(len(value), 600)]...))
	if len(v) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(v)
}

// entryName returns the value of a number in a dictionary.
func entryName(tx *bbolt.Tx, bucket string, n uint32) string {
	return string(tx.Bucket([]byte(bucket)).Get(append([]byte("n"), numberKey(n)...)))
}

// authorsOf returns the accounts of handles, on all platforms where none is
// named, ascending.
func authorsOf(tx *bbolt.Tx, handles []string) []uint32 {
	found := []uint32{}
	for _, h := range handles {
		if platform, handle, ok := strings.Cut(h, ":"); ok {
			if n := lookUp(tx, bucketAuthors, authorKey(handle, platform)); n != 0 {
				found = append(found, n)
			}
			continue
		}
		prefix := append([]byte("v"), authorKey(h, "")...)
		c := tx.Bucket([]byte(bucketAuthors)).Cursor()
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			if len(v) == 4 {
				found = append(found, binary.BigEndian.Uint32(v))
			}
		}
	}
	slices.Sort(found)
	return found
}

// domainDocs adds the documents of a domain and of those below it.
func domainDocs(tx *bbolt.Tx, domain string, into docSet) error {
	name := append([]byte("v"), reversed(domain)...)
	c := tx.Bucket([]byte(bucketHosts)).Cursor()
	for k, v := c.Seek(name); bytes.HasPrefix(k, name); k, v = c.Next() {
		if (len(k) == len(name) || k[len(name)] == '.') && len(v) == 4 {
			if err := eachOfDomain(tx, v, func(doc uint32) {
				if int(doc/64) < len(into) {
					into.set(doc)
				}
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachOfDomain calls fn with the documents of the domain with a number.
func eachOfDomain(tx *bbolt.Tx, id []byte, fn func(doc uint32)) error {
	c := tx.Bucket([]byte(bucketDomains)).Cursor()
	for k, v := c.Seek(id); bytes.HasPrefix(k, id); k, v = c.Next() {
		if len(k) != 8 {
			return fmt.Errorf("%w: a set of the index of words cannot be read; run `stet rebuild`", store.ErrCorrupt)
		}
		base := binary.BigEndian.Uint32(k[4:]) << 8
		for _, low := range v {
			fn(base | uint32(low))
		}
	}
	return nil
}
