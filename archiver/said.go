package archiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stet/extract/box"
	"stet/extract/post"
	tokens "stet/extract/words"
	"stet/store"
)

const (
	// nearEnough is the share of the pasted words that a post must hold, in
	// their order, to be called near.
	nearEnough = 0.6
	// compared is how many posts are compared word by word: those that the
	// index takes for the nearest.
	compared = 60
	// DefaultNear is how many near posts are told where nobody says otherwise.
	DefaultNear = 5
	// minQuoted is the fewest words of which an answer can say something.
	minQuoted = 2
	// aroundDay widens a day: it may be that of any place on earth, and be
	// wrong by one.
	aroundDay = 36 * time.Hour
)

// Quote is what somebody is said to have posted.
type Quote struct {
	// Text is what was said. Handle (also platform:@handle) and Date
	// (YYYY-MM-DD) are who is said to have said it, and when; empty where that
	// is not known.
	Text   string
	Handle string
	Date   string
	Limit  int // of the near posts; 0 is [DefaultNear]
}

// The answers to "did they really say that?".
const (
	// SaidSame: a post says so, word for word.
	SaidSame = "same"
	// SaidPart: the words stand in a post, which says more.
	SaidPart = "part"
	// SaidNear: a post says nearly that.
	SaidNear = "near"
	// SaidNone: nothing near was found. It never means that it was not said.
	SaidNone = "none"
)

// Said is the answer to "did they really say that?". Its JSON form is what
// `stet lookup --quote --json` prints.
type Said struct {
	// Answer is that of the nearest post.
	Answer string `json:"answer"`
	// Near are the nearest posts, the nearest first; deleted ones are among
	// them. Those of the account and the days that were asked for come first.
	Near []NearPost `json:"near"`
	// Searched says what was looked through.
	Searched SaidSearched `json:"searched"`
	// Quote is what was looked for, without what was pasted around it.
	Quote SaidQuote `json:"quote"`
	// Sentence says all of it in words.
	Sentence string `json:"sentence"`
}

// SaidQuote is a [Quote] as it was understood.
type SaidQuote struct {
	Text   string `json:"text"`
	Name   string `json:"name,omitempty"`
	Handle string `json:"handle,omitempty"`
	Date   string `json:"date,omitempty"`
}

// SaidSearched says what was looked through.
type SaidSearched struct {
	// Posts is how many posts the archive holds, Account how many of them are
	// of the account that was asked for, -1 where none was; First and Last
	// bound the days on which those were published, null where none tells.
	Posts   int        `json:"posts"`
	Account int        `json:"account"`
	First   *time.Time `json:"first"`
	Last    *time.Time `json:"last"`
	// Day is how many posts of the account (of anybody, where none was asked
	// for) were published about the day that was asked for, -1 where none was.
	Day int `json:"day"`
	// Behind is as in [store.SearchResult].
	Behind uint64 `json:"behind,omitempty"`
}

// NearPost is a post that says nearly what was pasted.
type NearPost struct {
	LookupHit
	// Answer is [SaidSame], [SaidPart] or [SaidNear].
	Answer string `json:"answer"`
	// Likeness is the share of the pasted words that the post holds in their
	// order, from 0 to 1.
	Likeness float64 `json:"likeness"`
	// Version is 0 for what the post says now, else the number of the earlier
	// version that is nearest, from 1.
	Version int `json:"version,omitempty"`
	// Other is true for a post of another account than was asked for, OffDay
	// for one of other days.
	Other  bool `json:"other_account,omitempty"`
	OffDay bool `json:"other_day,omitempty"`
	// Diff is the pasted text ("first") against the post ("second").
	Diff []tokens.Edit `json:"diff"`
}

// DidTheySay looks for the posts that are nearest to what somebody is said to
// have posted, those included that are gone. It errors with ErrInvalid where
// there is too little to look for, with ErrNotFound where the archive has no
// index of words.
func (r *Reader) DidTheySay(ctx context.Context, q *Quote) (*Said, error) {
	s := &Said{Answer: SaidNone, Near: []NearPost{}, Quote: r.understood(q)}
	if _, n, _ := tokens.Common(s.Quote.Text, ""); n < minQuoted {
		return nil, fmt.Errorf("%w: at least %d words are needed to look for what was said, not %.100q", store.ErrInvalid, minQuoted, q.Text)
	}
	day, err := dayOf(s.Quote.Date)
	if err != nil {
		return nil, err
	}
	if err := r.nearest(ctx, s, day, cmp.Or(q.Limit, DefaultNear)); err != nil {
		return nil, fmt.Errorf("looking for %.100q: %w", s.Quote.Text, err)
	}
	if err := r.saidCoverage(ctx, s, day); err != nil {
		return nil, fmt.Errorf("looking for %.100q: %w", s.Quote.Text, err)
	}
	s.Sentence = s.sentence()
	return s, nil
}

