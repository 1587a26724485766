package view

import (
	"context"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Page is what people are shown of a captured page. Its JSON form is what
// `stet show --json` prints for the address of one.
type Page struct {
	Page     PageInfo      `json:"page"`
	Status   PageStatus    `json:"status"`
	Captures []PageCapture `json:"captures"`
	Looks    []PageLook    `json:"looks"`
	// LinkedBy are the articles that link it, and what else led to its captures.
	LinkedBy []LinkedBy `json:"linked_by"`
	// Submissions say what became of handing it to web archives.
	Submissions []Submission `json:"submissions,omitempty"`
}

// Submission is what became of handing a page to a web archive: the snapshot, or
// why there is none.
type Submission struct {
	Time    time.Time      `json:"time"`
	Archive string         `json:"archive"`
	Memento *store.Memento `json:"memento"`
	Code    string         `json:"code,omitempty"`
	Reason  string         `json:"reason,omitempty"`
}

// PageInfo is the page itself, as the best reading has it.
type PageInfo struct {
	URL       string `json:"url"`
	Final     string `json:"final_url"`
	Canonical string `json:"canonical_url"`
	Title     string `json:"title"`
	SiteName  string `json:"site_name"`
	Language  string `json:"language"`
	Type      string `json:"type"`
	// Label says that nothing better is kept than what stands in the page's
	// place, and Why the sentence.
	Label store.PageLabel `json:"label"`
	Why   string          `json:"why,omitempty"`
	Text  string          `json:"text"`
	Links []string        `json:"links"`
}

// PageStatus is the verdict over the looks at a page. Times that are not
// known are null in JSON.
type PageStatus struct {
	Value       store.PageResult `json:"value"`
	Confirmed   bool             `json:"confirmed"`
	LastAlive   *time.Time       `json:"last_alive"`
	FirstMissed *time.Time       `json:"first_missed"`
	ConfirmedAt *time.Time       `json:"confirmed_at"`
	// Drift is how much of the text differs from the first capture, from 0 to
	// 1.
	Drift  float64 `json:"drift"`
	Reason string  `json:"reason"`
}

// PageCapture is one snapshot of a page.
type PageCapture struct {
	ID     store.ID  `json:"id"`
	Time   time.Time `json:"time"`
	Final  string    `json:"final_url"`
	Status int       `json:"status"`
	Type   string    `json:"type"`
	// Digest and Size are those of the body as it was sent.
	Digest string          `json:"digest"`
	Size   int64           `json:"bytes"`
	Label  store.PageLabel `json:"label"`
	Drift  float64         `json:"drift"`
	Parser string          `json:"parser"`
	// Revisit is the earlier capture that shows the same, zero for one of its
	// own.
	Revisit store.ID `json:"revisit,omitzero"`
}

// PageLook is one answer to "is the page still there?".
type PageLook struct {
	Time     time.Time        `json:"time"`
	Result   store.PageResult `json:"result"`
	Status   int              `json:"status"`
	Final    string           `json:"final_url"`
	Label    store.PageLabel  `json:"label"`
	Drift    float64          `json:"drift"`
	Exchange store.ID         `json:"exchange"`
	Reason   string           `json:"reason"`
}

// LinkedBy is what led to a page.
type LinkedBy struct {
	Article string   `json:"article,omitempty"`
	Title   string   `json:"title,omitempty"`
	Post    post.Ref `json:"post,omitzero"`
}

// Page reads what the archive keeps of the page at an address. It errors
// with ErrNotFound where that is neither a capture nor a look.
func (r *Reader) Page(ctx context.Context, address string) (*Page, error) {
	h, err := r.archive.PageHistory(ctx, address)
	if err != nil {
		return nil, err
	}
	if len(h.Captures) == 0 {
		if retired, err := r.archive.RetiredBy(ctx, store.URLTerm(address), address); err != nil {
			return nil, err
		} else if retired != nil {
			return nil, retired
		}
	}
	v := &Page{Page: PageInfo{URL: h.URL, Links: []string{}}, Status: r.policy.PageStatus(h), Captures: []PageCapture{},
		Looks: []PageLook{}, LinkedBy: []LinkedBy{}}
	if best := h.Best(); best != nil {
		p := best.Content
		v.Page = PageInfo{URL: h.URL, Final: p.Final, Canonical: p.Canonical, Title: p.Title, SiteName: p.SiteName, Language: p.Language,
			Type: p.Type, Label: p.Label, Why: p.Why, Text: p.Text, Links: append([]string{}, p.Links...)}
	}
	if v.LinkedBy, err = r.linkers(ctx, h.URL); err != nil {
		return nil, err
	}
	if v.Submissions, err = r.submissions(ctx, h.URL); err != nil {
		return nil, err
	}
	for i := range h.Captures {
		c := &h.Captures[i]
		v.Captures = append(v.Captures, pageCapture(h, c))
		by, err := r.linkedBy(ctx, c.Content)
		if err != nil {
			return nil, err
		}
		if by.Post.IsZero() && slices.ContainsFunc(v.LinkedBy, func(o LinkedBy) bool { return o.Post.IsZero() && o.Article == by.Article }) {
			continue
		}
		if by != (LinkedBy{}) && !slices.Contains(v.LinkedBy, by) {
			v.LinkedBy = append(v.LinkedBy, by)
		}
	}
	for _, l := range h.Looks {
		c := l.Content
		v.Looks = append(v.Looks, PageLook{Time: c.Time.UTC(), Result: c.Result, Status: c.Status, Final: c.Final, Label: c.Label,
			Drift: c.Drift, Exchange: c.Exchange, Reason: c.Reason})
	}
	return v, nil
}

// maxLinkers is the most articles that are listed for one page.
const maxLinkers = 1000

// linkers lists the articles that link a page, each as the last of its versions
// that does, the latest first.
func (r *Reader) linkers(ctx context.Context, address string) ([]LinkedBy, error) {
	out, seen := []LinkedBy{}, map[string]bool{}
	for q := (store.Query{Term: store.LinkTerm(address), Kinds: []store.Kind{store.KindArticle}, Newest: true, Limit: 200}); len(out) < maxLinkers; {
		page, err := r.archive.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page.Records {
			q.Before = page.Records[i].Seq
			v, err := store.Decode[store.ArticleVersion](&page.Records[i])
			if err != nil {
				return nil, err
			}
			if !seen[v.Key] {
				seen[v.Key] = true
				out = append(out, LinkedBy{Article: articleName(v), Title: v.Title})
			}
		}
		if !page.More || len(page.Records) == 0 {
			break
		}
	}
	return out, nil
}

// submissions lists what became of handing a page to web archives, oldest first.
func (r *Reader) submissions(ctx context.Context, address string) ([]Submission, error) {
	records, err := r.archive.ListAll(ctx, store.URLTerm(address), store.MaxHistory, store.KindSubmission)
	if err != nil {
		return nil, err
	}
	var out []Submission
	for i := range records {
		s, err := store.Decode[store.Submission](&records[i])
		if err != nil {
			return nil, err
		}
		v := Submission{Time: s.Time.UTC(), Archive: s.Archive, Code: s.Code, Reason: s.Reason}
		if !s.Memento.IsZero() {
			v.Memento = &s.Memento
		}
		out = append(out, v)
	}
	return out, nil
}

// pageCapture describes a snapshot: a revisit as the one that it repeats.
func pageCapture(h *store.PageHistory, c *store.Item[store.Capture]) PageCapture {
	v := PageCapture{ID: c.ID, Time: c.Content.Time.UTC(), Revisit: c.Content.Revisit}
	of := c.ID
	if !c.Content.Revisit.IsZero() {
		of = c.Content.Revisit
	}
	for i := range h.Readings {
		if p := h.Readings[i].Content; p.Capture == of {
			v.Final, v.Status, v.Type, v.Label, v.Drift, v.Parser = p.Final, p.Status, p.Type, p.Label, p.Drift, p.Parser
			v.Digest, v.Size = p.Digest.String(), p.Size
		}
	}
	return v
}

func (r *Reader) linkedBy(ctx context.Context, c *store.Capture) (LinkedBy, error) {
	by := LinkedBy{Post: c.Via}
	if c.Article.IsZero() {
		return by, nil
	}
	a, err := referred[store.ArticleVersion](ctx, r, c.Article)
	if err != nil {
		return by, err
	}
	by.Article, by.Title = articleName(a), a.Title
	return by, nil
}
