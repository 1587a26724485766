package bundle

import (
	"encoding/hex"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Facts is the custody: what the records say of who, when, how and from where.
type Facts struct {
	Form     string    `json:"form"`
	Audience Audience  `json:"for"`
	Software string    `json:"software"`
	Created  time.Time `json:"created"`
	// Head is what covers the records.
	Head FactsHead `json:"head"`
	// Outside says who outside vouches for a time; empty where nobody does.
	Outside []FactsStamp `json:"time_from_outside"`
	Posts   []FactsPost  `json:"posts"`
	// Left says what was left out for the audience.
	Left []string `json:"left_out,omitempty"`
}

// FactsHead is a signed head.
type FactsHead struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	Key    string `json:"key"`
}

// FactsStamp is what somebody outside said of the head.
type FactsStamp struct {
	File  string           `json:"file"`
	By    string           `json:"by"`
	State store.StampState `json:"state"`
	Time  time.Time        `json:"time,omitzero"`
}

// FactsPost is what is known of one post.
type FactsPost struct {
	Ref       post.Ref       `json:"ref"`
	URL       string         `json:"url,omitempty"`
	Author    string         `json:"author,omitempty"`
	Handle    string         `json:"handle,omitempty"`
	Text      string         `json:"text,omitempty"`
	Posted    time.Time      `json:"posted,omitzero"`
	Status    string         `json:"status,omitempty"`
	Confirmed bool           `json:"confirmed,omitempty"`
	LastLive  time.Time      `json:"last_live,omitzero"`
	FirstGone time.Time      `json:"first_gone,omitzero"`
	Captures  []FactsCapture `json:"captures"`
	Looks     []FactsLook    `json:"looks,omitempty"`
	Mentions  []FactsMention `json:"mentions,omitempty"`
	Pictures  []string       `json:"screenshots,omitempty"`
}

// FactsCapture is one capture with how it was made.
type FactsCapture struct {
	Record   store.ID    `json:"record"`
	Time     time.Time   `json:"time"`
	Source   post.Source `json:"source"`
	Trigger  string      `json:"trigger,omitempty"`
	Operator string      `json:"operator,omitempty"`
	Case     string      `json:"case,omitempty"`
	Note     string      `json:"note,omitempty"`
	Machine  string      `json:"machine,omitempty"`
	Software string      `json:"software,omitempty"`
	// Snapshot is the web archive's, where the capture is from one.
	Snapshot string       `json:"snapshot,omitempty"`
	Media    []FactsMedia `json:"media,omitempty"`
	Hops     []FactsHop   `json:"exchanges"`
}

// FactsMedia is one file of a post.
type FactsMedia struct {
	URL    string       `json:"url"`
	Digest store.Digest `json:"digest,omitzero"`
	Bytes  int64        `json:"bytes,omitempty"`
	Type   string       `json:"type,omitempty"`
	File   string       `json:"file,omitempty"`
	Error  string       `json:"error,omitempty"`
}

// FactsHop is one request and its answer.
type FactsHop struct {
	Record   store.ID     `json:"record"`
	Started  time.Time    `json:"started"`
	Millis   int64        `json:"took_ms"`
	Method   string       `json:"method"`
	URL      string       `json:"url"`
	Status   int          `json:"status,omitempty"`
	Location string       `json:"location,omitempty"`
	Date     string       `json:"date_header,omitempty"`
	Address  string       `json:"address,omitempty"`
	Proxy    string       `json:"proxy,omitempty"`
	TLS      string       `json:"tls,omitempty"`
	Chain    store.Digest `json:"tls_chain,omitzero"`
	Digest   store.Digest `json:"digest,omitzero"`
	Bytes    int64        `json:"bytes,omitempty"`
	Redacted []string     `json:"redacted,omitempty"`
	Error    string       `json:"error,omitempty"`
}

// FactsLook is one answer to whether the post is still there.
type FactsLook struct {
	Record   store.ID    `json:"record"`
	Time     time.Time   `json:"time"`
	Result   post.Status `json:"result"`
	Endpoint string      `json:"endpoint"`
	Reason   string      `json:"reason,omitempty"`
	Exchange store.ID    `json:"exchange,omitzero"`
}

// FactsMention is one place in an article.
type FactsMention struct {
	Record    store.ID  `json:"record"`
	Time      time.Time `json:"time"`
	Article   string    `json:"article"`
	Title     string    `json:"title,omitempty"`
	Kind      string    `json:"kind"`
	Markup    string    `json:"markup,omitempty"`
	Positions []int     `json:"positions,omitempty"`
	Before    string    `json:"before,omitempty"`
	Fragment  string    `json:"fragment,omitempty"`
}

