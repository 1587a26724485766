package search

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"stet/extract/post"
	"stet/store"
)

const (
	// maxDocs and maxText bound what one transaction adds: postings of that
	// much are collected in memory, some 100 MB. Every transaction writes most
	// pages of the postings again, so that few large ones are quicker.
	maxDocs = 32768
	maxText = 16 << 20
	// bulk is the number of documents from which on a transaction fills pages
	// densely; bbolt's default leaves room for what single posts add.
	bulk      = 1000
	bulkDense = 0.85
	// maxPlaces is the most words of a document that are indexed: those of the
	// longest posts that any platform allows, several times over.
	maxPlaces = 100_000
	// fieldGap is the distance between two fields of a document: a phrase does
	// not reach from one into the next.
	fieldGap = 64
	// timesPerBlock is how many documents share a value of the bucket times.
	timesPerBlock = 1024
)

// document is what is indexed of a post.
type document struct {
	ref        post.Ref
	source     post.Source
	incomplete bool
	time       time.Time
	fields     []string
}

// documentOf returns what a derivation says of its post.
func documentOf(d *store.Derivation) document {
	p := &d.Post
	doc := document{ref: d.Ref, source: d.Source, incomplete: p.Incomplete, time: p.Posted, fields: []string{p.Text, p.Author.Name}}
	if doc.time.IsZero() {
		doc.time = d.Time
	}
	if p.Author.Handle != "" {
		doc.fields = append(doc.fields, "@"+strings.TrimPrefix(p.Author.Handle, "@"))
	}
	for i := range p.Media {
		doc.fields = append(doc.fields, p.Media[i].Alt)
	}
	for i := range p.Earlier {
		doc.fields = append(doc.fields, p.Earlier[i].Text)
	}
	return doc
}

// shownOver reports whether what d says is shown rather than what an older
// derivation says, by the rule of [store.History.Best].
func (d *document) shownOver(older *document) bool {
	item := func(i uint64, d *document) store.Item[store.Derivation] {
		return store.Item[store.Derivation]{Seq: i, Content: &store.Derivation{Source: d.source, Post: post.Post{Incomplete: d.incomplete}}}
	}
	h := store.History{Derivations: []store.Item[store.Derivation]{item(1, older), item(2, d)}}
	return h.Best().Seq == 2
}

// CatchUp reads what was added to the journal since the last time. Searching
// does it too.
func (x *Index) CatchUp(ctx context.Context) error {
	x.following.Lock()
	defer x.following.Unlock()
	return x.catchUp(ctx)
}

// catchUp reads the journal to its end. The caller holds following.
func (x *Index) catchUp(ctx context.Context) error {
	if x.options.ReadOnly {
		return nil
	}
	at, err := x.position(ctx)
	if err != nil {
		return fmt.Errorf("following the journal in the index of words: %w", err)
	}
	head, err := x.journal.Head(ctx)
	for err == nil && at < head {
		before := at
		if at, err = x.step(ctx, at); err == nil && at == before {
			err = fmt.Errorf("%w: the journal ends at %d, not at %d", store.ErrCorrupt, at, head)
		}
		if err == nil && x.options.Progress != nil {
			x.options.Progress(at, max(at, head))
		}
	}
	if err != nil {
		return fmt.Errorf("following the journal in the index of words: %w", err)
	}
	return nil
}

// position returns how far the index has come. An index that followed another
// journal begins anew.
func (x *Index) position(ctx context.Context) (uint64, error) {
	var at uint64
	var leaf store.Hash
	if err := x.view(func(tx *bbolt.Tx) error {
		at = metaNumber(tx, metaCursor)
		copy(leaf[:], tx.Bucket([]byte(bucketMeta)).Get([]byte(metaLeaf)))
		return nil
	}); err != nil || at == 0 {
		return at, err
	}
	leaves, err := x.journal.Leaves(ctx, at-1, 1)
	if err != nil || len(leaves) == 1 && leaves[0] == leaf {
		return at, err
	}
	return 0, x.reset()
}

// step reads the journal after a number, adds what it found in one transaction
// and returns the number that it reached.
func (x *Index) step(ctx context.Context, at uint64) (uint64, error) {
	found := map[post.Ref]*document{}
	order := []post.Ref{}
	size, leaf := 0, store.Hash{}
	for len(found) < x.maxDocs && size < maxText {
		records, err := x.journal.Read(ctx, at, min(1000, x.maxDocs))
		if err != nil {
			return at, err
		}
		if len(records) == 0 {
			break
		}
		for i := range records {
			doc, err := read(&records[i])
			if err != nil {
				return at, err
			}
			if doc == nil {
				continue
			}
			older := found[doc.ref]
			if older == nil {
				order = append(order, doc.ref)
			}
			if older == nil || doc.shownOver(older) {
				found[doc.ref] = doc
			}
			size += len(doc.fields[0])
		}
		last := &records[len(records)-1]
		at, leaf = last.Seq, last.Leaf()
	}
	return at, x.update(func(tx *bbolt.Tx) error {
		a := newAdder(tx, len(order))
		for _, ref := range order {
			if err := a.add(found[ref]); err != nil {
				return err
			}
		}
		return a.finish(at, leaf)
	})
}

// read returns the document of a record, nil where it has none: it is no
// derivation, or its words were removed, or a newer version wrote it or it
// is damaged, which [store.Checker] tells and no search should fail for.
func read(r *store.Record) (*document, error) {
	if r.Kind != store.KindDerivation || r.Field("post") == nil {
		return nil, nil
	}
	d, err := store.Decode[store.Derivation](r)
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrVersion) {
		return nil, nil
	}
	if err != nil || d.Ref.IsZero() {
		return nil, err
	}
	doc := documentOf(d)
	return &doc, nil
}

