package twitter

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"stet/extract"
	"stet/extract/post"
)

// V2Parser names the parser of v2 answers, with its version.
const V2Parser = "twitter.v2/1"

// v2Answer is an answer of /2/tweets or /2/tweets/:id. Both vocabularies are
// read: the API calls a tweet a post since version 2.167 of its description,
// and answers in the one or the other.
type v2Answer struct {
	Data     many[v2Post]         `json:"data"`
	Includes opt[v2Includes]      `json:"includes"`
	Errors   opt[list[v2Problem]] `json:"errors"`
	// The members of a problem stand at the top where the whole request failed.
	v2Problem
}

type v2Includes struct {
	Tweets opt[list[v2Post]]  `json:"tweets"`
	Posts  opt[list[v2Post]]  `json:"posts"`
	Users  opt[list[v2User]]  `json:"users"`
	Media  opt[list[v2Media]] `json:"media"`
	Polls  opt[list[v2Poll]]  `json:"polls"`
}

type v2Post struct {
	ID          str             `json:"id"`
	Text        opt[string]     `json:"text"`
	AuthorID    str             `json:"author_id"`
	Created     str             `json:"created_at"`
	Lang        str             `json:"lang"`
	Sensitive   opt[bool]       `json:"possibly_sensitive"`
	Entities    opt[v2Entities] `json:"entities"`
	NoteTweet   opt[v2Note]     `json:"note_tweet"`
	NotePost    opt[v2Note]     `json:"note_post"`
	Attachments opt[struct {
		MediaKeys opt[list[str]] `json:"media_keys"`
		PollIDs   opt[list[str]] `json:"poll_ids"`
		Sources   opt[list[str]] `json:"media_source_tweet_id"`
	}] `json:"attachments"`
	RefTweets opt[list[v2Ref]]    `json:"referenced_tweets"`
	RefPosts  opt[list[v2Ref]]    `json:"referenced_posts"`
	EditsOld  opt[list[str]]      `json:"edit_history_tweet_ids"`
	EditsNew  opt[list[str]]      `json:"edit_history_post_ids"`
	Metrics   opt[map[string]num] `json:"public_metrics"`
	Withheld  opt[v2Withheld]     `json:"withheld"`
	Article   opt[struct {
		Title str `json:"title"`
	}] `json:"article"`
}

type v2Note struct {
	Text     opt[string]     `json:"text"`
	Entities opt[v2Entities] `json:"entities"`
}

type v2Entities struct {
	URLs opt[list[v2URL]] `json:"urls"`
}

type v2URL struct {
	URL         str `json:"url"`
	Expanded    str `json:"expanded_url"`
	Display     str `json:"display_url"`
	MediaKey    str `json:"media_key"`
	Title       str `json:"title"`
	Description str `json:"description"`
	Images      opt[list[struct {
		URL   str `json:"url"`
		Width num `json:"width"`
	}]] `json:"images"`
}

type v2Ref struct {
	Type str `json:"type"`
	ID   str `json:"id"`
}

type v2User struct {
	ID           str       `json:"id"`
	Name         str       `json:"name"`
	Handle       str       `json:"username"`
	Avatar       str       `json:"profile_image_url"`
	Verified     opt[bool] `json:"verified"`
	VerifiedType str       `json:"verified_type"`
}

type v2Media struct {
	Key      str           `json:"media_key"`
	Type     str           `json:"type"`
	URL      str           `json:"url"`
	Preview  str           `json:"preview_image_url"`
	Alt      str           `json:"alt_text"`
	Duration num           `json:"duration_ms"`
	Width    num           `json:"width"`
	Height   num           `json:"height"`
	Variants list[variant] `json:"variants"`
}

type v2Poll struct {
	ID      str `json:"id"`
	Ends    str `json:"end_datetime"`
	Voting  str `json:"voting_status"`
	Options list[struct {
		Position num `json:"position"`
		Label    str `json:"label"`
		Votes    num `json:"votes"`
	}] `json:"options"`
}

type v2Withheld struct {
	Copyright opt[bool]      `json:"copyright"`
	Countries opt[list[str]] `json:"country_codes"`
}

// v2Reader makes posts of one answer.
type v2Reader struct {
	users map[string]*v2User
	media map[string]*v2Media
	polls map[string]*v2Poll
	posts map[string]*v2Post
}

