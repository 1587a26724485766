package wire

import (
	"net/url"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/archiver/oembed"
	"stet/archiver/wayback"
	"stet/cmd/internal/config"
	"stet/extract/sites"
	"stet/store"
)

// NewExplainer returns what says beforehand whom the work tells, and lets f use
// it. Nothing goes out. The archive may be nil.
func NewExplainer(c *config.Config, o Options, archive *store.Archive, f func(*archiver.Explainer) error) (err error) {
	o = o.withDefaults()
	client, err := Client(c, o)
	if err != nil {
		return err
	}
	defer client.Close() // it has no connections
	shows, err := shown(client)
	if err != nil {
		return err
	}
	dry := &archiver.Dry{}
	e := engineOptions(c, o, client)
	x := archiver.ExplainOptions{Finder: e.Finder, Platforms: platforms(c, dry), Others: oembed.Others(dry), Dry: dry, Archive: archive, Recovery: e.Recovery, Policy: e.Policy,
		Carries: client.Carries, MediaHosts: sites.MediaHosts, Shows: shows}
	if words, missing := BrowserState(c); words != "" && !missing && c.Browser.Draw != "off" {
		x.DrawsPages = c.Browser.Pages()
		if c.Browser.Posts() {
			x.Draws = sites.DrawURL
		}
	}
	if s := c.Wayback.Submit; s == "articles" || s == "all" {
		x.SubmitsTo = wayback.Host
	}
	if s := c.Wayback.Submit; s == "links" || s == "all" {
		x.SubmitsLinksTo = wayback.Host
	}
	return f(archiver.NewExplainer(x))
}

// shown says what every host sees of a request.
func shown(client *fetch.Client) (string, error) {
	way, err := client.Through(&url.URL{Scheme: "https", Host: "stet.example", Path: "/"})
	if err != nil {
		return "", err
	}
	if way == "" {
		return "the network address of this machine, the time, and the name “" + client.UserAgent() + "”", nil
	}
	return "the network address of " + way + " (which itself sees every host, and this machine), the time, and the name “" + client.UserAgent() + "”", nil
}
