package archiver

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"stet/extract/post"
	"stet/store"
)

// articleTags are the tags of markup that words can be divided by.
var articleTags = regexp.MustCompile(`<[^>]*>`) //nolint:gochecknoglobals // a compiled constant

// parts says what is taken out of a post, and holds it.
type parts struct {
	Texts  []string `json:"texts,omitempty"`
	Fields []string `json:"fields,omitempty"`
	// Files are the addresses of files that go, and Digests their content.
	Files   []string       `json:"files,omitempty"`
	Digests []store.Digest `json:"digests,omitempty"`
}

// cutter takes parts out of posts.
type cutter struct {
	parts
	patterns []*regexp.Regexp
	digests  map[store.Digest]bool
	found    bool
}

// newCutter reads what is to be taken out of a post, as it is shown.
func newCutter(w *RedactionWish, shown *post.Post) (*cutter, error) {
	what := parts{Texts: w.Texts, Fields: w.Fields}
	for _, n := range w.Media {
		if n < 1 || n > len(shown.Media) {
			return nil, fmt.Errorf("%s: %w: it has no file %d; it has %d", w.Ref, store.ErrNotFound, n, len(shown.Media))
		}
		m := &shown.Media[n-1]
		if m.URL == "" {
			return nil, fmt.Errorf("%s: %w: its file %d is not there any more", w.Ref, store.ErrNotFound, n)
		}
		what.Files = append(append(what.Files, m.URL), m.Fallbacks...)
		if m.Poster != "" {
			what.Files = append(what.Files, m.Poster)
		}
	}
	if len(w.Texts)+len(w.Fields)+len(w.Media) == 0 {
		return nil, fmt.Errorf("%w: say what is to be taken out: words, a field or a file", store.ErrUsage)
	}
	return what.cutter()
}

// cutter returns what takes it out.
func (what parts) cutter() (*cutter, error) {
	c := &cutter{parts: what, digests: map[store.Digest]bool{}}
	for _, text := range what.Texts {
		words := strings.Fields(text)
		if len(words) == 0 {
			return nil, fmt.Errorf("%w: the words to be taken out are empty", store.ErrUsage)
		}
		for i := range words {
			words[i] = regexp.QuoteMeta(words[i])
		}
		c.patterns = append(c.patterns, regexp.MustCompile(`(?i)`+strings.Join(words, `\s+`)))
	}
	for _, name := range what.Fields {
		if !slices.Contains(cuttable(), strings.ToLower(name)) {
			return nil, fmt.Errorf("%w: %q is not a field that can be taken out; there are %s", store.ErrUsage, name, strings.Join(cuttable(), ", "))
		}
	}
	for _, d := range what.Digests {
		c.digests[d] = true
	}
	return c, nil
}

// knows notes that a file of this content goes.
func (c *cutter) knows(d store.Digest) {
	if !c.digests[d] {
		c.digests[d] = true
		c.Digests = append(c.Digests, d)
	}
}

// Check errors with ErrUsage where a wish cannot be meant, whatever the post
// says.
func (w *RedactionWish) Check() error {
	if _, err := (parts{Texts: w.Texts, Fields: w.Fields}).cutter(); err != nil {
		return err
	}
	for _, n := range w.Media {
		if n < 1 {
			return fmt.Errorf("%w: there is no file %d; the first is 1", store.ErrUsage, n)
		}
	}
	return nil
}

// cuttable are the fields that can be taken out as a whole.
func cuttable() []string {
	return []string{"text", "warning", "note", "author.name", "author.avatar", "card", "poll", "links", "labels", "alt"}
}

// words reports whether words go, which the platform's answers hold.
func (c *cutter) words() bool { return len(c.Texts)+len(c.Fields) > 0 }

// file reports whether a file goes.
func (c *cutter) file(address string, d store.Digest) bool {
	return address != "" && slices.Contains(c.Files, address) || c.digests[d]
}

// what says what is taken out.
func (w *RedactionWish) what() []string {
	var what []string
	if len(w.Texts) > 0 {
		what = append(what, "words")
	}
	what = append(what, w.Fields...)
	for _, n := range w.Media {
		what = append(what, fmt.Sprintf("file %d", n))
	}
	return what
}

// quoted reports whether an article repeats the words.
func (c *cutter) quoted(v *store.ArticleVersion) bool {
	for i := range v.Mentions {
		m := &v.Mentions[i]
		for _, s := range []string{m.Quoted.Text, m.Quoted.Name, m.Before, m.Anchor, html.UnescapeString(articleTags.ReplaceAllString(m.Fragment, " "))} {
			if _, cut := c.string(s); cut {
				return true
			}
		}
	}
	_, cut := c.string(v.Text)
	return cut
}