func newV2Reader(a *v2Answer) *v2Reader {
	r := &v2Reader{users: map[string]*v2User{}, media: map[string]*v2Media{}, polls: map[string]*v2Poll{}, posts: map[string]*v2Post{}}
	for i := range a.Includes.V.Users.V {
		r.users[string(a.Includes.V.Users.V[i].ID)] = &a.Includes.V.Users.V[i]
	}
	for i := range a.Includes.V.Media.V {
		r.media[string(a.Includes.V.Media.V[i].Key)] = &a.Includes.V.Media.V[i]
	}
	for i := range a.Includes.V.Polls.V {
		r.polls[string(a.Includes.V.Polls.V[i].ID)] = &a.Includes.V.Polls.V[i]
	}
	for _, group := range [][]v2Post{a.Includes.V.Tweets.V, a.Includes.V.Posts.V, a.Data} {
		for i := range group {
			r.posts[string(group[i].ID)] = &group[i]
		}
	}
	return r
}

// ParseV2 reads the post id from an answer of the v2 API to a look-up of one
// or several posts. It errors with [extract.ErrShape] where the answer does not
// have the post.
func ParseV2(id string, body []byte) (extract.Parsed, error) {
	var a v2Answer
	if err := extract.DecodeJSON(body, &a); err != nil {
		return extract.Parsed{}, err
	}
	p, ok := newV2Reader(&a).parsed(id, a.Data)
	if !ok {
		return extract.Parsed{}, fmt.Errorf("%w: an answer without post %.20s", extract.ErrShape, id)
	}
	return p, nil
}

// parsed returns the post id, or the version of it that the answer has.
func (r *v2Reader) parsed(id string, data []v2Post) (extract.Parsed, bool) {
	for i := range data {
		d := &data[i]
		if string(d.ID) != id && !slices.Contains(d.edits(), str(id)) {
			continue
		}
		b := builder{}
		if p, ok := r.post(d, &b, maxNesting); ok {
			return b.parsed(p), true
		}
	}
	return extract.Parsed{}, false
}

func (d *v2Post) edits() list[str] {
	if d.EditsNew.Set {
		return d.EditsNew.V
	}
	return d.EditsOld.V
}

func (d *v2Post) refs() list[v2Ref] {
	if d.RefPosts.Set {
		return d.RefPosts.V
	}
	return d.RefTweets.V
}

// content returns the text and its entities: those of the note, which is the
// whole text of a long post, where there is one.
func (d *v2Post) content() (opt[string], *v2Entities) {
	for _, n := range []*opt[v2Note]{&d.NotePost, &d.NoteTweet} {
		if n.Set && n.V.Text.Set {
			return n.V.Text, &n.V.Entities.V
		}
	}
	return d.Text, &d.Entities.V
}

// post makes a post of d and adds those that it refers to.
func (r *v2Reader) post(d *v2Post, b *builder, depth int) (post.Post, bool) {
	text, ents := d.content()
	if !validID(string(d.ID)) || !text.Set {
		return post.Post{}, false
	}
	p := post.Post{Platform: post.Twitter, ID: string(d.ID), Author: post.Author{ID: string(d.AuthorID)}, Language: string(d.Lang),
		Sensitive: d.Sensitive.V, Counts: d.counts()}
	if u, ok := r.users[string(d.AuthorID)]; ok {
		p.Author = u.author()
	}
	p.URL = PostURL(p.Author.Handle, p.ID)
	setPosted(&p, string(d.Created))
	setVersions(&p, d.edits())
	for _, c := range d.Withheld.V.Countries.V {
		p.Labels = append(p.Labels, "withheld:"+string(c))
	}
	w := ents.words(p.ID, &d.Entities.V)
	seen := w.read(text.V)
	p.Text, p.Links, p.Incomplete = seen.text, seen.links, seen.cut
	r.attach(&p, d, b)
	if p.Card = ents.card(d); p.Card == nil {
		p.Card = d.Entities.V.card(d)
	}
	r.relate(&p, d, b, depth)
	return p, true
}

// words returns the writer of a text with these entities. The short links of
// media stand in the entities of the short text only.
func (e *v2Entities) words(self string, short *v2Entities) *words {
	w := newWords(self)
	for _, group := range []*v2Entities{short, e} {
		for _, u := range group.URLs.V {
			if u.isMedia(self) {
				w.addMedia(string(u.URL))
			} else {
				w.addLink(string(u.URL), string(u.Expanded), string(u.Display))
			}
		}
	}
	return w
}

// isMedia reports whether the link stands for a picture or video of a post.
func (u *v2URL) isMedia(self string) bool {
	if u.MediaKey != "" || strings.HasPrefix(string(u.Display), "pic.twitter.com/") || strings.HasPrefix(string(u.Display), "pic.x.com/") {
		return true
	}
	t, ok := parseString(string(u.Expanded))
	return ok && t.Ref.ID == self && t.Part != ""
}

