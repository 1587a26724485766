package archiver_test

import (
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/store"
)

// TestHostilePages: what stands in the place of a linked page, for a quarter of a
// year, is never shown instead of it, and says that it is gone only where the
// server of the page itself knows no such page, or says so in words again and
// again.
func TestHostilePages(t *testing.T) {
	page := func(status int, title, body string) fakenet.Fault {
		return fakenet.Body(status, "text/html; charset=utf-8", "<!doctype html><html><head><title>"+title+"</title></head><body>"+body+"</body></html>")
	}
	short := "<h1>Winter</h1><p>Reading on is for subscribers only. Already a subscriber? Log in</p>"
	for name, tt := range map[string]struct {
		fault fakenet.Fault
		// gone is true where the page may be called gone in the end.
		gone bool
		// seen is true where it may be called something else than alive.
		seen bool
	}{
		"404":                       {fakenet.Status(404), true, true},
		"410":                       {fakenet.Status(410), true, true},
		"a page that says so":       {page(200, "Page not found", "<h1>Page not found</h1>"), true, true},
		"the front page":            {fakenet.RedirectFrom("/", page(200, "Ferry Gazette", strings.Repeat("<p>All the news of the day, and of the harbour too.</p>", 40))), true, true},
		"404 with the page":         {fakenet.Body(404, "text/html; charset=utf-8", sheet("Winter", "The ferry sails at six.")), false, false},
		"a log-in":                  {fakenet.LoginPage(), false, false},
		"a log-in with 404":         {page(404, "Log in", `<form action="/login"><input name="u"><input type="password"></form>`), false, false},
		"led to a log-in":           {fakenet.LoginRedirect(), false, false},
		"a captcha":                 {fakenet.Captcha(), false, false},
		"a captcha with 200":        {page(200, "Just a moment...", "<p>Checking your browser before accessing ferry.example</p>"), false, false},
		"consent":                   {page(200, "Before you continue", "<h1>Before you continue</h1><button>Accept all</button>"), false, false},
		"a paywall":                 {page(200, "Winter", short), false, false},
		"parked":                    {page(200, "ferry.example", "<p>This domain is for sale!</p>"), true, true},
		"an empty frame":            {page(200, "Ferry", `<div id="app"></div><script src="/app.js"></script>`), false, false},
		"nothing":                   {fakenet.Empty(), false, false},
		"half of it":                {fakenet.Truncated(), false, false},
		"401":                       {fakenet.Status(401), false, false},
		"403":                       {fakenet.Status(403), false, false},
		"429":                       {fakenet.TooManyRequests(0), false, false},
		"451":                       {fakenet.Status(451), false, false},
		"500":                       {fakenet.Status(500), false, false},
		"503":                       {fakenet.Unavailable(time.Hour), false, false},
		"999":                       {fakenet.Body(999, "text/html", "<html></html>"), false, false},
		"garbage":                   {fakenet.Garbage(), false, false},
		"a reset":                   {fakenet.Reset(), false, false},
		"a bomb":                    {fakenet.GzipBomb(1 << 26), false, false},
		"round about":               {fakenet.RedirectLoop(), false, false},
		"no name":                   {fakenet.NoDNS(), false, false},
		"nobody there":              {fakenet.RefuseConnections(), false, false},
		"another's certificate":     {fakenet.WrongHostCertificate(), false, false},
		"other words":               {page(200, "Casino", strings.Repeat("<p>Come and play at our tables tonight, every night.</p>", 30)), false, true},
		"a file":                    {fakenet.Body(200, "application/zip", "PK"), false, true},
		"the page as another type":  {fakenet.WrongType("application/octet-stream"), false, true},
		"entities":                  {page(200, "x", strings.Repeat("&#0;&amp;lt;&notit;", 2000)), false, true},
		"bytes that are no letters": {fakenet.Body(200, "text/html", "\xff\xfe\x00\x01\x80\x81"), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, settings{pages: true}, func(w *world) {
				const url = "https://ferry.example/winter"
				w.net.Site("ferry.example").Page("/winter", sheet("Winter", "The ferry sails at six."))
				if res := w.captureLinks(w.page("news.example", "/a", linking(url)), archiver.LinksArticle); !res.OK {
					t.Fatalf("%+v", res)
				}
				w.net.Fault("ferry.example", "", tt.fault)
				for range 14 {
					time.Sleep(7 * day)
					w.runOnce()
				}
				h := w.pageHistory(url)
				if best := h.Best(); best == nil || best.Content.Title != "Winter" || !strings.Contains(best.Content.Text, "sails at six") {
					t.Errorf("shown is %+v", best)
				}
				var looks []store.PageLook
				for _, l := range h.Looks {
					looks = append(looks, *l.Content)
				}
				got := archiver.JudgePage(looks, archiver.PageRules{})
				switch {
				case len(looks) < 3:
					t.Errorf("looked at %d times", len(looks))
				case got.Value.Missing() != tt.gone:
					t.Errorf("%s, confirmed %t: %s", got.Value, got.Confirmed, got.Reason)
				case !tt.seen && got.Value != store.PageAlive:
					t.Errorf("%s: %s", got.Value, got.Reason)
				}
				w.net.Heal()
				time.Sleep(200 * day)
				w.runOnce()
				if looks := w.pageHistory(url).Looks; looks[len(looks)-1].Content.Result != store.PageAlive {
					t.Errorf("afterwards it is %s: %s", looks[len(looks)-1].Content.Result, looks[len(looks)-1].Content.Reason)
				}
			})
		})
	}
}

// TestMissingElsewhere: that another host knows no such page says less than that
// the page's own does.
func TestMissingElsewhere(t *testing.T) {
	inWorld(t, settings{pages: true}, func(w *world) {
		const url = "https://ferry.example/winter"
		w.net.Site("ferry.example").Page("/winter", sheet("Winter", "The ferry sails at six."))
		w.net.Site("errors.example").Page("/", "<p>Welcome</p>")
		if res := w.captureLinks(w.page("news.example", "/a", linking(url)), archiver.LinksArticle); !res.OK {
			t.Fatalf("%+v", res)
		}
		w.net.Fault("ferry.example", "", fakenet.RedirectTo("https://errors.example/404"))
		time.Sleep(8 * day)
		w.runOnce()
		looks := w.pageHistory(url).Looks
		if last := looks[len(looks)-1].Content; last.Result != store.PageSoftGone || !strings.Contains(last.Reason, "errors.example") {
			t.Errorf("look %+v", last)
		}
	})
}
