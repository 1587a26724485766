package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"stet/store"
	"stet/store/durable"
)

// Options are what a [Log] is made of.
type Options struct {
	Archive *store.Archive
	// Dir is the folder of the archive, for the key and the hashes; empty keeps
	// all in memory.
	Dir string
	// ReadOnly makes nothing: no key, no file, no checkpoint.
	ReadOnly bool
	// Random is the source of random bytes of a key that is made.
	Random io.Reader
}

// Log signs heads of the tree of an archive, keeps them as records, and proves
// what they cover. It is safe for concurrent use.
type Log struct {
	archive *store.Archive
	o       Options
	tree    *Tree

	mu  sync.Mutex
	key *Key // nil until it is needed
}

// Signed is a head that was signed, with the record that keeps it.
type Signed struct {
	Head
	// Record is the record, Message the signed note, and Key the public key.
	Record  store.ID
	Message []byte
	Key     string
	// New is true where it was signed just now.
	New bool
}

// Open opens the log of an archive. The caller closes it, before the archive.
func Open(o Options) (*Log, error) {
	path := ""
	if o.Dir != "" {
		path = filepath.Join(o.Dir, FileName)
	}
	tree, err := OpenTree(path, o.Archive.Backend(), o.ReadOnly)
	if err != nil {
		return nil, err
	}
	return &Log{archive: o.Archive, o: o, tree: tree}, nil
}

// Close closes the hashes.
func (l *Log) Close() error { return l.tree.Close() }

// Tree returns the tree.
func (l *Log) Tree() *Tree { return l.tree }

func (l *Log) path(name string) string { return filepath.Join(l.o.Dir, name) }

// Key returns the key that signs, and makes one where there is none yet. It
// errors with ErrReadOnly where none may be made.
func (l *Log) Key(ctx context.Context) (*Key, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.currentKey(ctx)
}

