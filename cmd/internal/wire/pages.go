package wire

import (
	"cmp"
	"context"
	"io"
	"net/url"

	"stet/archiver/source"
	"stet/archiver/web"
	"stet/cmd/internal/config"
	"stet/extract/post"
	"stet/store/view"
)

// pageSources are the sources of an archive, for its pages.
type pageSources struct{ *source.Worker }

// Sources lists them.
func (s pageSources) Sources(ctx context.Context) ([]web.Source, error) {
	list, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]web.Source, 0, len(list))
	for i := range list {
		p, j := &list[i].Plan, &list[i].Job
		o := web.Source{Name: p.Source.Name, URL: withoutUser(p.Source.URL), Kind: cmp.Or(string(p.Source.Kind), "auto"), Schedule: cmp.Or(p.Cron, "every "+config.FormatDuration(cmp.Or(p.Every, DefaultEvery))),
			Paused: p.Paused, LastRead: view.Moment(p.State.LastSuccess), LastNew: view.Moment(p.State.LastNew),
			Failures: p.State.Failures, Configured: p.Configured, Error: cmp.Or(p.State.Error, j.Error)}
		if !p.Paused {
			o.Next = view.Moment(j.RunAt)
		}
		out = append(out, o)
	}
	return out, nil
}

// pageBundles makes bundles of evidence for the pages.
type pageBundles struct {
	*Archive
	version string
}

// Bundle writes a bundle.
func (b pageBundles) Bundle(ctx context.Context, w io.Writer, refs []post.Ref, audience string) error {
	_, err := b.Archive.Bundle(ctx, w, Bundling{Refs: refs, For: audience, Software: "stet " + b.version})
	return err
}

// withoutUser returns an address without name and password.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// pagePlatforms says how platforms are set up, for the pages.
func pagePlatforms(c *config.Config) []web.Platform {
	states := PlatformStates(c)
	out := make([]web.Platform, 0, len(states))
	for _, s := range states {
		out = append(out, web.Platform{Platform: s.Platform, Credentials: s.Credentials, Missing: append([]string{}, s.Missing...), Words: s.Words})
	}
	return out
}

// publicOf says what the public is offered.
func publicOf(c *config.Config) web.Public {
	p := c.Serve.PublicPolicy
	return web.Public{URL: c.Serve.PublicURL, Policy: PublicPolicy(c), Neutral: p.Neutral, Sites: p.Sites}
}

// PublicPolicy says what those outside are shown of a post.
func PublicPolicy(c *config.Config) view.PublicPolicy {
	return view.PublicPolicy{Gone: c.Serve.PublicPolicy.Gone, Hidden: c.Serve.PublicPolicy.Hidden}
}
