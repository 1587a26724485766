package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// maxAsked is how many posts one page asks for.
const maxAsked = 50

// repaired is a post that a page is to show the card of.
type repaired struct {
	// Asked is the address as the page has it.
	Asked string   `json:"u"`
	Ref   post.Ref `json:"ref"`
	// State is a word of [post.Status], Words what people are told.
	State post.Status `json:"state"`
	Words string      `json:"words"`
	// Card is where the card is, Version the memento, and Date when it was
	// archived; both are empty for a card that says only that a post is gone.
	Card    string `json:"card"`
	Height  int    `json:"height"`
	Title   string `json:"title"`
	Version string `json:"version,omitempty"`
	Date    string `json:"date,omitempty"`
}

// script sends the script that newsrooms put in their pages.
func (a audience) script(w http.ResponseWriter, r *http.Request) error {
	return a.file(w, r, "stet.js", "text/javascript; charset=utf-8")
}

// repair says which of the posts of a page are to be shown as cards: one
// question for each page, the same for all of its readers, so that what stands
// between can keep the answer. What a page may not be told of is not in it.
func (a audience) repair(w http.ResponseWriter, r *http.Request) error {
	asked := r.URL.Query()["u"]
	if len(asked) > maxAsked {
		return fmt.Errorf("%w: at most %d posts are asked for at a time", store.ErrTooLarge, maxAsked)
	}
	out := []repaired{}
	for _, word := range asked {
		ref, err := a.s.refIn(word)
		if err != nil || slices.ContainsFunc(out, func(o repaired) bool { return o.Asked == word }) {
			continue
		}
		e, err := a.exposed(r.Context(), ref)
		if err != nil {
			return err
		}
		if o, ok := a.repairOf(r, e); ok {
			o.Asked = word
			out = append(out, o)
		}
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	a.cached(w.Header())
	body, err := marshal(struct {
		Posts []repaired `json:"posts"`
	}{out})
	if err != nil {
		return err
	}
	return sendBody(w, r, 0, "application/json", body)
}

// repairOf says how a post is shown in the place of its embed, and whether it is.
func (a audience) repairOf(r *http.Request, e *view.Exposed) (repaired, bool) {
	gone := e.Status.Confirmed && (e.Status.Value.Gone() || e.Status.Value.Hidden() && a.s.o.Public.Policy.Hidden)
	switch {
	case e.Exposure == view.ExposureShown && gone:
	case e.Exposure == view.ExposureNeutral && a.s.o.Public.Neutral:
	default:
		return repaired{}, false
	}
	v := a.cardOf(r, e, nil)
	o := repaired{Ref: e.History.Ref, State: e.Status.Value, Words: v.Words, Card: a.root(r) + "/card/" + url.PathEscape(e.History.Ref.String()),
		Height: cardHeight(v, cardWidth), Title: v.Title}
	if v.Shown {
		if c := e.History.CaptureOf(e.Best.Content); c != nil {
			o.Version = a.root(r) + "/memento/" + c.Content.Time.UTC().Format(stamp14) + "/" + v.URL
			o.Date = c.Content.Time.UTC().Format("2006-01-02")
		}
	}
	return o, true
}