// facts gathers what the items say. What was left out of them is left out here.
func (c *Content) facts(pictures []File) *Facts {
	f := &Facts{Form: Form, Audience: c.For, Software: c.Software, Created: c.Created(), Left: c.Left, Outside: []FactsStamp{},
		Head: FactsHead{c.Head.Origin, c.Head.Size, hex.EncodeToString(c.Head.Root[:]), c.Head.Key}}
	for i, s := range c.Stamped {
		f.Outside = append(f.Outside, FactsStamp{stampName(i, s), s.By, s.State, s.At})
	}
	files := map[store.Digest]string{}
	for i := range pictures {
		files[pictures[i].Blob] = pictures[i].Name
	}
	for _, h := range c.Posts {
		// Whoever verifies knows the aliases that are in the bundle.
		f.Posts = append(f.Posts, c.factsOf(&store.History{Ref: h.Ref, Aliases: c.aliases(h.Ref)}, files))
	}
	return f
}

func (c *Content) factsOf(h *store.History, files map[store.Digest]string) FactsPost {
	p := FactsPost{Ref: h.Ref, Captures: []FactsCapture{}}
	var best *store.Derivation
	for i := range c.Items {
		switch v := c.Items[i].Content.(type) {
		case *store.Derivation:
			if h.Is(v.Ref) && (best == nil || v.Source.Rank() >= best.Source.Rank()) {
				best = v
			}
		case *store.Capture:
			if h.Is(v.Ref) {
				p.Captures = append(p.Captures, c.capture(c.Items[i].Record.ID, v, files))
			}
		case *store.Look:
			if h.Is(v.Ref) {
				p.Looks = append(p.Looks, FactsLook{c.Items[i].Record.ID, v.Time, v.Result, v.Endpoint, v.Reason, v.Exchange})
			}
		case *store.Verdict:
			if h.Is(v.Ref) {
				p.Status, p.Confirmed, p.LastLive, p.FirstGone = string(v.Status), v.Confirmed, v.LastLive, v.FirstGone
			}
		case *store.ArticleVersion:
			p.Mentions = append(p.Mentions, mentions(c.Items[i].Record.ID, v, h)...)
		case *store.Drawing:
			if name := files[v.Picture]; h.Is(v.Ref) && name != "" {
				p.Pictures = append(p.Pictures, name)
			}
		}
	}
	if best != nil {
		b := &best.Post
		p.URL, p.Author, p.Handle, p.Text, p.Posted = b.URL, b.Author.Name, b.Author.Handle, b.Text, b.Posted
	}
	return p
}

func mentions(id store.ID, v *store.ArticleVersion, h *store.History) []FactsMention {
	var list []FactsMention
	for _, m := range v.Mentions {
		if h.Is(m.Ref) {
			list = append(list, FactsMention{id, v.Time, v.URL, v.Title, m.Kind, m.Markup, m.Positions, m.Before, m.Fragment})
		}
	}
	return list
}

func (c *Content) capture(id store.ID, v *store.Capture, files map[store.Digest]string) FactsCapture {
	f := FactsCapture{Record: id, Time: v.Time, Source: v.Source, Trigger: v.Trigger, Operator: v.Operator, Case: v.Case, Note: v.Note,
		Machine: v.Machine, Software: v.Software, Snapshot: v.Memento.URL, Hops: []FactsHop{}}
	ids := append([]store.ID{}, v.Exchanges...)
	for _, m := range v.Media {
		f.Media = append(f.Media, FactsMedia{m.URL, m.Digest, m.Size, m.Type, files[m.Digest], m.Error})
		ids = append(ids, m.Exchange)
	}
	for _, x := range ids {
		if i, ok := c.byID[x]; ok && i >= 0 {
			if e, ok := c.Items[i].Content.(*store.Exchange); ok {
				f.Hops = append(f.Hops, hop(x, e))
			}
		}
	}
	return f
}

func hop(id store.ID, e *store.Exchange) FactsHop {
	h := FactsHop{Record: id, Started: e.Started, Millis: e.Took.Milliseconds(), Method: e.Method, URL: e.URL, Status: e.Status, Address: e.Address,
		Location: header(e.ResponseHead, "location"), Date: header(e.ResponseHead, "date"), Proxy: e.Proxy, Digest: e.Body.Digest, Bytes: e.Body.Size,
		Redacted: e.Redacted, Error: e.Error}
	if e.TLS != nil {
		h.TLS, h.Chain = e.TLS.Version+" "+e.TLS.Cipher+" "+e.TLS.ServerName, e.TLS.Chain
	}
	return h
}

// header returns the value of the first field of a head with the name in lower
// case.
func header(head []byte, name string) string {
	for line := range strings.Lines(string(head)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.ToLower(key) == name {
			return strings.ToValidUTF8(strings.TrimSpace(value), "\ufffd")
		}
	}
	return ""
}
