package bolt

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"stet/store"
)

// This file reads the pages of a bbolt file without bbolt, trusting nothing:
// bbolt itself panics on a damaged page, or reads memory that is not there, in
// goroutines of its own too, and it stops at the first damage. The format is
// that of go.etcd.io/bbolt, internal/common: page.go, meta.go, inode.go.

const (
	bboltMagic   = 0xED0CDAED
	bboltVersion = 2

	pageHeader  = 16
	elementSize = 16

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagMeta     = 0x04
	flagFreelist = 0x10

	elementBucket = 0x01

	// metaLength is the length of a meta page's content up to its checksum.
	metaLength = 56
	// noFreelist is the page number that says that no list is kept.
	noFreelist = 1<<64 - 1
	// bucketHeader is the length of a bucket's root page and sequence.
	bucketHeader = 16
)

// metaPage is one of the two pages that say where everything is.
type metaPage struct {
	pageSize int
	root     uint64
	freelist uint64
	// end is the number of the first page that is not used yet.
	end  uint64
	txid uint64
}

// readMeta reads a meta page that begins at b.
func readMetaPage(b []byte) (metaPage, error) {
	if len(b) < pageHeader+metaLength+8 {
		return metaPage{}, errShort
	}
	e := binary.NativeEndian
	m := b[pageHeader:]
	h := fnv.New64a()
	_, _ = h.Write(m[:metaLength]) // a hash never errors
	switch {
	case e.Uint32(m) != bboltMagic || e.Uint16(b[8:]) != flagMeta:
		return metaPage{}, errors.New("it is not a page of that kind")
	case e.Uint32(m[4:]) != bboltVersion:
		return metaPage{}, fmt.Errorf("it has the version %d", e.Uint32(m[4:]))
	case e.Uint64(m[metaLength:]) != h.Sum64():
		return metaPage{}, errors.New("its checksum is another")
	}
	return metaPage{pageSize: int(e.Uint32(m[8:])), root: e.Uint64(m[16:]), freelist: e.Uint64(m[32:]),
		end: e.Uint64(m[40:]), txid: e.Uint64(m[48:])}, nil
}

// readMetas reads both meta pages. The error of each says why it is not valid.
func readMetas(r io.ReaderAt) (metas [2]metaPage, errs [2]error) {
	buf := make([]byte, pageHeader+metaLength+8)
	for i := range metas {
		if _, err := r.ReadAt(buf, int64(i)*pageSize); err != nil {
			errs[i] = errShort
			continue
		}
		metas[i], errs[i] = readMetaPage(buf)
		if errs[i] == nil && metas[i].pageSize != pageSize {
			errs[i] = fmt.Errorf("it says that pages have %d bytes", metas[i].pageSize)
		}
	}
	return metas, errs
}

// preflight looks whether bbolt can open the file without harm: whether there
// is a valid meta page, the file is as long as it says, and the list of free
// pages can be read.
func preflight(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("opening the archive: %w; this user may not read it", err)
	}
	if err != nil {
		return fmt.Errorf("opening the archive: %w", classify(err))
	}
	defer func() { _ = f.Close() }() // it was only read
	if err := preflightFile(f); err == nil {
		return nil
	}
	// The process that has it open may have been writing just then.
	if locked(f) {
		return nil
	}
	if err := preflightFile(f); err != nil {
		return fmt.Errorf("%w: %s is not the file of an archive, or it is damaged: %w; %s", store.ErrCorrupt, path, err, mend)
	}
	return nil
}

// mend says what to do where an archive cannot be opened.
const mend = "restore a backup (`stet restore`), or, where there is none, save what is left of it with `stet salvage`"

func preflightFile(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return errors.New("it is empty")
	}
	metas, errs := readMetas(f)
	best := -1
	for i := range metas {
		if errs[i] == nil && (best < 0 || metas[i].txid > metas[best].txid) {
			best = i
		}
	}
	if best < 0 {
		return fmt.Errorf("its first page cannot be read: %w", errs[0])
	}
	m := metas[best]
	if m.end > uint64(info.Size())/pageSize {
		return fmt.Errorf("it is cut off: it should have %d pages and has %d", m.end, info.Size()/pageSize)
	}
	if m.root < 2 || m.root >= m.end {
		return fmt.Errorf("its first page leads to page %d", m.root)
	}
	if m.freelist == noFreelist {
		return nil
	}
	w := newWalker(f, m, nil)
	_, err = w.readFreelist()
	return err
}

