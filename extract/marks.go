package extract

import (
	"strings"

	"stet/extract/post"

	"golang.org/x/net/html"
)

// mark is a [Markup] with its place in the order of the sites.
type mark struct {
	Markup
	platform post.Platform
	order    int
}

// markIndex finds the markups that an element may satisfy, by the rarest of
// their conditions: class, then attribute, then element.
type markIndex struct {
	byClass, byAttr, byTag map[string][]*mark
	count                  int
	// maybe tells cheaply that a name is in none of the three: few are.
	maybe [256]bool
}

// hint returns the place of a name in maybe.
func hint(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]*3 + s[len(s)-1]*5 + s[len(s)/2]*7 + byte(len(s))*11
}

func (x *markIndex) add(s Site) {
	if x.byClass == nil {
		x.byClass, x.byAttr, x.byTag = map[string][]*mark{}, map[string][]*mark{}, map[string][]*mark{}
	}
	for _, m := range s.Markup() {
		x.count++
		for _, name := range []string{m.Class, m.Attr, m.Tag} {
			x.maybe[hint(name)] = true
		}
		k := &mark{Markup: m, platform: s.Platform(), order: x.count}
		switch {
		case m.Class != "":
			x.byClass[m.Class] = append(x.byClass[m.Class], k)
		case m.Attr != "":
			x.byAttr[m.Attr] = append(x.byAttr[m.Attr], k)
		case m.Tag != "":
			x.byTag[m.Tag] = append(x.byTag[m.Tag], k)
		}
	}
}

// matched is a reading together with where it comes from.
type matched struct {
	reading  Reading
	platform post.Platform
	form     string
	class    string
}

// read offers n to the markups whose conditions it satisfies, in the order of
// the sites, and returns the first reading.
func (x *markIndex) read(n *html.Node) (matched, bool) {
	var few [8]*mark
	list := few[:0]
	if x.maybe[hint(n.Data)] {
		for _, m := range x.byTag[n.Data] {
			list = insertMark(list, m)
		}
	}
	for i := range n.Attr {
		a := &n.Attr[i]
		if a.Key == "class" {
			for class := range strings.FieldsSeq(a.Val) {
				if x.maybe[hint(class)] {
					for _, m := range x.byClass[class] {
						list = insertMark(list, m)
					}
				}
			}
		}
		if x.maybe[hint(a.Key)] {
			for _, m := range x.byAttr[a.Key] {
				list = insertMark(list, m)
			}
		}
	}
	for _, m := range list {
		if m.Tag != "" && m.Tag != n.Data || m.Class != "" && !HasClass(n, m.Class) {
			continue
		}
		if m.Attr != "" {
			if _, ok := LookupAttr(n, m.Attr); !ok {
				continue
			}
		}
		if r, ok := m.Read(n); ok {
			return matched{reading: r, platform: m.platform, form: m.Form, class: m.Class}, true
		}
	}
	return matched{}, false
}

// insertMark keeps the list in the order of the sites and free of repetitions.
func insertMark(list []*mark, m *mark) []*mark {
	i := len(list)
	for i > 0 && list[i-1].order >= m.order {
		if list[i-1] == m {
			return list
		}
		i--
	}
	list = append(list, nil)
	copy(list[i+1:], list[i:])
	list[i] = m
	return list
}
