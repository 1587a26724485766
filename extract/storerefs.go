package extract

import "strings"

// storeRefs tells whose article the objects of a store are that only refer to
// each other by name, as those of Apollo and Relay do: {"Article:1": {"body":
// [{"__ref": "Tweet:2"}]}, "Tweet:2": {…}}. A nil store has none.
type storeRefs struct {
	entities []entity
	refs     []storeRef
}

// entity is an object that has a name under which others refer to it.
type entity struct {
	name string
	// depth is how deep the object stands.
	depth int
	// first and end bound its pieces.
	first, end int
	owner      owner
	// kin is true where its words are the page's.
	kin bool
}

// storeRef is a reference. path are the names of the objects that it stands in,
// from the outermost.
type storeRef struct {
	path []string
	to   string
	// strong is true where it stands in a list of other articles.
	strong bool
}

// The bounds of what is remembered of a store.
const (
	maxEntities  = 50000
	maxStoreRefs = 50000
	// maxStorePath is how deep the objects of a store may stand.
	maxStorePath = 8
)

// newStoreRefs returns the store for a text, nil where nothing in it refers to
// anything.
func newStoreRefs(text string) *storeRefs {
	if strings.Contains(text, `"__ref`) || strings.Contains(text, `"typename"`) {
		return &storeRefs{}
	}
	return nil
}

// reference returns the name to which an object refers that stands for another:
// {"type": "id", "id": "Tweet:2"}.
func (f *stateFrame) reference() string {
	if f.kind == "id" {
		return f.id
	}
	return ""
}

// refer takes in a reference in f.
func (st *storeRefs) refer(p *stateScan, f *stateFrame, to string) {
	if st == nil || to == "" || len(st.refs) >= maxStoreRefs {
		return
	}
	r := storeRef{to: to}
	for i := range min(len(p.stack), maxStorePath) {
		r.path = append(r.path, p.stack[i].name)
	}
	for i := range p.stack {
		r.strong = r.strong || i > 0 && !entityName(p.stack[i].name) && otherStories(p.stack[i].name)
	}
	r.strong = r.strong || otherStories(f.name)
	st.refs = append(st.refs, r)
}

// otherStories reports whether the name of a member says that it leads to other
// articles.
func otherStories(name string) bool {
	return name != "" && wordsIn(name)&(wordStrong|wordWeak) != 0
}

// entity reports whether a closed object has a name under which others refer to
// it: then what it says is said of itself only.
func (st *storeRefs) entity(p *stateScan, f *stateFrame) bool {
	n := len(p.stack)
	return st != nil && f.open == '{' && n > 0 && n < maxStorePath && p.stack[n-1].open == '{' && (entityName(f.name) || f.id != "" && f.id == f.name)
}

// entityName reports whether a name is that of an object in a store, Article:1,
// and none of a member.
func entityName(name string) bool { return strings.ContainsAny(name, ":.$=") }

// keep takes in a closed object.
func (st *storeRefs) keep(p *stateScan, f *stateFrame, who owner) {
	if !st.entity(p, f) || len(st.entities) >= maxEntities {
		return
	}
	e := entity{name: f.name, depth: len(p.stack), first: f.first, end: len(p.pieces), owner: who}
	for _, s := range f.samples {
		if p.looked < maxLooks && p.kin(s) {
			e.kin = true
			break
		}
	}
	st.entities = append(st.entities, e)
}

// settle says of the pieces whose names do not tell whose article's they are: of
// those to which this article leads, of those to which only others do.
func (st *storeRefs) settle(pieces []statePiece) {
	if st == nil || len(st.refs) == 0 {
		return
	}
	g := st.graph()
	this, other := g.from(ownerThis), g.from(ownerOther)
	for name, e := range g.entities {
		who := ownerUnknown
		switch {
		case this[name]:
			who = ownerThis
		case other[name]:
			who = ownerOther
		}
		for i := e.first; i < e.end && who != ownerUnknown; i++ {
			if pieces[i].owner == ownerUnknown {
				pieces[i].owner = who
			}
		}
	}
}

// storeGraph is a store as a graph: its objects by name, and where they lead.
type storeGraph struct {
	entities map[string]*entity
	leads    map[string][]string
}

// graph returns the objects of the depth at which the first object stands that
// anything refers to.
func (st *storeRefs) graph() storeGraph {
	g := storeGraph{entities: map[string]*entity{}, leads: map[string][]string{}}
	targets := make(map[string]bool, len(st.refs))
	for i := range st.refs {
		targets[st.refs[i].to] = true
	}
	depth := -1
	for i := range st.entities {
		if e := &st.entities[i]; targets[e.name] && (depth < 0 || e.depth < depth) {
			depth = e.depth
		}
	}
	for i := range st.entities {
		if e := &st.entities[i]; e.depth == depth {
			g.entities[e.name] = e
		}
	}
	for i := range st.refs {
		r := &st.refs[i]
		if depth < 0 || depth >= len(r.path) || g.entities[r.path[depth]] == nil || g.entities[r.to] == nil {
			continue
		}
		from := r.path[depth]
		if g.entities[r.to].kin && g.entities[from].owner == ownerUnknown && !rootName(from) {
			// What leads to the page's words is its article.
			g.entities[from].owner = ownerThis
		}
		if !r.strong {
			g.leads[from] = append(g.leads[from], r.to)
		}
	}
	return g
}

// rootName reports whether a name is that of the object from which all that was
// asked for is reached.
func rootName(name string) bool {
	return strings.HasPrefix(name, "ROOT_") || strings.HasPrefix(name, "client:root")
}

// from returns the objects to which those of an owner lead, and these themselves.
// Another owner's are not entered.
func (g storeGraph) from(who owner) map[string]bool {
	reached := map[string]bool{}
	var todo []string
	for name, e := range g.entities {
		if e.owner == who && !rootName(name) {
			reached[name] = true
			todo = append(todo, name)
		}
	}
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, to := range g.leads[name] {
			if e := g.entities[to]; !reached[to] && (e.owner == who || e.owner == ownerUnknown) {
				reached[to] = true
				todo = append(todo, to)
			}
		}
	}
	return reached
}
