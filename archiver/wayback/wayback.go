package wayback

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// Host is the Wayback Machine's.
const Host = "web.archive.org"

// Client makes requests: *[fetch.Client].
type Client interface {
	// Do makes a request: see [fetch.Client.Do].
	Do(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

// Options configure an [Archive]. Now is needed.
type Options struct {
	// Now is the clock; it must run as timers do.
	Now func() time.Time
	// PerMinute is how many questions to the index may begin in a minute; 0 is
	// [DefaultPerMinute].
	PerMinute int
	// MaxWait is the longest that a question waits for its turn; 0 is
	// [DefaultMaxWait].
	MaxWait time.Duration
	// TimeMaps are the addresses before which stands that of a page to ask
	// other web archives for its snapshots (RFC 7089), such as those of an
	// aggregator.
	TimeMaps []string
}

// maxPlayed is the most snapshots of one post that are played back: where five
// do not show it, they are log-ins.
const maxPlayed = 5

// Archive is the Wayback Machine, and whoever else is configured. It is safe
// for concurrent use.
type Archive struct {
	client   Client
	limit    *limiter
	shapes   map[post.Platform]shape
	timeMaps []string
}

// New returns the archive, asked through c.
func New(c Client, o Options) *Archive {
	return &Archive{client: c, shapes: shapes(), timeMaps: o.TimeMaps,
		limit: &limiter{now: o.Now, perMinute: cmp.Or(o.PerMinute, DefaultPerMinute), maxWait: cmp.Or(o.MaxWait, DefaultMaxWait)}}
}

// Name returns "wayback".
func (a *Archive) Name() string { return "wayback" }

// Tells lists the hosts of the archives.
func (a *Archive) Tells() []string {
	hosts := []string{Host}
	for _, t := range a.timeMaps {
		if h := hostOf(t); h != "" && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// Serves reports whether archived posts of p can be read.
func (a *Archive) Serves(p post.Platform) bool {
	_, ok := a.shapes[p]
	return ok
}

// recovery is the search for one post while it goes on.
type recovery struct {
	a   *Archive
	s   shape
	ref post.Ref
	out archiver.Recovered
	// played counts what was played back of one host form, and seen are the
	// digests of what was read already.
	played   int
	seen     map[string]bool
	found    bool
	excluded bool
}

// Recover looks for the post under every address that it can have been archived
// at, and reads the first snapshot that shows it.
func (a *Archive) Recover(ctx context.Context, ref post.Ref, handles []string) archiver.Recovered {
	s, ok := a.shapes[ref.Platform]
	if !ok {
		return archiver.NotRecovered(ref, extract.ReasonNotArchived, nil)
	}
	r := &recovery{a: a, s: s, ref: ref, seen: map[string]bool{}, out: archiver.NotRecovered(ref, extract.ReasonNotArchived, nil)}
	for _, form := range s.forms(ref.ID, handles) {
		rows, _, err := a.index(ctx, form, &r.out.Exchanges)
		var excluded *excludedError
		switch {
		case errors.As(err, &excluded):
			r.excluded = true
			continue
		case err != nil:
			return r.trouble(err)
		}
		if done, err := r.try(ctx, r.own(rows)); done || err != nil {
			return r.trouble(err)
		}
	}
	if done, err := r.tryTimeMaps(ctx, handles); done || err != nil {
		return r.trouble(err)
	}
	return r.trouble(nil)
}

// own leaves only the snapshots of the post itself: addresses that begin alike
// can be those of others.
func (r *recovery) own(rows []row) []row {
	return slices.DeleteFunc(rows, func(w row) bool {
		t, ok := targetOf(r.s, w.Original)
		return !ok || t.Ref != r.ref
	})
}

func targetOf(s shape, original string) (extract.Target, bool) {
	u, ok := extract.ParseLink(original)
	if !ok {
		return extract.Target{}, false
	}
	return s.post(u)
}

// try plays snapshots back until one shows the post: JSON before pages, which
// can be shells, the oldest first, since the post was there then. It reports
// whether one did.
func (r *recovery) try(ctx context.Context, rows []row) (bool, error) {
	r.played = 0
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(order(&a), order(&b)), a.Time.Compare(b.Time)) })
	for i := range rows {
		w := &rows[i]
		if w.Status == 404 {
			r.missing(w.Time)
			continue
		}
		r.found = true
		if r.played == maxPlayed || w.Digest != "" && r.seen[w.Digest] {
			continue
		}
		r.played++
		r.seen[w.Digest] = true
		if done, err := r.show(ctx, w.memento(), w.address("id_")); done || err != nil {
			return done, err
		}
	}
	return false, nil
}

// order ranks what is played back first.
func order(w *row) int {
	switch {
	case strings.Contains(w.Type, "json"):
		return 0
	case w.Status == 200:
		return 1
	}
	return 2
}

// missing notes that the archive found no such page.
func (r *recovery) missing(t time.Time) {
	if r.out.Missing.IsZero() || t.Before(r.out.Missing) {
		r.out.Missing = t
	}
}

// show plays one snapshot back and reports whether it shows the post.
func (r *recovery) show(ctx context.Context, m store.Memento, address string) (bool, error) {
	got, err := r.a.play(ctx, m, address, &r.out.Exchanges)
	if err != nil {
		return false, err
	}
	if !got.content {
		r.excluded = r.excluded || got.excluded
		return false, nil
	}
	answer := r.s.read(r.ref.ID, got.response)
	if answer.Reason == extract.ReasonArchivedGone {
		r.missing(got.memento.Time)
	}
	if answer.Parsed == nil {
		return false, nil
	}
	files(&answer.Parsed.Post, got.memento.Time)
	r.out.Answer.Answer, r.out.Parser, r.out.Memento = answer, r.s.parser, got.memento
	return true, nil
}

// trouble completes what was found.
func (r *recovery) trouble(err error) archiver.Recovered {
	switch {
	case r.out.Parsed != nil:
	case err != nil:
		r.out.Err, r.out.Transport = err, true
	case r.found:
		r.out.Reason = extract.ReasonArchivedOther
	case r.excluded:
		r.out.Reason = extract.ReasonExcluded
	case !r.out.Missing.IsZero():
		r.out.Reason = extract.ReasonArchivedGone
	}
	return r.out
}

// files lets the pictures and videos be looked for in the archive too, where
// the platform's servers do not have them any more.
func files(p *post.Post, at time.Time) {
	prefix := "https://" + Host + "/web/" + at.Format(stampLayout) + "im_/"
	for i := range p.Media {
		m := &p.Media[i]
		if m.URL == "" {
			continue
		}
		direct := append([]string{m.URL}, m.Fallbacks...)
		for _, address := range direct[:min(len(direct), 2)] {
			m.Fallbacks = append(m.Fallbacks, prefix+address)
		}
		if bare, format, ok := strings.Cut(m.URL, "?format="); ok {
			format, _, _ = strings.Cut(format, "&")
			m.Fallbacks = append(m.Fallbacks, prefix+bare+"."+format, prefix+bare+"."+format+":large")
		}
	}
}

// List lists the posts of an account that the archive holds.
func (a *Archive) List(ctx context.Context, p post.Platform, handle string, from, until time.Time) archiver.Listing {
	var out archiver.Listing
	s, ok := a.shapes[p]
	if !ok {
		return out
	}
	forms, within := s.span(handle, from, until)
	byRef := map[post.Ref][]row{}
	for _, form := range forms {
		rows, more, err := a.index(ctx, form, &out.Exchanges)
		out.Cut = out.Cut || more
		var excluded *excludedError
		if err != nil && !errors.As(err, &excluded) {
			out.Err = err
			break
		}
		for _, w := range rows {
			t, ok := targetOf(s, w.Original)
			if ok && !t.Ref.IsZero() && strings.EqualFold(t.Handle, handle) && within(t.Ref.ID) && w.Status != 404 {
				byRef[t.Ref] = append(byRef[t.Ref], w)
			}
		}
	}
	for ref, rows := range byRef {
		slices.SortStableFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(order(&a), order(&b)), a.Time.Compare(b.Time)) })
		l := archiver.Listed{Ref: ref}
		for i := range rows {
			l.Snapshots = append(l.Snapshots, rows[i].memento())
		}
		out.Posts = append(out.Posts, l)
	}
	slices.SortFunc(out.Posts, func(a, b archiver.Listed) int {
		return cmp.Or(cmp.Compare(len(a.Ref.ID), len(b.Ref.ID)), strings.Compare(a.Ref.ID, b.Ref.ID))
	})
	return out
}

// Read reads a post that List has listed.
func (a *Archive) Read(ctx context.Context, l archiver.Listed) archiver.Recovered {
	r := &recovery{a: a, s: a.shapes[l.Ref.Platform], ref: l.Ref, found: true, out: archiver.NotRecovered(l.Ref, extract.ReasonNotArchived, nil)}
	for _, m := range l.Snapshots[:min(len(l.Snapshots), maxPlayed)] {
		w := row{Time: m.Time, Original: m.Original}
		if done, err := r.show(ctx, m, w.address("id_")); done || err != nil {
			return r.trouble(err)
		}
	}
	return r.trouble(nil)
}