// card returns the preview of the first link that has one, or of the article
// that the post is.
func (e *v2Entities) card(d *v2Post) *post.Card {
	if t := d.Article.V.Title; t != "" {
		return &post.Card{Kind: "article", Title: string(t)}
	}
	for _, u := range e.URLs.V {
		if u.Title == "" || u.MediaKey != "" {
			continue
		}
		c := &post.Card{URL: cmp.Or(string(u.Expanded), string(u.URL)), Title: string(u.Title), Description: string(u.Description)}
		width := num(-1)
		for _, img := range u.Images.V {
			if img.Width > width {
				c.Image, width = string(img.URL), img.Width
			}
		}
		return c
	}
	return nil
}

// attach fills in media and poll.
func (r *v2Reader) attach(p *post.Post, d *v2Post, b *builder) {
	at := &d.Attachments.V
	for i, key := range at.MediaKeys.V {
		m, ok := r.media[string(key)]
		if !ok {
			b.note("a picture or video was not in the answer")
			continue
		}
		out, ok := m.post(b.note)
		if !ok {
			continue
		}
		// The sources are listed in the order of the media, and only where
		// every one has one.
		if len(at.Sources.V) == len(at.MediaKeys.V) {
			if src := Ref(string(at.Sources.V[i])); src.ID != p.ID && !inChain(p, src.ID) {
				out.SourceRef = src
			}
		}
		p.Media = append(p.Media, out)
	}
	for _, id := range at.PollIDs.V {
		if poll, ok := r.polls[string(id)]; ok {
			p.Poll = poll.post()
		}
	}
}

func (m *v2Media) post(note func(string)) (post.Media, bool) {
	shape := media{Type: m.Type, Image: m.Preview, Alt: m.Alt, Video: opt[videoInfo]{V: videoInfo{Duration: m.Duration, Variants: m.Variants}}}
	if m.Type == "photo" {
		shape.Image = m.URL
	}
	out, ok := shape.post(&post.Post{}, note)
	out.Width, out.Height = int(m.Width), int(m.Height)
	return out, ok
}

func (v *v2Poll) post() *post.Poll {
	options := slices.Clone(v.Options)
	slices.SortStableFunc(options, func(a, b struct {
		Position num `json:"position"`
		Label    str `json:"label"`
		Votes    num `json:"votes"`
	}) int {
		return int(a.Position - b.Position)
	})
	p := &post.Poll{Final: v.Voting == "closed"}
	for _, o := range options {
		p.Options = append(p.Options, post.PollOption{Label: string(o.Label), Votes: int64(o.Votes)})
	}
	if t, err := time.Parse(time.RFC3339, string(v.Ends)); err == nil {
		p.Ends = t.UTC()
	}
	return p
}

func (u *v2User) author() post.Author {
	as := user{ID: u.ID, Name: u.Name, Handle: u.Handle, Avatar: u.Avatar, Verified: u.Verified, VerifiedType: u.VerifiedType}
	if as.VerifiedType == "none" {
		as.VerifiedType = ""
	}
	return as.author()
}

func (d *v2Post) counts() map[string]int64 {
	m := d.Metrics.V
	of := func(name string) opt[num] {
		v, ok := m[name]
		return opt[num]{V: v, Set: ok}
	}
	return counts(map[string]opt[num]{"likes": of("like_count"), "reposts": of("retweet_count"), "replies": of("reply_count"),
		"quotes": of("quote_count"), "bookmarks": of("bookmark_count"), "views": of("impression_count")})
}

// relate fills in the references, and adds the posts that the answer has.
func (r *v2Reader) relate(p *post.Post, d *v2Post, b *builder, depth int) {
	for _, ref := range d.refs() {
		other, known := post.Post{}, false
		if o, ok := r.posts[string(ref.ID)]; ok && depth > 0 && o != d {
			if other, known = r.post(o, b, depth-1); known {
				b.relate(other)
			}
		}
		switch ref.Type {
		case "quoted":
			p.Quoted = Ref(string(ref.ID))
		case "replied_to":
			p.Parent = Ref(string(ref.ID))
		case "retweeted", "reposted":
			if p.Reposted = Ref(string(ref.ID)); known {
				repeats(p, &other)
			}
		default:
			b.note("a reference of the unknown kind " + strconv.Quote(string(ref.Type)))
		}
	}
}
