package search

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"stet/store"
)

// maxBlock is about how many bytes of entries one value of the postings holds,
// so that several share a page of bbolt.
const maxBlock = 1000

// A list of postings says in which documents a token stands, and where. It is
// kept as blocks: the key of a block is the token, a zero byte and the number
// of its first document (4 bytes, big endian), its value the distance from the
// first to the last document, the number of documents, and for each the
// distance from the one before (0 for the first), twice the first position,
// plus one where there are more, then their number less one and the distances
// between them. All numbers are varints.

// pending is postings that are not written yet.
type pending struct {
	pieces []postings
	doc    uint32
	places []int
}

// postings are the entries of one block, without the distance of the first.
type postings struct {
	first, last uint32
	count       int
	entries     []byte
}

// add notes that the token stands at a place of a document. Documents and
// places ascend.
func (p *pending) add(doc uint32, place int) {
	if doc != p.doc {
		p.finish()
		p.doc = doc
	}
	if n := len(p.places); n == 0 || p.places[n-1] != place {
		p.places = append(p.places, place)
	}
}

// finish ends the entry of the present document.
func (p *pending) finish() {
	if len(p.places) == 0 {
		return
	}
	if n := len(p.pieces); n == 0 || len(p.pieces[n-1].entries) >= maxBlock {
		p.pieces = append(p.pieces, postings{first: p.doc})
	} else {
		piece := &p.pieces[n-1]
		piece.entries = binary.AppendUvarint(piece.entries, uint64(p.doc-piece.last))
	}
	piece := &p.pieces[len(p.pieces)-1]
	piece.last = p.doc
	piece.count++
	first := uint64(p.places[0]) << 1
	if len(p.places) > 1 {
		first |= 1
	}
	piece.entries = binary.AppendUvarint(piece.entries, first)
	if len(p.places) > 1 {
		piece.entries = binary.AppendUvarint(piece.entries, uint64(len(p.places)-1))
		for i, place := range p.places[1:] {
			piece.entries = binary.AppendUvarint(piece.entries, uint64(place-p.places[i]))
		}
	}
	p.places = p.places[:0]
}

func blockKey(token string, first uint32) []byte {
	return binary.BigEndian.AppendUint32(append([]byte(token), 0), first)
}

// write appends the postings of a token: to its last block, where that has
// room, and as new blocks.
func (p *pending) write(b *bbolt.Bucket, token string) error {
	p.finish()
	pieces := p.pieces
	key, last, err := lastBlock(b, token)
	if err != nil {
		return err
	}
	if key != nil && len(last.entries)+len(pieces[0].entries) <= maxBlock+maxBlock/4 {
		first := pieces[0]
		if first.first <= last.last {
			return fmt.Errorf("%w: the postings of %q reach document %d already", store.ErrCorrupt, token, last.last)
		}
		last.entries = binary.AppendUvarint(slices.Clone(last.entries), uint64(first.first-last.last))
		last.entries = append(last.entries, first.entries...)
		last.last, last.count = first.last, last.count+first.count
		if err := last.put(b, slices.Clone(key)); err != nil {
			return err
		}
		pieces = pieces[1:]
	}
	for i := range pieces {
		if err := pieces[i].put(b, blockKey(token, pieces[i].first)); err != nil {
			return err
		}
	}
	return nil
}

func (p *postings) put(b *bbolt.Bucket, key []byte) error {
	v := make([]byte, 0, len(p.entries)+12)
	v = binary.AppendUvarint(v, uint64(p.last-p.first))
	v = binary.AppendUvarint(v, uint64(p.count))
	v = append(v, 0) // the distance of the first document
	return b.Put(key, append(v, p.entries...))
}

// lastBlock returns the last block of a token, a nil key where it has none.
func lastBlock(b *bbolt.Bucket, token string) ([]byte, postings, error) {
	c := b.Cursor()
	prefix := append([]byte(token), 0)
	last := c.Prev
	if k, _ := c.Seek(append(slices.Clone(prefix), 0xff, 0xff, 0xff, 0xff, 0xff)); k == nil {
		last = c.Last
	}
	k, v := last()
	if len(k) != len(prefix)+4 || !bytes.HasPrefix(k, prefix) {
		return nil, postings{}, nil
	}
	p, err := readBlock(k, v)
	return k, p, err
}

