package archiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
	"stet/store"
)

// PageView is what people are shown of a captured page. Its JSON form is what
// `stet show --json` prints for the address of one.
type PageView struct {
	Page     ViewPage          `json:"page"`
	Status   ViewPageStatus    `json:"status"`
	Captures []ViewPageCapture `json:"captures"`
	Looks    []ViewPageLook    `json:"looks"`
	// LinkedBy are the articles and posts that led to its captures.
	LinkedBy []ViewLinkedBy `json:"linked_by"`
}

// ViewPage is the page itself, as the best reading has it.
type ViewPage struct {
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

// ViewPageStatus is the verdict over the looks at a page. Times that are not
// known are null in JSON.
type ViewPageStatus struct {
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

// ViewPageCapture is one snapshot of a page.
type ViewPageCapture struct {
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

// ViewPageLook is one answer to "is the page still there?".
type ViewPageLook struct {
	Time     time.Time        `json:"time"`
	Result   store.PageResult `json:"result"`
	Status   int              `json:"status"`
	Final    string           `json:"final_url"`
	Label    store.PageLabel  `json:"label"`
	Drift    float64          `json:"drift"`
	Exchange store.ID         `json:"exchange"`
	Reason   string           `json:"reason"`
}

// ViewLinkedBy is what led to a page.
type ViewLinkedBy struct {
	Article string   `json:"article,omitempty"`
	Title   string   `json:"title,omitempty"`
	Post    post.Ref `json:"post,omitzero"`
}

// PageView reads what the archive keeps of the page at an address. It errors
// with ErrNotFound where that is neither a capture nor a look.
func (r *Reader) PageView(ctx context.Context, address string) (*PageView, error) {
	h, err := r.o.Archive.PageHistory(ctx, address)
	if err != nil {
		return nil, err
	}
	v := &PageView{Page: ViewPage{URL: h.URL, Links: []string{}}, Status: r.pageStatus(h), Captures: []ViewPageCapture{},
		Looks: []ViewPageLook{}, LinkedBy: []ViewLinkedBy{}}
	if best := h.Best(); best != nil {
		p := best.Content
		v.Page = ViewPage{URL: h.URL, Final: p.Final, Canonical: p.Canonical, Title: p.Title, SiteName: p.SiteName, Language: p.Language,
			Type: p.Type, Label: p.Label, Why: p.Why, Text: p.Text, Links: append([]string{}, p.Links...)}
	}
	for i := range h.Captures {
		c := &h.Captures[i]
		v.Captures = append(v.Captures, viewPageCapture(h, c))
		by, err := r.linkedBy(ctx, c.Content)
		if err != nil {
			return nil, err
		}
		if by != (ViewLinkedBy{}) && !slices.Contains(v.LinkedBy, by) {
			v.LinkedBy = append(v.LinkedBy, by)
		}
	}
	for _, l := range h.Looks {
		c := l.Content
		v.Looks = append(v.Looks, ViewPageLook{Time: c.Time.UTC(), Result: c.Result, Status: c.Status, Final: c.Final, Label: c.Label,
			Drift: c.Drift, Exchange: c.Exchange, Reason: c.Reason})
	}
	return v, nil
}

func (r *Reader) pageStatus(h *store.PageHistory) ViewPageStatus {
	looks := make([]store.PageLook, len(h.Looks))
	for i := range h.Looks {
		looks[i] = *h.Looks[i].Content
	}
	s := JudgePage(looks, r.o.PageRules)
	return ViewPageStatus{Value: s.Value, Confirmed: s.Confirmed, LastAlive: moment(s.LastAlive), FirstMissed: moment(s.FirstMissed),
		ConfirmedAt: moment(s.ConfirmedAt), Drift: s.Drift, Reason: s.Reason}
}

// viewPageCapture describes a snapshot: a revisit as the one that it repeats.
func viewPageCapture(h *store.PageHistory, c *store.Item[store.Capture]) ViewPageCapture {
	v := ViewPageCapture{ID: c.ID, Time: c.Content.Time.UTC(), Revisit: c.Content.Revisit}
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

func (r *Reader) linkedBy(ctx context.Context, c *store.Capture) (ViewLinkedBy, error) {
	by := ViewLinkedBy{Post: c.Via}
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

// pageHit describes the captured page at an address for a list of hits; false
// where there is none.
func (r *Reader) pageHit(ctx context.Context, address string) (LookupHit, bool, error) {
	v, err := r.PageView(ctx, address)
	if errors.Is(err, store.ErrNotFound) || err == nil && len(v.Captures) == 0 {
		return LookupHit{}, false, nil
	}
	if err != nil {
		return LookupHit{}, false, fmt.Errorf("looking up the page %s: %w", address, err)
	}
	return LookupHit{Kind: "page", URL: v.Page.URL, Text: cmp.Or(v.Page.Title, v.Page.Final), Status: post.Status(v.Status.Value),
		Confirmed: v.Status.Confirmed, Score: 1, Mentions: len(v.LinkedBy)}, true, nil
}
