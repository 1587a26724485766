package fakenet

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// BlueskyState says what became of a post of Bluesky, or of an account.
type BlueskyState string

// The states of a post and of an account.
const (
	// BlueskyLive: shown everywhere.
	BlueskyLive BlueskyState = "live"
	// BlueskyDeleted: the author took the record out of the repository.
	BlueskyDeleted BlueskyState = "deleted"
	// BlueskyHidden: the index does not show it, and the author's server has it.
	BlueskyHidden BlueskyState = "hidden"
	// BlueskyDeactivated, BlueskyTakenDown and BlueskySuspended are states of an
	// account: the index shows nothing of it, and the server says why.
	BlueskyDeactivated BlueskyState = "deactivated"
	BlueskyTakenDown   BlueskyState = "takendown"
	BlueskySuspended   BlueskyState = "suspended"
	// BlueskyGone: the server knows no such account.
	BlueskyGone BlueskyState = "gone"
	// BlueskyGivenUp: the directory says that the account was given up.
	BlueskyGivenUp BlueskyState = "given-up"
)

// BlueskyControl is the id of the post that always lives, unless a test says
// otherwise: one of the platform's own account.
const BlueskyControl = "at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l6oveex3ii2l"

const blueskyCollection = "app.bsky.feed.post"

// BlueskyAccount is an invented account of Bluesky.
type BlueskyAccount struct {
	// DID is derived from the handle where it is empty.
	DID, Handle, Name string
	// Server is the host that keeps the repository; one of the platform's where
	// it is empty.
	Server string
}

// BlueskyPost is an invented post of Bluesky. Addresses in Text, and handles of
// known accounts after an @, are marked as on the platform.
type BlueskyPost struct {
	Author BlueskyAccount
	// Key is the record key; made from Posted where it is empty.
	Key    string
	Text   string
	Posted time.Time
	Lang   string
	Media  []Media
	// Quotes and Answers are the ids of the quoted post and of the parent.
	Quotes, Answers string
	Card            *Card
	// Labels are moderation labels, SelfLabels the author's own.
	Labels, SelfLabels []string
	Likes              int
}

// ID returns the post's id.
func (p *BlueskyPost) ID() string { return blueskyID(p.Author.DID, p.Key) }

func blueskyID(authority, key string) string {
	return "at://" + authority + "/" + blueskyCollection + "/" + key
}

// Bluesky is an invented Bluesky on a [Net]: the public index, the directory of
// accounts, the servers that keep repositories, the hosts of media copies, and
// the stream of events. It is safe for concurrent use.
type Bluesky struct {
	net  *Net
	once sync.Once

	mu       sync.Mutex
	accounts map[string]*blueskyAccount // by DID
	posts    map[string]*blueskyPost    // by id
	blobs    map[string]blueskyBlob     // by CID
	stream   blueskyStream
}

type blueskyAccount struct {
	BlueskyAccount
	state BlueskyState
}

type blueskyPost struct {
	BlueskyPost
	state BlueskyState
	// version counts the edits.
	version int
}

// Bluesky returns the Bluesky of this internet, which it sets up with the first
// call, with [BlueskyControl] alive.
func (n *Net) Bluesky() *Bluesky {
	n.mu.Lock()
	b := n.bluesky
	if b == nil {
		b = &Bluesky{net: n, accounts: map[string]*blueskyAccount{}, posts: map[string]*blueskyPost{}, blobs: map[string]blueskyBlob{}}
		b.stream.more, b.stream.cut = make(chan struct{}), make(chan struct{})
		n.bluesky = b
	}
	n.mu.Unlock()
	b.once.Do(b.install)
	return b
}

// install puts the platform's hosts on the net.
func (b *Bluesky) install() {
	n := b.net
	n.HandleFunc("public.api.bsky.app", b.index)
	n.HandleFunc("plc.directory", b.directory)
	n.HandleFunc("cdn.bsky.app", b.copies)
	n.HandleFunc("video.bsky.app", b.stills)
	n.HandleFunc(BlueskyStream, b.follow)
	parts := strings.Split(BlueskyControl, "/")
	b.Add(BlueskyPost{Author: BlueskyAccount{DID: parts[2], Handle: "bsky.app", Name: "The Platform"}, Key: parts[4],
		Text: "a post of the platform's own", Posted: time.Date(2024, 10, 18, 16, 0, 0, 0, time.UTC)})
}

// Add publishes posts, and returns the id of the last one. A post whose id
// exists is replaced, and live again.
func (b *Bluesky) Add(posts ...BlueskyPost) string {
	id := ""
	for _, p := range posts {
		p = b.complete(p)
		id = p.ID()
		b.mu.Lock()
		if b.accounts[p.Author.DID] == nil {
			b.accounts[p.Author.DID] = &blueskyAccount{BlueskyAccount: p.Author, state: BlueskyLive}
		}
		b.posts[id] = &blueskyPost{BlueskyPost: p, state: BlueskyLive}
		b.addBlobs(&p)
		b.mu.Unlock()
		b.net.HandleFunc(p.Author.Server, b.server)
		if host, ok := strings.CutPrefix(p.Author.DID, "did:web:"); ok && host != p.Author.Server {
			b.net.HandleFunc(host, b.server)
		}
	}
	return id
}