var errBlock = errors.New("a block of postings cannot be read")

// readBlock reads the beginning of a block.
func readBlock(k, v []byte) (postings, error) {
	p := postings{first: binary.BigEndian.Uint32(k[len(k)-4:])}
	r := varints{b: v}
	p.last = p.first + uint32(r.next())
	p.count = int(r.next())
	if d := r.next(); d != 0 || r.bad || p.last < p.first || p.count < 1 {
		return p, fmt.Errorf("%w: %w: %q", store.ErrCorrupt, errBlock, k)
	}
	p.entries = r.b
	return p, nil
}

// varints takes numbers off the front of b; once bad every number is 0.
type varints struct {
	b   []byte
	bad bool
}

func (r *varints) next() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// iterator reads the postings of a token, document by document.
type iterator struct {
	c      *bbolt.Cursor
	prefix []byte
	// whole is false where prefix is only the beginning of tokens: then
	// documents do not ascend from one token to the next.
	whole bool

	block postings
	rest  varints
	left  int // entries of the block after the present one

	doc    uint32
	places []int // of the present document
	err    error
}

// newIterator returns an iterator before the first document of a token.
func newIterator(b *bbolt.Bucket, token string) *iterator {
	return &iterator{c: b.Cursor(), prefix: append([]byte(token), 0), whole: true}
}

// newBeginIterator returns an iterator over all tokens that begin with one.
func newBeginIterator(b *bbolt.Bucket, begin string) *iterator {
	return &iterator{c: b.Cursor(), prefix: []byte(begin)}
}

// open takes the block under a key, and reports whether it belongs to the
// iterator.
func (it *iterator) open(k, v []byte) bool {
	it.left = 0
	if it.err != nil || k == nil || !bytes.HasPrefix(k, it.prefix) || it.whole && len(k) != len(it.prefix)+4 {
		return false
	}
	if it.block, it.err = readBlock(k, v); it.err != nil {
		return false
	}
	it.rest, it.left, it.doc = varints{b: it.block.entries}, it.block.count, it.block.first
	return true
}

// next goes to the next document. At the first call it goes to the first.
func (it *iterator) next() bool {
	if it.left == 0 {
		k, v := it.advance()
		return it.open(k, v) && it.entry()
	}
	it.doc += uint32(it.rest.next())
	return it.entry()
}

func (it *iterator) advance() (k, v []byte) {
	if it.block.entries == nil {
		return it.c.Seek(it.prefix)
	}
	return it.c.Next()
}

// entry reads the places of the present document.
func (it *iterator) entry() bool {
	it.left--
	first := it.rest.next()
	it.places = append(it.places[:0], int(first>>1))
	if first&1 == 1 {
		n := it.rest.next()
		if n > uint64(len(it.rest.b)) { // each takes a byte at least
			it.rest.bad = true
			n = 0
		}
		place := int(first >> 1)
		for range n {
			place += int(it.rest.next())
			it.places = append(it.places, place)
		}
	}
	if it.rest.bad {
		it.err = fmt.Errorf("%w: %w: %q", store.ErrCorrupt, errBlock, it.prefix)
		return false
	}
	return true
}

// seek goes to a document, from the present one on, and reports whether the
// token stands in it. Where it does not, the iterator stands at a later one or
// at the end.
func (it *iterator) seek(doc uint32) bool {
	if it.err != nil {
		return false
	}
	if it.block.entries == nil || doc > it.block.last {
		key := binary.BigEndian.AppendUint32(slices.Clone(it.prefix), doc)
		k, v := it.c.Seek(key)
		if !bytes.Equal(k, key) {
			// The block that begins before the document may hold it.
			pk, pv := it.c.Prev()
			if k == nil {
				pk, pv = it.c.Last()
			}
			if len(pk) == len(it.prefix)+4 && bytes.HasPrefix(pk, it.prefix) {
				k, v = pk, pv
			} else {
				k, v = it.c.Seek(key)
			}
		}
		if !it.open(k, v) || !it.entry() {
			it.block.entries, it.block.last = []byte{}, ^uint32(0)
			it.doc, it.left = ^uint32(0), 0
			return false
		}
	}
	for it.doc < doc {
		if !it.next() {
			it.doc = ^uint32(0)
			return false
		}
	}
	return it.doc == doc
}