// walker walks over all pages that a meta page leads to.
type walker struct {
	r    io.ReaderAt
	meta metaPage
	// seen marks the pages that were met, as a set of bits.
	seen []byte
	// report is called for each damage, with the number of the page.
	report func(page uint64, what string)
	// problems counts the calls of report.
	problems int
}

func newWalker(r io.ReaderAt, m metaPage, report func(uint64, string)) *walker {
	return &walker{r: r, meta: m, report: report}
}

func (w *walker) problem(page uint64, format string, args ...any) {
	w.problems++
	w.report(page, fmt.Sprintf(format, args...))
}

// page reads a page with its overflow and looks at its header.
func (w *walker) page(id uint64) ([]byte, error) {
	if id < 2 || id >= w.meta.end {
		return nil, fmt.Errorf("it is outside of the file, which has %d", w.meta.end)
	}
	b := make([]byte, pageSize)
	if _, err := w.r.ReadAt(b, int64(id)*pageSize); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	e := binary.NativeEndian
	if got := e.Uint64(b); got != id {
		return nil, fmt.Errorf("it says that it is page %d", got)
	}
	more := uint64(e.Uint32(b[12:]))
	if more == 0 {
		return b, nil
	}
	if id+more >= w.meta.end {
		return nil, fmt.Errorf("it says that it goes on for %d pages", more)
	}
	all := make([]byte, (more+1)*pageSize)
	if _, err := w.r.ReadAt(all, int64(id)*pageSize); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	return all, nil
}

// readFreelist returns the numbers of the free pages.
func (w *walker) readFreelist() ([]uint64, error) {
	b, err := w.page(w.meta.freelist)
	if err != nil {
		return nil, fmt.Errorf("page %d, the list of free pages: %w", w.meta.freelist, err)
	}
	e := binary.NativeEndian
	if flags := e.Uint16(b[8:]); flags != flagFreelist {
		return nil, fmt.Errorf("page %d is not a list of free pages but of the kind %#x", w.meta.freelist, flags)
	}
	count, at := uint64(e.Uint16(b[10:])), uint64(pageHeader)
	if count == 0xFFFF {
		count, at = e.Uint64(b[at:]), at+8
	}
	if count > (uint64(len(b))-at)/8 {
		return nil, fmt.Errorf("page %d, the list of free pages, says that there are %d", w.meta.freelist, count)
	}
	ids := make([]uint64, count)
	for i := range ids {
		ids[i] = e.Uint64(b[at+8*uint64(i):])
		if ids[i] < 2 || ids[i] >= w.meta.end || i > 0 && ids[i] <= ids[i-1] {
			return nil, fmt.Errorf("page %d, the list of free pages, names page %d out of order", w.meta.freelist, ids[i])
		}
	}
	return ids, nil
}

// mark notes that the pages of b, which begin at id, are used. It returns
// false where one of them was used already.
func (w *walker) mark(id uint64, b []byte) bool {
	fresh := true
	for n := range uint64(len(b) / pageSize) {
		at := id + n
		if w.seen[at/8]&(1<<(at%8)) != 0 {
			w.problem(at, "two places lead to it")
			fresh = false
		}
		w.seen[at/8] |= 1 << (at % 8)
	}
	return fresh
}

// element is an entry of a leaf page.
type element struct {
	key, value []byte
	bucket     bool
}

// leaf reads the entries of a leaf page; for an inline bucket, b is the part
// of the value that holds the page.
func readLeaf(b []byte) ([]element, error) {
	e := binary.NativeEndian
	if len(b) < pageHeader || e.Uint16(b[8:]) != flagLeaf {
		return nil, errors.New("it is not a leaf")
	}
	count := int(e.Uint16(b[10:]))
	next := pageHeader + count*elementSize
	elements := make([]element, 0, count)
	for i := range count {
		at := pageHeader + i*elementSize
		if at+elementSize > len(b) {
			return elements, errShort
		}
		flags, pos := e.Uint32(b[at:]), at+int(e.Uint32(b[at+4:]))
		key, value := int(e.Uint32(b[at+8:])), int(e.Uint32(b[at+12:]))
		if flags > elementBucket || pos != next || key == 0 || pos+key+value > len(b) {
			return elements, fmt.Errorf("its entry %d does not stand where it should", i)
		}
		next = pos + key + value
		el := element{key: b[pos : pos+key], value: b[pos+key : next], bucket: flags == elementBucket}
		if i > 0 && bytes.Compare(elements[i-1].key, el.key) >= 0 {
			return elements, fmt.Errorf("its entry %d is out of order", i)
		}
		elements = append(elements, el)
	}
	return elements, nil
}

