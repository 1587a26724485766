package extract

import (
	"strings"

	"golang.org/x/net/html"
)

// maxCallBytes bounds a script that does nothing but put one embed in its place.
const maxCallBytes = 4 << 10

// isCall reports whether a script is short and no data.
func isCall(kind, text string) bool {
	return len(text) <= maxCallBytes && (kind == "" || kind == "module" || strings.HasSuffix(kind, "javascript")) && strings.Count(text, `":`) < 3
}

// call handles a short script in the article that writes one embed: its only
// address of a page made to be framed, or its only piece of markup, is a string
// in it.
func (w *walker) call(text string, s surroundings) bool {
	var only lead
	piece := ""
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '"' && c != '\'' {
			continue
		}
		end := stringEnd(text, i+1, c)
		if end < 0 {
			break
		}
		value, start := unescapeJSON(text[i+1:end]), i
		i = end
		switch {
		case strings.Contains(value, "<iframe") || strings.Contains(value, "<blockquote"):
			piece = value
		case len(value) >= 12:
			l, ok := w.addresses.post(value)
			if !ok || !l.isPost() || l.target.Kind != TargetEmbed && !playerFile(text[:start]) {
				continue
			}
			if only.platform != "" && only.target.Ref != l.target.Ref {
				return false
			}
			only = l
		}
	}
	if piece != "" {
		return w.payload(piece, FormScript, s)
	}
	if only.platform == "" {
		return false
	}
	w.show(embedOf(only, FormScript), nil, s)
	return true
}

// playerFile reports whether what stands before a string in a script says that it
// is the file that a player is set up with.
func playerFile(before string) bool {
	before = strings.TrimRight(before, " \t\n:")
	return strings.HasSuffix(before, `"file"`) || strings.HasSuffix(before, "'file'") ||
		strings.HasSuffix(before, "file") && !isAlnum(before[max(0, len(before)-5)])
}

// flown takes in a piece of the data that Next.js streams: every script calls
// push with the next part of one long text.
func (w *walker) flown(text string) bool {
	const call = `self.__next_f.push([1,"`
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, call) {
		return false
	}
	end := stringEnd(text, len(call), '"')
	if end < 0 {
		return false
	}
	w.flight.WriteString(unescapeJSON(text[len(call):end]))
	return true
}

// maxTemplateWords is how many bytes of text a template may have to be that of
// an embed; those of further articles and of page parts have more.
const maxTemplateWords = 3000

// script handles a script element: markup or data that a script will show.
func (w *walker) script(n *html.Node, s surroundings) {
	for i := range n.Attr {
		a := &n.Attr[i]
		if strings.HasPrefix(a.Key, "data-") && len(a.Val) >= 16 {
			if k := sniff(a.Val); k == sniffMarkup || k == sniffBase64 {
				w.payload(a.Val, FormScript, s)
			}
		}
	}
	if n.FirstChild == nil || s.nested {
		return
	}
	text := n.FirstChild.Data
	switch t := strings.ToLower(mediaType(Attr(n, "type"))); {
	case t == "application/ld+json":
	case strings.HasPrefix(t, "text/") && !strings.Contains(t, "javascript") && t != "text/babel" && t != "text/json":
		if len(text) <= maxPayload {
			w.template(text, s)
		}
	case w.flown(text):
	case s.zone && w.survey.zone != nil && isCall(t, text) && w.call(text, s):
	case len(text) >= 64:
		w.states = append(w.states, state{text: text, at: w.here()})
	}
}

// template handles the markup that a page keeps for later: behind the reader's
// consent, or until it scrolls into view. It is the embed's where it has few
// words; the parts of pages and further articles have more.
func (w *walker) template(text string, s surroundings) bool {
	text = strings.TrimSpace(text)
	if sniff(text) == sniffNone || !s.zone && w.passed {
		return false
	}
	if next, ok := unbase64(text); ok {
		text = next
	}
	if len(text) > maxTemplateWords && tooManyWords(text) {
		return false
	}
	return w.payload(text, FormTemplate, s)
}

// tooManyWords reports whether markup has more text than an embed's.
func tooManyWords(markup string) bool {
	z := html.NewTokenizer(strings.NewReader(markup))
	size, raw := 0, false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken:
			name, _ := z.TagName()
			switch string(name) {
			case "script", "style", "svg":
				raw = true
			case "h1", "article", "header":
				return true
			default:
				raw = false
			}
		case html.EndTagToken:
			raw = false
		case html.TextToken:
			if !raw {
				size += wordBytes(string(z.Text()))
			}
		}
		if size > maxTemplateWords {
			return true
		}
	}
}

// noscript handles what readers without script are shown: a copy of the embed,
// or a link to the post where a script shows the post itself.
func (w *walker) noscript(n *html.Node, s surroundings) {
	if n.FirstChild == nil || !s.zone && w.passed {
		return
	}
	text := n.FirstChild.Data
	if !strings.Contains(text, "<iframe") && !strings.Contains(text, "<blockquote") && !strings.Contains(text, "<a") && !strings.Contains(text, "data-") || len(text) > maxPayload {
		return
	}
	if !w.spend(len(text)) {
		return
	}
	s.layers++
	w.stand(text, FormNoscript, n, s)
}

// stand reports the posts in markup that stands for them: those that it shows,
// else the only one that it links.
func (w *walker) stand(markup, form string, n *html.Node, s surroundings) bool {
	s.fallback = true
	w.fallbacks, w.nestedWords = nil, 0
	if w.markup(markup, s) {
		return true
	}
	if len(w.fallbacks) == 0 || w.nestedWords > maxLinkedWords {
		return false
	}
	for i := range w.fallbacks {
		if w.fallbacks[i].target.Ref != w.fallbacks[0].target.Ref {
			return false
		}
	}
	w.show(embedOf(w.fallbacks[0], form), n, s)
	return true
}

// comment handles a comment. Only those in which WordPress keeps its blocks are
// looked at: what else is commented out is not shown.
func (w *walker) comment(text string, s surroundings) {
	text = strings.TrimSpace(text)
	rest, ok := strings.CutPrefix(text, "wp:")
	if !ok || !s.zone {
		return
	}
	name, props, _ := strings.Cut(rest, " ")
	if !strings.Contains(name, "embed") {
		return
	}
	v, ok := parseJSON(props)
	if !ok {
		return
	}
	if l, ok := w.addresses.post(v.get("url").text()); ok {
		w.show(embedOf(l, FormComment), nil, s)
	}
}
