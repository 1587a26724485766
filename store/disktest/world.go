package disktest

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// World is what a folder holds and what of it is durable. A [Sync] of a file
// makes its bytes and its size durable, and not its name; that of a folder the
// names in it. What is not durable yet may be lost in a power cut, each sector
// of each write and each name by itself, and in any order. That is less than
// file systems promise: most write a new size after the bytes, and both halves
// of a rename together.
type World struct{ root *node }

// node is a file or a folder, under however many names.
type node struct {
	folder bool
	// now is what a file holds, names what a folder does.
	now   []byte
	names map[string]*node
	// disk and diskNames are what of it is durable.
	disk      []byte
	diskNames map[string]*node
	// changes and renames are what was done since.
	changes []change
	renames []naming
}

// change is a write, or, without bytes, a new size.
type change struct {
	at    int64
	bytes []byte
}

// naming gives a name in a folder to a node, or, without one, takes it away.
type naming struct {
	name string
	node *node
}

func newNode(folder bool) *node {
	return &node{folder: folder, names: map[string]*node{}, diskNames: map[string]*node{}}
}

// Load returns the world that a folder holds, all of it durable.
func Load(dir string) (*World, error) {
	root, err := load(dir)
	return &World{root}, err
}

func load(dir string) (*node, error) {
	n := newNode(true)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		var kid *node
		at := filepath.Join(dir, e.Name())
		if e.IsDir() {
			kid, err = load(at)
		} else {
			kid = newNode(false)
			kid.now, err = os.ReadFile(at)
			kid.disk = slices.Clone(kid.now)
		}
		if err != nil {
			return nil, err
		}
		n.names[e.Name()], n.diskNames[e.Name()] = kid, kid
	}
	return n, nil
}

// find returns what has a name, nil where nothing has.
func (w *World) find(name string) *node {
	if name == "" || name == "." {
		return w.root
	}
	dir, base := path.Split(name)
	parent := w.find(path.Clean(dir))
	if parent == nil {
		return nil
	}
	return parent.names[base]
}

// set gives a name to a node, or takes it away.
func (w *World) set(name string, n *node) error {
	dir, base := path.Split(name)
	parent := w.find(path.Clean(dir))
	if parent == nil {
		return fmt.Errorf("there is no folder for %s", name)
	}
	if n == nil {
		delete(parent.names, base)
	} else {
		parent.names[base] = n
	}
	parent.renames = append(parent.renames, naming{base, n})
	return nil
}

// Apply does what a process did. What could not be done (a name that is taken,
// a file that is not there) does nothing here either.
func (w *World) Apply(o *Op) error {
	n := w.find(o.Path)
	switch o.Kind {
	case Say:
		return nil
	case Create, Mkdir:
		return w.create(o, n)
	case Link:
		if n == nil || w.find(o.To) != nil {
			return nil
		}
		return w.set(o.To, n)
	}
	if n == nil {
		if o.Kind == Remove || o.Kind == Rename {
			return nil
		}
		return fmt.Errorf("%s: there is no such file", o)
	}
	switch o.Kind {
	case Remove:
		if len(n.names) > 0 {
			return nil
		}
		return w.set(o.Path, nil)
	case Rename:
		return errors.Join(w.set(o.To, n), w.set(o.Path, nil))
	case Write:
		n.change(change{o.Offset, o.Data})
	case Truncate:
		n.change(change{o.Size, nil})
	case Sync:
		n.sync()
	}
	return nil
}

func (w *World) create(o *Op, n *node) error {
	if n == nil {
		return w.set(o.Path, newNode(o.Kind == Mkdir))
	}
	if o.Kind == Create && o.Size == 0 {
		n.change(change{0, nil})
	}
	return nil
}

func (n *node) change(c change) {
	n.now = c.apply(n.now)
	n.changes = append(n.changes, c)
}

// apply returns the bytes of a file after the change.
func (c change) apply(b []byte) []byte {
	size := max(len(b), int(c.at)+len(c.bytes))
	if c.bytes == nil {
		size = int(c.at)
	}
	b = sized(b, size)
	copy(b[c.at:], c.bytes)
	return b
}

// sized returns b with another length; what is new is zero.
func sized(b []byte, n int) []byte {
	if n <= len(b) {
		return b[:n]
	}
	return append(b, make([]byte, n-len(b))...)
}

func (n *node) sync() {
	if n.folder {
		n.diskNames, n.renames = map[string]*node{}, nil
		for name, kid := range n.names {
			n.diskNames[name] = kid
		}
		return
	}
	n.disk, n.changes = slices.Clone(n.now), nil
}

// Pending counts what is not durable.
func (w *World) Pending() int {
	seen := map[*node]bool{}
	count := 0
	var walk func(n *node)
	walk = func(n *node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		count += len(n.changes) + len(n.renames)
		for _, r := range n.renames {
			walk(r.node)
		}
		for _, kid := range n.diskNames {
			walk(kid)
		}
	}
	walk(w.root)
	return count
}

// Cut is a power cut: how much of what was not durable is there all the same.
type Cut struct {
	// Random decides; only needed where a share is neither 0 nor 1.
	Random *rand.Rand
	// Bytes is the share of written sectors and new sizes that is there, Names
	// that of names.
	Bytes, Names float64
	// Sector is how many bytes of a write are there or not as a whole; 0 is all
	// of it.
	Sector int
}

func (c *Cut) keeps(share float64) bool {
	return share >= 1 || share > 0 && c.Random.Float64() < share
}

// Leave writes into an empty folder what is there after a power cut.
func (w *World) Leave(dir string, c Cut) error {
	return c.leave(w.root, dir, map[*node]string{})
}

// leave writes a folder; at knows under which name a file was written already.
func (c *Cut) leave(n *node, dir string, at map[*node]string) error {
	names := map[string]*node{}
	for name, kid := range n.diskNames {
		names[name] = kid
	}
	for _, r := range n.renames {
		switch {
		case !c.keeps(c.Names):
		case r.node == nil:
			delete(names, r.name)
		default:
			names[r.name] = r.node
		}
	}
	for name, kid := range names {
		to := filepath.Join(dir, name)
		var err error
		switch first := at[kid]; {
		case kid.folder:
			if err = os.Mkdir(to, 0o700); err == nil {
				err = c.leave(kid, to, at)
			}
		case first != "":
			err = os.Link(first, to)
		default:
			at[kid] = to
			err = os.WriteFile(to, c.bytes(kid), fs.FileMode(0o600))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bytes returns what a file holds after the power cut.
func (c *Cut) bytes(n *node) []byte {
	if len(n.changes) == 0 {
		return n.disk
	}
	b := slices.Clone(n.disk)
	for _, ch := range n.changes {
		if ch.bytes == nil {
			if c.keeps(c.Bytes) {
				b = ch.apply(b)
			}
			continue
		}
		for from := 0; from < len(ch.bytes); {
			to := len(ch.bytes)
			if c.Sector > 0 { // those of the disk
				to = min(to, from+c.Sector-int(ch.at+int64(from))%c.Sector)
			}
			if c.keeps(c.Bytes) {
				b = change{ch.at + int64(from), ch.bytes[from:to]}.apply(b)
			}
			from = to
		}
	}
	return b
}
