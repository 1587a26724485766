package archiver

import (
	"time"

	"stet/extract/post"
	"stet/store"
)

// Result is what became of one target of a capture. Its JSON form is what
// `stet capture --json` prints.
type Result struct {
	Target string `json:"target"`
	// Kind is article, post or page.
	Kind string `json:"kind"`
	// OK is true where everything that was asked for was captured.
	OK    bool   `json:"ok"`
	Error string `json:"error"`
	// Article is the article that was read.
	Article *ResultArticle `json:"article,omitempty"`
	Posts   []ResultPost   `json:"posts"`
	Links   []ResultLink   `json:"links"`
	// NextLook is when the first of the posts is due to be looked at again.
	NextLook time.Time `json:"next_look,omitzero"`
	Warnings []string  `json:"warnings,omitempty"`
	// Retry is set where the whole of it failed and is tried again.
	Retry *ResultRetry `json:"retry,omitempty"`

	// Err is the failure of the whole target, nil where there is none or only
	// some posts failed.
	Err error `json:"-"`
}

// ResultArticle is the article of a [Result].
type ResultArticle struct {
	URL     string   `json:"url"`
	Title   string   `json:"title"`
	Capture store.ID `json:"capture"`
	// Private is true where it stays out of what is told and given away.
	Private bool `json:"private,omitempty"`
}

// ResultPost is one post of a [Result].
type ResultPost struct {
	Platform post.Platform `json:"platform"`
	ID       string        `json:"id"`
	URL      string        `json:"url"`
	Status   post.Status   `json:"status"`
	// Confirmed is true where Status is a loss that is confirmed.
	Confirmed bool        `json:"confirmed"`
	Source    post.Source `json:"source"`
	// Capture is the capture that was made now; zero where none was.
	Capture store.ID     `json:"capture"`
	Author  ResultAuthor `json:"author"`
	Text    string       `json:"text"`
	Posted  time.Time    `json:"posted,omitzero"`
	Media   []post.Media `json:"media"`
	// Incomplete is true where the source cut the text.
	Incomplete bool `json:"incomplete,omitempty"`
	// ResolvedBy is how an embed without id was resolved: short-link, archive
	// or quotation; Confidence goes from 0 to 1, which it is where the id was
	// known.
	ResolvedBy string  `json:"resolved_by"`
	Confidence float64 `json:"confidence"`
	Error      string  `json:"error"`
	// First is true where the archive held nothing of the post before.
	First bool `json:"first"`
	// Changed names what differs from the capture before: text, media, or
	// only the platform's name of the version.
	Changed []string `json:"changed,omitempty"`
	// Misquoted is what the article quotes of it, where that differs from what
	// was captured.
	Misquoted string `json:"misquoted,omitempty"`
	// Related are the quoted and parent posts that were captured with it.
	Related []post.Ref `json:"related,omitempty"`
	// NextLook is when it is due to be looked at again.
	NextLook time.Time `json:"next_look,omitzero"`
	// Notes say what went wrong on the way although the post was captured, such
	// as credentials that were refused, and where sources disagree.
	Notes []string `json:"notes,omitempty"`
	// Retry is set where it failed and is tried again.
	Retry *ResultRetry `json:"retry,omitempty"`

	// Err is the failure, nil where the post was captured.
	Err error `json:"-"`
	// Links are the pages that it links, where those were captured with a post
	// that was asked for directly.
	Links []ResultLink `json:"-"`
}

// ResultAuthor is the author of a [ResultPost].
type ResultAuthor struct {
	Name   string `json:"name"`
	Handle string `json:"handle"`
}

// ResultLink is one captured link of a [Result].
type ResultLink struct {
	URL      string   `json:"url"`
	FinalURL string   `json:"final_url"`
	Capture  store.ID `json:"capture"`
	Error    string   `json:"error"`
	// Title is what the page calls itself, and Label says that it is not the
	// page that was linked: soft-404, login, ….
	Title string          `json:"title,omitempty"`
	Label store.PageLabel `json:"label,omitempty"`
	// Unchanged is true where an earlier capture shows the same.
	Unchanged bool `json:"unchanged,omitempty"`
	// Retry is set where it failed and is tried again.
	Retry *ResultRetry `json:"retry,omitempty"`

	// Err is the failure, nil where the page was captured.
	Err error `json:"-"`
	// via is the post that links it.
	via post.Ref
}

// settle sets OK, Error and NextLook from the posts and links.
func (r *Result) settle() {
	failed := 0
	for i := range r.Posts {
		p := &r.Posts[i]
		if p.Err != nil {
			failed++
			p.Error = p.Err.Error()
			if r.Error == "" {
				r.Error = p.Error
			}
		}
		if !p.NextLook.IsZero() && (r.NextLook.IsZero() || p.NextLook.Before(r.NextLook)) {
			r.NextLook = p.NextLook
		}
	}
	for i := range r.Links {
		if l := &r.Links[i]; l.Err != nil {
			failed++
			l.Error = l.Err.Error()
			if r.Error == "" {
				r.Error = l.Error
			}
		}
	}
	if r.Err != nil {
		r.Error = r.Err.Error()
	}
	r.OK = r.Err == nil && failed == 0
	if r.Posts == nil {
		r.Posts = []ResultPost{}
	}
	if r.Links == nil {
		r.Links = []ResultLink{}
	}
}

// RecheckResult is what one look at a post gave. Its JSON form is what
// `stet recheck --json` prints.
type RecheckResult struct {
	Platform post.Platform `json:"platform"`
	ID       string        `json:"id"`
	// Result is what the answers of this look mean together.
	Result post.Status `json:"result"`
	// Status is the verdict over the history.
	Status    post.Status `json:"status"`
	Confirmed bool        `json:"confirmed"`
	Reason    string      `json:"reason,omitempty"`
	// Event is set where the verdict changed.
	Event    string    `json:"event,omitempty"`
	NextLook time.Time `json:"next_look,omitzero"`
	Error    string    `json:"error,omitempty"`

	// Err is the failure to look or to keep the look, nil where it was kept.
	Err error `json:"-"`
}

// RecheckedPage is what one look at a page gave. Its JSON form is what `stet
// recheck --json` prints for the address of one.
type RecheckedPage struct {
	// Kind is "page".
	Kind string `json:"kind"`
	URL  string `json:"url"`
	// Result is what this look says, Status the verdict over all of them.
	Result    store.PageResult `json:"result"`
	Status    store.PageResult `json:"status"`
	Confirmed bool             `json:"confirmed"`
	// Drift is how much of the text differs from the first capture.
	Drift float64 `json:"drift"`
	// Capture is the capture that was made, where the text had changed.
	Capture  store.ID  `json:"capture,omitzero"`
	Reason   string    `json:"reason,omitempty"`
	NextLook time.Time `json:"next_look,omitzero"`
	Error    string    `json:"error,omitempty"`

	// Err is the failure to look or to keep the look, nil where it was kept.
	Err error `json:"-"`
}
