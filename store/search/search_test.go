package search

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"stet/extract/post"
	"stet/extract/words"
	"stet/store"
	"stet/store/mem"
)

func TestSearchFindsWordsOfAllScripts(t *testing.T) {
	a := newArchive(t, Options{})
	for id, text := range map[string]string{
		"en": "The bridge “stays open”… they don’t close it. #SaveTheBridge 🌉",
		"de": "Die Brücke bleibt geöffnet, Straße gesperrt",
		"fr": "L’été à Ærøskøbing, c’est l’article",
		"tr": "İstanbul köprüsü açık",
		"ru": "Мост открыт, ёлка стоит",
		"el": "Η γέφυρα είναι ΑΝΟΙΧΤΉ στους πολίτες",
		"ar": "الجسرُ مفتوحٌ للمارّة في عام ٢٠٢٦",
		"he": "הגשר פתוח, שָׁלוֹם",
		"hi": "पुल खुला है और हिन्दी में लिखा है",
		"ja": "東京で地震速報が出ました。ﾆｭｰｽ",
		"zh": "今天桥梁开放，天气很好",
		"ko": "긴급 속보입니다 다리는 열려 있습니다",
		"th": "สะพานยังเปิดอยู่",
		"eu": "Together 🇪🇺 we are 👋🏽",
	} {
		a.capture(id, text)
	}
	cases := map[string]string{
		"BRIDGE": "en", "stays open": "en", `"stays open"`: "en", "don't": "en", "dont": "en", "#savethebridge": "en", "🌉": "en",
		"brucke": "de", "BRÜCKE": "de", "strasse": "de", "geoffnet": "de",
		"ete": "fr", "article": "fr", "aeroskobing": "fr", "istanbul": "tr", "ISTANBUL": "tr", "kopru açık köprüsü": "tr",
		"мост": "ru", "елка": "ru", "ανοιχτη": "el", "πολιτεσ": "el", "πολίτες": "el",
		"الجسر": "ar", "مفتوح": "ar", "2026": "ar", "שלום": "he", "पुल": "hi", "हिन्दी": "hi",
		"地震": "ja", "東京": "ja", "速": "ja", "ニュース": "ja", "地震速報": "ja", "天气": "zh", "桥": "zh", "放": "zh",
		"속보": "ko", "속보입니다": "ko", "열려": "ko", "เปิด": "th", "สะพาน": "th", "🇪🇺": "eu", "👋": "eu", "👋🏿": "eu",
	}
	for words, want := range cases {
		a.expect(words, want)
	}
	for _, words := range []string{"…", `""`, "brid", "#bridge", "@savethebridge", "震地", "보속", "🌁", `"open stays"`, `"stays closed"`, "moon"} {
		a.expect(words)
	}
}

func TestSearchFindsAuthorsAndMedia(t *testing.T) {
	a := newArchive(t, Options{})
	a.capture("1", "open", func(d *store.Derivation) {
		d.Post.Author = post.Author{Name: "Jürgen Okonkwo", Handle: "@Juergen.social.example"}
		d.Post.Media = []post.Media{{Alt: "A heron on the railing"}, {Alt: "Reiher"}}
	})
	a.capture("2", "Okonkwo says open")
	a.capture("3", "thanks @juergen.social.example!")
	a.expect("okonkwo jurgen", "1")
	a.expect("@juergen.social.example", "3", "1") // in the text and as author; equal, the later one first
	a.expect("heron railing", "1")
	a.expect("reiher", "1")
	// A phrase does not reach from one field into the next.
	a.expect(`"open jurgen"`)
	a.expect(`"railing reiher"`)
	a.expect(`"says open"`, "2")
}

