package bundle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/evidence"
)

// Audience says who is to see a bundle.
type Audience string

// The audiences.
const (
	// Internal and Court see everything; a court is also told what a witness
	// may be asked.
	Internal Audience = "internal"
	Court    Audience = "court"
	// Public sees nothing of who captured, on which machine and through which
	// proxy, and nothing that is private.
	Public Audience = "public"
)

// Options say what is collected. Archive, Log and Refs are needed.
type Options struct {
	Archive *store.Archive
	Log     *evidence.Log
	Refs    []post.Ref
	// For is the audience; empty is [Internal].
	For Audience
	// Software is the name and version that makes the bundle.
	Software string
}

// MaxRecords is the most records of a bundle.
const MaxRecords = 100_000

// Item is a record with its content.
type Item struct {
	Record  store.Record
	Content store.Content
}

// Content is what goes into a bundle.
type Content struct {
	Options
	// Head is the signed head that covers all records, and Stamped what others
	// said of it.
	Head    *evidence.Signed
	Stamped []*store.Stamp
	Key     *evidence.Key
	// Items are the records, by their numbers.
	Items []Item
	// Left says what was left out, as sentences.
	Left []string
	// Posts are the posts that were asked for, as they are known.
	Posts []*store.History

	handovers [][]byte
	// withheld are exchanges of private captures only.
	withheld map[store.ID]bool
	byID     map[store.ID]int
}

// Collect reads what the archive knows of the posts. It errors with ErrNotFound
// where it knows nothing of one, and with ErrRefused where nothing of it may be
// shown to the audience.
func Collect(ctx context.Context, o Options) (*Content, error) {
	c := &Content{Options: o, byID: map[store.ID]int{}, withheld: map[store.ID]bool{}}
	c.For = cmp.Or(o.For, Internal)
	for _, ref := range o.Refs {
		h, err := o.Archive.History(ctx, ref)
		if err != nil {
			return nil, err
		}
		if c.For == Public && h.Privacy != nil {
			return nil, fmt.Errorf("%s: %w: it is private, and nothing of it may be given to the public", ref, store.ErrRefused)
		}
		if err := c.addPost(ctx, h); err != nil {
			return nil, err
		}
		c.Posts = append(c.Posts, h)
	}
	if len(c.Items) == 0 {
		return nil, fmt.Errorf("%w: nothing of these posts may be given to the public: all of it is private", store.ErrRefused)
	}
	slices.SortFunc(c.Items, func(a, b Item) int { return cmp.Compare(a.Record.Seq, b.Record.Seq) })
	for i := range c.Items {
		c.byID[c.Items[i].Record.ID] = i
	}
	if err := c.cover(ctx); err != nil {
		return nil, err
	}
	slices.Sort(c.Left)
	c.Left = slices.Compact(c.Left)
	return c, nil
}

// addPost adds what is known of a post, and what that rests on.
func (c *Content) addPost(ctx context.Context, h *store.History) error {
	if c.For == Public {
		c.withhold(h)
	}
	var ids []store.ID
	for _, list := range [][]store.ID{idsOf(h.Captures), idsOf(h.Derivations), idsOf(h.Looks), idsOf(h.Verdicts), idsOf(h.Articles), idsOf(h.Resolutions)} {
		ids = append(ids, list...)
	}
	for i := range h.Bare { // that they were there, and their leaves
		if h.Bare[i].Kind != store.KindArticle {
			ids = append(ids, h.Bare[i].ID)
		}
	}
	drawings, err := c.Archive.ListAll(ctx, store.RefTerm(h.Ref), store.MaxHistory, store.KindDrawing)
	if err != nil {
		return err
	}
	for i := range drawings {
		ids = append(ids, drawings[i].ID)
	}
	for len(ids) > 0 {
		id := ids[0]
		ids = ids[1:]
		more, err := c.add(ctx, id)
		if err != nil {
			return err
		}
		ids = append(ids, more...)
	}
	return nil
}

