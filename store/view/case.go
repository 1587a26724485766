package view

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Member is something in a case.
type Member = store.CaseMember

// Case is a fact-checker's folder, as its records amount to.
type Case struct {
	CaseLine
	// Text describes it.
	Text   string    `json:"text,omitempty"`
	Opened time.Time `json:"opened"`
	By     string    `json:"by,omitempty"`
	Items  []Item    `json:"items"`
	// Notes are those of the case itself, oldest first.
	Notes []CaseNote `json:"notes"`
	// Visited is when the person who asks was here last; nil where never.
	Visited *time.Time `json:"visited"`
	// Head is the highest journal number that the case was read at.
	Head uint64 `json:"-"`
}

// CaseLine is a case in a list.
type CaseLine struct {
	ID    store.ID `json:"id"`
	Title string   `json:"title"`
	Tags  []string `json:"tags"`
	// Closed is true where it was put away.
	Closed bool `json:"closed"`
	// Members is how much is in it.
	Members int `json:"members"`
	// Changed is when somebody last changed something.
	Changed time.Time `json:"changed"`
}

// Item is a member of a case with what is known of it.
type Item struct {
	Member
	// Text is what somebody said when it was added.
	Text  string     `json:"text,omitempty"`
	Added time.Time  `json:"added"`
	By    string     `json:"by,omitempty"`
	Notes []CaseNote `json:"notes"`
	// News is what happened since the last visit, oldest first.
	News []News `json:"news"`
	// Card is the post; nil for others and for one that was never archived.
	Card *Card `json:"-"`
	// Title is that of an article or page, PageStatus how a page stands.
	Title      string      `json:"title,omitempty"`
	PageStatus *PageStatus `json:"-"`
	// Status is how a post or page stands, in the words of [post.Status].
	Status post.Status `json:"status,omitempty"`
}

// CaseNote is a note in a case.
type CaseNote struct {
	Time time.Time `json:"time"`
	By   string    `json:"by,omitempty"`
	Text string    `json:"text"`
	// New is true where it was written since the last visit, by another.
	New bool `json:"new,omitempty"`
}

// News is something that happened.
type News struct {
	Time  time.Time `json:"time"`
	Words string    `json:"words"`
}

// maxSteps is the most records of one case that are read, maxCases the most
// cases that are listed.
const (
	maxSteps = 20_000
	maxCases = 1000
)

// Cases lists the cases, the latest changed first.
func (r *Reader) Cases(ctx context.Context) ([]CaseLine, error) {
	page, err := r.archive.List(ctx, store.Query{Term: store.CasesTerm(), Kinds: []store.Kind{store.KindCase}, Newest: true, Limit: maxCases})
	if err != nil {
		return nil, err
	}
	out := make([]CaseLine, 0, len(page.Records))
	for i := range page.Records {
		c, err := r.caseOf(ctx, &page.Records[i], nil)
		if err != nil {
			return nil, err
		}
		out = append(out, c.CaseLine)
	}
	slices.SortStableFunc(out, func(a, b CaseLine) int { return b.Changed.Compare(a.Changed) })
	return out, nil
}

// CasesOf lists the cases that hold something.
func (r *Reader) CasesOf(ctx context.Context, m Member) ([]CaseLine, error) {
	page, err := r.archive.List(ctx, store.Query{Term: store.MemberTerm(m), Kinds: []store.Kind{store.KindCase}, Newest: true, Limit: maxCases})
	if err != nil {
		return nil, err
	}
	var out []CaseLine
	var seen []store.ID
	for i := range page.Records {
		step, err := store.Decode[store.Case](&page.Records[i])
		if err != nil {
			return nil, err
		}
		id := step.Case
		if id.IsZero() {
			id = page.Records[i].ID
		}
		if slices.Contains(seen, id) {
			continue
		}
		seen = append(seen, id)
		opening, err := r.archive.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		c, err := r.caseOf(ctx, &opening, nil)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(c.Items, func(it Item) bool { return it.Same(m) }) {
			out = append(out, c.CaseLine)
		}
	}
	return out, nil
}

// visitor is who looks at a case.
type visitor struct{ name string }