func TestRanking(t *testing.T) {
	a := newArchive(t, Options{})
	a.capture("scattered", "mayor of the harbour town, a famous singer", posted(2024))
	a.capture("old", "the harbour mayor resigned", posted(2015))
	a.capture("new", "the harbour mayor resigned", posted(2025))
	a.capture("ordered", "harbour mayor", posted(2010))
	a.capture("most", "mayor of the harbour resigned in protest", posted(2026))
	for i := range 40 {
		a.capture(fmt.Sprint("filler", i), "the weather of the day", posted(2026))
	}
	// All words in order, the latest first; then all words out of order.
	if got := a.find("harbour mayor"); fmt.Sprint(got) != "[new old ordered most scattered]" {
		t.Errorf("harbour mayor: %v", got)
	}
	// Posts with all words come before those with most of them, however new.
	got := a.find("the harbour mayor resigned early")
	if len(got) != 3 || got[0] != "new" || got[1] != "old" || got[2] != "most" {
		t.Errorf("most words: %v", got)
	}
	// Of a common and a rare word the common one alone is not enough.
	a.expect("the singer", "scattered")
	if got := a.find("the zeppelin"); len(got) != 0 {
		t.Errorf("only a common word: %v", got)
	}
	// What is in quotation marks has no substitute; the rest has.
	a.expect(`"mayor resigned" harbour zeppelin protest`)
	a.expect(`"harbour mayor" resigned`, "new", "old")
	a.expect(`"harbour mayor" "resigned"`, "new", "old")
	if hits, err := a.index.Search(t.Context(), store.SearchQuery{Words: "weather"}); err != nil || len(hits.Hits) != 20 || hits.Total != 40 {
		t.Errorf("without a limit: %d hits, %v; want 20", len(hits.Hits), err)
	}
	hits, err := a.index.Search(t.Context(), store.SearchQuery{Words: "harbour mayor resigned in protest", Limit: 2})
	if err != nil || len(hits.Hits) != 2 || hits.Hits[0].Score < scoreAll || hits.Hits[1].Score >= scoreAll {
		t.Errorf("got %+v, %v; want one hit with all words and one with most", hits, err)
	}
}

func TestBestDerivationIsIndexed(t *testing.T) {
	a := newArchive(t, Options{})
	a.capture("1", "from the article", from(post.SourceArticle))
	a.expect("article", "1")
	a.capture("1", "from the platform")
	a.expect("platform", "1")
	a.expect("article")
	a.capture("1", "from an embed", from(post.SourceEmbed)) // poorer
	a.expect("embed")
	a.expect("platform", "1")
	a.capture("1", "from the platform, edited")
	a.expect("edited", "1")
	a.capture("1", "cut off…", func(d *store.Derivation) { d.Post.Incomplete = true })
	a.expect("cut")
	a.expect("edited", "1")
	// In one batch of the index as in several.
	a.capture("2", "an embed first", from(post.SourceEmbed))
	a.capture("2", "an api later", from(post.SourceAPI))
	a.capture("2", "public last")
	a.expect("later", "2")
	a.expect("public")
	a.expect("first")
	st, err := a.index.Status(t.Context())
	if err != nil || st.Posts != 2 || st.Bytes == 0 || st.Reached == 0 || len(st.Parts) != len(buckets()) {
		t.Errorf("the status is %+v, %v", st, err)
	}
}

func TestRemovedWordsAreNotIndexed(t *testing.T) {
	a := newArchive(t, Options{})
	r, err := store.NewRecord(store.ID{9}, store.Salt{1}, &store.Derivation{Time: a.now, Ref: post.Ref{Platform: "x", ID: "1"}, Post: post.Post{Text: "secret"}})
	a.must(err)
	_, err = a.mem.Append(t.Context(), store.Batch{Records: []store.Record{r.Remove("post")}})
	a.must(err)
	a.capture("2", "open")
	a.expect("secret")
	a.expect("open", "2")
}

