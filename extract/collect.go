package extract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"stet/extract/post"
)

// The bounds of what is reported of one document.
const (
	// maxFindings bounds each of the three lists. The longest live blogs have
	// some hundred posts.
	maxFindings = 10000
	// maxPositions bounds the positions of one finding.
	maxPositions = 1000
	// maxBefore bounds Embed.Before, in bytes.
	maxBefore = 200
	// maxFragment bounds Embed.Fragment, and maxFragments all of them together.
	maxFragment  = 16 << 10
	maxFragments = 8 << 20
	// maxWarnings bounds the warnings of one document.
	maxWarnings = 20
)

// spot is where in a document something was found.
type spot struct {
	// at orders the findings: an offset into the article's text.
	at int
	// para is the number of the paragraph, 0 for none.
	para int
}

// collector puts together what was found: one entry per post, in order of
// appearance.
type collector struct {
	article  Article
	embeds   []found[Embed]
	links    []found[PostLink]
	others   []found[Link]
	warnings []string

	embedOf map[string]int
	// quoteOf finds embeds by who is quoted and with what words.
	quoteOf map[string]int
	linkOf  map[string]int
	otherOf map[string]int
	// fragments is the size of all fragments so far.
	fragments int
}

// found is a finding with where it was first found.
type found[T any] struct {
	value T
	first spot
	// last is the offset of the last occurrence.
	last int
	// gone marks a finding that was taken back.
	gone bool
}

func newCollector(url string) *collector {
	return &collector{article: Article{URL: url}, embedOf: map[string]int{}, quoteOf: map[string]int{}, linkOf: map[string]int{}, otherOf: map[string]int{}}
}

func (c *collector) warn(sentence string) {
	if len(c.warnings) < maxWarnings && !slices.Contains(c.warnings, sentence) {
		c.warnings = append(c.warnings, sentence)
	}
}

// full reports whether a list of n findings takes no more, and warns.
func (c *collector) full(n int, what string) bool {
	if n < maxFindings {
		return false
	}
	c.warn(fmt.Sprintf("only the first %d %s were kept", maxFindings, what))
	return true
}

// embedKey identifies the post of e: by reference, else by its short link, else
// by what is quoted of it.
func embedKey(e *Embed) string {
	switch {
	case e.ID != "":
		return e.Ref().String()
	case e.URL != "":
		return "url " + e.URL
	}
	return "quoted " + string(e.Platform) + " " + e.Quoted.Handle + " " + e.Quoted.Date + " " + e.Quoted.Text
}

// quoteKey identifies what is quoted by its author and the beginning of its
// words; it is empty where there is too little.
func quoteKey(e *Embed) string {
	words := foldTitle(clip(e.Quoted.Text, 400))
	if e.Quoted.Handle == "" || len(words) < 20 {
		return ""
	}
	return strings.ToLower(e.Quoted.Handle) + " " + e.Quoted.Date + " " + words
}

// repeats reports whether the last occurrence of e stands at the same offset: a
// copy for readers without script, or the publisher's own data, beside it.
func (c *collector) repeats(e *Embed, at int) bool {
	i, ok := c.embedOf[embedKey(e)]
	return ok && c.embeds[i].last == at
}

// has reports whether e has occurred before.
func (c *collector) has(e *Embed) bool {
	_, ok := c.embedOf[embedKey(e)]
	return ok
}

// embed adds an occurrence of an embed. Paragraph 0 adds no position.
func (c *collector) embed(e Embed, at spot) {
	key, quote := embedKey(&e), quoteKey(&e)
	i, ok := c.embedOf[key]
	if j, same := c.quoteOf[quote]; !ok && same && quote != "" && (e.ID == "" || c.embeds[j].value.ID == "") {
		// The words that a page has once as an embed and once as plain text.
		i, ok = j, true
		c.embedOf[key] = j
		if have := &c.embeds[j].value; have.ID == "" {
			have.Platform, have.ID, have.URL, have.Resolved, have.Posted = e.Platform, e.ID, e.URL, e.ID != "", e.Posted
		}
	}
	if !ok {
		if c.full(len(c.embeds), "embeds") {
			return
		}
		i = len(c.embeds)
		c.embedOf[key] = i
		if quote != "" {
			c.quoteOf[quote] = i
		}
		if c.fragments += len(e.Fragment); c.fragments > maxFragments {
			e.Fragment = ""
		}
		e.Resolved = e.ID != ""
		e.Positions = []int{}
		c.embeds = append(c.embeds, found[Embed]{value: e, first: at})
	}
	have := &c.embeds[i]
	if have.last = at.at; at.at < have.first.at {
		have.first = at
	}
	have.value.Positions = addPosition(have.value.Positions, at.para)
	have.value.merge(&e)
}

