package archiver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/store"
)

// TestHostileShortLinks: what a short link can be answered with, and what is made
// of it: the post, another page, or trouble, after which it is tried again. No
// answer makes a post of what is none.
func TestHostileShortLinks(t *testing.T) {
	html := func(status int, body string) fakenet.Fault {
		return fakenet.Body(status, "text/html; charset=utf-8", "<!doctype html><html><head><title>x</title>"+body+"</html>")
	}
	const wanted = "twitter:1764938902533046273"
	const address = "https://twitter.com/adaquay/status/1764938902533046273"
	for name, tt := range map[string]struct {
		fault fakenet.Fault
		// post is where it leads; retry is true where it is trouble that passes.
		post  string
		retry bool
		class string
	}{
		"a redirect":                {fault: fakenet.RedirectTo(address), post: wanted},
		"a redirect with a picture": {fault: fakenet.RedirectTo(address + "/photo/1?s=20"), post: wanted},
		"a warning":                 {fault: fakenet.RedirectTo("https://twitter.com/safety/unsafe_link_warning?unsafe_link=" + strings.ReplaceAll(address, ":", "%3A")), post: wanted},
		"a page that refreshes":     {fault: html(200, `<noscript><META http-equiv="refresh" content="0;URL=`+address+`"></noscript></head>`), post: wanted},
		"a script that leads on":    {fault: html(200, `</head><script>window.opener = null; location.replace("https:\/\/twitter.com\/adaquay\/status\/1764938902533046273")</script>`), post: wanted},
		"an assignment":             {fault: html(200, `</head><script>window.location.href = '`+address+`';</script>`), post: wanted},
		"a log-in that names it":    {fault: fakenet.RedirectTo("https://x.com/i/flow/login?redirect_url=%2Fadaquay%2Fstatus%2F1764938902533046273"), post: wanted},
		"consent that names it":     {fault: fakenet.RedirectTo("https://consent.example/m?continue=https%3A%2F%2Ftwitter.com%2Fadaquay%2Fstatus%2F1764938902533046273&gl=DE"), post: wanted},
		"a share page":              {fault: fakenet.RedirectTo("https://twitter.com/intent/tweet?url=https%3A%2F%2Ftwitter.com%2Fadaquay%2Fstatus%2F1764938902533046273")},
		"404":                       {fault: fakenet.Status(404)},
		"410":                       {fault: fakenet.Status(410)},
		"404 that refreshes":        {fault: html(404, `<meta http-equiv="refresh" content="0;URL=`+address+`"></head>`)},
		"an interstitial":           {fault: html(200, `</head><body><p>You are leaving us. <a href="`+address+`">Go on</a></p></body>`)},
		"nothing":                   {fault: fakenet.Empty()},
		"a picture":                 {fault: fakenet.Body(200, "image/png", "\x89PNG")},
		"bytes":                     {fault: fakenet.Body(200, "text/html", "\xff\xfe\x00<meta")},
		"a redirect without place":  {fault: fakenet.Status(302)},
		"a log-in":                  {fault: fakenet.LoginPage(), retry: true, class: "unexpected"},
		"a captcha":                 {fault: fakenet.Captcha(), retry: true, class: "unexpected"},
		"401":                       {fault: fakenet.Status(401), retry: true, class: "unexpected"},
		"403":                       {fault: fakenet.Status(403), retry: true, class: "unexpected"},
		"429":                       {fault: fakenet.TooManyRequests(0), retry: true, class: "rate-limited"},
		"451":                       {fault: fakenet.Status(451), retry: true, class: "unexpected"},
		"500":                       {fault: fakenet.Status(500), retry: true, class: "unexpected"},
		"503":                       {fault: fakenet.Unavailable(time.Hour), retry: true, class: "rate-limited"},
		"round about":               {fault: fakenet.RedirectLoop(), retry: true, class: "unexpected"},
		"on and on":                 {fault: fakenet.RedirectChain(), retry: true, class: "unexpected"},
		"a private address":         {fault: fakenet.RedirectTo("http://169.254.169.254/latest/meta-data/"), class: "refused"},
		"the machine itself":        {fault: fakenet.RedirectTo("http://localhost:8080/"), class: "refused"},
		"an application":            {fault: fakenet.RedirectTo("snssdk1233://aweme/detail/1764938902533046273"), class: "refused"},
		"a script for an address":   {fault: fakenet.RedirectTo("javascript:alert(1)"), class: "refused"},
		"a file":                    {fault: fakenet.RedirectTo("file:///etc/passwd"), class: "refused"},
		"without end":               {fault: fakenet.Endless(), class: "too-large"},
		"a bomb":                    {fault: fakenet.GzipBomb(1 << 26), class: "too-large"},
		"silence":                   {fault: fakenet.Hang(), retry: true, class: "network"},
		"a drip":                    {fault: fakenet.Drip(time.Minute), retry: true, class: "network"},
		"half of it":                {fault: fakenet.Truncated(), retry: true, class: "network"},
		"garbage":                   {fault: fakenet.Garbage(), retry: true, class: "unexpected"},
		"a reset":                   {fault: fakenet.Reset(), retry: true, class: "network"},
		"no name":                   {fault: fakenet.NoDNS(), retry: true, class: "network"},
		"nobody there":              {fault: fakenet.RefuseConnections(), retry: true, class: "network"},
		"another's certificate":     {fault: fakenet.WrongHostCertificate(), retry: true, class: "network"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, settings{}, func(w *world) {
				w.net.HandleFunc("t.co", func(rw http.ResponseWriter, _ *http.Request) {
					rw.Header().Set("Content-Type", "text/html")
					io.WriteString(rw, strings.Repeat("<p>Some words.</p>", 100))
				})
				w.net.HandleFunc("consent.example", http.NotFound)
				w.net.Fault("t.co", "", tt.fault)
				target, _, err := w.engine.Follow(w.ctx, "https://t.co/abcdefghij")
				got := ""
				if !target.Ref.IsZero() {
					got = target.Ref.String()
				}
				class := store.ClassOf(err)
				if got != tt.post || class.Name != tt.class || class.Retry != tt.retry {
					t.Errorf("leads to %q as %s, trouble %q (again %t): %v", got, target.URL, class.Name, class.Retry, err)
				}
			})
		})
	}
}
