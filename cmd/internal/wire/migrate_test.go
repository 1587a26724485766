package wire

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
	"stet/store/servertest"
)

// movedWords are what the post says that is removed; movedPicture is its file.
const (
	movedWords   = "The gate was never locked"
	movedPicture = "a picture of the gate"
)

// removed is an archive of which something is removed, and put back.
type removed struct {
	t *testing.T
	database
	archive *store.Archive
	remover *archiver.Remover
	ref     post.Ref
}

func newRemoved(t *testing.T, db database) *removed {
	t.Helper()
	r := &removed{t: t, database: db, ref: post.Ref{Platform: post.Twitter, ID: "20"}}
	r.archive = store.NewArchive(store.Parts{Backend: db, Blobs: db, Now: time.Now, Random: rand.Reader})
	r.remover = archiver.NewRemover(archiver.RemoverOptions{Archive: r.archive, Vault: vaultOf(t.TempDir()), Owner: "one"})
	now := r.archive.Now()
	body := []byte(strings.Repeat(movedWords, 10))
	x := &store.Exchange{Started: now, Method: "GET", URL: "https://cdn.example/20", Purpose: "post", Status: 200, Refs: []post.Ref{r.ref},
		Body: store.Body{Size: int64(len(body)), Digest: store.DigestOf(body), Type: "text/plain", Inline: body}}
	picture, err := r.archive.PutBlob(t.Context(), strings.NewReader(movedPicture), 0)
	if err != nil {
		t.Fatal(err)
	}
	b := r.archive.Begin()
	xid, err := b.Add(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	c := &store.Capture{Time: now, Kind: store.CapturePost, Ref: r.ref, Source: post.SourcePublic, Exchanges: []store.ID{xid},
		Media: []store.MediaFile{{URL: "https://files.example/1", Digest: picture.Digest, Size: picture.Size, Type: "image/png"}}}
	id, err := b.Add(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Add(t.Context(), &store.Derivation{Time: now, Capture: id, Parser: "p/1", Source: post.SourcePublic, Ref: r.ref,
		Post: post.Post{Platform: r.ref.Platform, ID: r.ref.ID, Text: movedWords, Media: []post.Media{{Kind: "photo", URL: "https://files.example/1"}}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// holds returns all records of a database, and its files.
func holds(t *testing.T, db database) (records []store.Record, files []store.Digest) {
	t.Helper()
	for after := uint64(0); ; after = records[len(records)-1].Seq {
		more, err := db.Read(t.Context(), after, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(more) == 0 {
			break
		}
		records = append(records, more...)
	}
	infos, err := db.Blobs(t.Context(), store.Digest{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		files = append(files, info.Digest)
	}
	return records, files
}

// TestMigrateRemovals: what is sealed, put back, redacted or destroyed in an archive
// after a first run of the move is so in the other place after a second one,
// whichever backends they are.
func TestMigrateRemovals(t *testing.T) {
	open := map[string]func(t *testing.T) database{
		"mem": func(*testing.T) database { return mem.New(mem.Options{Now: time.Now}) },
		"bolt": func(t *testing.T) database {
			c := config.Default()
			c.Data = t.TempDir()
			return opened(t, c)
		},
		"postgres": func(t *testing.T) database {
			c := config.Default()
			c.Data, c.Storage.Postgres, c.Storage.Schema = t.TempDir(), servertest.Postgres(t), "removals"+strings.ToLower(store.DigestOf([]byte(t.Name())).String()[7:15])
			return opened(t, c)
		},
	}
	for _, way := range [][2]string{{"mem", "bolt"}, {"bolt", "mem"}, {"bolt", "postgres"}, {"postgres", "bolt"}} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) {
			src := newRemoved(t, open[way[0]](t))
			dst := open[way[1]](t)
			ctx := t.Context()
			moved := func(what string, words bool) {
				t.Helper()
				var sum MigrateSummary
				m := &mover{src: src, dst: dst, sum: &sum}
				if err := errors.Join(m.begin(ctx), m.records(ctx, func(_, _ uint64) {}), m.redactions(ctx)); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				want, files := holds(t, src)
				got, copies := holds(t, dst)
				same := slices.EqualFunc(want, got, func(a, b store.Record) bool {
					return a.Leaf() == b.Leaf() && slices.EqualFunc(a.Fields, b.Fields, func(x, y store.Field) bool {
						return x.Name == y.Name && bytes.Equal(x.Value, y.Value) && (x.Removed == nil) == (y.Removed == nil)
					})
				})
				if !same || !slices.Equal(files, copies) {
					t.Errorf("%s: %d records with %d files became %d with %d, not the same", what, len(want), len(files), len(got), len(copies))
				}
				h, err := store.NewArchive(store.Parts{Backend: dst, Blobs: dst, Now: time.Now}).History(ctx, src.ref)
				if err != nil || (h.Best() != nil && h.Best().Content.Post.Text == movedWords) != words {
					t.Errorf("%s: it shows %+v, %v", what, h.Best(), err)
				}
				if _, err := dst.Check(ctx, func(p store.Problem) { t.Errorf("%s: %+v", what, p) }); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
			moved("captured", true)
			wish := archiver.Wish{Refs: []post.Ref{src.ref}, Act: store.TakedownSeal, Reason: "r", Basis: "b"}
			id, err := src.remover.Begin(ctx, wish)
			src.must(errors.Join(err, src.remover.RunAll(ctx)))
			moved("sealed", false)
			_, err = src.remover.Unseal(ctx, id, wish)
			src.must(err)
			moved("put back", true)
			_, err = src.remover.Redact(ctx, archiver.RedactionWish{Ref: src.ref, Texts: []string{"never locked"}, Media: []int{1}, Reason: "r"})
			src.must(err)
			moved("redacted", false)
			wish.Act = store.TakedownDestroy
			_, err = src.remover.Begin(ctx, wish)
			src.must(errors.Join(err, src.remover.RunAll(ctx)))
			moved("destroyed", false)
			if _, files := holds(t, dst); len(files) > 0 {
				t.Errorf("%d files are left", len(files))
			}
		})
	}
}

func (r *removed) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// opened opens a database for the test.
func opened(t *testing.T, c *config.Config) database {
	t.Helper()
	db, closers, err := openDatabase(t.Context(), c, Options{}.withDefaults(), access{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closeAll(closers); err != nil {
			t.Error(err)
		}
	})
	return db
}