// merge takes over from another occurrence what e does not have.
func (e *Embed) merge(o *Embed) {
	if e.Quoted.Text == "" && !o.Quoted.IsZero() {
		o.Quoted.Name = cmp.Or(o.Quoted.Name, e.Quoted.Name)
		o.Quoted.Handle = cmp.Or(o.Quoted.Handle, e.Quoted.Handle)
		o.Quoted.Date = cmp.Or(o.Quoted.Date, e.Quoted.Date)
		e.Quoted = o.Quoted
	}
	e.Part = cmp.Or(e.Part, o.Part)
	e.Archived = cmp.Or(e.Archived, o.Archived)
	if e.Posted.IsZero() {
		e.Posted = o.Posted
	}
}

// postLink adds an occurrence of a link to a post. It returns a number by which
// it can be taken back, -1 where it was known or there is no room.
func (c *collector) postLink(l PostLink, at spot) int {
	key := post.Ref{Platform: l.Platform, ID: l.ID}.String()
	if l.ID == "" {
		key = "url " + l.URL
	}
	i, ok := c.linkOf[key]
	if ok && !c.links[i].gone {
		c.links[i].value.Positions = addPosition(c.links[i].value.Positions, at.para)
		c.links[i].value.Anchor = cmp.Or(c.links[i].value.Anchor, l.Anchor)
		return -1
	}
	if c.full(len(c.links), "links to posts") {
		return -1
	}
	l.Positions = addPosition([]int{}, at.para)
	c.linkOf[key] = len(c.links)
	c.links = append(c.links, found[PostLink]{value: l, first: at})
	return len(c.links) - 1
}

// unlink takes back the link to a post that has the number.
func (c *collector) unlink(number int) {
	if number >= 0 && len(c.links[number].value.Positions) <= 1 {
		c.links[number].gone = true
	}
}

// link adds an occurrence of another link.
func (c *collector) link(l Link, at spot) {
	i, ok := c.otherOf[l.URL]
	if ok {
		c.others[i].value.Positions = addPosition(c.others[i].value.Positions, at.para)
		c.others[i].value.Anchor = cmp.Or(c.others[i].value.Anchor, l.Anchor)
		return
	}
	if c.full(len(c.others), "links") {
		return
	}
	l.Positions = addPosition([]int{}, at.para)
	c.otherOf[l.URL] = len(c.others)
	c.others = append(c.others, found[Link]{value: l, first: at})
}

// addPosition adds the number of a paragraph to those of a finding, which stand in
// order. What is found in the text is found after what the markup shows, and can
// stand before it.
func addPosition(list []int, para int) []int {
	if para <= 0 || len(list) >= maxPositions {
		return list
	}
	if n := len(list); n == 0 || list[n-1] < para {
		return append(list, para)
	}
	i, known := slices.BinarySearch(list, para)
	if known {
		return list
	}
	return slices.Insert(list, i, para)
}

// takeBack removes the links that were found once only, and there inside one of
// the spans, which are in order: they turned out to be part of a post's own
// words.
func (c *collector) takeBack(spans []span) {
	c.links = takeBack(c.links, spans, func(l *PostLink) int { return len(l.Positions) })
	c.others = takeBack(c.others, spans, func(l *Link) int { return len(l.Positions) })
}

// span is a part of the article's text.
type span struct{ start, end int }

func takeBack[T any](list []found[T], spans []span, times func(*T) int) []found[T] {
	slices.SortStableFunc(list, byPlace[T])
	k := 0
	for i := range list {
		for k < len(spans) && spans[k].end <= list[i].first.at {
			k++
		}
		if k < len(spans) && list[i].first.at >= spans[k].start && times(&list[i].value) <= 1 {
			list[i].gone = true
		}
	}
	return list
}

func byPlace[T any](a, b found[T]) int { return cmp.Compare(a.first.at, b.first.at) }

// result returns the findings in order of appearance.
func (c *collector) result() Result {
	return Result{
		Article:   c.article,
		Embeds:    inOrder(c.embeds),
		PostLinks: inOrder(c.links),
		Links:     inOrder(c.others),
		Warnings:  append([]string{}, c.warnings...),
	}
}

func inOrder[T any](list []found[T]) []T {
	slices.SortStableFunc(list, byPlace[T])
	out := make([]T, 0, len(list))
	for i := range list {
		if !list[i].gone {
			out = append(out, list[i].value)
		}
	}
	return out
}

// before returns the words that stand at the end of text, at most [maxBefore]
// bytes of them, cut at a space.
func before(text string) string {
	text = strings.TrimRight(text[max(0, len(text)-4*maxBefore):], " \n\t\r")
	if len(text) > maxBefore {
		text = text[len(text)-maxBefore:]
		if i := strings.IndexAny(text, " \n"); i >= 0 {
			text = text[i+1:]
		}
	}
	return strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "")
}
