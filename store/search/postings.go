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
// first to the last document, the number of documents, that of the documents in
// the other blocks of the list, the length of the next part in bytes, the
// distances from one document to the next, and for each document twice the first
// position, plus one where there are more, then their number less one and the
// distances between them. All numbers are varints.

// postings are the entries of one block.
type postings struct {
	first, last uint32
	count       int // of documents
	others      int // documents in the other blocks of the list
	docs        []byte
	places      []byte
}

func (p *postings) size() int { return len(p.docs) + len(p.places) }

// follow adds the entries of another block, whose documents come later.
func (p *postings) follow(q *postings) {
	p.docs = binary.AppendUvarint(p.docs, uint64(q.first-p.last))
	p.docs = append(p.docs, q.docs...)
	p.places = append(p.places, q.places...)
	p.last, p.count = q.last, p.count+q.count
}

// encode returns the value of the block, of a list of so many documents.
func (p *postings) encode(documents int) []byte {
	v := make([]byte, 0, p.size()+15)
	v = binary.AppendUvarint(v, uint64(p.last-p.first))
	v = binary.AppendUvarint(v, uint64(p.count))
	v = binary.AppendUvarint(v, uint64(documents-p.count))
	v = binary.AppendUvarint(v, uint64(len(p.docs)))
	return append(append(v, p.docs...), p.places...)
}

// documents is how many documents there are in blocks of one list.
func documents(blocks []postings) int {
	n := 0
	for i := range blocks {
		n += blocks[i].count
	}
	return n
}

func blockKey(token string, first uint32) []byte {
	return binary.BigEndian.AppendUint32(append(append(make([]byte, 0, len(token)+5), token...), 0), first)
}

// pending is postings that are not written yet.
type pending struct {
	pieces []postings
	doc    uint32
	at     []int // the places in doc
}

// reset begins with another token; the memory of the pieces is used again.
func (p *pending) reset() { p.pieces, p.doc, p.at = p.pieces[:0], 0, p.at[:0] }

// add notes that the token stands at a place of a document. Documents and
// places ascend.
func (p *pending) add(doc uint32, place int) {
	if doc != p.doc {
		p.finish()
		p.doc = doc
	}
	if n := len(p.at); n == 0 || p.at[n-1] < place {
		p.at = append(p.at, place)
	}
}

// finish ends the entry of the present document.
func (p *pending) finish() {
	if len(p.at) == 0 {
		return
	}
	if n := len(p.pieces); n == 0 || p.pieces[n-1].size() >= maxBlock {
		p.pieces = slices.Grow(p.pieces, 1)[:n+1]
		piece := &p.pieces[n]
		*piece = postings{first: p.doc, last: p.doc, docs: piece.docs[:0], places: piece.places[:0]}
	}
	piece := &p.pieces[len(p.pieces)-1]
	if piece.count > 0 {
		piece.docs = binary.AppendUvarint(piece.docs, uint64(p.doc-piece.last))
	}
	piece.last = p.doc
	piece.count++
	piece.places = appendPlaces(piece.places, p.at)
	p.at = p.at[:0]
}

func appendPlaces(b []byte, places []int) []byte {
	if len(places) == 1 {
		return binary.AppendUvarint(b, uint64(places[0])<<1)
	}
	b = binary.AppendUvarint(b, uint64(places[0])<<1|1)
	b = binary.AppendUvarint(b, uint64(len(places)-1))
	for i, place := range places[1:] {
		b = binary.AppendUvarint(b, uint64(place-places[i]))
	}
	return b
}

// joined puts blocks together that are small.
func joined(blocks []postings) []postings {
	var out []postings
	for i := range blocks {
		if n := len(out); n > 0 && out[n-1].size()+blocks[i].size() <= maxBlock {
			out[n-1].follow(&blocks[i])
			continue
		}
		b := blocks[i]
		b.docs, b.places = slices.Clip(b.docs), slices.Clip(b.places) // they may be bbolt's
		out = append(out, b)
	}
	return out
}

var errBlock = errors.New("a block of postings cannot be read")

// readBlock reads a block.
func readBlock(k, v []byte) (postings, error) {
	p := postings{first: binary.BigEndian.Uint32(k[len(k)-4:])}
	r := varints{b: v}
	p.last = p.first + uint32(r.next())
	p.count, p.others = int(r.next()), int(r.next())
	n := r.next()
	if r.bad || p.last < p.first || p.count < 1 || p.others < 0 || n > uint64(r.left()) {
		return p, fmt.Errorf("%w: %w: %q", store.ErrCorrupt, errBlock, k)
	}
	rest := r.b[r.at:]
	p.docs, p.places = rest[:n:n], rest[n:]
	return p, nil
}

// varints takes numbers off b, one after the other; once bad every number is 0.
type varints struct {
	b   []byte
	at  int // a number rather than a shorter b, which is a pointer to be noted
	bad bool
}

func (r *varints) next() uint64 {
	if r.at < len(r.b) && r.b[r.at] < 0x80 { // nearly always
		v := r.b[r.at]
		r.at++
		return uint64(v)
	}
	return r.long()
}

// long reads a number of several bytes.
func (r *varints) long() uint64 {
	v, n := binary.Uvarint(r.b[r.at:])
	if n <= 0 {
		r.at, r.bad = len(r.b), true
		return 0
	}
	r.at += n
	return v
}

// left is how many bytes are left.
func (r *varints) left() int { return len(r.b) - r.at }

// places reads the places of one document.
func (r *varints) places(into []int) []int {
	first := r.next()
	into = append(into[:0], int(first>>1))
	if first&1 == 0 {
		return into
	}
	n := r.next()
	if n > uint64(r.left()) { // each takes a byte at least
		r.bad = true
		return into
	}
	place := int(first >> 1)
	for range n {
		place += int(r.next())
		into = append(into, place)
	}
	return into
}

// skip passes over the places of one document.
func (r *varints) skip() {
	if r.next()&1 == 0 {
		return
	}
	n := r.next()
	if n > uint64(r.left()) {
		r.bad = true
		return
	}
	for range n {
		r.next()
	}
}

// blockCursor walks over the blocks of one token in one segment.
type blockCursor struct {
	c      *bbolt.Cursor
	prefix []byte
}

// mine reports whether a key is that of a block of the token.
func (b *blockCursor) mine(k []byte) bool {
	return len(k) == len(b.prefix)+4 && bytes.HasPrefix(k, b.prefix)
}

// seek returns the block that may hold a document or the first after it, false
// at the end.
func (b *blockCursor) seek(doc uint32) (postings, bool, error) {
	key := binary.BigEndian.AppendUint32(slices.Clip(b.prefix), doc)
	k, v := b.c.Seek(key)
	if !bytes.Equal(k, key) && doc > 0 {
		// The block that begins before the document may hold it.
		pk, pv := b.c.Prev()
		if k == nil {
			pk, pv = b.c.Last()
		}
		if b.mine(pk) {
			p, err := readBlock(pk, pv)
			if err != nil || p.last >= doc {
				return p, err == nil, err
			}
		}
		k, v = b.c.Seek(key)
	}
	return b.take(k, v)
}

func (b *blockCursor) next() (postings, bool, error) { return b.take(b.c.Next()) }

func (b *blockCursor) take(k, v []byte) (postings, bool, error) {
	if !b.mine(k) {
		return postings{}, false, nil
	}
	p, err := readBlock(k, v)
	return p, err == nil, err
}
