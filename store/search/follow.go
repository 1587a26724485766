package search

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"go.etcd.io/bbolt"

	"stet/store"
)

const (
	// maxDocs and maxText bound what one transaction adds: postings of that
	// much are collected in memory, some 150 MB. Few large transactions make
	// few large segments.
	maxDocs = 65536
	maxText = 32 << 20
	// maxParts is into how many parts work is divided.
	maxParts = 8
	// readAtOnce is how many records are asked of the journal at once.
	readAtOnce = 2000
)

// CatchUp reads what was added to the journal since the last time.
func (x *Index) CatchUp(ctx context.Context) error {
	if x.options.ReadOnly {
		return nil
	}
	// The usual case: there is nothing new, and nobody has to wait.
	reached := x.reached.Load()
	head, err := x.journal.Head(ctx)
	if err == nil && reached > 0 && head == reached && !x.closed() {
		return nil
	}
	x.following.Lock()
	defer x.following.Unlock()
	// Who had to wait is content with what another brought it to meanwhile:
	// many searchers share a commit, and nobody follows what is added later.
	if now := x.reached.Load(); err == nil && now != reached && now >= head && !x.closed() {
		return nil
	}
	return x.catchUp(ctx)
}

// catchUp reads the journal to its end. The caller holds following.
func (x *Index) catchUp(ctx context.Context) error {
	if x.options.ReadOnly {
		return nil
	}
	at, err := x.position(ctx)
	if err != nil {
		return fmt.Errorf("following the journal in the index of words: %w", err)
	}
	head, err := x.journal.Head(ctx)
	for err == nil && at < head {
		before := at
		if at, err = x.step(ctx, at); err == nil && at == before {
			err = fmt.Errorf("%w: the journal ends at %d, not at %d", store.ErrCorrupt, at, head)
		}
		if err == nil && x.options.Progress != nil {
			x.options.Progress(at, max(at, head))
		}
	}
	if err == nil {
		err = x.forget(ctx)
	}
	if err != nil {
		return fmt.Errorf("following the journal in the index of words: %w", err)
	}
	x.reached.Store(at)
	return nil
}

// position returns how far the index has come. An index that followed another
// journal begins anew.
func (x *Index) position(ctx context.Context) (uint64, error) {
	var at uint64
	var leaf store.Hash
	if err := x.view(func(tx *bbolt.Tx) error {
		at = metaNumber(tx, metaCursor)
		copy(leaf[:], tx.Bucket([]byte(bucketMeta)).Get([]byte(metaLeaf)))
		return nil
	}); err != nil || at == 0 {
		return at, err
	}
	leaves, err := x.journal.Leaves(ctx, at-1, 1)
	if err != nil || len(leaves) == 1 && leaves[0] == leaf {
		return at, err
	}
	return 0, x.reset()
}

// step reads the journal after a number, adds what it found in one transaction
// and returns the number that it reached.
func (x *Index) step(ctx context.Context, at uint64) (uint64, error) {
	b, begun := newBatch(), at
	var leaf store.Hash
	for len(b.order) < x.maxDocs && b.size < maxText && b.changes < maxDocs {
		records, err := x.journal.Read(ctx, at, min(readAtOnce, max(x.maxDocs, 1)))
		if err != nil {
			return at, err
		}
		if len(records) == 0 {
			break
		}
		if n := slices.IndexFunc(records, func(r store.Record) bool { return isRedaction(&r) }); n == 0 && at == begun {
			return records[0].Seq, x.redacted(ctx, &records[0])
		} else if n == 0 {
			break // what came before it goes first
		} else if n > 0 {
			records = records[:n]
		}
		contents, err := decode(records)
		if err != nil {
			return at, err
		}
		for i, c := range contents {
			b.add(&records[i], c)
		}
		last := &records[len(records)-1]
		at, leaf = last.Seq, last.Leaf()
	}
	return at, x.update(func(tx *bbolt.Tx) error {
		w := newWriter(tx)
		if err := w.write(b); err != nil {
			return err
		}
		if err := w.finish(at, leaf); err != nil {
			return err
		}
		return tend(tx)
	})
}

