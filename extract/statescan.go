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
	inner := stateScan{w: p.w, facts: p.facts, src: text, pieces: p.pieces, page: p.page, own: p.own, looked: p.looked}
	inner.scan(layer)
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
	if p.i < len(p.src) && p.src[p.i] == ':' {
		p.pending, p.has = p.src[start:p.i], true
	}
}

func (p *stateScan) open(c byte) {
	f := stateFrame{open: c, first: len(p.pieces)}
	if n := len(p.stack); n > 0 {
		f.name = p.stack[n-1].key
		if p.stack[n-1].open == '[' {
			f.name = p.stack[n-1].name
		}
	}
	p.has = false
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
	article := f.open == '{' && f.title != "" && len(f.urls) > 0
	if who := p.owner(f); who != ownerUnknown {
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
	if n > 0 && !article {
		up := &p.stack[n-1]
		for _, s := range f.samples {
			up.sample(s)
		}
	}
	p.headline(f)
}

// owner says whose article an object is, or the texts in a list are of.
func (p *stateScan) owner(f *stateFrame) owner {
	who := ownerUnknown
	if f.open == '{' && (f.title != "" || len(f.urls) > 0) && (f.first < len(p.pieces) || len(f.name) >= minOwnName) {
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
		}
		if f.open == '{' {
			p.note(f, key, raw)
		}
	}
	if len(raw) < 12 || len(p.pieces) >= maxStatePieces {
		return
	}
	if tweetKey(key) && len(raw) >= 16 && len(raw) <= 20 && strings.Trim(raw, "0123456789") == "" {
		raw = "https://twitter.com/i/status/" + raw
	}
	markup := strings.IndexByte(raw, '<') >= 0 || strings.Contains(raw, `\u003`) || strings.Contains(raw, "&lt;")
	if data := looksLikeData(raw); data && layer < maxLayers-1 && len(raw) > 64 && p.w.spend(len(raw)) {
		p.run(unescapeJSON(raw), layer+1)
		return
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
	case f.kind == "" && kindKey(key):
		f.kind = raw
	case f.title == "" && (titleKey(key) || titleKey(f.name) && (key == "basic" || key == "rendered" || key == "default" || key == "text" || key == "main")):
		f.title = unescapeJSON(raw)
	case len(f.urls) < 4 && addressKey(key) && len(raw) >= 6 && !p.w.f.postIn(raw):
		f.urls = append(f.urls, unescapeJSON(raw))
	}
}

// tweetKey reports whether a member is called as one that holds the id of a tweet.
func tweetKey(key string) bool {
	switch key {
	case "tweetId", "tweetID", "tweet_id", "tweetid", "twitterId", "twitter_id", "tweet-id":
		return true
	}
	return false
}

func kindKey(key string) bool {
	switch key {
	case "type", "@type", "__typename", "_type", "subtype", "is", "component", "kind", "provider", "providerName", "provider_name", "platform", "network",
		"service", "embedType", "embed_type", "blockType", "block_type", "elementType", "contentType", "content_type", "widgetType", "mediaType", "blockName":
		return true
	}
	return false
}

func titleKey(key string) bool {
	switch key {
	case "headline", "title", "headlines", "Title", "Headline", "pageTitle", "seoTitle", "articleTitle", "postTitle", "post_title", "displayTitle":
		return true
	}
	return false
}

func addressKey(key string) bool {
	switch key {
	case "url", "canonical_url", "canonicalUrl", "canonicalURL", "canonical", "website_url", "link", "permalink", "uri", "webUrl", "webURL", "shareUrl", "share_url",
		"path", "slug", "pathname", "guid", "fullUrl", "full_url", "publicUrl", "articleUrl", "Url", "URL", "Permalink", "relativeUrl", "seoUrl", "sourceUrl", "shortUrl", "url_path", "post_name":
		return true
	}
	return false
}
