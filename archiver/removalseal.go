package archiver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

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

// unsealAct returns the records that an act sealed, as they were, and stores
// their files again.
func (r *Remover) unsealAct(ctx context.Context, act *store.Redaction) ([]store.Record, error) {
	records, files, err := r.sealedRecords(ctx, act)
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

// sealedRecords returns the records that an act sealed, as they were, and where
// the copies of their files are.
func (r *Remover) sealedRecords(ctx context.Context, act *store.Redaction) (records []store.Record, files []sealedLine, err error) {
	err = r.unsealed(ctx, act.Sealed[0], func(in io.Reader) error {
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
	return records, files, err
}

// encrypt seals a few bytes.
func (r *Remover) encrypt(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := r.o.Vault.Seal(&out)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(plain)
	err = errors.Join(err, w.Close()) // which writes the rest
	return out.Bytes(), err
}

// decrypt opens a few bytes.
func (r *Remover) decrypt(sealed []byte) ([]byte, error) {
	if r.o.Vault == nil {
		return nil, fmt.Errorf("%w: there is no key to open what is sealed", store.ErrNotFound)
	}
	plain, err := r.o.Vault.Unseal(bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}
