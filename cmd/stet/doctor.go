package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/extract"
	"stet/store"
)

func (a *app) doctorCommand() *cobra.Command {
	var rules bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is set up, what is missing, and by which rules posts are called gone",
		Long: `Look at the configuration, the folder of the archive, the disk and the clock,
and say what is wrong or missing and what to do. It asks nobody outside but the
storage that is configured.
With --rules it prints what every answer of a platform concludes.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if rules {
				a.tellRules()
				return nil
			}
			return a.doctor(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&rules, "rules", false, "print what every answer of a platform concludes")
	return cmd
}

// finding is one thing that the doctor looked at.
type finding struct {
	// Thing names it; State is ok, missing or wrong.
	Thing string `json:"thing"`
	State string `json:"state"`
	Text  string `json:"text"`
}

func (a *app) tellRules() {
	endpoint := ""
	for _, r := range wire.Rules() {
		if a.json {
			a.out.json(r)
			continue
		}
		if at := string(r.Platform) + ": " + r.Endpoint; at != endpoint {
			if endpoint != "" {
				a.out.line("")
			}
			endpoint = at
			a.out.line("%s", endpoint)
		}
		a.out.line("  %-52s %s", r.Answer, concludes(&r.Rule))
	}
	if a.json {
		return
	}
	a.out.line("")
	a.out.block("", "A loss that is stated is confirmed by a second source that misses the post, or by the same statement later (watch.confirm_after). "+
		"One that is only an absence is confirmed when two sources miss the post in three looks over watch.confirm_unexplained. "+
		"A source that shows the post beats an absence. Before any of it is believed, the platform's control posts must be shown as they are.", 0)
}

func concludes(r *extract.Rule) string {
	switch {
	case r.Transport:
		return "nothing"
	case r.Explicit:
		return string(r.Status) + ", stated"
	}
	return string(r.Status)
}

func (a *app) doctor(ctx context.Context) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	var list []finding
	note := func(thing, state, format string, args ...any) {
		list = append(list, finding{thing, state, fmt.Sprintf(format, args...)})
	}
	if c.File == "" {
		note("configuration", "ok", "there is none, and none is needed")
	} else {
		note("configuration", "ok", "%s", c.File)
	}
	a.examineStorage(ctx, c, note)
	platforms := a.examineArchive(ctx, c, note)
	if free, err := wire.DiskFree(c.Data); err == nil && free < c.Serve.MinFree {
		note("disk", "wrong", "%s are free, less than serve.min_free (%s): `stet serve` captures nothing new", size(free), size(c.Serve.MinFree))
	} else if err == nil {
		note("disk", "ok", "%s are free", size(free))
	}
	// A clock that stands in the past makes certificates look as if they were
	// not valid yet, and captures older than the posts.
	if built := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); a.now().Before(built) {
		note("clock", "wrong", "it says %s, which is before this program was made; correct it", a.when(a.now()))
	} else {
		note("clock", "ok", "%s", a.when(a.now()))
	}
	if c.Fetch.Contact == "" {
		note("contact", "missing", "fetch.contact is not set: sites that are read cannot say whom to ask; set a URL or mail address")
	}
	examinePlatforms(platforms, note)
	if words, missing := wire.BrowserState(c); missing {
		note("browser", "missing", "%s", words)
	} else {
		note("browser", "ok", "%s", words)
	}
	a.examinePages(c, note)
	a.examineDomain(c, note)
	a.examineService(c, note)
	return a.tellFindings(list)
}

func (a *app) examineStorage(ctx context.Context, c *config.Config, note func(thing, state, format string, args ...any)) {
	for _, s := range wire.CheckStorage(ctx, c, a.options(nil)) {
		switch {
		case s.Err == nil:
			note(s.Name, "ok", "%s can be used", s.Place)
		case errors.Is(s.Err, store.ErrNoStore) && s.Name != "storage.s3" && s.Name != "storage.files" && !strings.Contains(s.Err.Error(), "createdb"):
			note(s.Name, "ok", "there is no archive in %s yet; the first command that writes makes one", s.Place)
		default:
			note(s.Name, "wrong", "%s", sentence(s.Err))
		}
	}
}

// examinePlatforms tells of each platform how it is set up, and, where there is
// an archive, how it does.
func examinePlatforms(all []wire.PlatformState, note func(thing, state, format string, args ...any)) {
	for i := range all {
		p := &all[i]
		state := "ok"
		if len(p.Missing) > 0 {
			state = "missing"
		}
		note(string(p.Platform), state, "%s", strings.Join(append([]string{p.Words}, p.Tell()...), "; "))
	}
}

// examineArchive tells of the archive and returns what it knows of the
// platforms; without one that is what the configuration says.
func (a *app) examineArchive(ctx context.Context, c *config.Config, note func(thing, state, format string, args ...any)) []wire.PlatformState {
	platforms := wire.PlatformStates(c)
	err := a.reading(ctx, func(w *wire.Archive) error {
		head, err := w.Archive.Backend().Head(ctx)
		if err != nil {
			return err
		}
		if platforms, err = w.PlatformStates(ctx, c, a.now()); err != nil {
			return err
		}
		note("archive", "ok", "%s holds %d records; `stet check` proves them", w.Dir, head)
		return nil
	})
	switch {
	case err == nil:
	case errors.Is(err, store.ErrNoStore):
		note("archive", "ok", "there is none yet; `stet capture` makes one")
	case errors.Is(err, store.ErrBusy):
		note("archive", "ok", "another stet has it open")
	default:
		note("archive", "wrong", "%s", sentence(err))
	}
	if platforms == nil {
		return wire.PlatformStates(c)
	}
	return platforms
}

// examinePages says where the service listens, and who may come in.
func (a *app) examinePages(c *config.Config, note func(thing, state, format string, args ...any)) {
	for _, o := range []struct{ thing, key, address, what string }{
		{"pages", "serve.listen", c.Serve.Listen, "the pages and interfaces for those who work with the archive"},
		{"public", "serve.public_listen", c.Serve.PublicListen, "cards, oEmbed, Memento and stet.js for the public"},
		{"raw", "serve.raw_listen", c.Serve.RawListen, "archived bytes in an origin of their own"},
	} {
		if o.address == "" || o.address == "off" {
			note(o.thing, "ok", "%s is off: %s", o.key, o.what)
			continue
		}
		host, _, err := net.SplitHostPort(o.address)
		ip, parsed := netip.ParseAddr(host)
		switch {
		case err != nil:
			note(o.thing, "wrong", "%s %q is not of the form address:port", o.key, o.address)
		case o.thing == "pages" && c.Serve.CertFile == "" && len(c.Serve.Hosts) == 0 && host != "localhost" && (parsed != nil || !ip.IsLoopback()):
			note(o.thing, "missing", "%s: %s; without serve.cert_file passwords can be read on the way", o.address, o.what)
		default:
			note(o.thing, "ok", "%s: %s", o.address, o.what)
		}
	}
}

// examineService looks at what the service would refuse to begin with.
func (a *app) examineService(c *config.Config, note func(thing, state, format string, args ...any)) {
	if err := wire.CheckClient(c, a.options(nil)); err != nil {
		note("network", "wrong", "%s", sentence(err))
	}
	if c.Serve.Role != "all" && c.Storage.Postgres == "" {
		note("role", "wrong", "serve.role is %s, and roles are for archives that several processes share: set storage.postgres, or the role all", c.Serve.Role)
	}
	switch err := wire.CheckSources(c); {
	case err != nil:
		note("sources", "wrong", "%s (%s)", sentence(err), c.From("sources"))
	case len(c.Sources) == 0:
		note("sources", "ok", "none are configured; `stet source list` lists those that were added")
	default:
		note("sources", "ok", "%s configured; `stet source list` says how they do", count(len(c.Sources), "source"))
	}
	examineKeep(c, note)
	switch err := wire.CheckNotify(c); {
	case err != nil:
		note("notify", "wrong", "%s (%s)", sentence(err), c.From("notify"))
	case len(c.Notify) == 0:
		note("notify", "missing", "nobody is told: see notify in config.example.yaml")
	default:
		note("notify", "ok", "%s", count(len(c.Notify), "target"))
	}
	for _, name := range config.UnknownVariables(a.place) {
		note("environment", "missing", "%s is no key of stet and has no effect; `stet config print` lists the keys", name)
	}
}

// examineKeep says what is removed by itself, and where that is so soon that it is
// hardly meant.
func examineKeep(c *config.Config, note func(thing, state, format string, args ...any)) {
	const advice = "%s is %s: articles and their posts are removed so soon after their last change; `stet source due` lists them"
	rules := 0
	tell := func(key string, keep time.Duration) {
		if keep <= 0 {
			return
		}
		if rules++; keep < archiver.ShortKeep {
			note("retention", "missing", advice, key, config.FormatDuration(keep))
		}
	}
	tell("policy.keep", c.Policy.Keep)
	for _, s := range c.Sources {
		tell("keep of the source "+s.Name, s.Keep)
	}
	if rules > 0 && c.Policy.KeepGrace == 0 {
		note("retention", "missing", "policy.keep_grace is 0: what a rule removes is destroyed at once, and a wrong rule cannot be taken back")
	}
	if rules > 0 {
		note("retention", "ok", "%s in the configuration; `stet source due` lists what is removed next", count(rules, "rule"))
	}
}

// examineDomain looks at the certificate in whose name packages are signed.
func (a *app) examineDomain(c *config.Config, note func(thing, state, format string, args ...any)) {
	const soon = 14 * 24 * time.Hour
	switch d, err := wire.ReadDomain(c); {
	case err != nil:
		note("signature", "wrong", "%s", sentence(err))
	case d == nil:
		note("signature", "ok", "exports as wacz are signed with the archive's key; export.cert_file signs them for a domain")
	case a.now().After(d.Until):
		note("signature", "wrong", "the certificate of %s in export.cert_file ended on %s: no wacz file can be signed", d.Name, a.when(d.Until))
	case d.Until.Sub(a.now()) < soon:
		note("signature", "missing", "the certificate of %s in export.cert_file ends on %s: renew it", d.Name, a.when(d.Until))
	default:
		note("signature", "ok", "exports as wacz are signed for %s, with a certificate until %s", d.Name, a.when(d.Until))
	}
}

func (a *app) tellFindings(list []finding) error {
	wrong := 0
	for _, f := range list {
		if f.State == "wrong" {
			wrong++
		}
		if a.json {
			a.out.json(f)
			continue
		}
		a.out.line("%-8s %s", f.State, f.Thing)
		a.out.block("         ", f.Text, 0)
	}
	if wrong > 0 {
		return fmt.Errorf("%w: %d of %d things are wrong", store.ErrUsage, wrong, len(list))
	}
	return nil
}