// Case reads a case as somebody sees it who was here before, under a name: ""
// is whoever sits at the machine. It errors with ErrNotFound where there is no
// such case.
func (r *Reader) Case(ctx context.Context, id store.ID, by string) (*Case, error) {
	rec, err := r.archive.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	c, err := r.caseOf(ctx, &rec, &visitor{by})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// caseOf puts a case together from the record that opened it and those after.
// With a visitor it also reads what is known of the members.
func (r *Reader) caseOf(ctx context.Context, opening *store.Record, who *visitor) (*Case, error) {
	first, err := store.Decode[store.Case](opening)
	if err != nil || !first.Case.IsZero() {
		return nil, errors.Join(err, fmt.Errorf("%w: %s is no case", store.ErrNotFound, opening.ID))
	}
	records, err := r.archive.ListAll(ctx, store.CaseTerm(opening.ID), maxSteps, store.KindCase)
	if err != nil {
		return nil, err
	}
	c := &Case{CaseLine: CaseLine{ID: opening.ID, Title: first.Title, Tags: append([]string{}, first.Tags...), Changed: first.Time.UTC()},
		Text: first.Text, Opened: first.Time.UTC(), By: first.By, Items: []Item{}, Notes: []CaseNote{}}
	if !first.Member.IsZero() {
		c.Items = append(c.Items, Item{Member: first.Member, Added: first.Time.UTC(), By: first.By})
	}
	steps := make([]store.Case, len(records))
	seen := uint64(0)
	for i := range records {
		step, err := store.Decode[store.Case](&records[i])
		if err != nil {
			return nil, err
		}
		steps[i] = *step
		if who != nil && step.Act == store.CaseVisit && step.By == who.name && step.Seen >= seen {
			seen, c.Visited = step.Seen, Moment(step.Time)
		}
	}
	for i := range steps {
		fresh := who != nil && c.Visited != nil && records[i].Seq > seen && steps[i].By != who.name
		c.take(&steps[i], fresh)
	}
	c.Members = len(c.Items)
	if who == nil {
		return c, nil
	}
	if c.Head, err = r.archive.Backend().Head(ctx); err != nil {
		return nil, err
	}
	for i := range c.Items {
		if err := r.item(ctx, &c.Items[i], seen, c.Visited != nil); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// take applies one step.
func (c *Case) take(s *store.Case, fresh bool) {
	if s.Act != store.CaseVisit {
		c.Changed = s.Time.UTC()
	}
	at := slices.IndexFunc(c.Items, func(it Item) bool { return it.Same(s.Member) })
	note := CaseNote{Time: s.Time.UTC(), By: s.By, Text: s.Text, New: fresh}
	switch s.Act {
	case store.CaseEdit:
		c.Title, c.Text = s.Title, s.Text
	case store.CaseAdd:
		switch {
		case s.Member.IsZero():
		case at >= 0:
			c.Items[at].Text = s.Text
		default:
			c.Items = append(c.Items, Item{Member: s.Member, Text: s.Text, Added: s.Time.UTC(), By: s.By})
		}
	case store.CaseRemove:
		if at >= 0 && !s.Member.IsZero() {
			c.Items = slices.Delete(c.Items, at, at+1)
		}
	case store.CaseNote:
		switch {
		case s.Member.IsZero():
			c.Notes = append(c.Notes, note)
		case at >= 0:
			c.Items[at].Notes = append(c.Items[at].Notes, note)
		}
	case store.CaseTag:
		c.Tags = append([]string{}, s.Tags...)
	case store.CaseClose:
		c.Closed = true
	case store.CaseReopen:
		c.Closed = false
	}
}

// item reads what is known of a member, and what is new since a journal
// number.
func (r *Reader) item(ctx context.Context, it *Item, seen uint64, been bool) error {
	it.News = []News{}
	if it.Notes == nil {
		it.Notes = []CaseNote{}
	}
	var err error
	switch {
	case !it.Ref.IsZero():
		err = r.postItem(ctx, it, seen, been)
	case it.Article != "":
		err = r.articleItem(ctx, it, seen, been)
	default:
		err = r.pageItem(ctx, it, seen, been)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil // nothing is kept of it
	}
	return err
}

func (r *Reader) postItem(ctx context.Context, it *Item, seen uint64, been bool) error {
	c, err := r.Card(ctx, it.Ref)
	if err != nil {
		return err
	}
	it.Card, it.Status = c, c.Status.Value
	if !been {
		return nil
	}
	h, err := r.archive.History(ctx, it.Ref)
	if err != nil {
		return err
	}
	for _, v := range h.Verdicts {
		if v.Seq > seen {
			it.News = append(it.News, News{v.Content.Time.UTC(), verdictWords(v.Content)})
		}
	}
	for i, v := range Versions(h) {
		if i > 0 && Changed(v.Words) && seqOf(h, v.Capture) > seen {
			it.News = append(it.News, News{v.From, "Its words were changed."})
		}
	}
	known := map[string]bool{}
	for _, a := range h.Articles {
		if !known[a.Content.Key] && a.Seq > seen {
			it.News = append(it.News, News{a.Content.Time.UTC(), "Found in “" + a.Content.Title + "”."})
		}
		known[a.Content.Key] = true
	}
	slices.SortStableFunc(it.News, func(a, b News) int { return a.Time.Compare(b.Time) })
	return nil
}

func seqOf(h *store.History, capture store.ID) uint64 {
	for _, c := range h.Captures {
		if c.ID == capture {
			return c.Seq
		}
	}
	return 0
}

func verdictWords(v *store.Verdict) string {
	words := v.Status.Words()
	switch {
	case v.Status == post.Live:
		return "It was seen again."
	case v.Status.Gone() && !v.Confirmed:
		return "Perhaps it is " + words + "; not confirmed yet."
	}
	return "It is " + words + "."
}

func (r *Reader) articleItem(ctx context.Context, it *Item, seen uint64, been bool) error {
	a, err := r.articleVersions(ctx, it.Article)
	if err != nil {
		return err
	}
	it.Title = a.Latest.Title
	for i := range a.Versions {
		v := &a.Versions[i]
		if been && i > 0 && v.Seq > seen && !Changes(a.Versions[i-1].ArticleVersion, v.ArticleVersion).IsZero() {
			it.News = append(it.News, News{v.Time.UTC(), "It was changed."})
		}
	}
	return nil
}

func (r *Reader) pageItem(ctx context.Context, it *Item, seen uint64, been bool) error {
	h, err := r.archive.PageHistory(ctx, it.Page)
	if err != nil {
		return err
	}
	s := r.policy.PageStatus(h)
	it.PageStatus, it.Status = &s, post.Status(s.Value)
	if best := h.Best(); best != nil {
		it.Title = best.Content.Title
	}
	for i, l := range h.Looks {
		if been && l.Seq > seen && i > 0 && h.Looks[i-1].Content.Result != l.Content.Result {
			it.News = append(it.News, News{l.Content.Time.UTC(), "A look found it " + string(l.Content.Result) + " (before: " + string(h.Looks[i-1].Content.Result) + ")."})
		}
	}
	return nil
}
