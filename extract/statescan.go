package extract

import "strings"

// owner says to which article a piece of data belongs.
type owner byte

const (
	ownerUnknown owner = iota
	ownerThis
	ownerOther
)

// statePiece is a string in the page's data that may show posts: an address, or
// markup.
type statePiece struct {
	// raw is its content, escaped as it stands there.
	raw string
	// key is the name of the member, outer that of the object around it, kind
	// what that object calls its type.
	key, outer, kind string
	// root is the longest of the names that it stands under.
	root   string
	depth  int
	markup bool
	owner  owner
}

// stateFrame is an object or array that the scan is in.
type stateFrame struct {
	open byte
	// name is the key under which it stands, key that of the member being read.
	name, key string
	title     string
	kind      string
	urls      []string
	typed     typed
	// id is what the object calls itself, or the one that it stands for.
	id string
	// strings counts the first strings of a list; component is what the second
	// names where the list is an element of React.
	strings   int
	component string
	// first is the number of its first piece.
	first int
	// samples are some of the longer texts in it.
	samples []string
}

// stateScan goes over data as it stands in scripts, without building a tree of
// it: JSON, or statements with objects in them. It keeps the strings that may
// show posts, and tells by the objects around them whose article they are of.
type stateScan struct {
	w      *walker
	facts  *facts
	src    string
	i      int
	stack  []stateFrame
	pieces []statePiece
	// page is the text of the article as the page's markup has it.
	page func() string
	// own are the names of the objects that are this article.
	own []string
	// looked counts the look-ups in page.
	looked int
	// store holds the objects that refer to each other by name; nil where none
	// do.
	store *storeRefs
	// pending is a string that has been read and may be a key or a value.
	pending string
	has     bool
}

// The bounds of a scan.
const (
	maxStatePieces = 20000
	maxStateDepth  = 200
)

// run scans a text; layer counts the escapes that were undone to get it.
func (p *stateScan) run(text string, layer int) {
	inner := stateScan{w: p.w, facts: p.facts, src: text, pieces: p.pieces, page: p.page, own: p.own, looked: p.looked, store: newStoreRefs(text)}
	inner.scan(layer)
	inner.store.settle(inner.pieces)
	p.pieces, p.own, p.looked = inner.pieces, inner.own, inner.looked
}

func (p *stateScan) scan(layer int) {
	for p.i < len(p.src) {
		switch c := p.src[p.i]; c {
		case '"', '\'', '`':
			p.str(c)
			continue
		case '{', '[':
			p.open(c)
		case '}', ']':
			p.value(layer)
			p.close()
		case ':':
			if p.has && len(p.stack) > 0 {
				p.stack[len(p.stack)-1].key = p.pending
				p.has = false
			}
		case ',', ';', ')':
			p.value(layer)
		case '/':
			p.comment()
			continue
		default:
			if isAlnum(c) || c == '_' || c == '$' {
				p.word()
				continue
			}
		}
		p.i++
	}
	for len(p.stack) > 0 {
		p.close()
	}
}

// str reads a string. One that a script writes ends with its line; where it
// does not, the quotation mark was none.
func (p *stateScan) str(quote byte) {
	start := p.i + 1
	end := stringEnd(p.src, start, quote)
	if end < 0 {
		p.i = start
		return
	}
	if s := p.src[start:end]; quote == '`' || strings.IndexByte(s, '\n') < 0 || len(p.stack) > 0 && strings.IndexByte(s, '<') >= 0 {
		p.pending, p.has = s, true
		p.i = end + 1
		return
	}
	p.i = start
}

// comment skips a comment, or the slash of something else.
func (p *stateScan) comment() {
	rest := p.src[p.i:]
	end := ""
	switch {
	case strings.HasPrefix(rest, "//"):
		end = "\n"
	case strings.HasPrefix(rest, "/*"):
		end = "*/"
	default:
		p.i++
		return
	}
	n := strings.Index(rest, end)
	if n < 0 {
		n = len(rest) - len(end)
	}
	p.i += max(n, 0) + len(end)
}

// word reads a name, which can be a key, or a number.
func (p *stateScan) word() {
	start := p.i
	for p.i < len(p.src) && (isAlnum(p.src[p.i]) || p.src[p.i] == '_' || p.src[p.i] == '$') {
		p.i++
	}
	if word := p.src[start:p.i]; p.i < len(p.src) && p.src[p.i] == ':' || len(word) >= minNumber && word[0] >= '0' && word[0] <= '9' {
		p.pending, p.has = word, true
	}
}

// minNumber is the length from which a number can be a post's.
const minNumber = 15