// withhold notes the exchanges that belong to private captures and articles
// alone: a person can say of what anybody can fetch that it is private.
func (c *Content) withhold(h *store.History) {
	shown := map[store.ID]bool{}
	note := func(content store.Content) {
		for _, id := range store.References(content) {
			if private(content) {
				c.withheld[id] = true
			} else {
				shown[id] = true
			}
		}
	}
	for i := range h.Captures {
		note(h.Captures[i].Content)
	}
	for i := range h.Articles {
		note(h.Articles[i].Content)
	}
	for id := range shown {
		delete(c.withheld, id)
	}
}

func idsOf[T any](items []store.Item[T]) []store.ID {
	ids := make([]store.ID, 0, len(items))
	for i := range items {
		ids = append(ids, items[i].ID)
	}
	return ids
}

// add adds a record, as far as the audience may see it, and returns those that
// it refers to.
func (c *Content) add(ctx context.Context, id store.ID) ([]store.ID, error) {
	if _, there := c.byID[id]; there {
		return nil, nil
	}
	c.byID[id] = -1
	r, err := c.Archive.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	content, err := store.DecodeAny(&r)
	if err != nil {
		return nil, err
	}
	if len(c.Items) >= MaxRecords {
		return nil, fmt.Errorf("%w: a bundle has at most %d records; name fewer posts", store.ErrTooLarge, MaxRecords)
	}
	if d, ok := content.(*store.Derivation); ok && d.Redacted {
		c.Left = append(c.Left, d.Ref.String()+": "+d.RedactionNote())
	}
	if !r.Whole() {
		c.Left = append(c.Left, "what the archive removed or sealed since it was recorded")
	}
	if c.For == Public {
		if c.withheld[id] {
			return nil, nil
		}
		hidden, err := c.hidden(ctx, content)
		if err != nil {
			return nil, err
		}
		if hidden {
			c.Left = append(c.Left, "what is private")
			return nil, nil
		}
		if r, content, err = c.forPublic(r, content); err != nil {
			return nil, err
		}
	}
	c.Items = append(c.Items, Item{r, content})
	return c.follow(content), nil
}

// follow returns what a record rests on: what was on the wire, and the records
// that it speaks of. Other posts' captures are left to their own bundles.
func (c *Content) follow(content store.Content) []store.ID {
	switch content.(type) {
	case *store.Exchange, *store.Capture, *store.Look, *store.ArticleVersion, *store.Resolution, *store.Drawing, *store.Derivation:
		return store.References(content)
	}
	return nil
}

// hidden reports whether a record, or the one that it was made of, is private.
func (c *Content) hidden(ctx context.Context, content store.Content) (bool, error) {
	of := store.ID{}
	switch v := content.(type) {
	case *store.Derivation:
		of = v.Capture
	case *store.Resolution:
		of = v.Article
	}
	if of.IsZero() {
		return private(content), nil
	}
	r, err := c.Archive.Get(ctx, of)
	if err != nil {
		return false, err
	}
	parent, err := store.DecodeAny(&r)
	return err == nil && private(parent), err
}

// private reports whether a record says that it is private.
func private(content store.Content) bool {
	switch v := content.(type) {
	case *store.Capture:
		return v.Private
	case *store.Exchange:
		return v.Private || v.Access != ""
	case *store.ArticleVersion:
		return v.Private || v.Origin != "web"
	case *store.Drawing:
		return v.Private
	}
	return false
}

