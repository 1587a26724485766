package archiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// Recovery is a web archive that is asked for posts that no source shows and
// that this archive does not keep. What it holds is evidence of what a post
// said, never of whether it stands. It is safe for concurrent use.
type Recovery interface {
	// Name is a stable word for notes.
	Name() string
	// Tells lists the hosts that learn what is asked.
	Tells() []string
	// Serves reports whether it knows how posts of p are archived.
	Serves(p post.Platform) bool
	// Recover looks for the post and reads it. handles are the names under
	// which its author is known, and may be empty. Answer.Parsed is nil where
	// nothing is found, and Answer.Status always unknown.
	Recover(ctx context.Context, ref post.Ref, handles []string) Recovered
	// List lists the posts of an account that it holds, published between two
	// moments, in the order of their ids.
	List(ctx context.Context, p post.Platform, handle string, from, until time.Time) Listing
	// Read reads a post that List has listed.
	Read(ctx context.Context, l Listed) Recovered
}

// Recovered is what a web archive gave for one post.
type Recovered struct {
	Answer
	// Exchanges are the recorded exchanges, the one that holds the post last.
	Exchanges []store.Exchange
	// Memento is the snapshot that shows the post.
	Memento store.Memento
	// Missing is when the web archive first found that there was no such page;
	// zero where it did not.
	Missing time.Time
}

// Listing is what a web archive holds of an account.
type Listing struct {
	Posts     []Listed
	Exchanges []store.Exchange
	// Cut is true where it holds more than was listed.
	Cut bool
	// Err is the trouble on the way; what was listed until then is there all
	// the same.
	Err error
}

// Listed is a post that a web archive holds, with its snapshots.
type Listed struct {
	Ref       post.Ref
	Snapshots []store.Memento
}

// recoverable reports whether a web archive is to be asked for the post: no
// source shows it, at least one could be asked, and nothing better than an
// article's quotation is kept.
func (c *capturing) recoverable(ctx context.Context) bool {
	r := c.e.o.Recovery
	if r == nil || !r.Serves(c.w.ref.Platform) || c.best() != nil || ctx.Err() != nil {
		return false
	}
	if best := c.before.Best(); best != nil && best.Content.Source.Rank() >= post.SourceArchive.Rank() {
		return false
	}
	return troubleOf(c.w.ref, c.sightings) == nil
}

// recover asks the web archive.
func (c *capturing) recover(ctx context.Context) {
	if c.recovered != nil || !c.recoverable(ctx) {
		return
	}
	got := c.e.o.Recovery.Recover(ctx, c.w.ref, c.handles())
	c.takeRecovered(got)
}

func (c *capturing) takeRecovered(got Recovered) {
	reply := &recorded{exchanges: got.Exchanges}
	reply.refs(c.w.ref)
	if p := got.Shown(); p != nil {
		for i := range p.Related {
			reply.refs(p.Related[i].Ref())
		}
	}
	c.recovered, c.recoveredReply = &got, reply
}

// handles are the names under which the post's author is known.
func (c *capturing) handles() []string {
	var all []string
	add := func(h string) {
		if h != "" && !slices.ContainsFunc(all, func(o string) bool { return strings.EqualFold(o, h) }) {
			all = append(all, h)
		}
	}
	if t, _, ok := c.e.o.Finder.Parse(c.w.url); ok {
		add(t.Handle)
	}
	if c.w.mention != nil {
		add(c.w.mention.Quoted.Handle)
		if t, _, ok := c.e.o.Finder.Parse(c.w.mention.URL); ok {
			add(t.Handle)
		}
	}
	for i := range c.before.Derivations {
		add(c.before.Derivations[i].Content.Post.Author.Handle)
	}
	for i := range c.before.Articles {
		for _, m := range c.before.Articles[i].Content.Mentions {
			if m.Ref == c.w.ref {
				add(m.Quoted.Handle)
				if t, _, ok := c.e.o.Finder.Parse(m.URL); ok {
					add(t.Handle)
				}
			}
		}
	}
	return all
}

// addRecovered keeps what the web archive gave: its exchanges, and a capture
// where it shows the post.
func (c *capturing) addRecovered(ctx context.Context) (bool, error) {
	got := c.recovered
	if got == nil {
		return false, nil
	}
	if err := c.recoveredReply.addTo(context.WithoutCancel(ctx), c.b); err != nil {
		return false, err
	}
	if !got.Missing.IsZero() {
		c.res.Notes = append(c.res.Notes, fmt.Sprintf("the web archive found no such page on %s", got.Missing.UTC().Format(time.DateOnly)))
	}
	parsed := got.Shown()
	if got.Err != nil {
		c.res.Notes = append(c.res.Notes, "the web archive could not be asked: "+got.Sentence())
		return false, nil
	}
	if parsed == nil {
		c.res.Notes = append(c.res.Notes, fmt.Sprintf("the web archive (%s) does not show it either: %s", c.e.o.Recovery.Name(), got.Sentence()))
		return false, nil
	}
	ids := slices.Clone(c.recoveredReply.ids)
	slices.Reverse(ids) // the one that holds the post first
	for i := range c.sightings {
		ids = append(ids, c.sightings[i].reply.ids...)
	}
	notes := append(slices.Clone(parsed.Notes), "kept by the web archive "+got.Memento.Archive+" on "+got.Memento.Time.UTC().Format(time.RFC3339)+": "+got.Memento.URL)
	c.res.Notes = append(c.res.Notes, notes...)
	p := parsed.Post
	s := &sighting{endpoint: recoveryEndpoint{c.e.o.Recovery}, answer: got.Answer, reply: c.recoveredReply, memento: got.Memento}
	id, files, err := c.addOne(ctx, s, &p, ids, c.w.via, notes, c.before)
	if err != nil {
		return false, err
	}
	c.fill(&p, post.SourceArchive, id, files)
	return true, c.addRelated(ctx, s, parsed)
}

// recoveryTrouble is why the web archive could not be asked, nil where it
// could: the intent to capture the post then stays.
func (c *capturing) recoveryTrouble() error {
	if c.recovered == nil || c.recovered.Err == nil || !errors.Is(c.recovered.Err, store.ErrRateLimited) {
		return nil
	}
	return c.recovered.Err
}

// recoveryEndpoint lets captures from a web archive be made as all others are.
type recoveryEndpoint struct{ Recovery }

// Source returns post.SourceArchive.
func (recoveryEndpoint) Source() post.Source { return post.SourceArchive }

// Batch returns 1.
func (recoveryEndpoint) Batch() int { return 1 }

// Ask asks without any handle.
func (r recoveryEndpoint) Ask(ctx context.Context, refs []post.Ref, _ string) Reply {
	got := r.Recover(ctx, refs[0], nil)
	return Reply{Exchanges: got.Exchanges, Answers: []Answer{got.Answer}}
}

// NotRecovered is what a web archive says that could not be asked, or holds
// nothing.
func NotRecovered(ref post.Ref, reason string, err error) Recovered {
	a := extract.Answer{Status: post.Unknown, Reason: reason, Transport: err != nil}
	return Recovered{Answer: Answer{Ref: ref, Answer: a, Err: err}}
}