func TestIndexFollows(t *testing.T) {
	a := newArchive(t, Options{})
	for i := range 30 {
		a.capture(fmt.Sprint(i), fmt.Sprintf("bridge number%d", i))
		a.expect(fmt.Sprintf("number%d", i), fmt.Sprint(i))
	}
	if got := a.find("bridge"); len(got) != 30 {
		t.Errorf("found %d posts", len(got))
	}
	a.must(a.index.Close())
	a.must(a.index.Close())
	if _, err := a.index.Search(t.Context(), store.SearchQuery{Words: "bridge"}); err == nil {
		t.Error("a closed index answered")
	}
	a.capture("30", "bridge number30")
	a.open(Options{})
	if got := a.find("bridge"); len(got) != 31 {
		t.Errorf("after opening again found %d posts", len(got))
	}
}

// TestCatchUpIsBrokenOff ends the context in the middle: what was reached
// stays, and the rest comes later.
func TestCatchUpIsBrokenOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var steps []uint64
	a := newArchive(t, Options{Progress: func(reached, head uint64) {
		steps = append(steps, reached)
		if len(steps) == 2 {
			cancel()
		}
	}})
	a.index.maxDocs = 7
	for i := range 60 {
		a.capture(fmt.Sprint(i), fmt.Sprintf("wide number%d", i))
	}
	if err := a.index.CatchUp(ctx); !errors.Is(err, context.Canceled) || len(steps) != 2 {
		t.Fatalf("got %v after %v", err, steps)
	}
	st, err := a.index.Status(t.Context())
	if err != nil || st.Reached != steps[1] || st.Posts == 0 || st.Posts == 60 {
		t.Errorf("the status is %+v, %v", st, err)
	}
	a.expect("number59", "59")
	if got := a.find("wide"); len(got) != 60 {
		t.Errorf("found %d posts", len(got))
	}
}

func TestJournalTrouble(t *testing.T) {
	a := newArchive(t, Options{})
	a.capture("1", "open")
	a.mem.Inject(mem.Fault{Op: mem.OpRead, After: 1, Err: store.ErrCorrupt})
	if _, err := a.index.Search(t.Context(), store.SearchQuery{Words: "open"}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("got %v", err)
	}
	a.expect("open", "1")
}

func TestRebuild(t *testing.T) {
	a := newArchive(t, Options{})
	for i := range 500 {
		a.capture(fmt.Sprint(i%300), fmt.Sprintf("bridge number%d word%d 地震%d", i, i%7, i%3),
			func(d *store.Derivation) { d.Post.Posted = a.now.Add(-time.Duration(i*7919%500) * time.Second) })
		if i%50 == 0 {
			a.find("bridge") // so that the index grows in steps
		}
	}
	queries := []string{"bridge", "word3", "地震", "震 word3", `"number7 word0"`, "bridge word1 地震2", "number499"}
	before := map[string][]string{}
	for _, q := range queries {
		before[q] = a.find(q)
	}
	for _, n := range []int{maxDocs, 64} {
		a.index.maxDocs = n
		a.must(a.index.Rebuild(t.Context()))
		for _, q := range queries {
			a.expect(q, before[q]...)
		}
	}
	if len(before["bridge"]) != 300 {
		t.Errorf("found %d posts", len(before["bridge"]))
	}
}

func TestAnotherJournalBeginsAnew(t *testing.T) {
	a := newArchive(t, Options{})
	for i := range 3 {
		a.capture(fmt.Sprint(i), "old words")
	}
	a.expect("words", "2", "1", "0")
	a.must(a.index.Close())
	// A longer journal and a shorter one, with the same file.
	for _, n := range []int{5, 1} {
		b := newArchive(t, Options{})
		for i := range n {
			b.capture(fmt.Sprintf("b%d-%d", n, i), "other words")
		}
		b.must(b.index.Close())
		b.path = a.path
		b.open(Options{})
		b.expect("old")
		if got := b.find("words"); len(got) != n {
			t.Errorf("found %v, want %d posts", got, n)
		}
		b.must(b.index.Close())
	}
}