// complete fills in what a post leaves out.
func (b *Bluesky) complete(p BlueskyPost) BlueskyPost {
	p.Author.DID = or(p.Author.DID, "did:plc:"+base32Name(p.Author.Handle, 24))
	p.Author.Name = or(p.Author.Name, p.Author.Handle)
	p.Author.Server = or(p.Author.Server, "shore.us-east.host.bsky.network")
	if p.Posted.IsZero() {
		p.Posted = b.net.now()
	}
	p.Key = or(p.Key, tid(p.Posted, seed(p.Text)))
	p.Lang = or(p.Lang, "en")
	p.Media = slices.Clone(p.Media)
	for i := range p.Media {
		m := &p.Media[i]
		m.Kind = or(m.Kind, "photo")
		m.Key = or(m.Key, fmt.Sprint("blob ", p.ID(), i))
		m.Width, m.Height = or(m.Width, 640), or(m.Height, 480)
		m.Size = or(m.Size, 64<<10)
	}
	return p
}

// SetState changes what became of a post. It panics where there is no such
// post.
func (b *Bluesky) SetState(id string, s BlueskyState) {
	b.mu.Lock()
	b.mustHave(id).state = s
	b.mu.Unlock()
	if s == BlueskyDeleted {
		b.commit(id, "delete")
	}
}

// SetAccount changes the state of an account. It panics where there is none.
func (b *Bluesky) SetAccount(did string, s BlueskyState) {
	b.mu.Lock()
	a := b.accounts[did]
	if a == nil {
		b.mu.Unlock()
		panic("fakenet: there is no account " + did)
	}
	a.state = s
	b.mu.Unlock()
	b.account(did, s)
}

// SetHandle gives an account another handle.
func (b *Bluesky) SetHandle(did, handle string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accounts[did].Handle = handle
}

// Edit overwrites the record of a post, which keeps its id.
func (b *Bluesky) Edit(id, text string) {
	b.mu.Lock()
	p := b.mustHave(id)
	p.Text = text
	p.version++
	b.mu.Unlock()
	b.commit(id, "update")
}

func (b *Bluesky) mustHave(id string) *blueskyPost {
	p := b.posts[id]
	if p == nil {
		panic("fakenet: there is no post " + id)
	}
	return p
}

// ByHandle returns the id of a post in its provisional form, with the handle in
// place of the DID.
func (b *Bluesky) ByHandle(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.mustHave(id)
	return blueskyID(b.accounts[p.Author.DID].Handle, p.Key)
}

// URL returns the address of a post for people, with the handle.
func (b *Bluesky) URL(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.mustHave(id)
	return "https://bsky.app/profile/" + b.accounts[p.Author.DID].Handle + "/post/" + p.Key
}

// Blockquote returns the platform's embed code of a post.
func (b *Bluesky) Blockquote(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.mustHave(id)
	a := b.accounts[p.Author.DID]
	return fmt.Sprintf(`<blockquote class="bluesky-embed" data-bluesky-uri="%s" data-bluesky-cid="%s"><p lang="%s">%s</p>&mdash; %s (<a href="https://bsky.app/profile/%s?ref_src=embed">@%s</a>) <a href="https://bsky.app/profile/%s/post/%s?ref_src=embed">%s</a></blockquote><script async src="https://embed.bsky.app/static/embed.js" charset="utf-8"></script>`,
		id, p.cid(), p.Lang, html.EscapeString(p.Text), html.EscapeString(a.Name), a.DID, a.Handle, a.DID, p.Key, p.Posted.UTC().Format("January 2, 2006 at 3:04 PM"))
}

// shown returns a copy of a post that the index shows; false where it does not.
// b.mu is held.
func (b *Bluesky) shown(id string) (blueskyPost, *blueskyAccount, bool) {
	p := b.posts[id]
	if p == nil || p.state != BlueskyLive {
		return blueskyPost{}, nil, false
	}
	a := b.accounts[p.Author.DID]
	return *p, a, a.state == BlueskyLive
}

// lasting returns an id with the account's DID in place of its handle; b.mu is
// held.
func (b *Bluesky) lasting(id string) string {
	parts := strings.Split(id, "/")
	if len(parts) != 5 {
		return id
	}
	if did := b.didOf(parts[2]); did != "" {
		parts[2] = did
	}
	return strings.Join(parts, "/")
}

// didOf returns the DID of a handle, or ""; b.mu is held.
func (b *Bluesky) didOf(handle string) string {
	for did, a := range b.accounts {
		if a.Handle == handle && a.state != BlueskyGone && a.state != BlueskyGivenUp {
			return did
		}
	}
	return ""
}

// xrpcFail answers with an error of the protocol.
func xrpcFail(w http.ResponseWriter, status int, name, message string) {
	writeJSON(w, status, obj{"error": name, "message": message})
}

// method returns the name of the method that a request calls.
func method(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/xrpc/") }