// understood takes a pasted embed apart into words, handle and date; what was
// said beside it counts more.
func (r *Reader) understood(q *Quote) SaidQuote {
	parsed := box.Parse(r.o.Finder, q.Text)
	u := SaidQuote{Text: q.Text, Handle: strings.TrimPrefix(q.Handle, "@"), Date: q.Date}
	if (parsed.Kind == box.KindQuote || parsed.Kind == box.KindPost) && parsed.Quoted.Text != "" {
		u.Text, u.Name = parsed.Quoted.Text, parsed.Quoted.Name
		u.Handle, u.Date = cmp.Or(u.Handle, parsed.Quoted.Handle), cmp.Or(u.Date, parsed.Quoted.Date)
	}
	u.Text = strings.TrimSpace(u.Text)
	return u
}

func dayOf(date string) (time.Time, error) {
	if date == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return t, fmt.Errorf("%w: %.40q is no day; write it as 2024-03-05", store.ErrInvalid, date)
	}
	return t, nil
}

// withoutMarks returns a text whose quotation marks ask for nothing.
func withoutMarks(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"“”„‟«»「」『』＂`, r) {
			return ' '
		}
		return r
	}, text)
}

// nearest finds the nearest posts: of the account on the days, of the account,
// of anybody.
func (r *Reader) nearest(ctx context.Context, s *Said, day time.Time, limit int) error {
	text := withoutMarks(s.Quote.Text)
	for _, f := range saidFilters(s.Quote.Handle, day) {
		near, err := r.nearIn(ctx, s, f, text)
		if err != nil {
			return err
		}
		// The words that were changed can be those by which the index finds.
		for _, piece := range pieces(text) {
			if len(near) > 0 {
				break
			}
			if near, err = r.nearIn(ctx, s, f, piece); err != nil {
				return err
			}
		}
		slices.SortStableFunc(near, func(a, b NearPost) int {
			return cmp.Or(cmp.Compare(saidRank(b.Answer), saidRank(a.Answer)), cmp.Compare(b.Likeness, a.Likeness))
		})
		s.Near = append(s.Near, near...)
	}
	s.Near = s.Near[:min(limit, len(s.Near))]
	for _, n := range s.Near {
		if saidRank(n.Answer) > saidRank(s.Answer) && !n.Other {
			s.Answer = n.Answer
		}
	}
	return nil
}

// nearIn returns the posts that the index finds by some words, the filter lets
// through, and the quotation is near to; those that are known already are left
// out.
func (r *Reader) nearIn(ctx context.Context, s *Said, f saidFilter, words string) ([]NearPost, error) {
	q := store.SearchQuery{Words: words[:min(len(words), store.MaxSearchWords)], Filter: f.filter, Limit: compared}
	found, err := r.o.Archive.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	var near []NearPost
	for i := range found.Hits {
		ref, err := post.ParseRef(found.Hits[i].Ref)
		if err != nil {
			return nil, fmt.Errorf("%w: the index of words names %q: %w", store.ErrCorrupt, found.Hits[i].Ref, err)
		}
		if slices.ContainsFunc(s.Near, func(n NearPost) bool { return n.Ref() == ref }) {
			continue
		}
		n, ok, err := r.compare(ctx, s.Quote, ref)
		if err != nil {
			return nil, err
		}
		if ok {
			n.Other, n.OffDay = f.other, f.offDay
			near = append(near, n)
		}
	}
	return near, nil
}

// pieces cuts a text into three runs of words; nil where it is too short. A post
// that holds most of the words in their order holds most of one of them.
func pieces(text string) []string {
	fields := strings.Fields(text)
	if len(fields) < 6 {
		return nil
	}
	var list []string
	for run := range slices.Chunk(fields, (len(fields)+2)/3) {
		list = append(list, strings.Join(run, " "))
	}
	return list
}

