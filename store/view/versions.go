package view

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"stet/extract/post"
	"stet/store"
)

// Version is what a post said over a span of time.
type Version struct {
	Post *post.Post
	// Capture is the first capture that shows it, zero where only the platform
	// tells of the version.
	Capture store.ID
	Source  post.Source
	// From is when it was published or first captured, Until when it was last
	// captured; zero where that is not known.
	From, Until time.Time
	// Told is true where it was never captured while it stood: the platform
	// told of it later.
	Told bool
	// Words compares it with the version before, and is nil for the first.
	Words []Part
	// Media are the changes of its files against the version before, and Other
	// what else changed, as sentences.
	Media []MediaChange
	Other []string
}

// MediaChange is a file that came or went between two versions.
type MediaChange struct {
	Kind  PartKind
	Media post.Media
}

// Versions tells what a post said when, the oldest first: captures of the same
// content are one. Only captures of one source are compared with each other,
// because each source writes a post in its own way; what an article quotes or
// an imported file says is no version.
func Versions(h *store.History) []Version {
	var all []Version
	last := map[post.Source]int{}
	latest := map[store.ID]int{} // the newest reading of a capture counts
	for i := range h.Derivations {
		latest[h.Derivations[i].Content.Capture] = i
	}
	for i := range h.Derivations {
		d := h.Derivations[i].Content
		if d.Source.Secondhand() || latest[d.Capture] != i {
			continue
		}
		at := d.Time
		if c := h.CaptureOf(d); c != nil {
			at = c.Content.Time
		}
		if len(all) == 0 {
			all = earlier(&d.Post)
		}
		v := Version{Post: &d.Post, Capture: d.Capture, Source: d.Source, From: at.UTC(), Until: at.UTC()}
		was, known := last[d.Source]
		switch {
		case known && sameContent(all[was].Post, v.Post):
			all[was].Until = v.Until
			continue
		case !known && len(last) > 0:
			// Another source: it is the same version as far as can be told.
			newest := len(all) - 1
			if d.Post.Incomplete || all[newest].Post.Incomplete || sameWords(all[newest].Post.Text, d.Post.Text) {
				last[d.Source] = newest
				all[newest].Until = v.Until
				continue
			}
		case len(all) > 0 && all[len(all)-1].Told && sameWords(all[len(all)-1].Post.Text, v.Post.Text):
			all = all[:len(all)-1]
		}
		all = append(all, v)
		last[d.Source] = len(all) - 1
	}
	for i := 1; i < len(all); i++ {
		all[i].compare(&all[i-1])
	}
	return all
}

// earlier returns the versions that a platform tells of itself.
func earlier(p *post.Post) []Version {
	var all []Version
	for i := range p.Earlier {
		e := &p.Earlier[i]
		old := *p
		old.Text, old.Warning, old.Sensitive, old.Media, old.Poll, old.Earlier = e.Text, e.Warning, e.Sensitive, e.Media, e.Poll, nil
		all = append(all, Version{Post: &old, From: e.Time.UTC(), Told: true})
	}
	return all
}

// compare notes what changed since the version before.
func (v *Version) compare(before *Version) {
	old, p := before.Post, v.Post
	v.Words = Diff(old.Text, p.Text)
	v.Media = mediaChanges(old.Media, p.Media)
	for _, c := range []struct{ what, old, now string }{
		{"The content warning", old.Warning, p.Warning}, {"What people added below it", old.Note, p.Note}, {"The author's name", old.Author.Name, p.Author.Name}, {"The handle", old.Author.Handle, p.Author.Handle},
	} {
		if c.old != c.now && (c.old != "" || c.now != "") {
			v.Other = append(v.Other, c.what+" was "+quoted(c.old)+" and is "+quoted(c.now)+".")
		}
	}
	if old.Sensitive != p.Sensitive {
		v.Other = append(v.Other, map[bool]string{true: "It is marked as sensitive now.", false: "It is no longer marked as sensitive."}[p.Sensitive])
	}
}

func quoted(s string) string {
	if s == "" {
		return "empty"
	}
	return "“" + s + "”"
}

// sameContent reports whether a reader would see no difference.
func sameContent(a, b *post.Post) bool {
	if len(a.Versions) != len(b.Versions) && len(a.Versions)+len(b.Versions) > 1 {
		return false
	}
	words := a.Incomplete || b.Incomplete || sameWords(a.Text, b.Text)
	return words && a.Warning == b.Warning && a.Sensitive == b.Sensitive && len(mediaChanges(a.Media, b.Media)) == 0
}

// sameWords compares two texts without white space.
func sameWords(a, b string) bool {
	return a == b || strings.Join(strings.FieldsFunc(a, unicode.IsSpace), " ") == strings.Join(strings.FieldsFunc(b, unicode.IsSpace), " ")
}

// mediaChanges compares files by their digests, and by their addresses where
// one of them is not kept.
func mediaChanges(old, now []post.Media) []MediaChange {
	var out []MediaChange
	missing := func(list []post.Media, m *post.Media) bool {
		return !slices.ContainsFunc(list, func(o post.Media) bool { return sameFile(&o, m) })
	}
	for i := range old {
		if missing(now, &old[i]) {
			out = append(out, MediaChange{PartGone, old[i]})
		}
	}
	for i := range now {
		if missing(old, &now[i]) {
			out = append(out, MediaChange{PartNew, now[i]})
		}
	}
	return out
}

