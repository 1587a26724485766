package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"stet/store"
	"stet/store/evidence"
)

// plainRoot computes a root as RFC 6962 defines it.
func plainRoot(leaves []store.Hash) tlog.Hash {
	switch n := len(leaves); n {
	case 0:
		h, _ := tlog.TreeHash(0, nil)
		return h
	case 1:
		return tlog.Hash(leaves[0])
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		return tlog.NodeHash(plainRoot(leaves[:k]), plainRoot(leaves[k:]))
	}
}

func (w *world) leaves() []store.Hash {
	w.Helper()
	var all []store.Hash
	for {
		more, err := w.backend.Leaves(w.ctx, uint64(len(all)), 0)
		w.must(err)
		if len(more) == 0 {
			return all
		}
		all = append(all, more...)
	}
}

func TestTreeIsThatOfTheStandard(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		w := newWorld(t, dir)
		for _, n := range []int{0, 1, 1, 1, 60, 1, 1, 62, 1, 500, 3000} {
			w.add(n)
			size, err := w.log.Tree().Follow(w.ctx)
			w.must(err)
			leaves := w.leaves()
			if int(size) != len(leaves) {
				t.Fatalf("the tree follows to %d of %d", size, len(leaves))
			}
			for _, at := range []int{len(leaves), len(leaves) / 2, len(leaves) - len(leaves)%64, max(0, len(leaves)-1)} {
				root, err := w.log.Tree().Root(w.ctx, int64(at))
				w.must(err)
				if want := plainRoot(leaves[:at]); root != want {
					t.Fatalf("the root of %d of %d leaves is %v, want %v", at, len(leaves), root, want)
				}
			}
		}
	}
}

// TestEveryRecordIsProved proves records under heads of many sizes, in the
// formats that others read.
func TestEveryRecordIsProved(t *testing.T) {
	w := newWorld(t, "")
	var heads []*evidence.Signed
	for _, n := range []int{1, 2, 64, 130, 7} {
		w.add(n)
		heads = append(heads, w.head())
	}
	trust, err := evidence.NewTrust(heads[0].Key)
	w.must(err)
	for i, s := range heads {
		for seq := uint64(1); int64(seq) <= s.Size; seq += 1 + seq/9 {
			proof, err := w.log.Include(w.ctx, w.record(seq), s)
			w.must(err)
			read, err := evidence.ParseProof(proof.Format())
			w.must(err)
			h, _, err := trust.ReadHead(read.Checkpoint)
			w.must(err)
			w.must(read.Check(&h, read.Leaf()))
			if facts, err := evidence.ParseHeader(read.Header); err != nil || facts.ID != w.record(seq).ID {
				t.Errorf("the header of record %d: %+v, %v", seq, facts, err)
			}
			if read.Check(&h, tlog.Hash{1}) == nil {
				t.Error("another leaf is proved too")
			}
		}
		for _, older := range heads[:i+1] {
			c, err := w.log.Since(w.ctx, &older.Head, s)
			w.must(err)
			read, err := evidence.ParseConsistency(c.Format())
			w.must(err)
			h, _, err := trust.ReadHead(read.Checkpoint)
			w.must(err)
			w.must(read.Check(&h, &older.Head))
			forged := older.Head
			forged.Root[3] ^= 1
			if read.Check(&h, &forged) == nil {
				t.Error("another older head is proved too")
			}
		}
	}
	if _, err := w.log.Include(w.ctx, w.record(60), heads[0]); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a record after the head: %v", err)
	}
}

// TestHeadsAreCheckpoints: other programs read what is signed.
func TestHeadsAreCheckpoints(t *testing.T) {
	w := newWorld(t, "")
	w.add(5)
	s := w.head()
	v, err := note.NewVerifier(s.Key)
	w.must(err)
	n, err := note.Open(s.Message, note.VerifierList(v))
	w.must(err)
	if lines := strings.Split(n.Text, "\n"); len(lines) != 4 || lines[0] != v.Name() || lines[1] != "5" {
		t.Errorf("the checkpoint says %q", n.Text)
	}
	if s.Size != 5 || !s.New {
		t.Errorf("the head is %+v", s)
	}
	again := w.head()
	if again.New || again.Record != s.Record {
		t.Error("a head is signed again although nothing was added")
	}
	w.add(1)
	if next := w.head(); next.Size != 7 { // the record of the head counts too
		t.Errorf("the next head covers %d records", next.Size)
	}
}

// flips returns copies of b, each with one byte changed.
func flips(b []byte, f func(int, []byte)) {
	for i := range b {
		for _, bit := range []byte{1, 0x20, 0x80} {
			c := slices.Clone(b)
			c[i] ^= bit
			f(i, c)
		}
	}
}