func (p *stateScan) open(c byte) {
	f := stateFrame{open: c, first: len(p.pieces)}
	if n := len(p.stack); n > 0 {
		f.name = p.stack[n-1].key
		if p.stack[n-1].open == '[' {
			f.name = p.stack[n-1].name
		}
	}
	p.has = false
	if n := len(p.stack); c == '{' && n > 0 && p.stack[n-1].component != "" {
		f.kind = p.stack[n-1].component
		f.typed.kind(p.w.f, f.kind)
	}
	if len(p.stack) < maxStateDepth {
		p.stack = append(p.stack, f)
	}
}

// close ends an object or array: what its members say of it holds for the
// pieces in it.
func (p *stateScan) close() {
	n := len(p.stack) - 1
	if n < 0 {
		return
	}
	f := &p.stack[n]
	p.stack = p.stack[:n]
	p.named(f)
	article := f.open == '{' && f.title != "" && len(f.urls) > 0
	who := p.owner(f)
	p.store.refer(p, f, f.reference())
	p.store.keep(p, f, who)
	if who != ownerUnknown {
		for i := f.first; i < len(p.pieces); i++ {
			if p.pieces[i].owner == ownerUnknown {
				p.pieces[i].owner = who
			}
		}
		article = true
	}
	for i := len(p.pieces) - 1; i >= f.first && f.kind != ""; i-- {
		if q := &p.pieces[i]; q.kind == "" && q.depth-n <= 2 {
			q.kind = f.kind
		}
	}
	if p.store.entity(p, f) {
		article = true
	}
	if n > 0 && !article {
		up := &p.stack[n-1]
		for _, s := range f.samples {
			up.sample(s)
		}
	}
	p.headline(f)
}

// typedKind is the kind of a piece that an object names by platform and id.
const typedKind = "embed"

// named adds the post that an object names by platform and id, or hands what it
// tells to the object around it.
func (p *stateScan) named(f *stateFrame) {
	if f.open == '{' {
		f.typed.called(p.w.f, f.name)
	}
	if len(f.typed.ids) == 0 || len(p.pieces) >= maxStatePieces {
		return
	}
	if l, ok := f.typed.post(p.w.f); ok {
		for i := f.first; i < len(p.pieces); i++ {
			if q := &p.pieces[i]; q.kind == "" && strings.Contains(q.raw, l.target.Ref.ID) {
				q.kind = typedKind
			}
		}
		if f.first < len(p.pieces) {
			// What an address tells is surer.
			return
		}
		p.pieces = append(p.pieces, statePiece{raw: l.target.URL, kind: typedKind, key: f.name, root: p.root(), depth: len(p.stack) + 1})
		return
	}
	if n := len(p.stack); n > 0 {
		p.stack[n-1].typed.within(&f.typed)
	}
}

// owner says whose article an object is, or the texts in a list are of.
func (p *stateScan) owner(f *stateFrame) owner {
	who := ownerUnknown
	if f.open == '{' && (f.title != "" || len(f.urls) > 0) && (f.first < len(p.pieces) || len(f.name) >= minOwnName || p.store != nil && entityName(f.name)) {
		who = p.facts.article(f.title, f.urls)
		if who == ownerThis && len(f.name) >= minOwnName && len(p.own) < 10 {
			p.own = append(p.own, f.name)
		}
	}
	switch {
	case f.first == len(p.pieces):
		return who
	case wordsIn(f.name)&wordStrong != 0:
		return ownerOther
	case who != ownerUnknown:
		return who
	}
	for _, s := range f.samples {
		if p.looked < maxLooks && p.kin(s) {
			return ownerThis
		}
	}
	return ownerUnknown
}

// minOwnName is the length from which the name of an object tells it apart:
// stores of data name their objects by type and id.
const minOwnName = 12

// claim gives the pieces whose names say so to this article.
func (p *stateScan) claim() {
	for i := range p.pieces {
		q := &p.pieces[i]
		for _, name := range p.own {
			if q.owner == ownerUnknown && strings.Contains(q.root, name) {
				q.owner = ownerThis
			}
		}
	}
}

// The bounds of comparing texts.
const (
	maxSamples = 4
	maxLooks   = 300
	// minSample is the length from which a text tells articles apart.
	minSample = 60
)

// sample remembers a longer text. It is escaped as it stands in the data.
func (f *stateFrame) sample(raw string) {
	if len(f.samples) < maxSamples && len(raw) >= minSample {
		f.samples = append(f.samples, raw)
	}
}

// kin reports whether a text, which may be markup, is of the article that the
// page shows: one of its first longer passages stands in it.
func (p *stateScan) kin(text string) bool {
	p.looked++
	text = unescapeEntities(unescapeJSON(clip(text, 4<<10)))
	for range 12 {
		passage, rest, more := strings.Cut(text, "<")
		passage = collapse(clip(passage, 400))
		if len(passage) >= minSample-20 && strings.Contains(p.page(), clip(passage, 120)) {
			return true
		}
		if !more {
			return false
		}
		_, text, _ = strings.Cut(rest, ">")
	}
	return false
}

