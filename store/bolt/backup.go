package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"stet/store"
)

const (
	// backupMark is a file that says that a folder is for backups. It is
	// written first; the database is renamed to its name last, so that a folder
	// with both holds a whole backup.
	backupMark = "backup.txt"
	// backupWork is the folder for what is not whole yet.
	backupWork = "incoming"
	// copyPages is how many pages are copied at a time.
	copyPages = 256
)

// markText is what stands in the file [backupMark].
const markText = `This folder is for backups of a stet archive. While there is no archive.db in it,
no backup has been completed. "stet restore FOLDER" brings one back.
`

// BackupOptions are the settings of a backup. The zero value works.
type BackupOptions struct {
	// Report is told how far the backup is; nil tells nobody.
	Report func(CopyProgress)
	// Free says how much space is left; nil does not look.
	Free FreeSpace
}

// BackupSummary says what a backup holds and what was done for it.
type BackupSummary struct {
	// Dir is the folder of the backup.
	Dir     string `json:"dir"`
	Records int64  `json:"records"`
	Jobs    int64  `json:"jobs"`
	// Blobs counts all blobs, Copied those whose files were copied now (with
	// CopiedBytes bytes), and Present those whose files were there already.
	Blobs       int64 `json:"blobs"`
	Copied      int64 `json:"copied"`
	CopiedBytes int64 `json:"copied_bytes"`
	Present     int64 `json:"present"`
	// Lost counts the blobs that records refer to and that a salvage did not
	// find.
	Lost int64 `json:"lost"`
	// Removed counts the files of blobs that are no longer kept.
	Removed int64 `json:"removed"`
	// DatabaseBytes is the size of the copied database.
	DatabaseBytes int64 `json:"database_bytes"`
}

// Backup copies the archive, as it is at one moment, into the folder dir, while
// others read and write. The folder holds an archive then, which Open opens. A
// backup into the same folder later copies only the blobs that are new; the
// database is copied whole.
//
// The copy is proven like by Check before it gets its name. Until then the
// backup that was there before stays: a backup that was interrupted is never
// taken for a whole one. No blob is removed meanwhile: Remove errors with
// ErrBusy.
//
// The database is copied in one read transaction. While that lasts, which is
// about as long as the disks need for so many bytes, the space of what writers
// replace is not used again, so that the file may grow; where only as much
// address space is mapped as is used (see [Options]), a writer that has to map
// more waits until the database is copied. Pages that are not used are not
// copied: what was destroyed is not in the backup.
//
// It errors with ErrInvalid where the folder cannot be used for this archive,
// with ErrCorrupt where the archive is damaged, with ErrFull where there is not
// enough space, and with ErrBusy where the archive changes too quickly.
func (s *Store) Backup(ctx context.Context, dir string, o BackupOptions) (BackupSummary, error) {
	if o.Report == nil {
		o.Report = func(CopyProgress) {}
	}
	if err := s.usable(ctx); err != nil {
		return BackupSummary{}, err
	}
	b := &backup{s: s, ctx: ctx, dir: filepath.Clean(dir), o: o, work: filepath.Join(dir, backupWork)}
	b.sum.Dir = b.dir
	if err := b.prepare(); err != nil {
		return b.sum, fmt.Errorf("backing up to %s: %w", dir, err)
	}
	defer s.pins.hold()()
	err := b.run()
	if err := errors.Join(err, os.RemoveAll(b.work)); err != nil {
		return b.sum, fmt.Errorf("backing up to %s: %w", dir, err)
	}
	return b.sum, nil
}

// backup is one backup that is being made.
type backup struct {
	s         *Store
	ctx       context.Context //nolint:containedctx // of the one call of Backup
	dir, work string
	o         BackupOptions
	sum       BackupSummary
}

