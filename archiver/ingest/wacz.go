package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"stet/store"
	"stet/store/wacz"
)

// readWACZ keeps a WACZ file as a whole, and imports what is in its web archives.
func readWACZ(ctx context.Context, o Options, r io.ReaderAt, size int64, name string) error {
	// Nothing is kept of a file that is refused.
	if _, _, err := packageOf(r, size); err != nil {
		return fmt.Errorf("%s cannot be imported: %w", name, err)
	}
	k := &keeper{o: o, file: name}
	if err := k.begin(ctx, io.NewSectionReader(r, 0, size), formatWACZ, ""); err != nil {
		return err
	}
	err := k.readPackage(ctx)
	if err = errors.Join(err, k.flush(ctx), k.settle()); err != nil {
		return fmt.Errorf("importing %s: %w", name, err)
	}
	return nil
}

// readPackage reads the file that was kept.
func (k *keeper) readPackage(ctx context.Context) error {
	kept, err := k.o.Archive.Blobs().Open(ctx, k.content)
	if err != nil {
		return fmt.Errorf("opening %s: %w", k.content, err)
	}
	defer func() { _ = kept.Close() }()
	info, err := k.o.Archive.Blobs().Stat(ctx, k.content)
	if err != nil {
		return fmt.Errorf("opening %s: %w", k.content, err)
	}
	in, stated, err := packageOf(kept, info.Size)
	if err != nil {
		return err
	}
	var errs []error
	var fit []string
	for _, member := range in.Archives() {
		ok, err := k.fits(ctx, in, member, stated[member])
		if ctx.Err() != nil {
			return err
		}
		if errs = append(errs, err); ok {
			fit = append(fit, member)
		}
	}
	k.web = packaged(in, fit)
	for _, member := range fit {
		err := whole(in, member, func(r io.Reader) error { return k.readWARC(ctx, r, member) })
		if ctx.Err() != nil {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// packaged are the pictures in those web archives of a package that can be read by
// ranges.
func packaged(in *wacz.Reader, members []string) *recordings {
	w := &recordings{}
	sections := map[string]*io.SectionReader{}
	for _, m := range members {
		if s := in.Section(m); s != nil {
			sections[m] = s
			w.members = append(w.members, m)
		}
	}
	w.open = func(member string) *io.SectionReader {
		s := sections[member]
		return io.NewSectionReader(s, 0, s.Size())
	}
	return w
}

// packageOf opens a WACZ file, with the digests that it states of its entries.
func packageOf(r io.ReaderAt, size int64) (*wacz.Reader, map[string]string, error) {
	in, err := wacz.NewReader(r, size, wacz.Limits{})
	if err != nil {
		return nil, nil, strange(err)
	}
	about, err := in.Describe()
	if err != nil {
		return nil, nil, strange(err)
	}
	stated := make(map[string]string, len(about.Resources))
	for _, r := range about.Resources {
		stated[r.Path] = r.Hash
	}
	return in, stated, nil
}

// fits reports whether a web archive inside of a WACZ file is what the file says
// that it is.
func (k *keeper) fits(ctx context.Context, in *wacz.Reader, member, stated string) (bool, error) {
	sum := sha256.New()
	if err := whole(in, member, func(r io.Reader) error { _, err := io.Copy(sum, r); return err }); err != nil {
		return false, fmt.Errorf("%s: %w", member, strange(err))
	}
	size, _ := in.Size(member)
	at := span{length: size, said: said{member: member}}
	if got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); got != stated {
		return false, k.skip(ctx, at, "", "the file inside has another digest than the package states, or none")
	}
	return true, nil
}

func whole(in *wacz.Reader, member string, read func(io.Reader) error) error {
	r, err := in.Open(member)
	if err != nil {
		return err
	}
	return errors.Join(read(r), r.Close())
}

// strange gives an error about a WACZ file the class of a file that cannot be
// imported.
func strange(err error) error {
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrRefused) || errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %s", store.ErrInvalid, err.Error())
	}
	return err
}
