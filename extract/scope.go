package extract

import (
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// survey is what a first look over a page finds out: where the article stands,
// and what is certainly not part of it.
type survey struct {
	blocks []surveyBlock
	// strong and weak are the elements that call themselves something else
	// than an article.
	strong map[*html.Node]wordFlags
	weak   map[*html.Node]bool
	// lists are those of the weak ones that call themselves lists of other
	// stories.
	lists map[*html.Node]bool
	// bodies are the elements that call themselves the article's text, in order.
	bodies []*html.Node
	// misnomers are the classes of elements whose names misled.
	misnomers map[string]bool
	// several is true where the page has other stories, which may have no name.
	several bool
	// headings are the blocks that first headings stand in, in order.
	headings []int
	// holds are the elements that the article stands in, with the number of
	// bytes of text in each.
	holds map[*html.Node]int
	// zone is the article with what belongs to it; nil where there is none.
	zone *html.Node
	// core is what the zone was before all that stands around it was added.
	core *html.Node
	meta *metaReader
}

// surveyBlock is an element that is no part of a line, with what is below it.
type surveyBlock struct {
	n      *html.Node
	parent int32
	// text counts the bytes of all words, link those in links.
	text, link int32
	// mass counts the words in paragraphs outside of links and of everything
	// that calls itself no article; hidden counts those inside.
	mass, hidden int32
	region       bool
	// own counts the words outside of links that stand in this block itself.
	own int32
}

// minParagraph is the number of bytes from which a block's words count as a
// paragraph. Labels, buttons and dates are shorter.
const minParagraph = 40

// maxBodies bounds the elements that are remembered as the article's text.
const maxBodies = 100

// look surveys a page of so many tags.
func look(doc *html.Node, meta *metaReader, tags int) *survey {
	s := &survey{strong: map[*html.Node]wordFlags{}, weak: map[*html.Node]bool{}, lists: map[*html.Node]bool{}, holds: map[*html.Node]int{}, misnomers: map[string]bool{}, meta: meta}
	// On most pages one tag in five or six begins a block.
	s.blocks = append(make([]surveyBlock, 0, tags/5+16), surveyBlock{n: doc, parent: -1})
	s.children(doc, 0, surveyPlace{})
	for i := len(s.blocks) - 1; i > 0; i-- {
		up := &s.blocks[s.blocks[i].parent]
		up.text += s.blocks[i].text
		up.link += s.blocks[i].link
	}
	s.renameAlike()
	s.weigh()
	s.unhide(0)
	s.settle()
	return s
}

// surveyPlace is what holds for all that is below an element.
type surveyPlace struct {
	link, main bool
	// strong is the innermost of the elements around that call themselves no
	// article by name.
	strong *strongName
}

// strongName is a list of elements, innermost first.
type strongName struct {
	n     *html.Node
	outer *strongName
}

func (s *survey) children(n *html.Node, block int, p surveyPlace) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case html.TextNode:
			if size := int32(wordBytes(c.Data)); size > 0 {
				b := &s.blocks[block]
				b.text += size
				if p.link {
					b.link += size
				} else {
					b.own += size
				}
			}
		case html.ElementNode:
			s.element(c, block, p)
		}
	}
}

// wordBytes counts the bytes of s without the white space around it.
func wordBytes(s string) int {
	i, j := 0, len(s)
	for i < j && isHTMLSpace(s[i]) {
		i++
	}
	for j > i && isHTMLSpace(s[j-1]) {
		j--
	}
	return j - i
}

func (s *survey) element(n *html.Node, block int, p surveyPlace) {
	s.meta.see(n)
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Svg, atom.Textarea, atom.Select, atom.Button, atom.Title:
		return
	case atom.A:
		p.link = true
	case atom.Main:
		p.main = true
		s.rename(p.strong)
	case atom.H1:
		s.rename(p.strong)
		if len(s.headings) < maxBodies {
			s.headings = append(s.headings, block)
		}
	case atom.Article:
		p.main = true
	}
	if s.region(n, p.main) {
		p.strong = &strongName{n, p.strong}
	}
	if isContainer(n.DataAtom) {
		s.blocks = append(s.blocks, surveyBlock{n: n, parent: int32(block)})
		mine := len(s.blocks) - 1
		s.children(n, mine, p)
		return
	}
	s.children(n, block, p)
}

