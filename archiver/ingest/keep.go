package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"slices"

	"stet/extract"
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
	o       Options
	file    string
	account account
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
}

// begin keeps the bytes of a file, and says so once.
func (k *keeper) begin(ctx context.Context, r io.Reader, form format) error {
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
	id, err := b.Add(ctx, &store.Import{Time: k.o.Archive.Now(), Name: k.file, Format: string(form), Content: info.Digest, Size: info.Size,
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
type span struct{ offset, length int64 }

// skip notes an item of which nothing is kept.
func (k *keeper) skip(ctx context.Context, at span, target, reason string) error {
	return k.note(ctx, at, target, Skipped, reason)
}

func (k *keeper) note(ctx context.Context, at span, target string, what Outcome, reason string) error {
	k.items = append(k.items, Item{File: k.file, Offset: at.offset, Length: at.length, Target: target, Outcome: what, Reason: reason})
	if len(k.items) >= maxBatch || k.bytes >= maxBatchBytes {
		return k.flush(ctx)
	}
	return nil
}

// keep keeps a post that a parser read in a file, and those that it carries.
func (k *keeper) keep(ctx context.Context, at span, parser string, parsed *extract.Parsed, notes []string) error {
	notes = append(slices.Clone(parsed.Notes), notes...)
	for i := range 1 + len(parsed.Related) {
		p, via := &parsed.Post, post.Ref{}
		if i > 0 {
			p, via = &parsed.Related[i-1], parsed.Post.Ref()
		}
		if err := k.keepOne(ctx, at, parser, p, via, notes); err != nil {
			return err
		}
	}
	return nil
}

func (k *keeper) keepOne(ctx context.Context, at span, parser string, p *post.Post, via post.Ref, notes []string) error {
	ref := p.Ref()
	if !ref.Valid() {
		return k.skip(ctx, at, "", "it has no usable id")
	}
	var s store.Subject
	s.Add(p)
	switch t, err := k.o.Archive.TakedownOf(ctx, s); {
	case err != nil:
		return err
	case t != nil:
		return k.skip(ctx, at, ref.String(), "a takedown forbids to keep it")
	}
	words, err := p.MarshalJSON()
	if err != nil {
		return k.skip(ctx, at, ref.String(), "it cannot be written down: "+err.Error())
	}
	known, same, err := k.known(ctx, ref, words)
	switch {
	case err != nil:
		return err
	case same:
		return k.skip(ctx, at, ref.String(), "the same was imported before")
	}
	if k.b == nil {
		k.b, k.fresh, k.sum = k.o.Archive.Begin(), map[post.Ref][][]byte{}, sha256.New()
	}
	now := k.o.Archive.Now()
	id, err := k.b.Add(ctx, &store.Capture{Time: now, Kind: store.CapturePost, Ref: ref, URL: p.URL, Source: post.SourceImport,
		Part: store.ImportPart{Import: k.id, Offset: at.offset, Length: at.length}, Via: via, Trigger: "import",
		Operator: k.o.Operator, Case: k.o.Case, Note: k.o.Note, Machine: k.o.Machine, Private: !k.o.Public, Software: k.o.Software})
	if err != nil {
		return err
	}
	if _, err := k.b.Add(ctx, &store.Derivation{Time: now, Capture: id, Parser: parser, Source: post.SourceImport, Ref: ref, Post: *p, Notes: notes}); err != nil {
		return err
	}
	k.fresh[ref] = append(k.fresh[ref], words)
	_, _ = fmt.Fprintf(k.sum, "%d %d %s", at.offset, len(words), words) // a hash takes everything
	k.bytes += len(words)
	if known {
		return k.note(ctx, at, ref.String(), Merged, "it stands beside what the archive has of the post")
	}
	return k.note(ctx, at, ref.String(), Kept, "")
}

// maxBeside is how many readings of a post are compared with a new one.
const maxBeside = 200

// known reports whether the archive has anything that a post said, and whether
// it has the very same from a file.
func (k *keeper) known(ctx context.Context, ref post.Ref, words []byte) (known, same bool, err error) {
	for _, w := range k.fresh[ref] {
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

// flush makes durable what was found, then reports it.
func (k *keeper) flush(ctx context.Context) error {
	b, items := k.b, k.items
	k.b, k.fresh, k.items, k.bytes = nil, nil, nil, 0
	if b != nil {
		b.Key(fmt.Sprintf("import %s %x", k.id, k.sum.Sum(nil)))
		receipt, err := b.Commit(ctx)
		if err != nil {
			return err
		}
		for i := range items {
			if receipt.Repeated && items[i].Outcome != Skipped {
				items[i].Outcome, items[i].Reason = Skipped, "the same was imported before"
			}
		}
	}
	for _, i := range items {
		if err := k.o.Report(i); err != nil {
			return err
		}
	}
	return nil
}
