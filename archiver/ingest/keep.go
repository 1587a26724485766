package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// The sizes of one commit.
const (
	maxBatch      = 1000
	maxBatchBytes = 16 << 20
)

// keeper keeps what was found in one file.
type keeper struct {
	o    Options
	file string
	origin
	// id is the record of the import, content the file.
	id      store.ID
	content store.Digest

	b     *store.Builder
	items []Item
	bytes int
	// fresh are the posts of the commit that is being made.
	fresh map[post.Ref][][]byte
	// sum is the hash of what they say: the commit's name.
	sum hash.Hash
	// web are the pictures of the web archive that is read, nil where there are
	// none.
	web *recordings
	// flying is the commit before, nil where it is done.
	flying *flight
}

// begin keeps the bytes of a file, and says so once.
func (k *keeper) begin(ctx context.Context, r io.Reader, form format, how packing) error {
	info, err := k.o.Archive.PutBlob(ctx, r, maxFile)
	if err != nil {
		return fmt.Errorf("keeping %s: %w", k.file, err)
	}
	k.content = info.Digest
	if err := k.find(ctx); err != nil || !k.id.IsZero() {
		return err
	}
	b := k.o.Archive.Begin()
	b.Key("import " + info.Digest.String())
	id, err := b.Add(ctx, &store.Import{Time: k.o.Archive.Now(), Name: k.file, Format: string(form), Packed: string(how), Content: info.Digest, Size: info.Size,
		Private: !k.o.Public, Software: k.o.Software})
	if err != nil {
		return err
	}
	receipt, err := b.Commit(ctx)
	if err != nil {
		return fmt.Errorf("keeping %s: %w", k.file, err)
	}
	if k.id = id; receipt.Repeated {
		return k.find(ctx) // another import of the same bytes was faster
	}
	return nil
}

// find looks for an earlier import of the same bytes.
func (k *keeper) find(ctx context.Context) error {
	p, err := k.o.Archive.List(ctx, store.Query{Term: store.BlobTerm(k.content), Kinds: []store.Kind{store.KindImport}, Limit: 1})
	if err == nil && len(p.Records) > 0 {
		k.id = p.Records[0].ID
	}
	return err
}

// span is where an item stands in a file.
type span struct {
	offset, length int64
	said
}

// said is what a file says of an item: which of its files it stands in, from
// where it was recorded, and when.
type said struct {
	member, address string
	time            time.Time
}

// part is the item as a capture names it.
func (k *keeper) part(at span) store.ImportPart {
	return store.ImportPart{Import: k.id, Member: at.member, Offset: at.offset, Length: at.length, URL: at.address, Time: at.time}
}

// skip notes an item of which nothing is kept.
func (k *keeper) skip(ctx context.Context, at span, target, reason string) error {
	return k.note(ctx, at, target, Skipped, reason)
}

func (k *keeper) note(ctx context.Context, at span, target string, what Outcome, reason string) error {
	k.items = append(k.items, Item{File: k.file, Member: at.member, URL: at.address, Offset: at.offset, Length: at.length, Target: target, Outcome: what, Reason: reason})
	if len(k.items) >= maxBatch || k.bytes >= maxBatchBytes {
		return k.flush(ctx)
	}
	return nil
}

