package search

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"stet/store"
)

const (
	// maxPlaces is the most words of a document that are indexed: those of the
	// longest posts that any platform allows, several times over.
	maxPlaces = 100_000
	// fieldGap is the distance between two fields of a document: a phrase does
	// not reach from one into the next.
	fieldGap = 64
)

// writer changes the index in one transaction. What it changes it keeps in
// memory and writes in the order of the keys.
type writer struct {
	tx     *bbolt.Tx
	next   uint32 // number of the next document
	names  map[name]*state
	blocks map[uint32][]byte // of rows
	// domains are documents to be added to the sets of domains.
	domains map[uint32][]uint32
	posts   [4]int // how many more documents of each kind there are
}

// state is what is known under a name.
type state struct {
	doc    uint32 // 0 while there are no words of it
	status uint8  // where told is set
	gone   uint32
	told   bool
	// domains are the numbers of the hosts of articles that mention it.
	domains []uint32
}

func newWriter(tx *bbolt.Tx) *writer {
	tx.Bucket([]byte(bucketDocs)).FillPercent = 1 // its keys ascend
	return &writer{tx: tx, next: nextDoc(tx.Bucket([]byte(bucketRows))), names: map[name]*state{}, blocks: map[uint32][]byte{}, domains: map[uint32][]uint32{}}
}

// write adds a batch.
func (w *writer) write(b *batch) error {
	first := w.next
	var added []*document
	for _, d := range b.order {
		if d == nil {
			continue
		}
		ok, err := w.enter(d)
		if err != nil {
			return err
		}
		if ok {
			added = append(added, d)
		}
	}
	for i := range b.news {
		if err := w.tell(&b.news[i]); err != nil {
			return err
		}
	}
	if len(added) == 0 {
		return nil
	}
	return writeSegment(w.tx, first, w.next-1, collect(added, first))
}

// enter gives a document a number, unless a better one of the same is there.
func (w *writer) enter(d *document) (bool, error) {
	s, err := w.state(d.name)
	if err != nil {
		return false, err
	}
	if s.doc != 0 {
		older, err := w.row(s.doc)
		if err != nil {
			return false, err
		}
		if old := readRow(older); old.kind != 0 {
			if !d.better(&old) {
				return false, nil
			}
			w.posts[old.kind]--
		}
		if err := w.forget(s.doc); err != nil {
			return false, err
		}
	}
	n := w.next
	if n+1 == 0 {
		return false, fmt.Errorf("%w: the index has room for 4,294,967,295 documents; run `stet rebuild`", store.ErrTooLarge)
	}
	w.next++
	if err := w.merge(s, d.aliases, n); err != nil {
		return false, err
	}
	if err := w.number(d); err != nil {
		return false, err
	}
	d.row.status, d.row.gone = s.status, s.gone
	if !s.told {
		d.row.status = defaultStatus(&d.row)
	}
	own := s.domains
	if d.domain != "" {
		id, err := w.domain(d.domain)
		if err != nil {
			return false, err
		}
		own = []uint32{id}
	}
	for _, id := range own {
		w.domains[id] = append(w.domains[id], n)
	}
	row, err := w.row(n)
	if err != nil {
		return false, err
	}
	d.row.put(row)
	w.posts[d.row.kind]++
	s.doc = n
	return true, w.tx.Bucket([]byte(bucketDocs)).Put(numberKey(n), docValue(d))
}

// forget marks a document as one that is no more.
func (w *writer) forget(doc uint32) error {
	row, err := w.row(doc)
	if err != nil {
		return err
	}
	clear(row)
	return w.tx.Bucket([]byte(bucketDocs)).Delete(numberKey(doc))
}

// defaultStatus is the status of what no verdict was reached about: what a
// platform showed was there.
func defaultStatus(r *row) uint8 {
	switch source := nameOf(sourceNames(), r.source); {
	case r.kind == kindPage:
		return number(statusNames(), string(store.PageAlive))
	case r.kind == kindArticle:
		return 0
	case source == "archive" || source == "article" || source == "":
		return number(statusNames(), "unknown")
	}
	return number(statusNames(), "live")
}