// rename takes back what the names of elements say that turn out to hold the
// page's main part or a first heading.
func (s *survey) rename(list *strongName) {
	for ; list != nil; list = list.outer {
		delete(s.strong, list.n)
		if class := Attr(list.n, "class"); class != "" && len(s.misnomers) < maxBodies {
			s.misnomers[class] = true
		}
	}
}

// renameAlike takes back what names say that were misleading elsewhere on the
// page.
func (s *survey) renameAlike() {
	if len(s.misnomers) == 0 {
		return
	}
	for n, words := range s.strong {
		if words&wordComments == 0 && s.misnomers[Attr(n, "class")] {
			delete(s.strong, n)
		}
	}
}

// region notes what n calls itself. It reports whether it is by its name alone
// that n is no part of the article.
func (s *survey) region(n *html.Node, main bool) bool {
	var words wordFlags
	switch n.DataAtom {
	case atom.Html, atom.Body, atom.Main:
		return false
	case atom.Nav, atom.Footer:
		words = wordStrong
	case atom.Aside:
		if wordsOf(n)&wordEmbed == 0 {
			words = wordStrong
		}
	case atom.Header:
		if !main {
			words = wordWeak
		}
	}
	if len(n.Attr) > 0 {
		words |= wordsOf(n)
	}
	if words&wordBody != 0 && words&wordStrong == 0 && len(s.bodies) < maxBodies && isContainer(n.DataAtom) {
		s.bodies = append(s.bodies, n)
	}
	switch {
	case words&wordStrong != 0:
		s.strong[n] = words
		return n.DataAtom != atom.Nav && n.DataAtom != atom.Footer && n.DataAtom != atom.Aside
	case words&wordWeak != 0 && words&wordEmbed == 0:
		s.weak[n] = true
		if words&wordOthers != 0 {
			s.lists[n] = true
		}
	}
	return false
}

// weigh adds up the blocks: what is in a block is in those around it.
func (s *survey) weigh() {
	for i := range s.blocks {
		b := &s.blocks[i]
		b.mass, b.hidden = 0, 0
		b.region = i > 0 && s.blocks[b.parent].region || s.strong[b.n] != 0
		switch {
		case b.own < minParagraph:
		case b.region:
			b.hidden = b.own
		default:
			b.mass = b.own
		}
	}
	for i := len(s.blocks) - 1; i > 0; i-- {
		up := &s.blocks[s.blocks[i].parent]
		up.mass += s.blocks[i].mass
		up.hidden += s.blocks[i].hidden
	}
}

// unhide handles a page most of whose words stand in something that calls
// itself no article, as style sheets' names can mislead. The first of the
// larger such things is the article, unless that is what readers say.
func (s *survey) unhide(depth int) {
	all := &s.blocks[0]
	mass := all.mass
	if int(all.hidden) <= 3*int(all.mass) || all.mass >= 1500 {
		return
	}
	for _, not := range []wordFlags{wordComments, 0} {
		most, first := int32(0), -1
		for i := range s.blocks {
			if s.misleads(&s.blocks[i], not) {
				most = max(most, s.blocks[i].hidden)
			}
		}
		for i := range s.blocks {
			if b := &s.blocks[i]; s.misleads(b, not) && int(b.hidden)*4 >= int(most) && first < 0 {
				first = i
			}
		}
		if first >= 0 && int(most) > 2*int(all.mass) {
			s.rename(&strongName{n: s.blocks[first].n})
			s.renameAlike()
			s.weigh()
			if depth < 4 && all.mass == mass {
				s.unhide(depth + 1)
			}
			return
		}
		if all.mass >= 400 {
			return
		}
	}
}

// misleads reports whether a block that calls itself no article can be one all
// the same: it is no such element by its kind, has words and not just links.
func (s *survey) misleads(b *surveyBlock, not wordFlags) bool {
	switch b.n.DataAtom {
	case atom.Nav, atom.Footer, atom.Aside:
		return false
	}
	words := s.strong[b.n]
	return words != 0 && words&not == 0 && b.hidden > 0 && int(b.link)*2 < int(b.text)
}

