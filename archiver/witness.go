package archiver

import (
	"context"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
)

// WitnessPlatform is an optional ability of a [Platform]: it can be asked for a
// post through the post's account, where its endpoints miss the post and do
// not say why.
type WitnessPlatform interface {
	// Witnesses lists the ways, in the order in which they are tried.
	Witnesses() []Witness
}

// Witness asks for a post through its account: a list of the account's newest
// posts, say, which can show a post that others hide, and shows that the
// account lives where others show nothing.
type Witness interface {
	// Name is a stable word, as an [Endpoint]'s.
	Name() string
	// Source is what a record that it yields counts as.
	Source() post.Source
	// Every is the least time between two questions about one account.
	Every() time.Duration
	// AskAccount asks for one post of the author, of whom at least the handle
	// is known. For the rest it is as [Endpoint].Ask.
	AskAccount(ctx context.Context, ref post.Ref, author post.Author, purpose string) Reply
}

// throughAccount is a witness as an endpoint, for the posts of one author.
type throughAccount struct {
	Witness
	author post.Author
}

// Batch returns 1.
func (t throughAccount) Batch() int { return 1 }

// Ask asks for one post of the author.
func (t throughAccount) Ask(ctx context.Context, refs []post.Ref, purpose string) Reply {
	return t.AskAccount(ctx, refs[0], t.author, purpose)
}

// askWitnesses asks through the account where the post is missed and nobody
// says why.
func (c *capturing) askWitnesses(ctx context.Context, p Platform, purpose string) {
	w, ok := p.(WitnessPlatform)
	if !ok || !c.unexplained() {
		return
	}
	author := c.author()
	if author.Handle == "" {
		return
	}
	for _, witness := range w.Witnesses() {
		if ctx.Err() == nil && c.best() == nil && c.e.mayAsk(p, witness, author.Handle) {
			c.sightings = append(c.sightings, c.e.askOne(ctx, throughAccount{witness, author}, c.w.ref, purpose))
		}
	}
}

// unexplained reports whether the post is not shown, at least one endpoint
// answered, and none says why.
func (c *capturing) unexplained() bool {
	answered := false
	for i := range c.sightings {
		a := &c.sightings[i].answer
		if a.Shown() != nil || a.Explicit {
			return false
		}
		answered = answered || a.Err == nil && !a.Transport
	}
	return answered
}

// author is the post's, as the archive or else the article knows it.
func (c *capturing) author() post.Author {
	if best := c.before.Best(); best != nil && best.Content.Post.Author.Handle != "" {
		return best.Content.Post.Author
	}
	if c.w.mention != nil {
		return post.Author{Name: c.w.mention.Quoted.Name, Handle: c.w.mention.Quoted.Handle}
	}
	return post.Author{}
}

// maxAsked bounds how many accounts are remembered as asked about.
const maxAsked = 10_000

// mayAsk reports whether a witness may be asked about an account now, and notes
// that it is.
func (e *Engine) mayAsk(p Platform, w Witness, handle string) bool {
	key := string(p.Platform()) + " " + w.Name() + " " + strings.ToLower(handle)
	now := e.o.Archive.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = slices.DeleteFunc(e.asked, func(a asked) bool { return !now.Before(a.until) })
	if len(e.asked) >= maxAsked || slices.ContainsFunc(e.asked, func(a asked) bool { return a.key == key }) {
		return false
	}
	e.asked = append(e.asked, asked{key: key, until: now.Add(w.Every())})
	return true
}

// asked is an account that a witness was asked about, and until when it is not
// asked again.
type asked struct {
	key   string
	until time.Time
}
