package archiver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"stet/store"
)

// What is sealed is a line of JSON for each record as it was, then one for each
// file, which says where the encrypted copy of it is.
type sealedLine struct {
	Record *store.Record `json:"record,omitempty"`
	// Terms are those of the record, where they do not follow from its content.
	Terms []sealedTerm `json:"terms,omitempty"`
	Blob  store.Digest `json:"blob,omitzero"`
	Copy  store.Digest `json:"copy,omitzero"`
}

// sealedTerm is an index entry; values can be bytes that are no text.
type sealedTerm struct {
	Index store.Index `json:"index"`
	Value []byte      `json:"value"`
}

// lineOf returns what is written of a record.
func lineOf(r store.Record) sealedLine {
	var l sealedLine
	for _, t := range r.Terms {
		l.Terms = append(l.Terms, sealedTerm{t.Index, []byte(t.Value)})
	}
	r.Terms, l.Record = nil, &r
	return l
}

// back returns the record of a line, with its index entries.
func (l *sealedLine) back() (store.Record, error) {
	r := *l.Record
	for _, t := range l.Terms {
		r.Terms = append(r.Terms, store.Term{Index: t.Index, Value: string(t.Value)})
	}
	if !r.Whole() {
		return r, nil
	}
	c, err := store.DecodeAny(&r)
	if err == nil {
		r.Terms = store.TermsOf(c)
	}
	return r, err
}

// seal keeps records and files encrypted, and returns the blobs that hold them.
func (r *Remover) seal(ctx context.Context, part []planned, blobs []store.Digest) ([]store.Digest, error) {
	copies := make([]store.Digest, len(blobs))
	for i, d := range blobs {
		in, err := r.o.Archive.OpenBlob(ctx, d)
		if err != nil {
			return nil, err
		}
		copies[i], err = r.sealed(ctx, func(w io.Writer) error {
			_, err := io.Copy(w, in)
			return err
		})
		if err := errors.Join(err, in.Close()); err != nil {
			return nil, fmt.Errorf("sealing the file %s: %w", d, err)
		}
	}
	list, err := r.sealed(ctx, func(w io.Writer) error {
		lines := json.NewEncoder(w)
		for i := range part {
			if err := lines.Encode(lineOf(part[i].record)); err != nil {
				return err
			}
		}
		for i, d := range blobs {
			if err := lines.Encode(sealedLine{Blob: d, Copy: copies[i]}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sealing %d records: %w", len(part), err)
	}
	return append([]store.Digest{list}, copies...), nil
}

// sealed stores encrypted what write writes.
func (r *Remover) sealed(ctx context.Context, write func(io.Writer) error) (store.Digest, error) {
	in, out := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := func() error {
			w, err := r.o.Vault.Seal(out)
			if err != nil {
				return err
			}
			return errors.Join(write(w), w.Close())
		}()
		out.CloseWithError(err)
	}()
	info, err := r.o.Archive.PutBlob(ctx, in, 0)
	in.CloseWithError(err)
	<-done
	return info.Digest, err
}

// unsealed opens a blob that was sealed.
func (r *Remover) unsealed(ctx context.Context, d store.Digest, read func(io.Reader) error) error {
	in, err := r.o.Archive.OpenBlob(ctx, d)
	if err != nil {
		return err
	}
	plain, err := r.o.Vault.Unseal(in)
	if err == nil {
		err = read(plain)
	}
	return errors.Join(err, in.Close())
}

// Unseal puts back what a takedown sealed, and lifts it: the post may be captured
// again. It returns how many records have their content again. It errors with
// ErrNotFound where the key is not here, or what was
// sealed was destroyed since.
func (r *Remover) Unseal(ctx context.Context, takedown store.ID, w Wish) (int, error) {
	acts, err := r.o.Archive.RedactionsOf(ctx, takedown)
	if err != nil {
		return 0, err
	}
	n, err := r.putBack(ctx, acts, takedown, w)
	if err != nil {
		return n, err
	}
	return n, r.lift(ctx, takedown, w)
}

// putBack puts back what some redactions sealed.
func (r *Remover) putBack(ctx context.Context, acts []store.Item[store.Redaction], takedown store.ID, w Wish) (int, error) {
	a := r.o.Archive
	if r.o.Vault == nil {
		return 0, fmt.Errorf("%w: there is no key to open what is sealed", store.ErrNotFound)
	}
	var sealed []*store.Redaction
	var records [][]store.Record
	for i := range acts {
		act := acts[i].Content
		if act.Act != store.RedactionSeal || len(act.Sealed) == 0 {
			continue
		}
		// All files before the first record that refers to one.
		found, err := r.unsealAct(ctx, act)
		if err != nil {
			return 0, fmt.Errorf("opening what was sealed on %s: %w", act.Time.UTC().Format(time.DateOnly), err)
		}
		sealed, records = append(sealed, act), append(records, found)
	}
	if len(sealed) == 0 {
		return 0, fmt.Errorf("%w: nothing is sealed of it, or it was destroyed since", store.ErrNotFound)
	}
	n := 0
	for i, act := range sealed {
		b := a.Begin()
		for j := range records[i] {
			b.Replace(records[i][j])
		}
		if _, err := b.Add(ctx, &store.Redaction{Time: a.Now(), Act: store.RedactionUnseal, Takedown: takedown, Records: act.Records,
			Refs: act.Refs, URLs: act.URLs, Operator: w.Operator, Reason: w.Reason}); err != nil {
			return n, err
		}
		if _, err := b.Commit(ctx); err != nil {
			return n, err
		}
		n += len(records[i])
	}
	return n, nil
}

// lift takes a takedown back.
func (r *Remover) lift(ctx context.Context, takedown store.ID, w Wish) error {
	record, err := r.o.Archive.Get(ctx, takedown)
	if err != nil {
		return err
	}
	t, err := store.Decode[store.Takedown](&record)
	if err != nil {
		return err
	}
	now, targets := r.o.Archive.Now(), t.Accounts
	if len(targets) == 0 {
		targets = []string{t.Ref.String()}
	}
	b := r.o.Archive.Begin()
	for _, c := range []store.Content{
		&store.Takedown{Time: now, Ref: t.Ref, Accounts: t.Accounts, Act: store.TakedownLift, Operator: w.Operator, Reason: w.Reason, Basis: w.Basis},
		&store.Audit{Time: now, Actor: w.Operator, How: w.How, Action: "unseal", Targets: targets, Reason: w.Reason},
	} {
		if _, err := b.Add(ctx, c); err != nil {
			return err
		}
	}
	_, err = b.Commit(ctx)
	return err
}

// unsealAct returns the records that an act sealed, as they were, and stores
// their files again.
func (r *Remover) unsealAct(ctx context.Context, act *store.Redaction) ([]store.Record, error) {
	var records []store.Record
	var files []sealedLine
	err := r.unsealed(ctx, act.Sealed[0], func(in io.Reader) error {
		lines := json.NewDecoder(bufio.NewReader(in))
		for {
			var l sealedLine
			err := lines.Decode(&l)
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			case l.Record != nil:
				record, err := l.back()
				if err != nil {
					return err
				}
				records = append(records, record)
			default:
				files = append(files, l)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := r.unsealed(ctx, f.Copy, func(in io.Reader) error {
			info, err := r.o.Archive.PutBlob(ctx, in, 0)
			if err == nil && info.Digest != f.Blob {
				err = fmt.Errorf("%w: the sealed copy of %s has the digest %s", store.ErrCorrupt, f.Blob, info.Digest)
			}
			return err
		}); err != nil {
			return nil, err
		}
	}
	return records, nil
}