// adder adds documents in one transaction.
type adder struct {
	tx       *bbolt.Tx
	postings map[string]*pending
	next     uint32 // number of the next document, 0 until it is known
}

// newAdder returns an adder of about n documents.
func newAdder(tx *bbolt.Tx, n int) *adder {
	if n >= bulk {
		for _, name := range []string{bucketPostings, bucketRefs} {
			tx.Bucket([]byte(name)).FillPercent = bulkDense
		}
	}
	for _, name := range []string{bucketDocs, bucketTimes} { // their keys ascend
		tx.Bucket([]byte(name)).FillPercent = 1
	}
	return &adder{tx: tx, postings: map[string]*pending{}}
}

func docKey(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// add adds a document, unless a better one of the same post is there.
func (a *adder) add(d *document) error {
	refs, docs := a.tx.Bucket([]byte(bucketRefs)), a.tx.Bucket([]byte(bucketDocs))
	ref := []byte(d.ref.String())
	if old := refs.Get(ref); old != nil {
		older, err := decodeDoc(docs.Get(old))
		if err != nil {
			return err
		}
		if !d.shownOver(&older) {
			return nil
		}
		key := bytes.Clone(old)
		if err := docs.Delete(key); err != nil {
			return err
		}
		if err := a.setTime(binary.BigEndian.Uint32(key), 0); err != nil {
			return err
		}
	}
	if a.next == 0 {
		a.next = nextDoc(a.tx)
	}
	n := a.next
	if n+1 == 0 {
		return fmt.Errorf("%w: the index has room for 4,294,967,295 documents; run `stet rebuild`", store.ErrTooLarge)
	}
	a.next++
	a.index(n, d)
	if err := refs.Put(ref, docKey(n)); err != nil {
		return err
	}
	if err := docs.Put(docKey(n), encodeDoc(d)); err != nil {
		return err
	}
	return a.setTime(n, seconds(d.time))
}

// nextDoc returns the number after the last document that was ever added.
func nextDoc(tx *bbolt.Tx) uint32 {
	k, v := tx.Bucket([]byte(bucketTimes)).Cursor().Last()
	if k == nil {
		return 1
	}
	return binary.BigEndian.Uint32(k)*timesPerBlock + uint32(len(v)/4)
}

// seconds is the time of a document as it is kept: seconds since 1970, at least
// 1, for 0 means that there is no document, at most those of 2106.
func seconds(t time.Time) uint32 {
	return uint32(min(max(t.Unix(), 1), 1<<32-1))
}

// setTime notes the time of a document.
func (a *adder) setTime(doc, seconds uint32) error {
	b := a.tx.Bucket([]byte(bucketTimes))
	key := docKey(doc / timesPerBlock)
	block := bytes.Clone(b.Get(key))
	if end := int(doc%timesPerBlock)*4 + 4; len(block) < end {
		block = append(block, make([]byte, end-len(block))...)
	}
	binary.LittleEndian.PutUint32(block[doc%timesPerBlock*4:], seconds)
	return b.Put(key, block)
}

// index collects the postings of a document.
func (a *adder) index(doc uint32, d *document) {
	place := 0
	for _, field := range d.fields {
		split(field, func(w word) {
			if place > maxPlaces {
				return
			}
			for _, t := range w.also {
				a.post(t, doc, place)
			}
			for i, t := range w.tokens {
				a.post(t, doc, place+i)
			}
			place += len(w.tokens)
		})
		place += fieldGap
	}
}

func (a *adder) post(token string, doc uint32, place int) {
	p := a.postings[token]
	if p == nil {
		p = &pending{}
		a.postings[strings.Clone(token)] = p // not all of the text
	}
	p.add(doc, place)
}

// finish writes the postings and how far the index has come.
func (a *adder) finish(at uint64, leaf store.Hash) error {
	b := a.tx.Bucket([]byte(bucketPostings))
	for _, token := range slices.Sorted(maps.Keys(a.postings)) {
		if err := a.postings[token].write(b, token); err != nil {
			return err
		}
	}
	meta := a.tx.Bucket([]byte(bucketMeta))
	if err := meta.Put([]byte(metaLeaf), leaf[:]); err != nil {
		return err
	}
	return meta.Put([]byte(metaCursor), binary.BigEndian.AppendUint64(nil, at))
}

// A document is kept as one byte that is 1 where its post is incomplete, its
// source, preceded by its length, and its reference.
func encodeDoc(d *document) []byte {
	v := []byte{0}
	if d.incomplete {
		v[0] = 1
	}
	v = binary.AppendUvarint(v, uint64(len(d.source)))
	v = append(v, d.source...)
	return append(v, d.ref.String()...)
}

// decodeDoc reads what is kept of a document.
func decodeDoc(v []byte) (document, error) {
	if len(v) > 1 {
		r := varints{b: v[1:]}
		if n := r.next(); !r.bad && n < uint64(len(r.b)) {
			ref, err := post.ParseRef(string(r.b[n:]))
			if err == nil {
				return document{incomplete: v[0] == 1, source: post.Source(r.b[:n]), ref: ref}, nil
			}
		}
	}
	return document{}, fmt.Errorf("%w: a document of the index of words cannot be read: %x; run `stet rebuild`", store.ErrCorrupt, v)
}