// decode reads what is of use in records, on all processors: nil for what is
// none, or had its words removed, or a newer version wrote it or it is damaged,
// which [store.Checker] tells and no search should fail for.
func decode(records []store.Record) ([]store.Content, error) {
	contents := make([]store.Content, len(records))
	errs := make([]error, len(records))
	inParts(len(records), func(_, from, to int) {
		for i := from; i < to; i++ {
			contents[i], errs[i] = read(&records[i])
		}
	})
	return contents, errors.Join(errs...)
}

// inParts calls fn with the parts of n things, as many as there are processors
// and at once, where it is worth it; it returns when all have returned.
func inParts(n int, fn func(part, from, to int)) int {
	parts := min(runtime.GOMAXPROCS(0), n/64, maxParts)
	if parts < 2 {
		fn(0, 0, n)
		return 1
	}
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() { fn(p, n*p/parts, n*(p+1)/parts) })
	}
	wg.Wait()
	return parts
}

// read decodes one record.
func read(r *store.Record) (store.Content, error) {
	switch r.Kind {
	case store.KindDerivation:
		if r.Field("post") == nil {
			return nil, nil
		}
	case store.KindVerdict, store.KindArticle, store.KindResolution, store.KindPage, store.KindPageLook:
		if r.Field("meta") == nil {
			return nil, nil
		}
	default:
		return nil, nil
	}
	c, err := store.DecodeAny(r)
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrVersion) {
		return nil, nil
	}
	return c, err
}

// batch is what one transaction adds, in the order of the journal.
type batch struct {
	docs  map[name]*document
	order []*document // nil for what was replaced by a later one
	// news are what records say of posts and pages beside their words.
	news          []news
	size, changes int
}

// news is one thing that a record says of a post or page.
type news struct {
	name name
	// status is what became of it, where verdict is set, and gone since when.
	verdict bool
	status  uint8
	gone    uint32
	// domain is the host of an article that mentions it.
	domain string
	// article is the record in which the domain stands, where it is not known
	// here: of a resolution. Of an article with mentions without id it is its
	// own, and name is empty.
	article store.ID
}

func newBatch() *batch { return &batch{docs: map[name]*document{}} }

func (b *batch) add(r *store.Record, c store.Content) {
	switch c := c.(type) {
	case *store.Derivation:
		if !c.Ref.IsZero() {
			b.document(r, documentOf(c))
		}
	case *store.ArticleVersion:
		b.article(r, c)
	case *store.PageReading:
		b.document(r, pageDocument(c))
	case *store.Verdict:
		n := news{name: postName(c.Ref), verdict: true, status: number(statusNames(), string(c.Status))}
		if c.Status.Gone() {
			n.gone = max(1, seconds(c.FirstGone))
		}
		b.tell(n)
	case *store.PageLook:
		if c.Result != store.PageUnknown && c.Result != store.PageWalled {
			n := news{name: pageName(c.URL), verdict: true, status: number(statusNames(), string(c.Result))}
			if c.Result == store.PageGone || c.Result == store.PageSoftGone {
				n.gone = seconds(c.Time)
			}
			b.tell(n)
		}
	case *store.Resolution:
		if !c.Ref.IsZero() {
			b.tell(news{name: postName(c.Ref), article: c.Article})
		}
	}
}

func (b *batch) tell(n news) {
	b.news = append(b.news, n)
	b.changes++
}

// article adds a version of an article: its words, and for each post in it the
// host.
func (b *batch) article(r *store.Record, a *store.ArticleVersion) {
	domain := host(a.URL)
	b.document(r, articleDocument(a, r.Field("text") != nil))
	unresolved := false
	for i := range a.Mentions {
		if ref := a.Mentions[i].Ref; ref.IsZero() {
			unresolved = true
		} else if domain != "" {
			b.tell(news{name: postName(ref), domain: domain})
		}
	}
	if unresolved && domain != "" {
		b.tell(news{article: r.ID, domain: domain})
	}
}

// document adds what a record says, unless a better document of the same is
// there.
func (b *batch) document(r *store.Record, d *document) {
	d.seq = r.Seq
	older := b.docs[d.name]
	switch {
	case older == nil:
	case d.better(&older.row):
		// It goes to the end, where it is in an index that read the older one
		// before: indexes that came the same way in other steps answer the same.
		d.aliases = slices.Concat(older.aliases, d.aliases)
		b.order[older.place] = nil
	default:
		return
	}
	d.place = len(b.order)
	b.docs[d.name] = d
	b.order = append(b.order, d)
	for _, f := range d.fields {
		b.size += len(f)
	}
}