func TestOpenOtherVersionsAndDamage(t *testing.T) {
	edit := func(fn func(tx *bbolt.Tx) error) func(path string) error {
		return func(path string) error {
			db, err := bbolt.Open(path, 0o600, nil)
			if err != nil {
				return err
			}
			return errors.Join(db.Update(fn), db.Close())
		}
	}
	meta := func(v []byte) func(path string) error {
		return edit(func(tx *bbolt.Tx) error { return tx.Bucket([]byte(bucketMeta)).Put([]byte(metaVersion), v) })
	}
	cases := []struct {
		name   string
		damage func(path string) error
		class  error
	}{
		{"another layout", meta([]byte{formatVersion + 1, words.Version}), store.ErrVersion},
		{"another tokenizer", meta([]byte{formatVersion, words.Version + 1}), store.ErrVersion},
		{"no version", meta(nil), store.ErrVersion},
		{"a missing bucket", edit(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte(bucketDocs)) }), store.ErrCorrupt},
		{"not a database", func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("x", 9000)), 0o600) }, store.ErrCorrupt},
		{"cut off", func(path string) error { return os.Truncate(path, 100) }, store.ErrCorrupt},
		{"nothing in it", func(path string) error { return os.Truncate(path, 0) }, store.ErrNotFound},
		{"no file", os.Remove, store.ErrNotFound},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := newArchive(t, Options{})
			a.capture("1", "open")
			a.expect("open", "1")
			a.must(a.index.Close())
			a.must(c.damage(a.path))
			_, err := Open(t.Context(), a.path, a.mem, Options{ReadOnly: true})
			if !errors.Is(err, c.class) || !strings.Contains(err.Error(), "stet rebuild") {
				t.Errorf("opened for reading: %v; want: %v", err, c.class)
			}
			a.open(Options{})
			a.expect("open", "1")
		})
	}
}

func TestReadOnly(t *testing.T) {
	a := newArchive(t, Options{})
	a.capture("1", "open")
	a.expect("open", "1")
	if _, err := Open(t.Context(), a.path, a.mem, Options{LockTimeout: time.Millisecond}); !errors.Is(err, store.ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	a.must(a.index.Close())
	a.capture("2", "open too")
	a.open(Options{ReadOnly: true})
	first := a.index
	a.open(Options{ReadOnly: true}) // several may
	a.expect("open", "1")
	if err := first.Rebuild(t.Context()); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("rebuilding: %v", err)
	}
	a.expect("open", "1")
}