// merge takes what is known under aliases into the state of the post, and leads
// from them to the document.
func (w *writer) merge(s *state, aliases []name, doc uint32) error {
	for _, a := range aliases {
		other, err := w.state(a)
		if err != nil {
			return err
		}
		if other == s {
			continue
		}
		for _, d := range other.domains {
			if !slices.Contains(s.domains, d) {
				s.domains = append(s.domains, d)
			}
		}
		if other.told && !s.told {
			s.status, s.gone, s.told = other.status, other.gone, true
		}
		if other.doc != 0 && other.doc != s.doc {
			row, err := w.row(other.doc)
			if err != nil {
				return err
			}
			if old := readRow(row); old.kind != 0 {
				w.posts[old.kind]--
			}
			if err := w.forget(other.doc); err != nil {
				return err
			}
		}
		other.doc = doc
	}
	return nil
}

// number gives the author and the platform of a document their numbers.
func (w *writer) number(d *document) error {
	if d.author != "" {
		n, err := w.entry(bucketAuthors, d.author)
		if err != nil {
			return err
		}
		d.row.author = n
	}
	if d.platform != "" {
		n, err := w.entry(bucketPlatforms, d.platform)
		if err != nil {
			return err
		}
		d.row.platform = uint16(min(n, 1<<16-1))
	}
	return nil
}

func (w *writer) domain(host string) (uint32, error) { return w.entry(bucketHosts, reversed(host)) }

// entry returns the number of a value in a dictionary, which is given one where
// it has none. A dictionary leads from "v" and a value to its number, and from
// "n" and a number to the value.
func (w *writer) entry(bucket, value string) (uint32, error) {
	b := w.tx.Bucket([]byte(bucket))
	key := append([]byte("v"), value[:min(len(value), 600)]...)
	if v := b.Get(key); len(v) == 4 {
		return binary.BigEndian.Uint32(v), nil
	}
	n, err := b.NextSequence()
	if err != nil {
		return 0, err
	}
	if err := b.Put(key, numberKey(uint32(n))); err != nil {
		return 0, err
	}
	return uint32(n), b.Put(append([]byte("n"), numberKey(uint32(n))...), key[1:])
}

// tell takes news.
func (w *writer) tell(n *news) error {
	if n.article != (store.ID{}) {
		articles := w.tx.Bucket([]byte(bucketArticles))
		if n.name == "" {
			return articles.Put(n.article[:], []byte(n.domain))
		}
		if n.domain = string(articles.Get(n.article[:])); n.domain == "" {
			return nil
		}
	}
	s, err := w.state(n.name)
	if err != nil {
		return err
	}
	if n.domain != "" {
		return w.mentioned(s, n.domain)
	}
	if n.gone != 0 && s.gone != 0 {
		n.gone = s.gone // the first time that it was missed
	}
	s.status, s.gone, s.told = n.status, n.gone, n.verdict
	if s.doc == 0 {
		return nil
	}
	b, err := w.row(s.doc)
	if err != nil {
		return err
	}
	if row := readRow(b); row.kind != 0 {
		row.status, row.gone = s.status, s.gone
		row.put(b)
	}
	return nil
}

// mentioned notes that an article on a host mentions a post.
func (w *writer) mentioned(s *state, domain string) error {
	id, err := w.domain(domain)
	if err != nil || slices.Contains(s.domains, id) {
		return err
	}
	s.domains = append(s.domains, id)
	if s.doc != 0 {
		w.domains[id] = append(w.domains[id], s.doc)
	}
	return nil
}

// state returns what is known under a name, to be changed.
func (w *writer) state(n name) (*state, error) {
	if s := w.names[n]; s != nil {
		return s, nil
	}
	s, err := decodeState(w.tx.Bucket([]byte(bucketNames)).Get([]byte(n)))
	if err != nil {
		return nil, fmt.Errorf("%w: %q", err, n)
	}
	w.names[n] = s
	return s, nil
}

