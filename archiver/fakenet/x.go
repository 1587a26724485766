package fakenet

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// State says how the platform X shows a post. Where the platform's endpoints
// disagree in reality, they disagree here.
type State string

// The states of a post.
const (
	// Live: shown everywhere.
	Live State = "live"
	// Deleted by its author: a tombstone says so; not found elsewhere.
	Deleted State = "deleted"
	// Suspended account: a tombstone says so.
	Suspended State = "suspended"
	// SuspendedNoUser: a suspended account, in the variant in which the
	// keyless endpoint sends the post without its user.
	SuspendedNoUser State = "suspended-no-user"
	// AccountGone: the account was closed.
	AccountGone State = "account-gone"
	// Protected: the account limits who may see its posts.
	Protected State = "protected"
	// AgeGated: behind an age gate for those who are not logged in.
	AgeGated State = "age-gated"
	// Withheld in some countries.
	Withheld State = "withheld"
	// BareTombstone: the keyless endpoint sends a tombstone without a text for
	// a post that lives.
	BareTombstone State = "bare-tombstone"
	// EmptyTombstone is BareTombstone with an empty object inside.
	EmptyTombstone State = "empty-tombstone"
	// EmptyObject: the keyless endpoint sends {} for a post that lives.
	EmptyObject State = "empty-object"
	// Hidden: the keyless endpoint answers 404 for a post that lives.
	Hidden State = "hidden"
	// NotFound: no endpoint knows it.
	NotFound State = "not-found"
)

// Endpoint is one way to ask X for a post.
type Endpoint string

// The endpoints.
const (
	// Syndication is cdn.syndication.twimg.com/tweet-result.
	Syndication Endpoint = "syndication"
	// OEmbed is publish.twitter.com/oembed and publish.x.com/oembed.
	OEmbed Endpoint = "oembed"
	// V1 is api.twitter.com/1.1.
	V1 Endpoint = "v1"
	// V2 is api.x.com/2 and api.twitter.com/2.
	V2 Endpoint = "v2"
	// Timeline is syndication.twitter.com/srv/timeline-profile.
	Timeline Endpoint = "timeline"
)

// ControlID is the id of the post that always lives, unless a test says
// otherwise: the oldest post of the platform.
const ControlID = "20"

// Person is an invented account of X.
type Person struct {
	ID, Name, Handle string
	// Verified is the kind of the mark beside the name: "blue", "business",
	// "government", or "" for none.
	Verified string
}

// Media is a photo, video or animated picture of a post.
type Media struct {
	// Kind is photo, video or gif; "" is photo.
	Kind string
	// Key is the name in the media's URL; derived from the post where empty.
	Key string
	Alt string
	// Width and Height of the original; 640 × 480 where 0.
	Width, Height int
	// Size is the number of bytes of the best video; 64 KB where 0.
	Size int64
	// From is the id of the post that it was published in first.
	From string
}

// Post is an invented post of X. Addresses in Text become short links, as on
// the platform; addresses of t.co that were made with [X.Shorten] stay.
type Post struct {
	ID     string
	Author Person
	Text   string
	// Posted is taken from the id where it is zero and the id has a time.
	Posted time.Time
	Lang   string
	Media  []Media
	// Quotes and Answers are the ids of the quoted post and of the parent.
	Quotes, Answers string
	// Poll lists the answers of a poll with their votes, in order.
	Poll  []PollAnswer
	Card  *Card
	Likes int
	// Sensitive marks the post as such.
	Sensitive bool
	// Note is what people added below it.
	Note string
}

// PollAnswer is one answer of a poll.
type PollAnswer struct {
	Label string
	Votes int
}

// Card is the preview of a linked page. URL is the address as it stands in the
// text.
type Card struct {
	URL, Title, Description, Image string
}

// XOptions say what an [X] demands.
type XOptions struct {
	// Bearer is the token that the v2 API, and v1.1, accept; default "bearer".
	Bearer string
	// ConsumerKey and ConsumerSecret buy the token at oauth2/token; default
	// "key" and "secret".
	ConsumerKey, ConsumerSecret string
	// NewVocabulary lets the v2 API speak of posts instead of tweets, and
	// refuse the old parameters with 400.
	NewVocabulary bool
	// NotFoundStatus is the status with which v2 answers for a single post that
	// it does not know: 200 with an error inside where it is 0, as recorded, or
	// 404, as documented.
	NotFoundStatus int
	// OEmbedMoved lets publish.x.com redirect to publish.twitter.com.
	OEmbedMoved bool
}