func (l *Log) currentKey(ctx context.Context) (*Key, error) {
	if l.key != nil {
		return l.key, nil
	}
	if l.o.Dir != "" {
		k, err := LoadKey(l.path(KeyFile))
		if err == nil {
			l.key = k
			return k, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if l.o.ReadOnly {
		return nil, fmt.Errorf("%w: this archive has no signing key yet; `stet checkpoint` makes one where it may write", store.ErrReadOnly)
	}
	return l.firstKey(ctx)
}

// firstKey makes a key. Where heads of an earlier key are kept, or the key of
// an archive that was restored is there, it is a new log that says what it goes
// on from.
func (l *Log) firstKey(ctx context.Context) (*Key, error) {
	var before *Key
	if l.o.Dir != "" {
		k, err := LoadKey(l.path(BeforeFile))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		before = k
	}
	last, err := l.Last(ctx)
	if err != nil {
		return nil, err
	}
	k, err := NewKey(l.o.Random, "")
	if err != nil {
		return nil, err
	}
	if before != nil && (last == nil || last.Key != before.Public) {
		before = nil // the key of another archive that was here
	}
	if last != nil {
		if err := l.handOver(ctx, before, k); err != nil {
			return nil, err
		}
	}
	if err := l.install(k); err != nil {
		return nil, err
	}
	if before != nil {
		if err := os.Remove(l.path(BeforeFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: removing the key from before: %w", store.ErrReadOnly, err)
		}
	}
	return k, nil
}

// install makes k the key that signs.
func (l *Log) install(k *Key) error {
	if l.o.Dir != "" {
		if err := k.Save(l.path(KeyFile)); err != nil {
			return err
		}
		if err := os.Remove(l.path(HeadFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: forgetting the head of the key before: %w", store.ErrReadOnly, err)
		}
	}
	l.key = k
	return nil
}

// handover begins the note by which one key hands over to the next.
const handover = "stet evidence key\n"

// handOver keeps a note that one key goes on where another ended, signed by both
// where the old one is there.
func (l *Log) handOver(ctx context.Context, old, k *Key) error {
	size, err := l.tree.Follow(ctx)
	if err != nil {
		return err
	}
	root, err := l.tree.Root(ctx, size)
	if err != nil {
		return err
	}
	was := "-"
	var others []*Key
	if old != nil {
		was, others = old.Public, []*Key{old}
	}
	h := Head{Origin: k.Origin(), Size: size, Root: root}
	msg, err := k.Sign(handover+"new "+k.Public+"\nold "+was+"\nfrom "+strings.ReplaceAll(strings.TrimSuffix(h.Text(), "\n"), "\n", " ")+"\n", others...)
	if err != nil {
		return err
	}
	_, err = l.keep(ctx, &store.Stamp{Form: store.StampKey, Size: uint64(size), Root: store.Digest(root), By: k.Public, Body: msg})
	return err
}

// keep adds a record.
func (l *Log) keep(ctx context.Context, s *store.Stamp) (store.ID, error) {
	s.Time = l.archive.Now()
	b := l.archive.Begin()
	id, err := b.Add(ctx, s)
	if err != nil {
		return id, err
	}
	if _, err := b.Commit(ctx); err != nil {
		return id, fmt.Errorf("keeping a %s of the evidence tree: %w", s.Form, err)
	}
	return id, nil
}

// Rotate makes a new key, which goes on where the old one ended: what the old
// one signed stays provable by the old public key. Where the archive is not what
// the old key signed last, as after an older copy was put back, the new key
// begins a log of its own name.
func (l *Log) Rotate(ctx context.Context) (*Key, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old, err := l.currentKey(ctx)
	if err != nil {
		return nil, err
	}
	origin := old.Origin()
	if err := l.agrees(ctx); errors.Is(err, store.ErrVerification) {
		origin = ""
	} else if err != nil {
		return nil, err
	}
	k, err := NewKey(l.o.Random, origin)
	if err != nil {
		return nil, err
	}
	if err := l.handOver(ctx, old, k); err != nil {
		return nil, err
	}
	return k, l.install(k)
}

// agrees errors with ErrVerification where the archive does not go on from the
// head that was signed last on this machine.
func (l *Log) agrees(ctx context.Context) error {
	if l.o.Dir == "" {
		return nil
	}
	body, err := os.ReadFile(l.path(HeadFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: reading the head that was signed last: %w", store.ErrReadOnly, err)
	}
	h, err := UnsignedHead(body)
	if err != nil {
		return fmt.Errorf("%s: %w", l.path(HeadFile), err)
	}
	return l.Covers(ctx, &h)
}

// Rebuild makes the kept hashes again from the journal. Interrupted, the rest is
// made when the tree is used.
func (l *Log) Rebuild(ctx context.Context) error {
	if l.o.ReadOnly {
		return fmt.Errorf("making the hashes of the evidence tree again: %w", store.ErrReadOnly)
	}
	head, err := l.archive.Backend().Head(ctx)
	if err == nil {
		err = l.tree.rebuild(ctx, int64(head))
	}
	if err != nil {
		return fmt.Errorf("making the hashes of the evidence tree again: %w", err)
	}
	return nil
}

// Covers errors with ErrVerification where the archive does not go on from a
// head: it holds fewer records, or others.
func (l *Log) Covers(ctx context.Context, h *Head) error {
	size, err := l.tree.Follow(ctx)
	if err != nil {
		return err
	}
	if size < h.Size {
		return fmt.Errorf("%w: %s covers %d records, and the archive holds %d", store.ErrVerification, h.Origin, h.Size, size)
	}
	return l.sound(ctx, h)
}

// sound errors with ErrVerification where the tree of as many records has
// another root than the head; the hashes are made again before that is said.
func (l *Log) sound(ctx context.Context, h *Head) error {
	for again := false; ; again = true {
		root, err := l.tree.Root(ctx, h.Size)
		if err == nil && root == h.Root {
			return nil
		}
		if again && err == nil {
			return fmt.Errorf("%w: the first %d records are not those that %s covered: a record was changed, removed or added among them", store.ErrVerification, h.Size, h.Origin)
		}
		if again {
			return err
		}
		if err := l.tree.rebuild(ctx, h.Size); err != nil {
			return err
		}
	}
}

// Last returns the head that was kept last, nil where there is none.
func (l *Log) Last(ctx context.Context) (*Signed, error) {
	p, err := l.archive.List(ctx, store.Query{Term: store.StampTerm(store.StampCheckpoint), Newest: true, Limit: 1})
	if err != nil || len(p.Records) == 0 {
		return nil, err
	}
	return signedOf(&p.Records[0])
}

func signedOf(r *store.Record) (*Signed, error) {
	s, err := store.Decode[store.Stamp](r)
	if err != nil {
		return nil, err
	}
	h, err := UnsignedHead(s.Body)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", r.ID, err)
	}
	return &Signed{Head: h, Record: r.ID, Message: s.Body, Key: s.By}, nil
}

// Heads calls f with the kept heads, oldest first, until it returns false.
func (l *Log) Heads(ctx context.Context, f func(*Signed) bool) error {
	for q := (store.Query{Term: store.StampTerm(store.StampCheckpoint), Limit: 1000}); ; {
		p, err := l.archive.List(ctx, q)
		if err != nil {
			return err
		}
		for i := range p.Records {
			s, err := signedOf(&p.Records[i])
			if err != nil {
				return err
			}
			if !f(s) {
				return nil
			}
		}
		if !p.More || len(p.Records) == 0 {
			return nil
		}
		q.After = p.Records[len(p.Records)-1].Seq
	}
}

// Checkpoint signs the head of the archive and keeps it. Where nothing but
// stamps was added since the last one, that is returned; trigger says who asks.
// It errors with ErrVerification, and signs nothing, where the archive does not
// go on from the last head.
func (l *Log) Checkpoint(ctx context.Context, trigger string) (*Signed, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, err := l.Last(ctx)
	if err != nil {
		return nil, err
	}
	key, err := l.currentKey(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.agrees(ctx); err != nil {
		return nil, fmt.Errorf("%w; nothing is signed. If an older copy of the archive was put back on purpose, `stet checkpoint --rotate` begins a new log", err)
	}
	if last != nil && last.Key == key.Public {
		idle, err := l.idleSince(ctx, last.Size)
		if err != nil || idle {
			return last, err
		}
	}
	h, err := l.nextHead(ctx, key.Origin(), last)
	if err != nil {
		return nil, err
	}
	msg, err := key.Sign(h.Text())
	if err != nil {
		return nil, err
	}
	id, err := l.keep(ctx, &store.Stamp{Form: store.StampCheckpoint, Size: uint64(h.Size), Root: store.Digest(h.Root), By: key.Public, Trigger: trigger, Body: msg})
	if err != nil {
		return nil, err
	}
	if l.o.Dir != "" {
		if err := durable.ReplaceFile(l.path(HeadFile), msg, durable.Private); err != nil {
			return nil, fmt.Errorf("%w: keeping the head that was signed: %w", store.ErrReadOnly, err)
		}
	}
	return &Signed{Head: *h, Record: id, Message: msg, Key: key.Public, New: true}, nil
}

// idleSince reports whether nothing but stamps, and exchanges that fetched
// them, was added after the first size records.
func (l *Log) idleSince(ctx context.Context, size int64) (bool, error) {
	for after := uint64(size); ; {
		records, err := l.archive.Backend().Read(ctx, after, 100)
		if err != nil {
			return false, fmt.Errorf("reading what was added since the last head: %w", err)
		}
		for i := range records {
			if r := &records[i]; r.Kind != store.KindStamp && !ofStamp(r) {
				return false, nil
			}
		}
		if len(records) == 0 {
			return true, nil
		}
		after = records[len(records)-1].Seq
	}
}

// PurposeStamp is the purpose of exchanges that fetch stamps.
const PurposeStamp = "stamp"

func ofStamp(r *store.Record) bool {
	if r.Kind != store.KindExchange {
		return false
	}
	e, err := store.Decode[store.Exchange](r)
	return err == nil && e.Purpose == PurposeStamp
}

// nextHead returns the head of the archive. It is computed twice: from the kept
// hashes, and from the last head and the leaves since, so that a wrong hash is
// never signed.
func (l *Log) nextHead(ctx context.Context, origin string, last *Signed) (*Head, error) {
	size, err := l.tree.Follow(ctx)
	if err != nil {
		return nil, err
	}
	base := peaks{}
	if last != nil {
		if last.Size > size {
			return nil, fmt.Errorf("%w: the last head covers %d records, and the archive holds %d", store.ErrVerification, last.Size, size)
		}
		if err := l.sound(ctx, &last.Head); err != nil {
			return nil, err
		}
		if base, err = l.tree.peaks(ctx, last.Size); err != nil {
			return nil, err
		}
	}
	root, err := l.tree.extend(ctx, &base, size)
	if err != nil {
		return nil, err
	}
	h := &Head{Origin: origin, Size: size, Root: root}
	return h, l.sound(ctx, h)
}

// Include proves that a record is covered by a head. It errors with ErrNotFound
// where the head does not reach as far.
func (l *Log) Include(ctx context.Context, r *store.Record, s *Signed) (*Proof, error) {
	n := int64(r.Seq) - 1
	if n < 0 || n >= s.Size {
		return nil, fmt.Errorf("%w: the head of %d records does not cover record %d", store.ErrNotFound, s.Size, r.Seq)
	}
	p := &Proof{Index: n, Header: r.Header(), Checkpoint: s.Message}
	for again := false; ; again = true {
		err := l.tree.with(ctx, s.Size, func(hr tlog.HashReader) (err error) {
			p.Hashes, err = tlog.ProveRecord(s.Size, n, hr)
			return err
		})
		if err == nil {
			err = p.Check(&s.Head, p.Leaf())
		}
		if err == nil {
			return p, nil
		}
		if again {
			return nil, fmt.Errorf("proving record %d: %w", r.Seq, err)
		}
		if err := l.tree.rebuild(ctx, s.Size); err != nil {
			return nil, err
		}
	}
}

// Since proves that the head s goes on from an older one. It errors with
// ErrVerification where it does not.
func (l *Log) Since(ctx context.Context, older *Head, s *Signed) (*Consistency, error) {
	if older.Size > s.Size {
		return nil, fmt.Errorf("%w: the older head covers %d records, more than the %d of the newer", store.ErrVerification, older.Size, s.Size)
	}
	if err := l.sound(ctx, older); err != nil {
		return nil, err
	}
	c := &Consistency{Old: older.Size, Checkpoint: s.Message}
	if older.Size > 0 && older.Size < s.Size {
		if err := l.tree.with(ctx, s.Size, func(r tlog.HashReader) (err error) {
			c.Hashes, err = tlog.ProveTree(s.Size, older.Size, r)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return c, c.Check(&s.Head, older)
}