// headline hands the title that an object of its own holds, {"basic": …} or
// {"rendered": …}, to the object around it.
func (p *stateScan) headline(f *stateFrame) {
	n := len(p.stack)
	if n > 0 && p.stack[n-1].title == "" && titleKey(f.name) && f.open == '{' {
		p.stack[n-1].title = f.title
	}
}

// value looks at a string that turned out to be a value.
func (p *stateScan) value(layer int) {
	if !p.has {
		return
	}
	p.has = false
	raw := p.pending
	key, name, depth := "", "", len(p.stack)
	if depth > 0 {
		f := &p.stack[depth-1]
		key, name = f.key, f.name
		if f.open == '[' {
			key = f.name
			p.element(f, raw)
		}
		name = p.around(name)
		if f.open == '{' {
			p.note(f, key, raw)
			f.typed.see(p.w.f, key, raw)
		}
	}
	if len(raw) < 12 || len(p.pieces) >= maxStatePieces {
		return
	}
	markup := strings.IndexByte(raw, '<') >= 0 || strings.Contains(raw, `\u003`) || strings.Contains(raw, "&lt;")
	if data := looksLikeData(raw); data && layer < maxLayers-1 && len(raw) > 64 && p.w.spend(len(raw)) {
		p.run(unescapeJSON(raw), layer+1)
		return
	}
	if !markup && len(raw) <= 2048 && embedName(key) {
		if l, ok := p.w.f.carried(raw); ok {
			raw = l.target.URL
		}
	}
	if !markup && (len(raw) > 2048 || !p.w.f.postIn(raw)) {
		if depth > 0 && len(raw) >= minSample && strings.Count(raw[:minSample], " ") > 3 {
			p.stack[depth-1].sample(raw)
		}
		return
	}
	p.pieces = append(p.pieces, statePiece{raw: raw, key: key, outer: name, root: p.root(), depth: depth, markup: markup})
	if markup && depth > 0 {
		p.stack[depth-1].sample(raw)
	}
}

// around returns the name that tells what the object around a string is: where
// that is one of those in which data of any kind is put, the next outer one's.
func (p *stateScan) around(name string) string {
	for i := len(p.stack) - 2; i > 0 && i >= len(p.stack)-4; i-- {
		switch name {
		case "src", "source", "url", "urls", "href", "link", "attrs", "attributes", "props", "data", "value", "params":
			name = p.stack[i].name
		default:
			return name
		}
	}
	return name
}

// element takes in a string of a list. A list that begins with "$" is an element
// of React, and names its component second.
func (p *stateScan) element(f *stateFrame, raw string) {
	switch f.strings++; {
	case f.strings == 1 && raw == "$":
		f.component = "$"
	case f.strings == 2 && f.component == "$":
		f.component = strings.TrimPrefix(raw, "$")
	case f.strings == 2:
		f.component = ""
	}
	if f.name == "__refs" {
		p.store.refer(p, f, raw)
	}
}

// root returns the longest of the names of what the scan is in.
func (p *stateScan) root() string {
	longest := ""
	for i := range min(len(p.stack), 12) {
		if name := p.stack[i].name; len(name) > len(longest) {
			longest = name
		}
	}
	return longest
}

// looksLikeData reports whether a string holds data itself, with its quotation
// marks escaped.
func looksLikeData(raw string) bool {
	return len(raw) > 1 && (raw[0] == '{' || raw[0] == '[') && strings.Contains(raw[:min(len(raw), 256)], `\"`)
}

// postIn reports whether a string begins with the address of a post.
func (f *Finder) postIn(raw string) bool {
	for _, slashes := range []string{"//", `\/\/`, `u002F\u002F`, `u002f\u002f`} {
		if i := strings.Index(raw[:min(len(raw), 64)], slashes); i >= 0 {
			return f.postAt(raw[i+len(slashes):])
		}
	}
	return false
}

// note remembers what a member says of its object.
func (p *stateScan) note(f *stateFrame, key, raw string) {
	if len(raw) > maxTitleBytes {
		return
	}
	switch {
	case key == "__ref":
		p.store.refer(p, f, raw)
	case key == "id" || key == "__id":
		f.id = raw
	case f.kind == "" && kindKey(key):
		f.kind = raw
	case f.title == "" && (titleKey(key) || titleKey(f.name) && (key == "basic" || key == "rendered" || key == "default" || key == "text" || key == "main")):
		f.title = unescapeJSON(raw)
	case len(f.urls) < 4 && addressKey(key) && len(raw) >= 6 && !p.w.f.postIn(raw):
		f.urls = append(f.urls, unescapeJSON(raw))
	}
}
