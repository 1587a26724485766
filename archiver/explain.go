package archiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// Telling is one question by which a host learns something.
type Telling struct {
	// Step names who is asked: an endpoint or a witness of a platform by its own
	// name, or one of the steps below.
	Step string `json:"step"`
	// Host is the one that is asked. A name that begins with "*." stands for any
	// host below it; it is empty where only what is read on the way names it.
	Host string `json:"host"`
	// URL is the address, without secrets, where that is known beforehand.
	URL string `json:"url,omitempty"`
	// Learns says what whoever runs the host can see of it.
	Learns string `json:"learns"`
	// When says on what it depends; empty for what is always asked.
	When string `json:"when,omitempty"`
	// Credentials name what is sent along that says who asks.
	Credentials []string `json:"credentials"`
	// Author is true where whoever wrote the post can be who runs the host.
	Author bool `json:"author,omitempty"`
}

// The steps of a [Telling] beside endpoints and witnesses.
const (
	StepName      = "name"
	StepMedia     = "media"
	StepShortLink = "short-link"
	StepArticle   = "article"
	StepPosts     = "posts"
	StepPage      = "page"
	StepLinks     = "links"
	StepArchive   = "web-archive"
	StepDrawing   = "drawing"
	StepSubmit    = "submission"
)

// Explanation says whom the work on one target would tell. Its JSON form is what
// `--explain --json` prints.
type Explanation struct {
	Target string `json:"target"`
	// Kind is post, article, page, short-link or document.
	Kind  string    `json:"kind"`
	Tells []Telling `json:"tells"`
	// Shows says what every one of the hosts sees beside the question.
	Shows string `json:"shows"`
	// Notes are sentences about what cannot be said beforehand.
	Notes []string `json:"notes,omitempty"`
	Error string   `json:"error,omitempty"`
}

// ExplainOptions configure an [Explainer]. Finder and Dry are needed.
type ExplainOptions struct {
	Finder *extract.Finder
	// Platforms are those that the engine would ask, made with Dry.
	Platforms []Platform
	// Others is that of the engine, made with Dry.
	Others func(p post.Platform) Platform
	Dry    *Dry
	// Archive is asked for what is known of a post already; nil where there is
	// none.
	Archive  *store.Archive
	Recovery Recovery
	Policy   Policy
	// Carries returns the operator's own access to a host; nil is none.
	Carries func(u *url.URL) *fetch.Carried
	// MediaHosts returns where a platform keeps files.
	MediaHosts func(p post.Platform) []string
	// Draws returns the address at which a browser draws a post, and DrawsPages
	// is true where articles and pages are drawn; without either nothing is.
	Draws      func(ref post.Ref, address string) string
	DrawsPages bool
	// SubmitsTo is the web archive that public articles, and linked pages, are
	// handed to; empty for none.
	SubmitsTo, SubmitsLinksTo string
	// Shows is that of every explanation.
	Shows string
}

// Explainer says beforehand whom captures and looks tell. It touches nothing.
type Explainer struct {
	o         ExplainOptions
	platforms map[post.Platform]Platform
}

// NewExplainer returns an explainer.
func NewExplainer(o ExplainOptions) *Explainer {
	x := &Explainer{o: o, platforms: map[post.Platform]Platform{}}
	for _, p := range o.Platforms {
		x.platforms[p.Platform()] = p
	}
	return x
}

// platform returns what the engine would do on p, nil for nothing.
func (x *Explainer) platform(p post.Platform) Platform {
	if known := x.platforms[p]; known != nil || x.o.Others == nil || p == "" {
		return known
	}
	return x.o.Others(p)
}

// explaining is one explanation while it is made.
type explaining struct {
	x   *Explainer
	out *Explanation
	// look is true for a look, false for a capture.
	look  bool
	links Links
	// privacy is that of what is captured.
	privacy Privacy
}

func (x *Explainer) begin(target, kind string, look bool, o CaptureOptions) *explaining {
	return &explaining{x: x, look: look, privacy: o.Privacy, links: cmp.Or(o.Links, x.o.Policy.Links, LinksOff),
		out: &Explanation{Target: target, Kind: kind, Tells: []Telling{}, Shows: x.o.Shows}}
}

