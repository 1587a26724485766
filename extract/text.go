package extract

import "strings"

// findText finds what a plain text holds.
func (f *Finder) findText(url, text string) Result {
	c := newCollector(url)
	t := textFinder{addresses: newAddresses(f, c, nil), text: text, paras: textParagraphs(text)}
	t.flattened()
	t.lines()
	return c.result()
}

// textFinder goes over a plain text.
type textFinder struct {
	*addresses
	text  string
	paras []spot
	// taken are the parts that are posts' own words, in order.
	taken []span
}

// textParagraphs returns where the paragraphs of a text begin. They are divided
// by blank lines, or are the lines where there are no blank ones.
func textParagraphs(text string) []spot {
	blanks := layoutOf(text) == layoutBlank
	var paras []spot
	at, blank := 0, true
	for line := range strings.Lines(text) {
		if strings.TrimFunc(line, flatSpace) == "" {
			blank = true
		} else {
			if blank || !blanks {
				paras = append(paras, spot{at: at, para: len(paras) + 1})
			}
			blank = false
		}
		at += len(line)
	}
	return paras
}

// flattened reports the posts of which only words and sign-off are left.
func (t *textFinder) flattened() {
	for _, f := range FindFlattened(t.text) {
		e := Embed{Platform: f.Platform, Markup: FormFlattened, Quoted: f.Quoted,
			Before: before(t.text[:f.Start]), Fragment: cut(t.text[f.Start:f.End], maxFragment)}
		if l, ok := t.post(f.URL); ok && l.isPost() {
			e.Platform, e.ID, e.URL, e.Posted = l.target.Ref.Platform, l.target.Ref.ID, l.target.URL, l.target.Posted
		}
		t.c.embed(e, spot{at: f.Start, para: paragraphAt(t.paras, f.Start)})
		t.taken = append(t.taken, span{f.Start, f.End})
	}
}

// lines reports the addresses outside of posts' words.
func (t *textFinder) lines() {
	at, k := 0, 0
	for line := range strings.Lines(t.text) {
		start, end := at, at+len(line)
		at = end
		for k < len(t.taken) && t.taken[k].end <= start {
			k++
		}
		if k < len(t.taken) && t.taken[k].start < end {
			t.inline(line, start, t.taken[k:])
			continue
		}
		if !t.alone(strings.TrimSpace(line), start) {
			t.inline(line, start, nil)
		}
	}
}

// alone handles a line that is nothing but the address of a post.
func (t *textFinder) alone(line string, at int) bool {
	var l lead
	ok, form := false, FormBareURL
	switch {
	case len(line) > 0 && (line[0] == '[' || line[0] == '{'):
		form = FormShortcode
		l, ok = t.shortcode(line)
	case len(line) <= maxLinkLength && isAddress(line):
		l, ok = t.post(line)
	}
	if !ok {
		return false
	}
	e := embedOf(l, form)
	e.Before, e.Fragment = before(t.text[:at]), line
	t.c.embed(e, spot{at: at, para: paragraphAt(t.paras, at)})
	return true
}

// inline handles the addresses in a line of text.
func (t *textFinder) inline(line string, start int, taken []span) {
	k := 0
	for from, to := range addressSpans(line, t.f) {
		at := start + from
		for k < len(taken) && taken[k].end <= at {
			k++
		}
		if k < len(taken) && taken[k].start <= at {
			continue
		}
		t.report(line[from:to], spot{at: at, para: paragraphAt(t.paras, at)})
	}
}

// report reports an address that is printed in running text.
func (a *addresses) report(raw string, at spot) {
	x := a.look(raw, false)
	switch {
	case !x.web, x.known && x.target.Kind == TargetIntent:
	case x.known && x.isPost():
		a.c.postLink(postLinkOf(x.lead, ""), at)
	case x.outward:
		a.c.link(Link{URL: x.full}, at)
	}
}

func postLinkOf(l lead, label string) PostLink {
	return PostLink{Platform: l.target.Ref.Platform, ID: l.target.Ref.ID, URL: l.target.URL, Anchor: label}
}

// addressSpans yields where addresses stand in a text: with a scheme, or
// without one on the host of a platform.
func addressSpans(text string, f *Finder) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		for at := 0; at < len(text); {
			n := strings.IndexByte(text[at:], '/')
			if n < 0 {
				return
			}
			slash := at + n
			start, head := addressStart(text, at, slash)
			at = slash + 1
			if start < 0 {
				continue
			}
			end := addressEnd(text, head)
			if end <= slash || text[start] != 'h' && text[start] != 'H' && f.sitesOn(strings.ToLower(text[start:slash])) == nil {
				continue
			}
			if !yield(start, end) {
				return
			}
			at = end
		}
	}
}

// addressStart returns where the address begins whose first slash stands at
// slash, and where its host begins; -1 where there is none after low.
func addressStart(text string, low, slash int) (start, head int) {
	if strings.HasPrefix(text[slash:], "//") {
		for _, scheme := range []string{"https:", "http:"} {
			if i := slash - len(scheme); i >= low && strings.EqualFold(text[i:slash], scheme) {
				return i, slash + 2
			}
		}
		return -1, 0
	}
	i := slash
	for i > low && (isAlnum(text[i-1]) || text[i-1] == '.' || text[i-1] == '-') {
		i--
	}
	if i > low && text[i-1] == '@' || !strings.Contains(text[i:slash], ".") || slash-i > maxHandleBytes {
		return -1, 0
	}
	return i, i
}
