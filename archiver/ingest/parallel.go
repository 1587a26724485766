package ingest

import (
	"bytes"
	"context"
	"runtime"

	"stet/extract"
	"stet/extract/post"
)

// The sizes of what is parsed at once.
const (
	// chunkSize is about how many bytes of items one goroutine parses in a go.
	chunkSize = 128 << 10
	// maxPending is the most bytes of items that are parsed or wait; an item
	// that is larger is parsed alone. What a parser makes of an item takes a
	// few times its size.
	maxPending = 1 << 20
)

// The most parts of what is parsed at once: a page of 500 posts with all that
// they refer to has some 150,000 values, and the largest pages of the web have
// some ten thousands of tags. What is made of a part takes up to 300 bytes.
const (
	maxValues = 200_000
	maxTags   = 100_000
)

// crowded reports whether a text has so many parts that reading it would take
// more memory than is given.
func crowded(raw []byte) bool {
	if k := extract.JSONKind(raw); k == '{' || k == '[' {
		return bytes.Count(raw, []byte(","))+bytes.Count(raw, []byte("{"))+bytes.Count(raw, []byte("[")) > maxValues
	}
	return bytes.Count(raw, []byte("<")) > maxTags
}

// tooCrowded is why.
const tooCrowded = "it has more parts than are read"

// piece is one thing that a parser found in an item: a post, or why there is
// none.
type piece struct {
	// post is nil where nothing can be kept; then reason says why, and target
	// of what, where that is known.
	post           *post.Post
	target, reason string
	// words are the post as it is compared and stored.
	words  []byte
	via    post.Ref
	parser string
	notes  []string
	// stored are files that somebody says belong to the post.
	stored []storedFile
}

// none are the pieces of an item of which nothing is kept.
func none(target, reason string) []piece { return []piece{{target: target, reason: reason}} }

// shown are the pieces of an item that a parser could read: the post and those
// that it carries.
func shown(parser string, parsed *extract.Parsed, notes []string) []piece {
	all := make([]string, 0, len(parsed.Notes)+len(notes))
	all = append(append(all, parsed.Notes...), notes...)
	pieces := make([]piece, 0, 1+len(parsed.Related))
	for i := range 1 + len(parsed.Related) {
		p := piece{post: &parsed.Post, parser: parser, notes: all}
		if i > 0 {
			p.post, p.via = &parsed.Related[i-1], parsed.Post.Ref()
		}
		pieces = append(pieces, p.written())
	}
	return pieces
}

// written returns the piece with its words.
func (p piece) written() piece {
	ref := p.post.Ref()
	if !ref.Valid() {
		return piece{reason: "it has no usable id"}
	}
	words, err := p.post.MarshalJSON()
	if err != nil {
		return piece{target: ref.String(), reason: "it cannot be written down: " + err.Error()}
	}
	p.words = words
	return p
}

// pool parses items on all processors, and hands over what became of them in
// their order. One goroutine uses it.
type pool struct {
	// parse reads one item. It is pure, and keeps nothing of what it is given.
	parse func(raw []byte) []piece
	take  func(ctx context.Context, at span, pieces []piece) error

	next    *chunk
	pending []*chunk
	size    int // of pending
	failed  bool
}

// chunk are some items that follow each other.
type chunk struct {
	raw    []byte
	spans  []span
	ends   []int
	pieces [][]piece
	done   chan struct{}
}

// add hands an item in; what raw holds is copied.
func (p *pool) add(ctx context.Context, at span, raw []byte) error {
	if p.next == nil {
		p.next = &chunk{done: make(chan struct{})}
	}
	c := p.next
	c.raw = append(c.raw, raw...)
	c.spans, c.ends = append(c.spans, at), append(c.ends, len(c.raw))
	if len(c.raw) < chunkSize && len(c.spans) < maxBatch {
		return nil
	}
	return p.start(ctx)
}

// start lets a goroutine parse the next chunk, once there is room for it.
func (p *pool) start(ctx context.Context) error {
	c := p.next
	if p.next = nil; c == nil {
		return nil
	}
	for len(p.pending) > 0 && (len(p.pending) > runtime.GOMAXPROCS(0) || p.size+len(c.raw) > maxPending) {
		if err := p.finish(ctx); err != nil {
			return err
		}
	}
	p.pending, p.size = append(p.pending, c), p.size+len(c.raw)
	go c.parse(p.parse)
	return nil
}

func (c *chunk) parse(parse func([]byte) []piece) {
	defer close(c.done)
	c.pieces = make([][]piece, len(c.spans))
	begin := 0
	for i, end := range c.ends {
		if raw := c.raw[begin:end]; crowded(raw) {
			c.pieces[i] = none("", tooCrowded)
		} else {
			c.pieces[i] = parse(raw)
		}
		begin = end
	}
}

// finish waits for the first chunk and hands its pieces over.
func (p *pool) finish(ctx context.Context) error {
	c := p.pending[0]
	<-c.done
	p.pending, p.size = p.pending[1:], p.size-len(c.raw)
	for i, at := range c.spans {
		if err := p.take(ctx, at, c.pieces[i]); err != nil {
			p.failed = true
			return err
		}
	}
	return nil
}

// end hands over the rest, unless something could not be kept before, and
// leaves no goroutine behind.
func (p *pool) end(ctx context.Context) error {
	var err error
	if !p.failed {
		err = p.start(ctx)
	}
	for len(p.pending) > 0 && !p.failed {
		err = p.finish(ctx)
	}
	for _, c := range p.pending {
		<-c.done
	}
	p.pending, p.size = nil, 0
	return err
}