// TestEveryByteOfAProofCounts changes every byte of a proof and of a checkpoint.
func TestEveryByteOfAProofCounts(t *testing.T) {
	w := newWorld(t, "")
	w.add(70)
	s := w.head()
	trust, err := evidence.NewTrust(s.Key)
	w.must(err)
	proof, err := w.log.Include(w.ctx, w.record(9), s)
	w.must(err)
	verify := func(b []byte) error {
		p, err := evidence.ParseProof(b)
		if err != nil {
			return err
		}
		h, _, err := trust.ReadHead(p.Checkpoint)
		if err != nil {
			return err
		}
		return p.Check(&h, p.Leaf())
	}
	w.must(verify(proof.Format()))
	flips(proof.Format(), func(i int, b []byte) {
		if err := verify(b); !errors.Is(err, store.ErrVerification) {
			t.Errorf("a changed byte %d (%q) is not found: %v", i, b[max(0, i-20):i+1], err)
		}
	})
}

// TestChangesAreFound: whoever can write to the store changes, removes or adds
// records and makes everything fit; the heads tell.
func TestChangesAreFound(t *testing.T) {
	changes := map[string]func(*world){
		"a record is changed": func(w *world) {
			w.rewrite(func(r []store.Record) []store.Record { r[40].Time = r[40].Time.Add(1e9); return r })
		},
		"a record is removed": func(w *world) { w.rewrite(func(r []store.Record) []store.Record { return slices.Delete(r, 40, 41) }) },
		"two change places": func(w *world) {
			w.rewrite(func(r []store.Record) []store.Record { r[40], r[41] = r[41], r[40]; return r })
		},
		"the end is cut off": func(w *world) { w.rewrite(func(r []store.Record) []store.Record { return r[:50] }) },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, t.TempDir())
			w.add(30)
			w.head()
			w.add(70)
			last := w.head()
			w.wantProblems(0)
			change(w)
			w.wantProblems(1)
			w.add(1)
			s, err := w.log.Checkpoint(w.ctx, "person")
			if !errors.Is(err, store.ErrVerification) && (err != nil || !goesOn(w, s, last)) {
				t.Errorf("a head that does not go on from the last is signed: %v", err)
			}
		})
	}
}

// goesOn reports whether a head goes on from the one before by the hashes that
// are kept: what was added since is proved, and what was changed is not.
func goesOn(w *world, s, last *evidence.Signed) bool {
	_, err := w.log.Since(w.ctx, &last.Head, s)
	_, changed := w.log.Include(w.ctx, w.record(41), s)
	return err == nil && changed != nil
}

// rewrite makes another store of changed records, in the place of the old.
func (w *world) rewrite(change func([]store.Record) []store.Record) {
	w.Helper()
	records, err := w.backend.Read(w.ctx, 0, 1<<20)
	w.must(err)
	w.must(w.log.Close())
	records = change(records)
	for i := range records {
		c, err := store.DecodeAny(&records[i])
		w.must(err)
		records[i].Terms = store.TermsOf(c)
	}
	w.backend = emptyLike(w)
	_, err = w.backend.Append(w.ctx, store.Batch{Records: records})
	w.must(err)
	w.open()
}

func (w *world) wantProblems(least int64) {
	w.Helper()
	var told []store.Problem
	sum, err := w.log.Check(w.ctx, func(p store.Problem) { told = append(told, p) })
	w.must(err)
	if sum.Problems < least || least == 0 && sum.Problems > 0 || int64(len(told)) != sum.Problems {
		w.Fatalf("%d problems, want %d: %+v", sum.Problems, least, told)
	}
}