// add notes a telling, once.
func (e *explaining) add(t Telling) {
	if t.Credentials == nil {
		t.Credentials = []string{}
	}
	same := func(o Telling) bool {
		return o.Step == t.Step && o.Host == t.Host && (o.URL == t.URL || t.URL == "") && o.Learns == t.Learns && o.When == t.When
	}
	if !slices.ContainsFunc(e.out.Tells, same) {
		e.out.Tells = append(e.out.Tells, t)
	}
}

func (e *explaining) note(sentence string) {
	if !slices.Contains(e.out.Notes, sentence) {
		e.out.Notes = append(e.out.Notes, sentence)
	}
}

// CapturePost says whom the capture of a post tells.
func (x *Explainer) CapturePost(ctx context.Context, target string, ref post.Ref, address string, o CaptureOptions) (*Explanation, error) {
	e := x.begin(target, "post", false, o)
	return e.out, e.post(ctx, ref, address, nil)
}

// Recheck says whom a look at a post tells.
func (x *Explainer) Recheck(ctx context.Context, target string, ref post.Ref) (*Explanation, error) {
	e := x.begin(target, "post", true, CaptureOptions{})
	k, err := e.known(ctx, ref, "", nil)
	if err != nil {
		return e.out, err
	}
	if h := k.history; len(h.Captures)+len(h.Looks)+len(h.Articles) == 0 {
		e.note("the archive keeps nothing of this post: a look is not made")
		return e.out, nil
	}
	return e.out, e.post(ctx, ref, "", nil)
}

// CaptureShort says whom following a short link tells.
func (x *Explainer) CaptureShort(target, address string) *Explanation {
	e := x.begin(target, "short-link", false, CaptureOptions{})
	e.short(address)
	e.note("where the link leads is known when it was followed; what is there is then captured as if it had been named itself")
	return e.out
}

// CapturePage says whom the capture of an article, or of a page without posts,
// tells.
func (x *Explainer) CapturePage(ctx context.Context, target, address string, o CaptureOptions) (*Explanation, error) {
	e := x.begin(target, "article", false, o)
	e.page(StepArticle, address, "that this page is read")
	v, err := x.lastVersion(ctx, address)
	if err != nil {
		return e.out, err
	}
	if v == nil {
		e.add(Telling{Step: StepPosts, Learns: "which posts the article shows", When: "where the article shows posts: those of each platform are asked for there"})
		if e.links != LinksOff {
			e.add(Telling{Step: StepLinks, Learns: "that the page is read", When: "for every page that the article links"})
		}
		e.note("this article is not in the archive: which posts it shows is known when it was read; `stet extract` reads it, which tells its host only, and lists them")
	} else {
		e.note("the posts are those of the version that the archive keeps, of " + v.Time.UTC().Format("2006-01-02") + "; the article may show others by now")
		err = e.version(ctx, v)
	}
	e.older(&store.Mention{}, address)
	e.drawing(post.Ref{}, address)
	return e.out, err
}

// CaptureDocument says whom the capture of a local document's posts tells.
func (x *Explainer) CaptureDocument(ctx context.Context, target string, in extract.Input, o CaptureOptions) (*Explanation, error) {
	e := x.begin(target, "document", false, o)
	found := x.o.Finder.Find(in)
	v := &store.ArticleVersion{}
	for i := range found.Embeds {
		v.Mentions = append(v.Mentions, mentionOf(&found.Embeds[i]))
	}
	for _, l := range found.PostLinks {
		v.Mentions = append(v.Mentions, store.Mention{Kind: "link", Ref: post.Ref{Platform: l.Platform, ID: l.ID}, Platform: l.Platform, URL: l.URL})
	}
	for _, l := range found.Links {
		v.Links = append(v.Links, store.ArticleLink{URL: l.URL})
	}
	return e.out, e.version(ctx, v)
}

// RecheckPage says whom a look at a captured page tells.
func (x *Explainer) RecheckPage(ctx context.Context, target, address string) (*Explanation, error) {
	e := x.begin(target, "page", true, CaptureOptions{})
	var h *store.PageHistory
	err := store.ErrNotFound
	if x.o.Archive != nil {
		h, err = x.o.Archive.PageHistory(ctx, address)
	}
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && len(h.Captures) == 0:
		e.note("the archive keeps no capture of this page: a look is not made")
	case err != nil:
		return e.out, fmt.Errorf("reading the history of %s: %w", address, err)
	default:
		e.page(StepPage, h.URL, "that this page is read")
	}
	return e.out, nil
}

