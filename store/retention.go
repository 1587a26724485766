package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
)

// RetentionAct says what a rule about how long things are kept did.
type RetentionAct string

// The acts.
const (
	// RetentionSeal: what a source named was taken out, and is kept encrypted until
	// the grace ends.
	RetentionSeal RetentionAct = "seal"
	// RetentionDestroy: the grace has ended, or there was none.
	RetentionDestroy RetentionAct = "destroy"
	// RetentionLift takes a seal back: what was taken out is there again. With
	// Spared, no rule removes it again.
	RetentionLift RetentionAct = "lift"
)

// Retention says that an article, with what only it brought in, was removed
// because of how long its sources are kept, or that this was taken back: the
// newest of each article holds. What was removed may be captured again. It holds
// no words.
type Retention struct {
	Time time.Time    `json:"-"`
	Act  RetentionAct `json:"act"`
	// URLs are the addresses of the article, its own first. None are there where a
	// post alone is spared.
	URLs []string `json:"urls,omitempty"`
	// Refs are the posts, and Pages the addresses of the linked pages, that went
	// with it.
	Refs  []post.Ref `json:"refs,omitempty"`
	Pages []string   `json:"pages,omitempty"`
	// Sources named the article, and Source is the one whose rule ended last.
	Sources []string `json:"sources,omitempty"`
	Source  string   `json:"source,omitempty"`
	// Keep is that rule, Changed when the article changed last, and Ends when what
	// is sealed is destroyed.
	Keep    time.Duration `json:"keep,omitempty"`
	Changed time.Time     `json:"changed,omitzero"`
	Ends    time.Time     `json:"ends,omitzero"`
	// Of is the seal that a later act ends.
	Of ID `json:"of,omitzero"`
	// Spared is true where nothing of it is removed again by a rule.
	Spared bool `json:"spared,omitempty"`
	// Operator is who decided, empty for a rule, and Reason why.
	Operator string `json:"operator,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

func (*Retention) kind() Kind        { return KindRetention }
func (r *Retention) when() time.Time { return r.Time }

func (r *Retention) encode() ([]Field, error) { return meta(r) }
func (r *Retention) decode(rec *Record) error {
	r.Time = rec.Time
	return decodeField(rec, fieldMeta, r)
}

func (r *Retention) terms() []Term {
	terms := []Term{RetentionsTerm()}
	if !r.Of.IsZero() {
		terms = append(terms, RecordTerm(r.Of))
	}
	for _, u := range r.URLs {
		terms = append(terms, ArticleTerm(u))
	}
	for _, p := range r.Pages {
		terms = append(terms, URLTerm(p))
	}
	return append(terms, refTerms(r.Refs...)...)
}

// RetentionsTerm is the term of all that rules removed, and of what was taken
// back.
func RetentionsTerm() Term { return newTerm(IndexSubject, "retentions") }

// RetentionOf returns the newest of what rules did with the things of a term: a
// post's, an article's or a page's. It returns nil where there is none.
func (a *Archive) RetentionOf(ctx context.Context, t Term) (*Item[Retention], error) {
	page, err := a.List(ctx, Query{Term: t, Kinds: []Kind{KindRetention}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return nil, err
	}
	r, err := Decode[Retention](&page.Records[0])
	if err != nil {
		return nil, err
	}
	return &Item[Retention]{page.Records[0].Seq, page.Records[0].ID, r}, nil
}

// Retired is the error that an article or page is not there because a rule
// removed it: an [ErrNotFound].
type Retired struct {
	// What is its address.
	What string
	// Retention is what the rule did, and Leaves how many records remain without
	// their content.
	Retention *Retention
	Leaves    int
}

// Error says what was removed, when, by which rule, and what remains.
func (r *Retired) Error() string {
	t := r.Retention
	back := ""
	if t.Act == RetentionSeal {
		back = fmt.Sprintf(" until %s it can be put back with `stet source keep %s`;", t.Ends.UTC().Format(time.DateOnly), r.What)
	}
	return fmt.Sprintf("%s was removed by the retention of the source %s on %s;%s %d leaves remain", r.What, t.Source, t.Time.UTC().Format(time.DateOnly), back, r.Leaves)
}

// Unwrap returns ErrNotFound.
func (r *Retired) Unwrap() error { return ErrNotFound }

// RetiredBy says of something under a term of which nothing is kept that a rule
// removed it; nil where it was not so.
func (a *Archive) RetiredBy(ctx context.Context, t Term, what string) (*Retired, error) {
	last, err := a.RetentionOf(ctx, t)
	if err != nil || last == nil || last.Content.Act == RetentionLift {
		return nil, err
	}
	id := last.ID
	if !last.Content.Of.IsZero() {
		id = last.Content.Of
	}
	acts, err := a.RedactionsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	r := &Retired{What: what, Retention: last.Content}
	for i := range acts {
		if acts[i].Content.Act == RedactionSeal || !slices.ContainsFunc(acts, func(o Item[Redaction]) bool { return o.Content.Act == RedactionSeal }) {
			r.Leaves += len(acts[i].Content.Records)
		}
	}
	return r, nil
}