// TestDamagedHashesAreMadeAgain: the file of hashes is derived.
func TestDamagedHashesAreMadeAgain(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	w.add(1000)
	first := w.head()
	path := filepath.Join(dir, evidence.FileName)
	whole, err := os.ReadFile(path)
	w.must(err)
	for name, damage := range map[string][]byte{
		"zeros": append(bytes.Clone(whole[:32]), make([]byte, len(whole)-32)...), "cut off": whole[:len(whole)-40], "not ours": []byte("something else"),
		"empty": nil, "too much": append(bytes.Clone(whole), whole[32:96]...), "a bit": flipped(whole, 100),
	} {
		w.must(w.log.Close())
		w.must(os.WriteFile(path, damage, 0o600))
		w.open()
		w.add(100)
		s := w.head()
		if want := plainRoot(w.leaves()[:s.Size]); s.Root != want {
			t.Errorf("%s: the root %v is signed, want %v", name, s.Root, want)
		}
		if _, err := w.log.Since(w.ctx, &first.Head, s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.log.Include(w.ctx, w.record(3), s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		w.must(os.WriteFile(path, whole, 0o600))
	}
}

// TestRebuild makes the hashes again where somebody changed them without being
// noticed.
func TestRebuild(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	w.add(1000)
	w.must(w.log.Rebuild(w.ctx))
	path := filepath.Join(dir, evidence.FileName)
	whole, err := os.ReadFile(path)
	w.must(err)
	w.must(w.log.Close())
	w.must(os.WriteFile(path, flipped(whole, 100), 0o600))
	w.open()
	w.must(w.log.Rebuild(w.ctx))
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("%d bytes, %v, are not the %d of before", len(got), err, len(whole))
	}
}

func flipped(b []byte, at int) []byte {
	c := bytes.Clone(b)
	c[at] ^= 4
	return c
}

func TestKey(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	w.add(3)
	s := w.head()
	info, err := os.Stat(filepath.Join(dir, evidence.KeyFile))
	w.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key has the mode %v", info.Mode())
	}
	w.must(w.log.Close())
	w.open()
	key, err := w.log.Key(w.ctx)
	w.must(err)
	if key.Public != s.Key {
		t.Error("another key signs after opening again")
	}
	again, err := evidence.ParseSecret(key.Secret())
	w.must(err)
	if again.Public != key.Public {
		t.Error("the key is another after a backup")
	}
	a, err := key.Packages()
	w.must(err)
	if b, err := again.Packages(); err != nil || !a.Equal(b) {
		t.Errorf("the key of packages differs: %v", err)
	}
	w.must(os.Chmod(filepath.Join(dir, evidence.KeyFile), 0o644))
	if _, err := evidence.LoadKey(filepath.Join(dir, evidence.KeyFile)); !errors.Is(err, store.ErrRefused) {
		t.Errorf("a key that others may read: %v", err)
	}
}

// TestRotation: what the old key signed stays provable, and the new key goes on.
func TestRotation(t *testing.T) {
	w := newWorld(t, t.TempDir())
	w.add(10)
	old := w.head()
	key, err := w.log.Rotate(w.ctx)
	w.must(err)
	if key.Public == old.Key || key.Origin() != old.Origin {
		t.Errorf("the new key is %s after %s", key.Public, old.Key)
	}
	w.add(3)
	next := w.head()
	if next.Key != key.Public {
		t.Errorf("%s signs", next.Key)
	}
	if _, err := w.log.Since(w.ctx, &old.Head, next); err != nil {
		t.Error(err)
	}
	trust, err := evidence.NewTrust(old.Key)
	w.must(err)
	if _, _, err := trust.ReadHead(next.Message); !evidence.IsStranger(err) {
		t.Errorf("the new key's head under the old key alone: %v", err)
	}
	notes, err := w.log.Handovers(w.ctx)
	w.must(err)
	for _, n := range notes {
		if err := trust.Follow(n); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := trust.ReadHead(next.Message); err != nil {
		t.Errorf("with the handover: %v", err)
	}
	w.wantProblems(0)
}

// TestHandoverNeedsTheOldKey: a note that the old key did not sign hands over
// nothing.
func TestHandoverNeedsTheOldKey(t *testing.T) {
	w := newWorld(t, t.TempDir())
	w.add(10)
	old := w.head()
	w.must(os.Remove(filepath.Join(w.dir, evidence.KeyFile)))
	w.must(w.log.Close())
	w.open()
	next, err := w.log.Key(w.ctx)
	w.must(err)
	if next.Public == old.Key {
		t.Fatal("no new key was made")
	}
	trust, err := evidence.NewTrust(old.Key)
	w.must(err)
	notes, err := w.log.Handovers(w.ctx)
	w.must(err)
	if len(notes) != 1 {
		t.Fatalf("%d notes", len(notes))
	}
	if err := trust.Follow(notes[0]); err == nil || trust.Len() != 1 {
		t.Errorf("the old key handed over without signing: %v", err)
	}
	w.head()
	w.wantProblems(0)
}

// TestReadOnly: reading makes nothing.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir)
	w.add(200)
	s := w.head()
	w.add(200)
	w.must(w.log.Close())
	before := listing(t, dir)
	log, err := evidence.Open(evidence.Options{Archive: w.archive, Dir: dir, ReadOnly: true})
	w.must(err)
	if _, err := log.Include(w.ctx, w.record(150), s); err != nil {
		t.Error(err)
	}
	if root, err := log.Tree().Root(w.ctx, 400); err != nil || root != plainRoot(w.leaves()[:400]) {
		t.Errorf("%v", err)
	}
	w.must(log.Close())
	if after := listing(t, dir); !slices.Equal(before, after) {
		t.Errorf("the folder holds %v, before %v", after, before)
	}
	empty, err := evidence.Open(evidence.Options{Archive: w.archive, Dir: t.TempDir(), ReadOnly: true})
	w.must(err)
	if _, err := empty.Key(context.Background()); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("a key without one: %v", err)
	}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		body, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e.Name()+" "+store.DigestOf(body).String())
	}
	return list
}
