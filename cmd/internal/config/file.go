package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"stet/store"
)

// maxFile is the largest configuration file.
const maxFile = 1 << 20

// entry is one key as a source gives it.
type entry struct {
	key    string
	values []string
	// from says where it stands.
	from string
	// elements are those of a group.
	elements []element
}

// readFile reads a configuration file. It errors with os.ErrNotExist where
// there is none.
func readFile(path string) ([]entry, error) {
	body, err := readTrusted(path)
	if err != nil {
		return nil, err
	}
	return parseYAML(path, body)
}

// readTrusted reads a file that nobody else can have written.
func readTrusted(path string) (body []byte, err error) {
	// The link itself and what it leads to both have to be the person's own.
	link, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if link.Mode()&os.ModeSymlink != 0 {
		target, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !target.Mode().IsRegular() {
			return nil, fmt.Errorf("%w: %s is not a file", store.ErrUsage, path)
		}
	} else if !link.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a file", store.ErrUsage, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: the configuration cannot be read: %w", store.ErrUsage, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: the configuration cannot be read: %w", store.ErrUsage, err)
	}
	if err := trusted(path, info); err != nil {
		return nil, fmt.Errorf("%w: the configuration file %w", store.ErrUsage, err)
	}
	body, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%w: the configuration %s cannot be read: %w", store.ErrUsage, path, err)
	}
	if len(body) > maxFile {
		return nil, fmt.Errorf("%w: the configuration %s is larger than %d bytes", store.ErrUsage, path, maxFile)
	}
	return body, nil
}

// parseYAML reads the entries of a file. Duplicate keys are errors of the
// parser.
func parseYAML(path string, body []byte) ([]entry, error) {
	file, err := parser.ParseBytes(body, 0)
	if err != nil {
		if n := tabbed(body); n > 0 {
			return nil, fmt.Errorf("%w: %s:%d begins with a tab; YAML takes spaces there", store.ErrUsage, path, n)
		}
		return nil, fmt.Errorf("%w: %s is not valid YAML: %s", store.ErrUsage, path, yamlMessage(err))
	}
	w := walker{path: path}
	if len(file.Docs) > 1 {
		return nil, w.fail(file.Docs[1], "the file holds more than one document; only one is read")
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType {
			continue
		}
		if err := w.node("", doc.Body); err != nil {
			return nil, err
		}
	}
	return w.entries, nil
}

// tabbed returns the number of the first line that is indented with a tab, 0
// where there is none.
func tabbed(body []byte) int {
	n := 0
	for line := range bytes.Lines(body) {
		n++
		if rest := bytes.TrimLeft(line, " "); len(rest) > 0 && rest[0] == '\t' {
			return n
		}
	}
	return 0
}

// yamlMessage returns what the parser says, on one line.
func yamlMessage(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// walker collects the entries of a file.
type walker struct {
	path    string
	entries []entry
}

func (w *walker) at(n ast.Node) string {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return fmt.Sprintf("%s:%d", w.path, t.Position.Line)
	}
	return w.path
}

func (w *walker) fail(n ast.Node, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", store.ErrUsage, w.at(n), fmt.Sprintf(format, args...))
}

// node reads what stands under a name.
func (w *walker) node(name string, n ast.Node) error {
	switch n := n.(type) {
	case *ast.AnchorNode:
		return w.node(name, n.Value)
	case *ast.TagNode:
		return w.node(name, n.Value)
	case ast.MapNode:
		return w.mapping(name, n)
	case *ast.SequenceNode:
		return w.sequence(name, n)
	}
	if name == "" {
		return w.fail(n, "the file does not hold keys and values")
	}
	v, err := w.scalar(name, n)
	if err != nil {
		return err
	}
	w.entries = append(w.entries, entry{key: name, values: []string{v}, from: w.at(n)})
	return nil
}

func (w *walker) mapping(name string, n ast.MapNode) error {
	for it := n.MapRange(); it.Next(); {
		key := it.Key()
		full := keyText(key)
		if name != "" {
			full = name + "." + full
		}
		if err := w.known(full, key); err != nil {
			return err
		}
		if it.Value() == nil || it.Value().Type() == ast.NullType {
			continue // a key without a value sets nothing
		}
		if err := w.node(full, it.Value()); err != nil {
			return err
		}
	}
	return nil
}

func keyText(key ast.MapKeyNode) string {
	if s, ok := key.(*ast.StringNode); ok {
		return s.Value
	}
	return key.String()
}

// known errors where no key begins with the name.
func (w *walker) known(name string, at ast.Node) error {
	keys := Keys()
	if groupOf(name) != nil {
		return nil
	}
	if slices.ContainsFunc(keys, func(k Key) bool { return k.Name == name || strings.HasPrefix(k.Name, name+".") }) {
		return nil
	}
	if near := nearest(name, keys); near != "" {
		return w.fail(at, "unknown key %s; did you mean %s?", name, near)
	}
	return w.fail(at, "unknown key %s; `stet config print` lists the keys", name)
}