func sameFile(a, b *post.Media) bool {
	if a.Digest != "" && b.Digest != "" {
		return a.Digest == b.Digest
	}
	if a.PosterDigest != "" && b.PosterDigest != "" && a.PosterDigest == b.PosterDigest {
		return true
	}
	return a.URL == b.URL
}

// Known says how one thing about a post is known.
type Known struct {
	// What names it: the words, the author's name, …
	What string
	// Value is what is shown.
	Value string
	// Source and Capture are where it comes from, Parser what read it there.
	Source  post.Source
	Capture store.ID
	Parser  string
	// Agree and Differ are the other sources that were captured, by whether
	// they say the same.
	Agree, Differ []Witness
	// Note is a sentence, empty mostly.
	Note string
}

// Witness is what another source says.
type Witness struct {
	Source  post.Source
	Capture store.ID
	Value   string
}

// HowKnown says of each thing that is shown of a post where it comes from, and
// what the other sources say of it.
func HowKnown(h *store.History) []Known {
	best := h.Best()
	if best == nil {
		return nil
	}
	others := map[post.Source]*store.Derivation{}
	for i := range h.Derivations {
		if d := h.Derivations[i].Content; d.Source != best.Content.Source {
			others[d.Source] = d
		}
	}
	sources := make([]post.Source, 0, len(others))
	for s := range others {
		sources = append(sources, s)
	}
	slices.SortFunc(sources, func(a, b post.Source) int { return cmp.Or(cmp.Compare(b.Rank(), a.Rank()), cmp.Compare(a, b)) })
	var out []Known
	for _, f := range facts() {
		k := Known{What: f.what, Value: f.value(&best.Content.Post), Source: best.Content.Source, Capture: best.Content.Capture, Parser: best.Content.Parser}
		if k.Value == "" {
			continue
		}
		if f.note != nil {
			k.Note = f.note(&best.Content.Post, best.Content.Source)
		}
		for _, s := range sources {
			d := others[s]
			w := Witness{Source: s, Capture: d.Capture, Value: f.value(&d.Post)}
			switch {
			case w.Value == "":
			case sameWords(w.Value, k.Value), f.what == factWords && (d.Post.Incomplete && strings.HasPrefix(k.Value, strings.TrimRight(w.Value, "… "))):
				k.Agree = append(k.Agree, w)
			default:
				k.Differ = append(k.Differ, w)
			}
		}
		out = append(out, k)
	}
	if b := best.Content; len(b.Post.Counts) > 0 {
		// What the others counted, they counted at another time.
		out = append(out, Known{What: "The numbers beside it", Source: b.Source, Capture: b.Capture, Parser: b.Parser})
	}
	return out
}

// fact is one thing that is shown of a post.
type fact struct {
	what  string
	value func(*post.Post) string
	note  func(*post.Post, post.Source) string
}

const factWords = "The words"

func facts() []fact {
	return []fact{
		{factWords, func(p *post.Post) string { return p.Text }, func(p *post.Post, s post.Source) string {
			switch {
			case p.Incomplete:
				return "The source cut them."
			case s == post.SourceArticle:
				return "These are the words of the article that embeds the post; its publisher can have altered them."
			}
			return ""
		}},
		{"The author's name", func(p *post.Post) string { return p.Author.Name }, nil},
		{"The handle", func(p *post.Post) string { return p.Author.Handle }, nil},
		{"The account's id", func(p *post.Post) string { return p.Author.ID }, nil},
		{"The time of posting", func(p *post.Post) string {
			if p.Posted.IsZero() {
				return ""
			}
			return p.Posted.UTC().Format("2 January 2006 15:04:05 UTC")
		}, func(p *post.Post, s post.Source) string {
			switch {
			case s == post.SourceArticle:
				return "The article states the day, in a zone that nobody knows."
			case p.PostedFrom == "derived":
				return "Derived from the post's id, not stated by the source."
			}
			return ""
		}},
		{"The language", func(p *post.Post) string { return p.Language }, nil},
		{"The content warning", func(p *post.Post) string { return p.Warning }, nil},
		{"What people added below it", func(p *post.Post) string { return p.Note }, nil},
		{"The pictures and other files", func(p *post.Post) string {
			var kinds []string
			for _, m := range p.Media {
				kinds = append(kinds, m.Kind)
			}
			slices.Sort(kinds)
			return strings.Join(kinds, ", ")
		}, nil},
		{"Their descriptions", func(p *post.Post) string {
			var alts []string
			for _, m := range p.Media {
				if m.Alt != "" {
					alts = append(alts, m.Alt)
				}
			}
			return strings.Join(alts, "; ")
		}, nil},
		{"The preview of a link", func(p *post.Post) string {
			if p.Card == nil {
				return ""
			}
			return p.Card.Title
		}, nil},
		{"The post it quotes", func(p *post.Post) string { return p.Quoted.String() }, nil},
		{"The post it answers", func(p *post.Post) string { return p.Parent.String() }, nil},
		{"The post it repeats", func(p *post.Post) string { return p.Reposted.String() }, nil},
	}
}
