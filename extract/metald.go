package extract

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// ldArticle returns the object of the page's JSON-LD that describes the
// article: the one that names the page's address where several do, else the
// first; an empty value where there is none.
func (m *metaReader) ldArticle() *jsonValue {
	var list, pages []*jsonValue
	for i := range m.ld {
		walkLD(&m.ld[i], 0, func(v *jsonValue) {
			switch types := ldTypes(v); {
			case slices.ContainsFunc(types, isArticleType):
				list = append(list, v)
			case slices.Contains(types, "WebPage"):
				pages = append(pages, v)
			}
		})
	}
	here := pathOf(cmp.Or(m.canonical, m.meta["og:url"]))
	for _, v := range list {
		if p := pathOf(ldURL(v)); p != "" && p == here {
			return v
		}
	}
	for _, v := range append(list, pages...) {
		return v
	}
	return &jsonValue{}
}

// walkLD shows every object to see that stands at the top, in a graph, or as
// the main entity; objects further in describe other things.
func walkLD(v *jsonValue, depth int, see func(*jsonValue)) {
	if depth > 4 {
		return
	}
	switch v.kind {
	case '[':
		for i := range v.members {
			walkLD(&v.members[i].value, depth+1, see)
		}
	case '{':
		see(v)
		for _, key := range []string{"@graph", "mainEntity"} {
			walkLD(v.get(key), depth+1, see)
		}
	}
}

// ldTypes returns the types of an object without what names the vocabulary.
func ldTypes(v *jsonValue) []string {
	var types []string
	for _, t := range each(v.get("@type")) {
		s := t.text()
		types = append(types, s[strings.LastIndexAny(s, "/:")+1:])
	}
	return types
}

func isArticleType(t string) bool {
	return strings.HasSuffix(t, "Article") || strings.HasSuffix(t, "BlogPosting") || t == "Report" || t == "Review" || t == "Recipe"
}

// ldURL returns the address of the page that an object describes.
func ldURL(v *jsonValue) string {
	for _, key := range []string{"mainEntityOfPage", "url"} {
		p := v.get(key)
		s := p.text()
		if p.kind == '{' {
			s = cmp.Or(p.get("@id").text(), p.get("url").text())
		}
		if hasWebScheme(s) {
			return s
		}
	}
	return ""
}

// pathOf returns what identifies a page: its address without scheme, query and
// decoration.
func pathOf(s string) string {
	u, err := url.Parse(s)
	if err != nil || strings.Trim(u.Path, "/") == "" {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Host), "www.") + strings.TrimSuffix(u.Path, "/")
}

// deref returns the object that v refers to by its @id, or v.
func (m *metaReader) deref(v *jsonValue) *jsonValue {
	id := v.get("@id").text()
	if id == "" || v.get("name").text() != "" {
		return v
	}
	for i := range m.ld {
		var hit *jsonValue
		walkLD(&m.ld[i], 0, func(o *jsonValue) {
			if hit == nil && o.get("@id").text() == id && o.get("name").text() != "" {
				hit = o
			}
		})
		if hit != nil {
			return hit
		}
	}
	return v
}

// each returns the elements of an array, or the value alone; nothing for a
// value that is not there.
func each(v *jsonValue) []*jsonValue {
	if v.kind == 0 && v.raw == "" {
		return nil
	}
	if v.kind != '[' {
		return []*jsonValue{v}
	}
	list := make([]*jsonValue, len(v.members))
	for i := range v.members {
		list[i] = &v.members[i].value
	}
	return list
}