// minTail is the fewest letters at the end of a text that was cut off that are
// taken for the beginning of the words.
const minTail = 8

// string takes the words out of a text. What stands in the place of some already
// is none.
func (c *cutter) string(s string) (string, bool) {
	done := false
	for i := range c.patterns {
		between := strings.Split(s, RedactionMark)
		for j := range between {
			short, did := c.part(i, between[j], j == len(between)-1)
			between[j], done = short, done || did
		}
		s = strings.Join(between, RedactionMark)
	}
	return s, done
}

// part takes words out of a part of a text.
func (c *cutter) part(i int, s string, last bool) (string, bool) {
	done := false
	if c.patterns[i].MatchString(s) {
		s, done = c.patterns[i].ReplaceAllLiteralString(s, RedactionMark), true
	}
	// A source that shows the beginning of a long text can end in the words.
	body, short := strings.CutSuffix(strings.TrimSpace(s), "…")
	words := []rune(strings.Join(strings.Fields(c.Texts[i]), " "))
	for n := len(words) - 1; last && short && n >= minTail; n-- {
		if rest, ok := strings.CutSuffix(body, string(words[:n])); ok {
			return rest + RedactionMark + "…", true
		}
	}
	return s, done
}

// post returns a post without what is to be taken out, and whether anything of
// it was there.
func (c *cutter) post(p *post.Post) (out post.Post, cut bool) {
	out = *p
	swap := func(s *string) {
		if short, did := c.string(*s); did {
			*s, cut = short, true
		}
	}
	swap(&out.Text)
	swap(&out.Warning)
	swap(&out.Note)
	swap(&out.Author.Name)
	out.Labels, out.Links, out.Earlier = slices.Clone(p.Labels), slices.Clone(p.Links), slices.Clone(p.Earlier)
	for i := range out.Labels {
		swap(&out.Labels[i])
	}
	for i := range out.Links {
		swap(&out.Links[i].Expanded)
		swap(&out.Links[i].Display)
	}
	if p.Card != nil {
		card := *p.Card
		swap(&card.Title)
		swap(&card.Description)
		out.Card = &card
	}
	out.Poll = c.poll(p.Poll, swap)
	out.Media = c.media(p.Media, swap, &cut)
	for i := range out.Earlier {
		e := &out.Earlier[i]
		swap(&e.Text)
		swap(&e.Warning)
		e.Poll, e.Media = c.poll(e.Poll, swap), c.media(e.Media, swap, &cut)
	}
	for _, name := range c.Fields {
		cut = c.field(strings.ToLower(name), &out) || cut
	}
	if cut {
		out.Extra = nil // what no field is known for can repeat it
	}
	c.found = c.found || cut
	return out, cut
}

func (c *cutter) poll(p *post.Poll, swap func(*string)) *post.Poll {
	if p == nil {
		return nil
	}
	out := *p
	out.Options = slices.Clone(p.Options)
	for i := range out.Options {
		swap(&out.Options[i].Label)
	}
	return &out
}

func (c *cutter) media(media []post.Media, swap func(*string), cut *bool) []post.Media {
	out := slices.Clone(media)
	for i := range out {
		swap(&out[i].Alt)
		d, err := store.ParseDigest(out[i].Digest)
		if err != nil {
			d = store.Digest{}
		}
		if c.file(out[i].URL, d) {
			out[i], *cut = post.Media{Kind: out[i].Kind, Error: RedactionMark}, true
		}
	}
	return out
}

// field takes a field out, and reports whether it was there.
func (c *cutter) field(name string, p *post.Post) bool {
	word := func(s *string) bool {
		was := *s != "" && *s != RedactionMark
		if was {
			*s = RedactionMark
		}
		return was
	}
	was := false
	switch name {
	case "text":
		was = word(&p.Text)
		for i := range p.Earlier {
			was = word(&p.Earlier[i].Text) || was
		}
	case "warning":
		was = word(&p.Warning)
		for i := range p.Earlier {
			was = word(&p.Earlier[i].Warning) || was
		}
	case "note":
		was = word(&p.Note)
	case "author.name":
		was = word(&p.Author.Name)
	case "author.avatar":
		was, p.Author.Avatar = p.Author.Avatar != "", ""
	case "card":
		was, p.Card = p.Card != nil, nil
	case "poll":
		was, p.Poll = p.Poll != nil, nil
	case "links":
		was, p.Links = len(p.Links) > 0, nil
	case "labels":
		was, p.Labels = len(p.Labels) > 0, nil
	case "alt":
		for i := range p.Media {
			was = word(&p.Media[i].Alt) || was
		}
	}
	return was
}