// child is an entry of a branch page.
type child struct {
	key  []byte
	page uint64
}

func readBranch(b []byte) ([]child, error) {
	e := binary.NativeEndian
	count := int(e.Uint16(b[10:]))
	next := pageHeader + count*elementSize
	children := make([]child, 0, count)
	for i := range count {
		at := pageHeader + i*elementSize
		if at+elementSize > len(b) {
			return children, errShort
		}
		pos, key := at+int(e.Uint32(b[at:])), int(e.Uint32(b[at+4:]))
		if pos != next || key == 0 || pos+key > len(b) {
			return children, fmt.Errorf("its entry %d does not stand where it should", i)
		}
		next = pos + key
		c := child{key: b[pos:next], page: e.Uint64(b[at+8:])}
		if i > 0 && bytes.Compare(children[i-1].key, c.key) >= 0 {
			return children, fmt.Errorf("its entry %d is out of order", i)
		}
		children = append(children, c)
	}
	return children, nil
}

// maxDepth bounds the height of a tree; one of that height would have more
// pages than there are.
const maxDepth = 32

// tree calls fn for the entries of the tree whose root is the page id, in
// order, as far as it can be read. Keys are at least low and below high, where
// those are not nil. It stops where fn returns false, and then returns false.
func (w *walker) tree(id uint64, low, high []byte, depth int, fn func(element) bool) bool {
	b, err := w.page(id)
	if err != nil {
		w.problem(id, "%v", err)
		return true
	}
	if !w.mark(id, b) || depth > maxDepth {
		return true
	}
	if binary.NativeEndian.Uint16(b[8:]) == flagBranch {
		return w.branch(id, b, low, high, depth, fn)
	}
	elements, err := readLeaf(b)
	if err != nil {
		w.problem(id, "%v", err)
	}
	for _, el := range elements {
		if low != nil && bytes.Compare(el.key, low) < 0 || high != nil && bytes.Compare(el.key, high) >= 0 {
			w.problem(id, "the key %x does not belong on it", el.key)
			continue
		}
		if !fn(el) {
			return false
		}
	}
	return true
}

func (w *walker) branch(id uint64, b, low, high []byte, depth int, fn func(element) bool) bool {
	children, err := readBranch(b)
	if err != nil || len(children) == 0 {
		w.problem(id, "it is a branch that cannot be read: %v", err)
	}
	for i, c := range children {
		if low != nil && bytes.Compare(c.key, low) < 0 || high != nil && bytes.Compare(c.key, high) >= 0 {
			w.problem(id, "the key %x does not belong on it", c.key)
		}
		to := high
		if i+1 < len(children) {
			to = children[i+1].key
		}
		if !w.tree(c.page, c.key, to, depth+1, fn) {
			return false
		}
	}
	return true
}

// bucketPlace says where the entries of a bucket are: on the tree under root,
// or on the page that is part of the entry itself.
type bucketPlace struct {
	root   uint64
	inline []byte
}

// places returns the buckets of the file.
func (w *walker) places() map[string]bucketPlace {
	w.seen = make([]byte, w.meta.end/8+1)
	found := map[string]bucketPlace{}
	w.tree(w.meta.root, nil, nil, 0, func(el element) bool {
		name := string(el.key)
		if !el.bucket || len(el.value) < bucketHeader {
			w.problem(w.meta.root, "the entry %q is not a bucket", name)
			return true
		}
		p := bucketPlace{root: binary.NativeEndian.Uint64(el.value)}
		if sequence := binary.NativeEndian.Uint64(el.value[8:]); sequence != 0 {
			w.problem(w.meta.root, "the bucket %q has the sequence number %d", name, sequence)
		}
		if p.root == 0 {
			p.inline = el.value[bucketHeader:]
		}
		found[name] = p
		return true
	})
	return found
}

