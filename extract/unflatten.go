package extract

import (
	"strconv"
	"strings"
)

// unflatten returns as a tree what a page keeps as one list the elements of which
// refer to each other by number, so that nothing is written twice: the data of
// Nuxt ([["Reactive",1],{"data":2},…]), and of Remix and React Router, which
// replace the names of members, too ([{"_1":2},"loaderData",…]).
func unflatten(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if call := `.enqueue("`; strings.Contains(text[:min(len(text), 128)], call) {
		_, rest, _ := strings.Cut(text, call)
		end := stringEnd(rest, 0, '"')
		if end < 0 {
			return "", false
		}
		text = strings.TrimSpace(unescapeJSON(rest[:end]))
	}
	if len(text) < 8 || text[0] != '[' || text[1] != '[' && text[1] != '{' {
		return "", false
	}
	v, ok := parseJSON(text)
	if !ok || v.kind != '[' || !flat(&v) {
		return "", false
	}
	x := unflattener{all: v.members, seen: make([]bool, len(v.members)), left: 2*len(text) + 4096}
	x.write(0, 0)
	return x.b.String(), true
}

// flat reports whether the first element of a list has nothing but numbers of
// others in it.
func flat(v *jsonValue) bool {
	if len(v.members) < 3 {
		return false
	}
	first := &v.members[0].value
	for i := range first.members {
		m := &first.members[i].value
		if i == 0 && first.kind == '[' && m.kind == '"' {
			continue
		}
		if n, err := strconv.Atoi(m.raw); m.kind != 0 || err != nil || n >= len(v.members) {
			return false
		}
	}
	return len(first.members) > 0
}

// unflattener writes the elements of a flat list where they are referred to.
type unflattener struct {
	all  []jsonMember
	seen []bool
	b    strings.Builder
	// left is how many bytes may still be written.
	left int
}

// write writes element i. Objects and lists are written once: they can refer to
// themselves.
func (x *unflattener) write(i, depth int) {
	if i < 0 || i >= len(x.all) || depth > maxJSONDepth || x.left <= 0 {
		x.put("null")
		return
	}
	v := &x.all[i].value
	switch v.kind {
	case '"':
		x.put(`"` + v.raw + `"`)
		return
	case 0:
		x.put(v.raw)
		return
	}
	if x.seen[i] {
		x.put("null")
		return
	}
	x.seen[i] = true
	if inner, ok := revived(v); ok {
		x.ref(inner, depth)
		return
	}
	x.put(string(v.kind))
	for k := range v.members {
		if k > 0 {
			x.put(",")
		}
		if v.kind == '{' {
			x.put(`"` + x.name(v.members[k].key) + `":`)
		}
		x.ref(&v.members[k].value, depth)
	}
	x.put(map[byte]string{'{': "}", '[': "]"}[v.kind])
}

// revived returns the only element of a list that names what kind of value it
// wraps: ["Reactive", 1].
func revived(v *jsonValue) (*jsonValue, bool) {
	if v.kind != '[' || len(v.members) != 2 || v.members[0].value.kind != '"' {
		return nil, false
	}
	return &v.members[1].value, true
}

// ref writes what a number refers to; anything else stands for itself.
func (x *unflattener) ref(v *jsonValue, depth int) {
	n, err := strconv.Atoi(v.raw)
	switch {
	case v.kind == 0 && err == nil:
		x.write(n, depth+1)
	case v.kind == '"':
		x.put(`"` + v.raw + `"`)
	default:
		x.put("null")
	}
}

// name returns the name of a member, which may itself be kept as an element.
func (x *unflattener) name(key string) string {
	digits, ok := strings.CutPrefix(key, "_")
	if n, err := strconv.Atoi(digits); ok && err == nil && n >= 0 && n < len(x.all) && x.all[n].value.kind == '"' {
		return x.all[n].value.raw
	}
	return strings.ReplaceAll(key, `"`, `\"`)
}

func (x *unflattener) put(s string) {
	x.left -= len(s)
	x.b.WriteString(s)
}