func (w *walker) sequence(name string, n *ast.SequenceNode) error {
	if name == "" {
		return w.fail(n, "the file does not hold keys and values")
	}
	if g := groupOf(name); g != nil {
		return w.group(g, n)
	}
	if k := find(name); k == nil || !k.List {
		return w.fail(n, "%s does not take a list", name)
	}
	values := []string{}
	for _, v := range n.Values {
		s, err := w.scalar(name, v)
		if err != nil {
			return err
		}
		values = append(values, s)
	}
	w.entries = append(w.entries, entry{key: name, values: values, from: w.at(n)})
	return nil
}

// group reads a list of mappings.
func (w *walker) group(g *group, n *ast.SequenceNode) error {
	e := entry{key: g.name, from: w.at(n)}
	for _, v := range n.Values {
		m, ok := v.(ast.MapNode)
		if !ok {
			return w.fail(v, "%s is a list of mappings, such as - url: https://…", g.name)
		}
		el := element{at: w.at(v), values: map[string][]string{}, pairs: map[string]map[string]string{}}
		for it := m.MapRange(); it.Next(); {
			if err := w.field(g, &el, it.Key(), it.Value()); err != nil {
				return err
			}
		}
		e.elements = append(e.elements, el)
	}
	w.entries = append(w.entries, e)
	return nil
}

// field reads one key of an element of a group.
func (w *walker) field(g *group, el *element, key ast.MapKeyNode, v ast.Node) error {
	name := keyText(key)
	list, known := g.fields[name]
	if !known {
		return w.fail(key, "unknown key %s in %s; it has %s", name, g.name, strings.Join(slices.Sorted(maps.Keys(g.fields)), ", "))
	}
	if v == nil || v.Type() == ast.NullType {
		return nil
	}
	full := g.name + "[]." + name
	if slices.Contains(g.pairs, name) {
		return w.pairs(full, el, name, v)
	}
	if s, ok := v.(*ast.SequenceNode); ok && list {
		for _, item := range s.Values {
			text, err := w.plain(full, item)
			if err != nil {
				return err
			}
			el.values[name] = append(el.values[name], text)
		}
		return nil
	}
	text, err := w.plain(full, v)
	el.values[name] = []string{text}
	return err
}

// pairs reads a field that is a mapping of names to values.
func (w *walker) pairs(full string, el *element, name string, v ast.Node) error {
	m, ok := v.(ast.MapNode)
	if !ok {
		return w.fail(v, "%s is a mapping of names to values", full)
	}
	el.pairs[name] = map[string]string{}
	for it := m.MapRange(); it.Next(); {
		if it.Value() == nil || it.Value().Type() == ast.NullType {
			continue
		}
		text, err := w.plain(full+"."+keyText(it.Key()), it.Value())
		if err != nil {
			return err
		}
		el.pairs[name][keyText(it.Key())] = text
	}
	return nil
}

// scalar reads one value as it is written.
func (w *walker) scalar(name string, n ast.Node) (string, error) {
	if k := find(name); k == nil {
		return "", w.fail(n, "%s holds further keys, not a value", name)
	}
	return w.plain(name, n)
}

// plain reads a value that is no list and no mapping.
func (w *walker) plain(name string, n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	case *ast.TagNode:
		return w.plain(name, n.Value)
	case *ast.AnchorNode:
		return w.plain(name, n.Value)
	case *ast.MappingNode, *ast.MappingValueNode:
		return "", w.fail(n, "%s takes a value, not further keys", name)
	}
	return "", w.fail(n, "%s takes a plain value", name)
}

// find returns the key with a name, nil where there is none.
func find(name string) *Key {
	keys := Keys()
	for i := range keys {
		if keys[i].Name == name {
			return &keys[i]
		}
	}
	return nil
}

// nearest returns the key, or group of keys, whose name is the most like one
// that is not known; empty where none is.
func nearest(name string, keys []Key) string {
	best, least := "", max(len(name)/3, 2)+1
	try := func(full, part string) {
		d := Distance(name, part)
		if strings.HasPrefix(part, name+"_") {
			d = min(d, 2) // its first word
		}
		if d < least {
			best, least = full, d
		}
	}
	for i := range keys {
		full := keys[i].Name
		for j, r := range full {
			if r == '.' {
				try(full[:j], full[:j])
				try(full[:j], full[strings.LastIndexByte(full[:j], '.')+1:j])
			}
		}
		try(full, full)
		try(full, full[strings.LastIndexByte(full, '.')+1:])
	}
	return best
}

// Distance returns how many letters have to be added, left out, changed or
// swapped with their neighbour to make one word of the other.
func Distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	two, one, row := []int(nil), make([]int, len(rb)+1), make([]int, len(rb)+1)
	for j := range one {
		one[j] = j
	}
	for i := range ra {
		row[0] = i + 1
		for j := range rb {
			cost := 1
			if ra[i] == rb[j] {
				cost = 0
			}
			row[j+1] = min(one[j+1]+1, row[j]+1, one[j]+cost)
			if i > 0 && j > 0 && ra[i] == rb[j-1] && ra[i-1] == rb[j] {
				row[j+1] = min(row[j+1], two[j-1]+1)
			}
		}
		two, one, row = one, row, make([]int, len(rb)+1)
	}
	return one[len(rb)]
}