// bucket calls fn for the entries of a bucket, in order, as far as they can be
// read, until fn returns false.
func (w *walker) bucket(p bucketPlace, fn func(key, value []byte) bool) {
	each := func(el element) bool {
		if el.bucket {
			w.problem(p.root, "the entry %x is a bucket", el.key)
			return true
		}
		return fn(el.key, el.value)
	}
	if p.root != 0 {
		w.tree(p.root, nil, nil, 0, each)
		return
	}
	elements, err := readLeaf(p.inline)
	if err != nil {
		w.problem(w.meta.root, "a bucket that stands on it: %v", err)
	}
	for _, el := range elements {
		if !each(el) {
			return
		}
	}
}

// rest looks, after all buckets were walked, whether each page is either used
// or free, and not both.
func (w *walker) rest() {
	if w.meta.freelist == noFreelist {
		return
	}
	free, err := w.readFreelist()
	if err != nil {
		w.problem(w.meta.freelist, "%v", err)
		return
	}
	list, err := w.page(w.meta.freelist)
	if err != nil {
		w.problem(w.meta.freelist, "%v", err)
		return
	}
	w.mark(w.meta.freelist, list)
	for _, id := range free {
		if w.seen[id/8]&(1<<(id%8)) != 0 {
			w.problem(id, "it is used and stands in the list of free pages")
		}
		w.seen[id/8] |= 1 << (id % 8)
	}
	if w.problems > 0 {
		return // what lies behind a damaged page would be reported as lost
	}
	for id := uint64(2); id < w.meta.end; id++ {
		if w.seen[id/8]&(1<<(id%8)) == 0 {
			w.problem(id, "nothing leads to it and it is not free")
		}
	}
}

// maxSurvey is how many pages [surveyBranches] reads: enough for all branches
// of a file of about 100 MB and for the upper ones of a larger file, and few
// enough not to delay opening.
const maxSurvey = 256

// surveyBranches looks whether the upper branches of all buckets form trees. A
// branch that leads back to itself makes bbolt descend until memory ends.
func surveyBranches(r io.ReaderAt) error {
	metas, errs := readMetas(r)
	best := 0
	if errs[0] != nil || errs[1] == nil && metas[1].txid > metas[0].txid {
		best = 1
	}
	if errs[best] != nil {
		return fmt.Errorf("the first page cannot be read: %w", errs[best])
	}
	var damage error
	w := newWalker(r, metas[best], func(page uint64, what string) {
		if damage == nil {
			damage = fmt.Errorf("page %d: %s", page, what)
		}
	})
	var next []uint64
	for _, p := range w.places() {
		if p.root != 0 {
			next = append(next, p.root)
		}
	}
	for n := 0; len(next) > 0 && n < maxSurvey && damage == nil; n++ {
		children, err := w.survey(next[0])
		if err != nil {
			return fmt.Errorf("page %d: %w", next[0], err)
		}
		next = append(next[1:], children...)
	}
	return damage
}

// survey marks a page and returns the branches that it leads to.
func (w *walker) survey(id uint64) ([]uint64, error) {
	b, err := w.page(id)
	if err != nil {
		return nil, err
	}
	if !w.mark(id, b) || binary.NativeEndian.Uint16(b[8:]) != flagBranch {
		return nil, nil
	}
	children, err := readBranch(b)
	if err != nil || len(children) == 0 {
		return nil, fmt.Errorf("it is a branch that cannot be read: %w", cmp.Or(err, errShort))
	}
	first, err := w.page(children[0].page)
	if err != nil {
		return nil, fmt.Errorf("page %d: %w", children[0].page, err)
	}
	var next []uint64
	for _, c := range children {
		if c.page >= w.meta.end {
			return nil, fmt.Errorf("it leads to page %d, of %d", c.page, w.meta.end)
		}
		if binary.NativeEndian.Uint16(first[8:]) == flagBranch {
			next = append(next, c.page)
		} else { // all leaves of a tree are equally deep; their beginnings are enough
			w.mark(c.page, b[:pageSize])
		}
	}
	return next, nil
}