// forPublic takes out of a record what the public is not shown; the proof of
// the rest stays.
func (c *Content) forPublic(r store.Record, content store.Content) (store.Record, store.Content, error) {
	drop := ""
	switch v := content.(type) {
	case *store.Capture:
		if r.Field(store.FieldCustody) != nil {
			drop = store.FieldCustody
			c.Left = append(c.Left, "who captured, in which case, with what note, on which machine")
		}
		if v.Operator+v.Case+v.Note != "" && drop == "" {
			drop = "meta" // a record of before, which has them among all else
		}
	case *store.Exchange:
		if v.Proxy != "" {
			drop = "meta"
			c.Left = append(c.Left, "the address of a proxy, and with it what else is said of an exchange")
		}
	}
	if drop == "" {
		return r, content, nil
	}
	r = r.Remove(drop)
	content, err := store.DecodeAny(&r)
	return r, content, err
}

// cover finds the head that covers all records: of those that are kept the
// first with a complete stamp, else the first, else one that is signed now.
func (c *Content) cover(ctx context.Context) error {
	last := int64(c.Items[len(c.Items)-1].Record.Seq)
	for i := range c.Items {
		last = max(last, int64(c.Items[i].Record.Seq))
	}
	var first *evidence.Signed
	var failed error
	err := c.Log.Heads(ctx, func(s *evidence.Signed) bool {
		if s.Size < last {
			return true
		}
		stamps, err := c.stampsOf(ctx, s)
		if err != nil {
			failed = err
			return false
		}
		complete := slices.ContainsFunc(stamps, func(s *store.Stamp) bool { return s.State == store.StampComplete })
		if first == nil || complete {
			first, c.Stamped = s, stamps
		}
		return !complete
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if first == nil {
		if first, err = c.Log.Checkpoint(ctx, "person"); err != nil {
			return fmt.Errorf("signing the head that covers the bundle: %w", err)
		}
	}
	c.Head = first
	if c.Key, err = c.Log.Key(ctx); err != nil {
		return err
	}
	c.handovers, err = c.Log.Handovers(ctx)
	return err
}

// stampsOf returns what others said of a head: of each the newest that has a
// proof.
func (c *Content) stampsOf(ctx context.Context, s *evidence.Signed) ([]*store.Stamp, error) {
	records, err := c.Archive.ListAll(ctx, store.RecordTerm(s.Record), store.MaxHistory, store.KindStamp)
	if err != nil {
		return nil, err
	}
	var list []*store.Stamp
	for i := len(records) - 1; i >= 0; i-- {
		v, err := store.Decode[store.Stamp](&records[i])
		if err != nil {
			return nil, err
		}
		known := slices.ContainsFunc(list, func(o *store.Stamp) bool { return o.By == v.By && o.Form == v.Form })
		if len(v.Body) > 0 && !known {
			list = append(list, v)
		}
	}
	slices.Reverse(list)
	return list, nil
}

// Created is the time of the bundle: that of its newest record or stamp, so that
// the same content has the same time.
func (c *Content) Created() time.Time {
	var t time.Time
	for i := range c.Items {
		if at := c.Items[i].Record.Time; at.After(t) {
			t = at
		}
	}
	for _, s := range c.Stamped {
		if s.Time.After(t) {
			t = s.Time
		}
	}
	return t.UTC().Truncate(time.Second)
}

// Exchanges returns what was on the wire, in order.
func (c *Content) Exchanges() []store.Item[store.Exchange] {
	var list []store.Item[store.Exchange]
	for i := range c.Items {
		if e, ok := c.Items[i].Content.(*store.Exchange); ok && e.URL != "" {
			r := &c.Items[i].Record
			list = append(list, store.Item[store.Exchange]{Seq: r.Seq, ID: r.ID, Content: e})
		}
	}
	return list
}

// Outside reports whether somebody outside vouches for a time.
func (c *Content) Outside() bool {
	return slices.ContainsFunc(c.Stamped, func(s *store.Stamp) bool { return s.State == store.StampComplete })
}

// File is one file of a bundle: Data, or a blob of the archive.
type File struct {
	Name string
	Data []byte
	Blob store.Digest
}

// Open opens the file.
func (c *Content) Open(ctx context.Context, f *File) (io.ReadCloser, error) {
	return c.Archive.OpenBlob(ctx, f.Blob)
}