// prepare looks whether the folder can be used, and makes it.
func (b *backup) prepare() error {
	if err := b.outside(); err != nil {
		return err
	}
	marked, err := exists(filepath.Join(b.dir, backupMark))
	if err != nil {
		return err
	}
	whole, err := exists(filepath.Join(b.dir, FileName))
	if err != nil {
		return err
	}
	blobs, err := exists(filepath.Join(b.dir, blobsFolder))
	if err != nil {
		return err
	}
	switch {
	case !marked && (whole || blobs):
		return fmt.Errorf("%w: the folder holds an archive that is not a backup; name another folder", store.ErrInvalid)
	case whole:
		if err := b.sameArchive(); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return classify(err)
	}
	if !marked {
		if err := writeDurably(filepath.Join(b.dir, backupMark), []byte(markText)); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(b.work); err != nil { // of a backup that was killed
		return classify(err)
	}
	return classify(os.Mkdir(b.work, 0o700))
}

// outside errors where the folder is that of the archive, or within it.
func (b *backup) outside() error {
	own, err := os.Stat(b.s.dir)
	if err != nil {
		return classify(err)
	}
	at, err := filepath.Abs(b.dir)
	if err != nil {
		return err
	}
	for {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, own) {
			return fmt.Errorf("%w: it is in the folder of the archive itself; name another folder, best on another disk", store.ErrInvalid)
		}
		up := filepath.Dir(at)
		if up == at {
			return nil
		}
		at = up
	}
}

// sameArchive errors where the backup that is there is not an earlier state of
// this archive: its last record must be the one that has that number here.
func (b *backup) sameArchive() (err error) {
	prev, err := Open(b.ctx, b.dir, Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("the backup that is there cannot be opened: %w; name another folder", err)
	}
	defer func() { err = errors.Join(err, prev.Close()) }()
	head := prev.state.durableHead()
	if head == 0 {
		return nil
	}
	was, err := prev.Leaves(b.ctx, head-1, 1)
	if err != nil {
		return fmt.Errorf("the backup that is there cannot be read: %w; name another folder", err)
	}
	is, err := b.s.Leaves(b.ctx, head-1, 1)
	if err != nil {
		return err
	}
	if len(was) == 1 && len(is) == 1 && was[0] == is[0] {
		return nil
	}
	return fmt.Errorf("%w: the folder holds the backup of another archive, or of a later state of this one; name another folder", store.ErrInvalid)
}

func (b *backup) run() error {
	if err := b.database(); err != nil {
		return err
	}
	b.o.Report(CopyProgress{Stage: "check"})
	p, err := prove(b.ctx, b.work, false)
	if err != nil {
		return fmt.Errorf("the copy is not sound, and with it the archive; run `stet check`, a backup that was there before is still there: %w", err)
	}
	b.sum.Records, b.sum.Jobs, b.sum.Blobs = p.sum.Records, p.sum.Jobs, p.sum.Blobs
	b.sum.Lost = p.lost
	if err := b.blobs(p); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(b.work, FileName), filepath.Join(b.dir, FileName)); err != nil {
		return classify(err)
	}
	for _, dir := range []string{b.dir, filepath.Dir(b.dir)} {
		if err := syncFolder(dir); err != nil {
			return err
		}
	}
	b.sum.Removed, err = prune(b.ctx, b.dir, p.inFiles)
	return err
}

// blobs copies the files of blobs.
func (b *backup) blobs(p *proven) error {
	missing := int64(0)
	for _, d := range p.inFiles {
		if ok, err := exists(blobFile(b.dir, d)); err != nil {
			return err
		} else if ok {
			continue
		}
		if info, err := os.Stat(blobFile(b.s.dir, d)); err == nil {
			missing += info.Size()
		}
	}
	if err := b.o.Free.need(b.dir, missing, "the backup"); err != nil {
		return err
	}
	c := newBlobCopy(b.ctx, b.s.dir, b.dir, b.work)
	for i, d := range p.inFiles {
		b.o.Report(CopyProgress{Stage: "blobs", Done: int64(i), Total: int64(len(p.inFiles))})
		if err := c.copy(d); err != nil {
			return err
		}
	}
	b.sum.Copied, b.sum.CopiedBytes, b.sum.Present = c.copied, c.bytes, c.present
	return c.sync()
}