// lastVersion returns what is kept of an article, nil where that is nothing.
func (x *Explainer) lastVersion(ctx context.Context, address string) (*store.ArticleVersion, error) {
	if x.o.Archive == nil {
		return nil, nil
	}
	page, err := x.o.Archive.List(ctx, store.Query{Term: store.ArticleTerm(address), Kinds: []store.Kind{store.KindArticle}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return nil, err
	}
	return store.Decode[store.ArticleVersion](&page.Records[0])
}

// version explains the posts and links of an article.
func (e *explaining) version(ctx context.Context, v *store.ArticleVersion) error {
	for i := range v.Mentions {
		m := &v.Mentions[i]
		switch {
		case m.Kind != "embed" && (e.links == LinksOff || m.Ref.IsZero() || e.x.platform(m.Ref.Platform) == nil):
		case m.Ref.IsZero():
			e.unresolved(m)
		default:
			if err := e.post(ctx, m.Ref, m.URL, m); err != nil {
				return err
			}
		}
	}
	if e.links == LinksOff {
		return nil
	}
	limit := cmp.Or(e.x.o.Policy.MaxLinks, DefaultMaxLinks)
	for i := range v.Links[:min(len(v.Links), limit)] {
		e.page(StepLinks, v.Links[i].URL, "that this page is read")
	}
	return nil
}

// page explains the request for one page.
func (e *explaining) page(step, address, learns string) {
	t := Telling{Step: step, Host: hostOf(address), URL: address, Learns: learns}
	if u, err := url.Parse(address); err == nil && step != StepLinks {
		t.Credentials = e.access(u, nil)
	}
	e.add(t)
	to := e.x.o.SubmitsTo
	if step != StepArticle {
		to = e.x.o.SubmitsLinksTo
	}
	if to != "" && !e.look && e.privacy != PrivacyPrivate && len(t.Credentials) == 0 {
		e.add(Telling{Step: StepSubmit, Host: to, Learns: "the address " + address + ": it reads the page itself and shows it to everybody",
			When: "afterwards, where `stet serve` runs and the page is not private (wayback.submit)"})
	}
	e.note("a page can lead on to others, whose hosts then learn the same")
}

// access names what a request carries of the operator's own.
func (e *explaining) access(u *url.URL, names []string) []string {
	if e.x.o.Carries != nil {
		if c := e.x.o.Carries(u); c != nil {
			names = append(names, "what fetch.hosts sets for "+c.Host)
		}
	}
	return names
}

// short explains a short link.
func (e *explaining) short(address string) {
	e.add(Telling{Step: StepShortLink, Host: hostOf(address), URL: address, Learns: "that the link is followed"})
	e.add(Telling{Step: StepShortLink, Learns: "that the link was followed", When: "for every host that it leads through, until it is a post's"})
}

// unresolved explains an embed that has no id.
func (e *explaining) unresolved(m *store.Mention) {
	for _, l := range m.Quoted.Links {
		if t, p, ok := e.x.o.Finder.Parse(l); ok && p == m.Platform && t.Kind == extract.TargetShort {
			e.short(t.URL)
		}
	}
	if r := e.x.o.Recovery; r != nil && m.Quoted.Handle != "" && m.Quoted.Date != "" && r.Serves(m.Platform) {
		for _, host := range r.Tells() {
			e.add(Telling{Step: StepArchive, Host: host, Learns: fmt.Sprintf("that posts of @%s of about %s are looked for", m.Quoted.Handle, m.Quoted.Date),
				When: "where the short links in its words do not lead to the post"})
		}
	}
	if p := e.x.platform(m.Platform); p != nil {
		e.note(fmt.Sprintf("an embed of @%s tells no id: the post is asked for on %s once it is found", m.Quoted.Handle, m.Platform))
	}
}

// known is what the archive knows of a post that matters for whom to ask.
type known struct {
	history *store.History
	address string
	author  post.Author
}

func (e *explaining) known(ctx context.Context, ref post.Ref, address string, m *store.Mention) (known, error) {
	k := known{history: &store.History{Ref: ref}, address: address}
	if e.x.o.Archive != nil {
		h, err := e.x.o.Archive.History(ctx, ref)
		switch {
		case err == nil:
			k.history = h
		case !errors.Is(err, store.ErrNotFound):
			return k, fmt.Errorf("reading the history of %s: %w", ref, err)
		}
	}
	k.address = cmp.Or(addressOf(k.history), address)
	if best := k.history.Best(); best != nil {
		k.author = best.Content.Post.Author
	}
	if k.author.Handle == "" && m != nil {
		k.author = post.Author{Name: m.Quoted.Name, Handle: m.Quoted.Handle}
	}
	return k, nil
}

// post explains a post.
func (e *explaining) post(ctx context.Context, ref post.Ref, address string, m *store.Mention) error {
	k, err := e.known(ctx, ref, address, m)
	if err != nil {
		return err
	}
	p := e.x.platform(ref.Platform)
	if p == nil {
		e.note("posts of " + string(ref.Platform) + " are not asked for by this version: nobody is told of " + ref.String())
		return nil
	}
	e.naming(ctx, p, k.history.Ref)
	e.endpoints(ctx, p, &k)
	e.witnesses(ctx, p, &k)
	if t, ok := p.(TellingPlatform); ok {
		for _, more := range t.Tells(k.history.Ref, k.address) {
			more.Author = more.Author || e.authors(p, &k)
			e.add(more)
		}
	}
	e.media(ref.Platform, &k)
	e.recovery(ref, &k)
	if !e.look {
		e.postLinks(&k)
		e.drawing(ref, k.address)
		if e.x.o.Policy.QuoteDepth >= 0 || e.x.o.Policy.ReplyDepth >= 0 {
			e.note("posts that a post quotes or answers are asked for too, in the same places (capture.quote_depth, capture.reply_depth)")
		}
	}
	if len(p.Controls().Live) > 0 {
		e.note("where a host says that a post is gone, it is asked for a post that is known to stand too, which tells nobody of yours")
	}
	return nil
}

// authors reports whether the author of a post can run the hosts that are asked.
func (e *explaining) authors(p Platform, k *known) bool {
	own, ok := p.(OwnHostPlatform)
	return ok && own.AuthorsOwn(k.history.Ref, k.address)
}

// asked adds the questions that were noted.
func (e *explaining) asked(step, learns, when string, author bool) {
	for _, q := range e.x.o.Dry.take() {
		u, err := url.Parse(q.URL)
		if err != nil {
			continue
		}
		t := Telling{Step: step, Host: strings.ToLower(u.Hostname()), URL: q.URL, Learns: learns, When: when, Credentials: q.Credentials, Author: author}
		if !q.Anonymous {
			t.Credentials = e.access(u, t.Credentials)
		}
		e.add(t)
	}
}

// naming explains the question which post a reference names.
func (e *explaining) naming(ctx context.Context, p Platform, ref post.Ref) {
	n, ok := p.(NamingPlatform)
	if !ok || n.Lasting(ref) {
		return
	}
	n.Name(ctx, ref, "post")
	e.asked(StepName, "that the account in "+ref.String()+" is looked up", "", false)
}

// endpoints explains the platform's own interfaces, in their order.
func (e *explaining) endpoints(ctx context.Context, p Platform, k *known) {
	ref := k.history.Ref
	purpose := "post"
	if e.look {
		purpose = "look"
	}
	all := p.Endpoints()
	for i, ep := range all {
		at, ok := ep.(AddressedEndpoint)
		if ok && k.address != "" {
			at.AskAt(ctx, ref, k.address, purpose)
		} else {
			ep.Ask(ctx, []post.Ref{ref}, purpose)
		}
		e.asked(ep.Name(), "that the post "+ref.String()+" is asked for", e.when(i, all, k), e.authors(p, k))
	}
}

// when says on what it depends that the i-th endpoint is asked.
func (e *explaining) when(i int, all []Endpoint, k *known) string {
	ep := all[i]
	switch {
	case i == 0:
		return ""
	case !e.look && all[0].Source() == post.SourceAPI && ep.Source() == post.SourcePublic && all[i-1].Source() == post.SourceAPI:
		return ""
	case !e.look && ep.Source() == post.SourceEmbed && !k.history.Captured():
		return ""
	}
	return "where those before do not show the post whole"
}

// witnesses explains the ways through the account.
func (e *explaining) witnesses(ctx context.Context, p Platform, k *known) {
	w, ok := p.(WitnessPlatform)
	if !ok {
		return
	}
	author := k.author
	if author.Handle == "" {
		return // whom to ask about is not known then either
	}
	for _, witness := range w.Witnesses() {
		witness.AskAccount(ctx, k.history.Ref, author, "look")
		e.asked(witness.Name(), "that the account @"+strings.TrimPrefix(author.Handle, "@")+" is looked at", "where the post is missing and no host says why", e.authors(p, k))
	}
}

// media explains where the files of a post are fetched.
func (e *explaining) media(p post.Platform, k *known) {
	if e.x.o.Policy.NoMedia {
		return
	}
	when := "where the post has files"
	if e.look {
		when = "where the post has changed, and has files"
	}
	hosts := map[string]bool{}
	tell := func(host string) {
		if host != "" && !hosts[host] {
			hosts[host] = true
			e.add(Telling{Step: StepMedia, Host: host, Learns: "which files are fetched", When: when})
		}
	}
	if best := k.history.Best(); best != nil {
		for _, m := range best.Content.Post.Media {
			tell(hostOf(m.URL))
		}
	}
	if e.x.o.MediaHosts != nil {
		for _, host := range e.x.o.MediaHosts(p) {
			tell(host)
		}
	}
	if len(hosts) == 0 && !slices.ContainsFunc(e.out.Tells, func(t Telling) bool { return t.Step == StepMedia }) {
		e.add(Telling{Step: StepMedia, Learns: "which files are fetched", When: when + ": the hosts are those that the post names"})
	}
}

// recovery explains the web archives.
func (e *explaining) recovery(ref post.Ref, k *known) {
	r := e.x.o.Recovery
	if r == nil || !r.Serves(ref.Platform) {
		return
	}
	if best := k.history.Best(); best != nil && best.Content.Source.Rank() >= post.SourceArchive.Rank() {
		return // what is kept is no worse
	}
	for _, host := range r.Tells() {
		e.add(Telling{Step: StepArchive, Host: host, Learns: "that the post " + ref.String() + " is looked for", When: "where no host shows the post (wayback.recover)"})
	}
}

// older explains the search for older versions of an article.
func (e *explaining) older(m *store.Mention, address string) {
	r := e.x.o.Recovery
	if _, ok := r.(PageRecovery); !ok || m == nil || m.Quoted.Text != "" || address == "" || e.privacy == PrivacyPrivate {
		return
	}
	for _, host := range r.Tells()[:1] {
		e.add(Telling{Step: StepArchive, Host: host, Learns: "that older versions of " + address + " are looked for",
			When: "where neither a host nor the article has the words of a post any more, and the article is not private"})
	}
}

// postLinks explains the pages that a post links.
func (e *explaining) postLinks(k *known) {
	if e.links != LinksAll {
		return
	}
	best := k.history.Best()
	if best == nil {
		e.add(Telling{Step: StepLinks, Learns: "that the page is read", When: "for every page that the post links"})
		return
	}
	for _, l := range best.Content.Post.Links {
		if address := cmp.Or(l.Expanded, l.URL); hostOf(address) != "" {
			e.page(StepLinks, address, "that this page is read")
		}
	}
}

// drawing explains how a page is drawn.
func (e *explaining) drawing(ref post.Ref, address string) {
	if !ref.IsZero() {
		if e.x.o.Draws == nil {
			return
		}
		address = e.x.o.Draws(ref, address)
	} else if !e.x.o.DrawsPages {
		return
	}
	if address == "" {
		return
	}
	const when = "afterwards, where `stet serve` runs (browser.draw)"
	e.add(Telling{Step: StepDrawing, Host: hostOf(address), URL: address, Learns: "that a browser shows the page", When: when})
	e.add(Telling{Step: StepDrawing, Learns: "that a browser shows the page, and which", When: when + ": every host that the page loads something from"})
}