// take keeps what a parser found in an item.
func (k *keeper) take(ctx context.Context, at span, pieces []piece) error {
	for i := range pieces {
		if err := k.keep(ctx, at, &pieces[i]); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) keep(ctx context.Context, at span, p *piece) error {
	if p.post == nil {
		return k.skip(ctx, at, p.target, p.reason)
	}
	ref := p.post.Ref()
	var s store.Subject
	s.Add(p.post)
	switch t, err := k.o.Archive.TakedownOf(ctx, s); {
	case err != nil:
		return err
	case t != nil:
		return k.skip(ctx, at, ref.String(), "a takedown forbids to keep it")
	}
	files, err := k.complete(ctx, p)
	if err != nil {
		return err
	}
	known, same, err := k.known(ctx, ref, p.words)
	switch {
	case err != nil:
		return err
	case same:
		return k.skip(ctx, at, ref.String(), "the same was imported before")
	}
	if err := k.add(ctx, at, p, files); err != nil {
		return err
	}
	if known {
		return k.note(ctx, at, ref.String(), Merged, "it stands beside what the archive has of the post")
	}
	return k.note(ctx, at, ref.String(), Kept, "")
}

// complete keeps the files of the post of p, and puts them into it.
func (k *keeper) complete(ctx context.Context, p *piece) ([]store.MediaFile, error) {
	attach := k.attach
	if len(p.stored) > 0 {
		attach = func(ctx context.Context, of *post.Post) (*post.Post, []store.MediaFile, error) {
			return k.stored(ctx, of, p.stored)
		}
	}
	if k.web != nil {
		attach = k.recorded
	}
	whole, files, err := attach(ctx, p.post)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	p.post = whole
	p.words, err = whole.MarshalJSON()
	return files, err
}

// add adds the records of a post to the commit that is being made.
func (k *keeper) add(ctx context.Context, at span, p *piece, files []store.MediaFile) error {
	if k.b == nil {
		k.b, k.fresh, k.sum = k.o.Archive.Begin(), map[post.Ref][][]byte{}, sha256.New()
	}
	now, ref := k.o.Archive.Now(), p.post.Ref()
	id, err := k.b.Add(ctx, &store.Capture{Time: now, Kind: store.CapturePost, Ref: ref, URL: p.post.URL, Source: post.SourceImport,
		Part: k.part(at), Media: files, Via: p.via, Trigger: "import",
		Operator: k.o.Operator, Case: k.o.Case, Note: k.o.Note, Machine: k.o.Machine, Private: !k.o.Public, Software: k.o.Software})
	if err != nil {
		return err
	}
	if _, err := k.b.Add(ctx, &store.Derivation{Time: now, Capture: id, Parser: p.parser, Source: post.SourceImport, Ref: ref, Post: *p.post, Notes: p.notes}); err != nil {
		return err
	}
	k.fresh[ref] = append(k.fresh[ref], p.words)
	_, _ = fmt.Fprintf(k.sum, "%q %d %d %s", at.member, at.offset, len(p.words), p.words) // a hash takes everything
	k.bytes += len(p.words)
	return nil
}

// maxBeside is how many readings of a post are compared with a new one.
const maxBeside = 200

// known reports whether the archive has anything that a post said, and whether
// it has the very same from a file.
func (k *keeper) known(ctx context.Context, ref post.Ref, words []byte) (known, same bool, err error) {
	waiting := [2][][]byte{k.fresh[ref]}
	if k.flying != nil {
		waiting[1] = k.flying.fresh[ref]
	}
	for _, w := range slices.Concat(waiting[:]...) {
		if known = true; bytes.Equal(w, words) {
			return true, true, nil
		}
	}
	p, err := k.o.Archive.List(ctx, store.Query{Term: store.RefTerm(ref), Kinds: []store.Kind{store.KindDerivation}, Limit: maxBeside, Newest: true})
	if err != nil {
		return false, false, err
	}
	for i := range p.Records {
		d, err := store.Decode[store.Derivation](&p.Records[i])
		if err != nil {
			return false, false, err
		}
		if d.Ref != ref {
			continue // a post that quotes it
		}
		known = true
		if d.Source != post.SourceImport {
			continue
		}
		if w, err := d.Post.MarshalJSON(); err == nil && bytes.Equal(w, words) {
			return true, true, nil
		}
	}
	return known, false, nil
}

// flight is a commit that is under way, with the items to be reported once it
// is durable.
type flight struct {
	items   []Item
	fresh   map[post.Ref][][]byte
	done    chan struct{}
	receipt store.Receipt
	err     error
}

// flush begins to make durable what was found; at most one commit is under way
// while the next is put together.
func (k *keeper) flush(ctx context.Context) error {
	if err := k.settle(); err != nil {
		return err
	}
	f := &flight{items: k.items, fresh: k.fresh, done: make(chan struct{})}
	b := k.b
	k.b, k.fresh, k.items, k.bytes = nil, nil, nil, 0
	k.flying = f
	if b == nil {
		close(f.done)
		return k.settle()
	}
	b.Key(fmt.Sprintf("import %s %x", k.id, k.sum.Sum(nil)))
	go func() {
		defer close(f.done)
		f.receipt, f.err = b.Commit(context.WithoutCancel(ctx)) // what was found is kept in any case
	}()
	return nil
}

// settle waits for the commit that is under way, and reports its items.
func (k *keeper) settle() error {
	f := k.flying
	if f == nil {
		return nil
	}
	<-f.done
	if k.flying = nil; f.err != nil {
		return f.err
	}
	for _, i := range f.items {
		if f.receipt.Repeated && i.Outcome != Skipped {
			i.Outcome, i.Reason = Skipped, "the same was imported before"
		}
		if err := k.o.Report(i); err != nil {
			return err
		}
	}
	return nil
}
