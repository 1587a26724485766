package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"stet/store"
)

const (
	// blockLevel is the level of the subtrees whose hashes are kept: those of
	// fewer leaves are made of the journal's leaves when they are needed. So a
	// record costs one byte, and a proof two short reads.
	blockLevel = 6
	blockSize  = 1 << blockLevel
	// followed is how many leaves are read at a time.
	followed = 128 * blockSize
)

// Tree is the Merkle tree over the leaves of a journal. It is safe for
// concurrent use.
type Tree struct {
	journal store.Journal

	mu    sync.Mutex
	nodes nodes
	close func() error
}

// OpenTree opens the tree of a journal, with its hashes in a file; where path
// is empty, or there is none and it is opened for reading, they are kept in
// memory. The caller closes it, before the journal.
func OpenTree(path string, journal store.Journal, readOnly bool) (*Tree, error) {
	t := &Tree{journal: journal, nodes: &memory{}, close: func() error { return nil }}
	if path == "" {
		return t, nil
	}
	f, err := openFile(path, readOnly)
	switch {
	case readOnly && errors.Is(err, fs.ErrNotExist):
		return t, nil
	case err != nil:
		return nil, err
	}
	t.close = f.f.Close
	t.nodes = f
	if readOnly {
		t.nodes = &memory{base: f}
	}
	return t, nil
}

// Close closes the file.
func (t *Tree) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.close()
}

// Follow brings the tree to the end of the journal and returns its size.
func (t *Tree) Follow(ctx context.Context) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	head, err := t.journal.Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the end of the journal: %w", err)
	}
	return int64(head), t.follow(ctx, int64(head))
}

// blocks is how many complete blocks the nodes cover. A count that none can
// have, as after a write that was cut off, is that of the blocks before.
func (t *Tree) blocks() int64 {
	n := t.nodes.len()
	lo, hi := int64(0), n+1
	for lo < hi { // the largest number of blocks whose nodes are there
		mid := (lo + hi + 1) / 2
		if tlog.StoredHashIndex(0, mid) <= n {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo
}

// follow completes the blocks of the first size leaves.
func (t *Tree) follow(ctx context.Context, size int64) error {
	done := t.blocks()
	if tlog.StoredHashIndex(0, done) != t.nodes.len() || done > size/blockSize {
		if err := t.nodes.reset(); err != nil {
			return err
		}
		done = 0
	}
	for done < size/blockSize {
		leaves, err := t.leaves(ctx, done*blockSize, min(followed, (size/blockSize-done)*blockSize))
		if err != nil {
			return err
		}
		for len(leaves) >= blockSize {
			added, err := tlog.StoredHashesForRecordHash(done, subtree(leaves[:blockSize]), tlog.HashReaderFunc(t.readNodes))
			if err != nil {
				return err
			}
			if err := t.nodes.append(added); err != nil {
				return err
			}
			leaves = leaves[blockSize:]
			done++
		}
	}
	return nil
}

// leaves reads n leaves from the entry first on.
func (t *Tree) leaves(ctx context.Context, first, n int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, 0, n)
	for int64(len(list)) < n {
		more, err := t.journal.Leaves(ctx, uint64(first)+uint64(len(list)), int(n)-len(list))
		if err != nil {
			return nil, fmt.Errorf("reading the leaves of the journal: %w", err)
		}
		if len(more) == 0 {
			return nil, fmt.Errorf("%w: the journal ends at record %d, before %d", store.ErrCorrupt, first+int64(len(list)), first+n)
		}
		for _, h := range more {
			list = append(list, tlog.Hash(h))
		}
	}
	return list, nil
}

func (t *Tree) readNodes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		h, err := t.nodes.at(x)
		if err != nil {
			return nil, err
		}
		list[i] = h
	}
	return list, nil
}

// subtree returns the hash of a complete subtree.
func subtree(leaves []tlog.Hash) tlog.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	half := len(leaves) / 2
	return tlog.NodeHash(subtree(leaves[:half]), subtree(leaves[half:]))
}