func saidRank(answer string) int {
	return slices.Index([]string{SaidNone, SaidNear, SaidPart, SaidSame}, answer)
}

type saidFilter struct {
	filter        store.SearchFilter
	other, offDay bool
}

// saidFilters returns the searches, the narrowest first.
func saidFilters(handle string, day time.Time) []saidFilter {
	anybody := store.SearchFilter{Kinds: []store.HitKind{store.HitPost}}
	account := anybody
	if handle != "" {
		account.Authors = []string{handle}
	}
	var list []saidFilter
	if !day.IsZero() {
		onDay := account
		onDay.PostedFrom, onDay.PostedTo = around(day)
		list = append(list, saidFilter{filter: onDay})
	}
	list = append(list, saidFilter{filter: account, offDay: !day.IsZero()})
	if handle != "" {
		list = append(list, saidFilter{filter: anybody, other: true, offDay: !day.IsZero()})
	}
	return list
}

// around returns the bounds of a day, whatever the place and the zone.
func around(day time.Time) (from, to time.Time) {
	return day.Add(-aroundDay), day.AddDate(0, 0, 1).Add(aroundDay)
}

// compare compares a post with the quotation, in the version that is nearest.
func (r *Reader) compare(ctx context.Context, q SaidQuote, ref post.Ref) (NearPost, bool, error) {
	h, err := r.o.Archive.History(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return NearPost{}, false, nil
	}
	if err != nil {
		return NearPost{}, false, err
	}
	best := h.Best()
	if best == nil {
		return NearPost{}, false, nil
	}
	hit, err := r.hit(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return NearPost{}, false, nil
	}
	if err != nil {
		return NearPost{}, false, err
	}
	p := best.Content.Post
	n := likeness(q.Text, &p)
	n.LookupHit = hit
	for i := range p.Earlier {
		old := p
		old.Text, old.Incomplete = p.Earlier[i].Text, false
		if o := likeness(q.Text, &old); saidRank(o.Answer) > saidRank(n.Answer) || o.Answer == n.Answer && o.Likeness > n.Likeness {
			n = o
			n.LookupHit, n.Version = hit, i+1
		}
	}
	n.Score = n.Likeness
	return n, n.Answer != SaidNone, nil
}

// likeness compares the words of a quotation and of one version of a post.
func likeness(text string, p *post.Post) NearPost {
	both, quoted, _ := tokens.Common(text, p.Text)
	n := NearPost{Answer: SaidNone, Diff: tokens.Diff(text, p.Text)}
	if quoted > 0 {
		n.Likeness = float64(both) / float64(quoted)
	}
	switch {
	case checkQuote(store.Quotation{Text: text}, p) == QuoteMatch:
		n.Answer = SaidSame
	case both == quoted && inOnePiece(n.Diff):
		n.Answer = SaidPart
	case n.Likeness >= nearEnough:
		n.Answer = SaidNear
	}
	return n
}

// inOnePiece reports whether what stands in both texts is one piece.
func inOnePiece(edits []tokens.Edit) bool {
	pieces := 0
	for _, e := range edits {
		if e.Op == tokens.Both {
			pieces++
		}
	}
	return pieces == 1
}

// saidCoverage measures what was looked through.
func (r *Reader) saidCoverage(ctx context.Context, s *Said, day time.Time) error {
	posts := store.SearchFilter{Kinds: []store.HitKind{store.HitPost}}
	all, err := r.o.Archive.SearchCoverage(ctx, posts)
	if err != nil {
		return err
	}
	s.Searched = SaidSearched{Posts: all.Posts, Account: -1, Day: -1, Behind: all.Behind}
	of := all
	if s.Quote.Handle != "" {
		posts.Authors = []string{s.Quote.Handle}
		if of, err = r.o.Archive.SearchCoverage(ctx, posts); err != nil {
			return err
		}
		s.Searched.Account = of.Posts
	}
	if !of.First.IsZero() {
		first, last := of.First, of.Last
		s.Searched.First, s.Searched.Last = &first, &last
	}
	if !day.IsZero() {
		posts.PostedFrom, posts.PostedTo = around(day)
		on, err := r.o.Archive.SearchCoverage(ctx, posts)
		if err != nil {
			return err
		}
		s.Searched.Day = on.Posts
	}
	return nil
}