// settle finds the article: the smallest block that has most of the page's
// paragraphs, with what stands around it up to the next list of links.
func (s *survey) settle() {
	if s.blocks[0].mass == 0 {
		return
	}
	at := int32(s.body())
	if at == 0 {
		need := int32(int(s.blocks[0].mass) * 7 / 10)
		for i := 1; i < len(s.blocks); i++ {
			if s.blocks[i].parent == at && s.blocks[i].mass >= need {
				at = int32(i)
			}
		}
	}
	at = s.one(at)
	for i := at; i >= 0; i = s.blocks[i].parent {
		for n := s.blocks[i].n; n != nil && !s.holding(n); n = n.Parent {
			s.holds[n] = int(s.blocks[i].text)
		}
	}
	s.core = s.blocks[at].n
	for s.blocks[at].parent > 0 {
		b, up := &s.blocks[at], &s.blocks[s.blocks[at].parent]
		text, link := up.text-b.text, up.link-b.link
		if up.n.DataAtom == atom.Body || up.n.DataAtom == atom.Html || link > 200 && int(link)*3 > int(text) {
			break
		}
		at = b.parent
	}
	s.zone = s.blocks[at].n
	s.columns()
}

// one returns the block of the page's own article where block at has several,
// each with a first heading: pages that go on with the next story have. It is
// the one with the page's title, else the first.
func (s *survey) one(at int32) int32 {
	var parts []int32
	own := int32(-1)
	for i, h := range s.headings {
		part := int32(h)
		for part > at && s.blocks[part].parent != at {
			part = s.blocks[part].parent
		}
		if part <= at || s.blocks[part].mass < minStory || len(parts) > 0 && parts[len(parts)-1] == part {
			continue
		}
		parts = append(parts, part)
		if own < 0 && i < len(s.meta.headings) && s.meta.titled(s.meta.headings[i]) {
			own = part
		}
	}
	if len(parts) < 2 {
		return at
	}
	if own < 0 {
		own = parts[0]
	}
	s.several = true
	for _, part := range parts {
		if part != own {
			s.strong[s.blocks[part].n] = wordStrong
		}
	}
	return own
}

// minStory is the number of bytes of text in paragraphs from which a part of a
// page with a first heading is a story of its own.
const minStory = 500

// body returns the block that calls itself the article's text, 0 where there is
// none, where it has too little of the page's words, or where several have as
// much, as the entries of a live blog do.
func (s *survey) body() int {
	best, second, k := 0, 0, 0
	for i := 1; i < len(s.blocks) && k < len(s.bodies); i++ {
		if s.blocks[i].n != s.bodies[k] {
			continue
		}
		k++
		switch {
		case s.inside(i, best) && int(s.blocks[i].mass)*2 > int(s.blocks[best].mass):
			best = i
		case s.inside(i, best):
		case best == 0 || s.blocks[i].mass > s.blocks[best].mass:
			best, second = i, best
		case second == 0 || s.blocks[i].mass > s.blocks[second].mass:
			second = i
		}
	}
	if b := &s.blocks[best]; best == 0 || b.mass < 800 || int(b.mass)*7 < int(s.blocks[0].mass) || second > 0 && int(s.blocks[second].mass)*4 > int(b.mass) {
		return 0
	}
	return best
}

// inside reports whether block i is inside of block j, which may be 0 for none.
func (s *survey) inside(i, j int) bool {
	for ; j > 0 && i > j; i = int(s.blocks[i].parent) {
		if int(s.blocks[i].parent) == j {
			return true
		}
	}
	return false
}

// holding reports whether the article stands in n.
func (s *survey) holding(n *html.Node) bool {
	_, ok := s.holds[n]
	return ok
}

// excludes reports whether n is not part of the article; inside says whether it
// stands inside of the article's zone, core whether in what has its words.
func (s *survey) excludes(n *html.Node, inside, core bool) bool {
	if len(n.Attr) == 0 && !s.several && n.DataAtom != atom.Nav && n.DataAtom != atom.Footer && n.DataAtom != atom.Aside && n.DataAtom != atom.Header {
		return false
	}
	if s.strong[n] != 0 {
		return !s.holding(n)
	}
	return (!inside || !core && s.lists[n]) && s.weak[n] && !s.holding(n)
}