func (s *state) encode() []byte {
	v := numberKey(s.doc)
	flag := byte(0)
	if s.told {
		flag = 1
	}
	v = append(v, flag, s.status)
	v = binary.AppendUvarint(v, uint64(s.gone))
	for _, d := range s.domains {
		v = binary.AppendUvarint(v, uint64(d))
	}
	return v
}

func decodeState(v []byte) (*state, error) {
	if v == nil {
		return &state{}, nil
	}
	if len(v) < 7 {
		return nil, fmt.Errorf("%w: a name of the index of words cannot be read; run `stet rebuild`", store.ErrCorrupt)
	}
	s := &state{doc: binary.BigEndian.Uint32(v), told: v[4] == 1, status: v[5]}
	r := varints{b: v[6:]}
	s.gone = uint32(r.next())
	for r.left() > 0 {
		s.domains = append(s.domains, uint32(r.next()))
	}
	return s, nil
}

// row returns the bytes of a row, to be changed.
func (w *writer) row(doc uint32) ([]byte, error) {
	n := doc / rowsPerBlock
	block := w.blocks[n]
	if block == nil {
		block = bytes.Clone(w.tx.Bucket([]byte(bucketRows)).Get(numberKey(n)))
	}
	if end := int(doc%rowsPerBlock+1) * rowSize; len(block) < end {
		block = append(block, make([]byte, end-len(block))...)
	}
	w.blocks[n] = block
	at := int(doc%rowsPerBlock) * rowSize
	return block[at : at+rowSize : at+rowSize], nil
}

// finish writes what was changed, and how far the index has come.
func (w *writer) finish(at uint64, leaf store.Hash) error {
	names := w.tx.Bucket([]byte(bucketNames))
	names.FillPercent = 0.8
	for _, n := range slices.Sorted(maps.Keys(w.names)) {
		if err := names.Put([]byte(n), w.names[n].encode()); err != nil {
			return err
		}
	}
	rows := w.tx.Bucket([]byte(bucketRows))
	rows.FillPercent = 1
	for _, n := range slices.Sorted(maps.Keys(w.blocks)) {
		if err := rows.Put(numberKey(n), w.blocks[n]); err != nil {
			return err
		}
	}
	if err := w.finishSummaries(); err != nil {
		return err
	}
	if err := w.finishDomains(); err != nil {
		return err
	}
	meta := w.tx.Bucket([]byte(bucketMeta))
	for kind, n := range w.posts {
		if n != 0 {
			key := []byte{'#', byte(kind)}
			if err := meta.Put(key, binary.BigEndian.AppendUint64(nil, metaNumber(w.tx, string(key))+uint64(n))); err != nil {
				return err
			}
		}
	}
	if err := meta.Put([]byte(metaLeaf), leaf[:]); err != nil {
		return err
	}
	return meta.Put([]byte(metaCursor), binary.BigEndian.AppendUint64(nil, at))
}

// The documents of a domain are kept as blocks: the key is the number of the
// domain and that of the document without its last byte, the value the last
// bytes of the documents, ascending.
func (w *writer) finishDomains() error {
	b := w.tx.Bucket([]byte(bucketDomains))
	for _, id := range slices.Sorted(maps.Keys(w.domains)) {
		docs := w.domains[id]
		slices.Sort(docs)
		for len(docs) > 0 {
			n := 1
			for n < len(docs) && docs[n]>>8 == docs[0]>>8 {
				n++
			}
			key := append(numberKey(id), numberKey(docs[0]>>8)...)
			value := bytes.Clone(b.Get(key))
			for _, d := range docs[:n] {
				value = append(value, byte(d))
			}
			slices.SortFunc(value, func(a, b byte) int { return cmp.Compare(a, b) })
			if err := b.Put(key, slices.Compact(value)); err != nil {
				return err
			}
			docs = docs[n:]
		}
	}
	return nil
}