// attempts is how often a backup looks for the page that says where everything
// is: it stays for two commits, and each waits for the disk.
const attempts = 100

// database copies the database into the working folder, durably.
func (b *backup) database() error {
	f, err := os.OpenFile(filepath.Join(b.work, FileName), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return classify(err)
	}
	for n := 0; ; n++ {
		done := false
		err = b.s.viewFile(b.ctx, func(tx *bbolt.Tx, from *os.File) error {
			m, raw, ok := metaOf(from, tx)
			if !ok {
				return nil
			}
			done = true
			b.sum.DatabaseBytes = int64(m.end) * pageSize
			if err := b.o.Free.need(b.dir, b.sum.DatabaseBytes, "the backup"); err != nil {
				return err
			}
			return b.pages(from, f, m, raw)
		})
		if done || err != nil {
			break
		}
		if n == attempts {
			err = fmt.Errorf("%w: the archive changed too quickly; try again", store.ErrBusy)
			break
		}
	}
	if err == nil {
		err = f.Sync()
	}
	return classify(errors.Join(err, f.Close()))
}

// metaOf returns the meta page of the state that a transaction sees; ok is
// false where it was replaced just now.
func metaOf(file *os.File, tx *bbolt.Tx) (m metaPage, raw []byte, ok bool) {
	raw = make([]byte, pageSize)
	for i := range int64(2) {
		if _, err := file.ReadAt(raw, i*pageSize); err != nil {
			continue
		}
		m, err := readMetaPage(raw)
		if err == nil && m.pageSize == pageSize && m.txid == uint64(tx.ID()) {
			return m, raw, true
		}
	}
	return metaPage{}, nil, false
}

// pages copies the pages of one state.
func (b *backup) pages(from, f *os.File, m metaPage, raw []byte) error {
	free := map[uint64]bool{}
	if m.freelist != noFreelist {
		ids, err := newWalker(from, m, nil).readFreelist()
		if err != nil {
			return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		for _, id := range ids {
			free[id] = true
		}
	}
	for _, txid := range []uint64{m.txid, m.txid - 1} {
		if _, err := f.WriteAt(metaBytes(raw, txid), int64(txid%2)*pageSize); err != nil {
			return err
		}
	}
	buf := make([]byte, copyPages*pageSize)
	for at := uint64(2); at < m.end; at += copyPages {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		b.o.Report(CopyProgress{Stage: "database", Done: int64(at) * pageSize, Total: b.sum.DatabaseBytes})
		part := buf[:min(copyPages, m.end-at)*pageSize]
		if _, err := from.ReadAt(part, int64(at)*pageSize); err != nil {
			return fmt.Errorf("reading the database: %w", err)
		}
		for n := range uint64(len(part)) / pageSize {
			if free[at+n] {
				clear(part[n*pageSize : (n+1)*pageSize])
			}
		}
		if _, err := f.WriteAt(part, int64(at)*pageSize); err != nil {
			return err
		}
	}
	return nil
}

// metaBytes returns the meta page raw with another transaction number, and the
// page number that follows from it.
func metaBytes(raw []byte, txid uint64) []byte {
	e := binary.NativeEndian
	page := make([]byte, pageSize)
	copy(page, raw[:pageHeader+metaLength])
	e.PutUint64(page, txid%2)
	m := page[pageHeader:]
	e.PutUint64(m[48:], txid)
	h := fnv.New64a()
	_, _ = h.Write(m[:metaLength]) // a hash never errors
	e.PutUint64(m[metaLength:], h.Sum64())
	return page
}

// writeDurably writes a small file under a name that nothing has.
func writeDurably(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return classify(err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return classify(err)
	}
	return syncFolder(filepath.Dir(path))
}

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	return false, classify(err)
}