// X is an invented platform X on a [Net]. It is safe for concurrent use.
type X struct {
	net  *Net
	once sync.Once

	mu       sync.Mutex
	opts     XOptions
	posts    map[string]*xPost
	accounts map[string]State    // by id of the person
	short    map[string]string   // the short links: code to address
	media    map[string]mediaRef // by path
	gone     map[string]bool     // media paths that are gone
}

// xPost is a post and what became of it.
type xPost struct {
	Post
	state State
	at    map[Endpoint]State
	// versions are the ids of all versions, oldest first; shared by them.
	versions *[]string
}

// X returns the platform X of this internet, which it sets up with the first
// call, with [ControlID] alive. Options given later replace earlier ones.
func (n *Net) X(o ...XOptions) *X {
	n.mu.Lock()
	x := n.x
	if x == nil {
		x = &X{net: n, posts: map[string]*xPost{}, accounts: map[string]State{}, short: map[string]string{},
			media: map[string]mediaRef{}, gone: map[string]bool{}}
		n.x = x
	}
	n.mu.Unlock()
	x.once.Do(func() {
		x.setOptions(XOptions{})
		x.install()
	})
	if len(o) > 0 {
		x.setOptions(o[0])
	}
	return x
}

func (x *X) setOptions(o XOptions) {
	x.mu.Lock()
	defer x.mu.Unlock()
	o.Bearer = or(o.Bearer, "bearer")
	o.ConsumerKey = or(o.ConsumerKey, "key")
	o.ConsumerSecret = or(o.ConsumerSecret, "secret")
	x.opts = o
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// install puts the platform's hosts on the net.
func (x *X) install() {
	n := x.net
	n.HandleFunc("cdn.syndication.twimg.com", x.syndication)
	n.HandleFunc("syndication.twitter.com", x.timeline)
	n.HandleFunc("publish.twitter.com", x.oembed)
	n.HandleFunc("publish.x.com", x.oembed)
	n.HandleFunc("api.x.com", x.api)
	n.HandleFunc("api.twitter.com", x.api)
	n.HandleFunc("pbs.twimg.com", x.pictures)
	n.HandleFunc("video.twimg.com", x.videos)
	n.HandleFunc("t.co", x.shortLink)
	for _, h := range []string{"x.com", "twitter.com", "www.x.com", "www.twitter.com", "mobile.twitter.com", "mobile.x.com"} {
		n.HandleFunc(h, x.page)
	}
	x.Add(Post{ID: ControlID, Author: Person{ID: "12", Name: "Old Timer", Handle: "oldtimer"},
		Text: "trying out this new thing", Lang: "en", Posted: time.Date(2006, 3, 21, 20, 50, 14, 0, time.UTC)})
}

// Add publishes posts. A post whose id exists is replaced, and live again.
func (x *X) Add(posts ...Post) {
	for _, p := range posts {
		p = x.complete(p)
		versions := []string{p.ID}
		x.mu.Lock()
		x.posts[p.ID] = &xPost{Post: p, state: Live, at: map[Endpoint]State{}, versions: &versions}
		x.addMedia(p)
		x.mu.Unlock()
	}
}

// complete fills in what a post leaves out.
func (x *X) complete(p Post) Post {
	if p.Posted.IsZero() {
		p.Posted = PostedAt(p.ID)
	}
	if p.Posted.IsZero() {
		p.Posted = x.net.now()
	}
	p.Lang = or(p.Lang, "en")
	p.Author.ID = or(p.Author.ID, strconv.FormatUint(seed(p.Author.Handle)%9_000_000_000+1_000_000_000, 10))
	p.Author.Name = or(p.Author.Name, p.Author.Handle)
	p.Media = slices.Clone(p.Media)
	for i := range p.Media {
		m := &p.Media[i]
		m.Kind = or(m.Kind, "photo")
		m.Key = or(m.Key, "M"+code(fmt.Sprint("media ", p.ID, i), 14))
		m.Width, m.Height = or(m.Width, 640), or(m.Height, 480)
		m.Size = or(m.Size, 64<<10)
	}
	return p
}

// The snowflake ids of X: milliseconds since an epoch, above 22 other bits.
const (
	xEpoch         = 1288834974657
	firstSnowflake = 29700859247
)

// PostID returns the id of a post of X that was published at a time; n
// distinguishes those of the same millisecond (0 to 4095). Times before
// November 2010 have no such ids; the clock of a synctest bubble begins in 2000.
func PostID(t time.Time, n int) string {
	return strconv.FormatInt((t.UnixMilli()-xEpoch)<<22|int64(n&0xfff), 10)
}

// PostedAt returns the time in an id, or the zero time.
func PostedAt(id string) time.Time {
	v, err := strconv.ParseInt(id, 10, 64)
	if err != nil || v < firstSnowflake {
		return time.Time{}
	}
	return time.UnixMilli(v>>22 + xEpoch).UTC()
}

// SetState changes what every endpoint says of a post. It panics where there is
// no such post, because a test that misspells an id would pass otherwise.
func (x *X) SetState(id string, s State) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.mustHave(id)
	p.state = s
	clear(p.at)
}