// reader reads hashes for tlog, as one call needs them.
type reader struct {
	read func(first, n int64) ([]tlog.Hash, error)
	tree *Tree
	// block is the block whose leaves were read last; its number plus one is
	// blockOf.
	block   []tlog.Hash
	blockOf int64
}

// ReadHashes implements [tlog.HashReader].
func (r *reader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		level, n := tlog.SplitStoredHashIndex(x)
		var err error
		if level >= blockLevel {
			list[i], err = r.tree.nodes.at(tlog.StoredHashIndex(level-blockLevel, n))
		} else {
			list[i], err = r.inBlock(level, n)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// inBlock returns the hash of a subtree within a block.
func (r *reader) inBlock(level int, n int64) (tlog.Hash, error) {
	first, count := n<<level, int64(1)<<level
	block := first >> blockLevel
	begin := first - block<<blockLevel
	if r.blockOf != block+1 || int64(len(r.block)) < begin+count {
		var err error
		if r.block, err = r.read(block<<blockLevel, begin+count); err != nil {
			return tlog.Hash{}, err
		}
		r.blockOf = block + 1
	}
	return subtree(r.block[begin : begin+count]), nil
}

// with calls f with a reader of the tree of the first size leaves.
func (t *Tree) with(ctx context.Context, size int64, f func(tlog.HashReader) error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.follow(ctx, max(size, t.blocks()*blockSize)); err != nil {
		return err
	}
	return f(&reader{tree: t, read: func(first, n int64) ([]tlog.Hash, error) { return t.leaves(ctx, first, n) }})
}

// rebuild makes the kept hashes again from the journal.
func (t *Tree) rebuild(ctx context.Context, size int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.nodes.reset(); err != nil {
		return err
	}
	return t.follow(ctx, size)
}

// Root returns the hash of the tree of the first size leaves. It errors with
// ErrCorrupt where the journal is shorter.
func (t *Tree) Root(ctx context.Context, size int64) (root tlog.Hash, err error) {
	err = t.with(ctx, size, func(r tlog.HashReader) (err error) {
		root, err = tlog.TreeHash(size, r)
		return err
	})
	return root, err
}

// peaks returns the hashes of the complete subtrees of which the tree of the
// first size leaves is made, largest first.
func (t *Tree) peaks(ctx context.Context, size int64) (p peaks, err error) {
	err = t.with(ctx, size, func(r tlog.HashReader) error {
		var indexes []int64
		for left, first := size, int64(0); left > 0; {
			level := bits.Len64(uint64(left)) - 1
			indexes = append(indexes, tlog.StoredHashIndex(level, first>>level))
			left -= 1 << level
			first += 1 << level
		}
		hashes, err := r.ReadHashes(indexes)
		p = peaks{size, hashes}
		return err
	})
	return p, err
}

// peaks are a tree as far as is needed to go on with it.
type peaks struct {
	size   int64
	hashes []tlog.Hash
}

// add appends a leaf.
func (p *peaks) add(leaf tlog.Hash) {
	for n := p.size; n&1 == 1; n >>= 1 {
		last := len(p.hashes) - 1
		leaf = tlog.NodeHash(p.hashes[last], leaf)
		p.hashes = p.hashes[:last]
	}
	p.hashes = append(p.hashes, leaf)
	p.size++
}

// root returns the hash of the tree.
func (p *peaks) root() tlog.Hash {
	if p.size == 0 {
		h, _ := tlog.TreeHash(0, nil) // of nothing; reads nothing
		return h
	}
	h := p.hashes[len(p.hashes)-1]
	for i := len(p.hashes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(p.hashes[i], h)
	}
	return h
}

// extend returns the root of the tree of the first size leaves, made of the
// peaks of a smaller one and the journal's leaves alone.
func (t *Tree) extend(ctx context.Context, p *peaks, size int64) (tlog.Hash, error) {
	for p.size < size {
		leaves, err := t.leaves(ctx, p.size, min(followed, size-p.size))
		if err != nil {
			return tlog.Hash{}, err
		}
		for _, h := range leaves {
			p.add(h)
		}
	}
	return p.root(), nil
}