// TestDamageDuringUse destroys the beginning of each page: an answer is given
// or refused, never a panic, and building again heals it.
func TestDamageDuringUse(t *testing.T) {
	a := newArchive(t, Options{})
	for i := range 200 {
		a.capture(fmt.Sprint(i), fmt.Sprintf("bridge number%d word%d", i, i%7))
	}
	a.expect("number7", "7")
	st, err := a.index.Status(t.Context())
	a.must(err)
	a.must(a.index.Close())
	whole, err := os.ReadFile(a.path)
	a.must(err)
	whole = whole[:min(len(whole), int(st.Bytes))] // the rest was never written
	refused := 0
	page := os.Getpagesize()
	for at := 2 * page; at < len(whole); at += page { // the first two tell whether it is a database
		broken := bytes.Clone(whole)
		for i := range 64 {
			broken[at+i] ^= 0xff
		}
		a.must(os.WriteFile(a.path, broken, 0o600))
		x, err := Open(t.Context(), a.path, a.mem, Options{})
		if err != nil {
			t.Fatalf("damage at %d: %v", at, err)
		}
		for _, words := range []string{"bridge", "number7", `"bridge number7"`, "word3 number3"} {
			if _, err := x.Search(t.Context(), store.SearchQuery{Words: words}); err != nil {
				refused++
				if !errors.Is(err, store.ErrCorrupt) {
					t.Errorf("damage at %d, searching %q: %v", at, words, err)
				}
			}
		}
		if err := x.Rebuild(t.Context()); err != nil {
			t.Fatalf("damage at %d: rebuilding: %v", at, err)
		}
		hits, err := x.Search(t.Context(), store.SearchQuery{Words: "number7"})
		if err != nil || len(hits.Hits) != 1 {
			t.Fatalf("damage at %d: after rebuilding: %v, %v", at, hits, err)
		}
		a.must(x.Close())
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
}

func TestSearchWhileFollowing(t *testing.T) {
	a := newArchive(t, Options{})
	var wg sync.WaitGroup
	for w := range 3 {
		wg.Go(func() {
			for range 30 {
				if _, err := a.index.Search(t.Context(), store.SearchQuery{Words: "bridge word3"}); err != nil {
					t.Errorf("searcher %d: %v", w, err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for range 3 {
			if err := a.index.Rebuild(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 100 {
		a.capture(fmt.Sprint(i), fmt.Sprintf("bridge word%d", i%7))
	}
	wg.Wait()
	if got := a.find("bridge"); len(got) != 100 {
		t.Errorf("found %d posts", len(got))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.index.Search(ctx, store.SearchQuery{Words: "bridge"}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: %v", err)
	}
}

// TestManySegments adds posts one at a time, beside segments that are put
// together in steps: there are never many, and everything is found.
func TestManySegments(t *testing.T) {
	a := newArchive(t, Options{})
	doc := uint32(0)
	add := func(n int) {
		t.Helper()
		a.must(a.index.update(func(tx *bbolt.Tx) error {
			first, collected := doc+1, newCollector()
			for range n {
				doc++
				for _, token := range []string{"every", fmt.Sprintf("of%d", doc%4000)} {
					collected.add(token, doc, 1)
				}
			}
			collected.sort()
			if err := writeSegment(tx, first, doc, []*collector{collected}); err != nil {
				return err
			}
			return tend(tx)
		}))
	}
	most := 0
	for i := range 1200 {
		if i < 10 {
			add(3000) // together they take several steps
		} else {
			add(1)
		}
		a.must(a.index.view(func(tx *bbolt.Tx) error {
			all, err := segments(tx)
			most = max(most, len(all))
			return err
		}))
	}
	if most > 6*mergeAt {
		t.Errorf("there were %d segments", most)
	}
	a.must(a.index.view(func(tx *bbolt.Tx) error {
		all, err := segments(tx)
		if err != nil {
			return err
		}
		it, n := iterate(t, all, "every"), uint32(0)
		for at := it.seek(0); at != none; at = it.seek(at + 1) {
			if n++; at != n {
				t.Fatalf("document %d follows %d", at, n-1)
			}
		}
		if n != doc || it.err != nil {
			t.Errorf("%d documents of %d, %v", n, doc, it.err)
		}
		spelled := 0
		for i := range all {
			if err := near(all[i].spellings, sheetOf{1, 4}, newWanted([]rune("evry"), 1), func(_ []byte, _, docs int) { spelled += docs }); err != nil {
				return err
			}
		}
		if spelled != int(doc) {
			t.Errorf("%d of %d documents hold the neighbour of a word", spelled, doc)
		}
		return nil
	}))
}

// told is a journal that tells when it was asked for its end.
type told struct {
	store.Journal
	asked chan struct{}
}

func (j *told) Head(ctx context.Context) (uint64, error) {
	head, err := j.Journal.Head(ctx)
	select {
	case j.asked <- struct{}{}:
	default:
	}
	return head, err
}

// TestSearchersShareCommits asks that who waits for another to follow the
// journal does not follow it further itself.
func TestSearchersShareCommits(t *testing.T) {
	a := newArchive(t, Options{})
	a.capture("1", "the old bridge")
	journal := &told{a.mem, make(chan struct{}, 1)}
	a.index.journal = journal

	a.index.following.Lock() // another is at work
	waited := make(chan error)
	go func() { waited <- a.index.CatchUp(a.Context()) }()
	<-journal.asked
	a.must(a.index.catchUp(a.Context()))
	brought := a.index.reached.Load()
	a.capture("2", "the new bridge")
	a.index.following.Unlock()

	a.must(<-waited)
	if got := a.index.reached.Load(); got != brought || got == 0 {
		t.Errorf("it was brought to %d and went on to %d", brought, got)
	}
	a.expect("bridge", "2", "1")
}