// SetStateAt changes what one endpoint says of a post.
func (x *X) SetStateAt(e Endpoint, id string, s State) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.mustHave(id).at[e] = s
}

// SetAccount changes what is said of all posts of a person: Suspended,
// SuspendedNoUser, AccountGone, Protected, or Live again.
func (x *X) SetAccount(personID string, s State) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.accounts[personID] = s
}

func (x *X) mustHave(id string) *xPost {
	p := x.posts[id]
	if p == nil {
		panic("fakenet: there is no post " + id)
	}
	return p
}

// Edit publishes a new version of a post under a new id, as the platform does,
// and keeps the old one as an outdated version.
func (x *X) Edit(id, newID, text string) {
	x.mu.Lock()
	old := x.mustHave(id)
	p := old.Post
	p.ID, p.Text, p.Posted = newID, text, time.Time{}
	versions := old.versions
	*versions = append(*versions, newID)
	x.mu.Unlock()
	p = x.complete(p)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.posts[newID] = &xPost{Post: p, state: Live, at: map[Endpoint]State{}, versions: versions}
	x.addMedia(p)
}

// Shorten returns the t.co address of an address.
func (x *X) Shorten(address string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.shorten(address)
}

// shorten is Shorten; x.mu is held.
func (x *X) shorten(address string) string {
	c := code("short "+address, 10)
	x.short[c] = address
	return "https://t.co/" + c
}

// code makes a name of letters and digits out of text.
func code(text string, length int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, length)
	s := seed(text)
	for i := range b {
		if i == 10 {
			s = seed(text + " more")
		}
		b[i] = alphabet[s%62]
		s /= 62
	}
	return string(b)
}

// find returns a copy of a post and its state at an endpoint; the state is
// NotFound where there is none.
func (x *X) find(e Endpoint, id string) (xPost, State) {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.posts[id]
	if p == nil {
		return xPost{}, NotFound
	}
	s, ok := p.at[e]
	if !ok {
		s = p.state
		if account := x.accounts[p.Author.ID]; s == Live && account != "" {
			s = account
		}
	}
	versions := slices.Clone(*p.versions)
	return xPost{Post: p.Post, versions: &versions}, s
}

// seen reports whether a state lets an endpoint other than the keyless one show
// the post.
func (s State) seen() bool {
	switch s {
	case Live, BareTombstone, EmptyTombstone, EmptyObject, Hidden, AgeGated:
		return true
	}
	return false
}

// stale reports whether a newer version of the post exists.
func (p *xPost) stale() bool {
	v := *p.versions
	return v[len(v)-1] != p.ID
}

// url is the address of a post for people.
func (p *Post) url() string { return "https://x.com/" + p.Author.Handle + "/status/" + p.ID }

// obj is a JSON object.
type obj = map[string]any

// writeJSON answers with v.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // a client that has gone away is no error
}

// postIDOf returns the id in an address of a post, or "".
func postIDOf(address string) string {
	_, rest, ok := strings.Cut(address, "/status/")
	if !ok {
		_, rest, ok = strings.Cut(address, "/statuses/")
	}
	if !ok {
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	return rest
}
