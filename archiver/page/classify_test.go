package page_test

import (
	"strings"
	"testing"

	"stet/archiver/page"
	"stet/store"
)

// html is a page of a title and a body.
func html(title, body string) string {
	return `<!doctype html><html><head><meta charset="utf-8"><title>` + title + `</title></head><body>` + body + `</body></html>`
}

// story is an article of some length.
func story(sentence string) string {
	return "<article><p>" + strings.Repeat(sentence+" ", 3+3000/len(sentence)) + "</p></article>"
}

const asked = "https://ferry.example/news/2026/winter-timetable"

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name   string
		facts  page.Facts
		body   string
		want   store.PageLabel
		reason string
	}{
		{name: "an article", body: html("Winter timetable - Ferry Gazette", story("The ferry sails at six in winter."))},
		{name: "a short page", body: html("Winter timetable", "<h1>Winter timetable</h1><p>The ferry sails at six.</p>")},
		{name: "an article about error pages", body: html("Page not found: how a museum collects error messages | Ferry Gazette",
			"<h1>Page not found: how a museum collects error messages</h1>"+story("The museum keeps what others throw away."))},
		{name: "a short note about error pages", body: html("A museum of error messages opens on the old quay", "<p>It shows 404 of them.</p>")},
		{name: "an article about passwords", body: html("How to log in safely", "<h1>How to log in safely</h1>"+story("Choose long passwords."))},
		{name: "an article with a form for subscribers", body: html("The quay", story("The quay is long.")+
			`<form action="/login"><input type="email"><input type="password"></form><p>Already a subscriber? Log in</p>`)},
		{name: "an article behind a consent banner", body: html("The quay", story("The quay is long.")+`<div id="consent-banner"><h2>We value your privacy</h2></div>`)},
		{name: "a page whose script checks robots", body: html("The quay", story("The quay is long.")+`<script src="https://challenges.cloudflare.com/turnstile/v0/api.js"></script>`)},
		{name: "the front page that was asked for", facts: page.Facts{URL: "https://ferry.example/", Final: "https://www.ferry.example/en/"}, body: html("Ferry", "<p>Welcome</p>")},
		{name: "a page that moved", facts: page.Facts{Final: "https://ferry.example/timetables/winter"}, body: html("Winter", "<p>At six.</p>")},

		{name: "English", body: html("404 Not Found", "<h1>Oops!</h1><p>Try the search.</p>"), want: store.LabelSoft404},
		{name: "with a name", body: html("Page not found | Ferry Gazette", "<p>Try the search.</p>"), want: store.LabelSoft404},
		{name: "in a sentence", body: html("Ferry Gazette", "<p>Sorry, the page you were looking for has sailed.</p>"), want: store.LabelSoft404},
		{name: "German", body: html("Ferry", "<h1>Seite nicht gefunden</h1>"), want: store.LabelSoft404},
		{name: "French", body: html("Page introuvable – Le Bac", "<p>Retour</p>"), want: store.LabelSoft404},
		{name: "Turkish", body: html("Sayfa bulunamadı", ""), want: store.LabelSoft404},
		{name: "Russian", body: html("Страница не найдена", ""), want: store.LabelSoft404},
		{name: "Arabic", body: html("الصفحة غير موجودة", ""), want: store.LabelSoft404},
		{name: "Japanese", body: html("渡船", "<h2>お探しのページは見つかりませんでした。</h2>"), want: store.LabelSoft404},
		{name: "Chinese", body: html("页面不存在", ""), want: store.LabelSoft404},
		{name: "the front page instead", facts: page.Facts{Final: "https://www.ferry.example/"}, body: html("Ferry", story("All the news.")), want: store.LabelSoft404},
		{name: "the front page in a language", facts: page.Facts{Final: "https://ferry.example/en/"}, body: html("Ferry", story("All the news.")), want: store.LabelSoft404},

		{name: "for sale", body: html("ferry.example", "<p>This domain is for sale! Make us an offer.</p>"), want: store.LabelParked},
		{name: "parked by a service", body: html("ferry.example", `<script src="https://d38psrni17bvxu.cloudfront.net/x.js"></script>`), want: store.LabelParked},
		{name: "a market", facts: page.Facts{Final: "https://www.hugedomains.com/domain_profile.cfm?d=ferry"}, body: html("Ferry", "<p>Buy now</p>"), want: store.LabelParked},
		{name: "for sale in German", body: html("ferry.example", "<p>Diese Domain steht zum Verkauf.</p>"), want: store.LabelParked},

		{name: "a form", body: html("Log in", `<form><input name="user"><input type="password"></form>`), want: store.LabelLogin},
		{name: "another address", facts: page.Facts{Final: "https://ferry.example/account/login?next=%2Fnews"}, body: html("Ferry", "<p>Welcome</p>"), want: store.LabelLogin},
		{name: "a host for it", facts: page.Facts{Final: "https://accounts.ferry.example/?continue=x"}, body: html("Ferry", "<p>Welcome</p>"), want: store.LabelLogin},
		{name: "a sentence", body: html("Groups", "<p>You must log in to continue.</p>"), want: store.LabelLogin},
		{name: "German form", body: html("Anmelden", `<form><input type="email"></form>`), want: store.LabelLogin},
		{name: "Korean form", body: html("로그인", `<form><input type="text"></form>`), want: store.LabelLogin},
		{name: "nothing but a password", body: html("Ferry", `<form><input type="password"></form>`), want: store.LabelLogin},

		{name: "a barrier", body: html("The quay", "<p>The quay is long.</p><p>Subscribe to continue reading</p>"), want: store.LabelPaywall},
		{name: "German barrier", body: html("Der Kai", "<p>Der Kai ist lang.</p><p>Dieser Artikel ist nur für Abonnenten.</p>"), want: store.LabelPaywall},
		{name: "by its own word", body: html("The quay", `<script type="application/ld+json">{"isAccessibleForFree": "False"}</script><p>The quay is long.</p><p>Subscribe now</p>`), want: store.LabelPaywall},
		{name: "free for all", body: html("The quay", `<script type="application/ld+json">{"isAccessibleForFree": true}</script><p>The quay is long.</p><p>Subscribe to our newsletter</p>`)},

		{name: "consent elsewhere", facts: page.Facts{Final: "https://consent.ferry.example/collect?x=1"}, body: html("Ferry", ""), want: store.LabelConsent},
		{name: "consent first", body: html("Before you continue", "<p>We use cookies.</p><button>Accept all</button>"), want: store.LabelConsent},
		{name: "French consent", body: html("Avant de continuer", "<button>Tout accepter</button>"), want: store.LabelConsent},

		{name: "a check", facts: page.Facts{Status: 403}, body: html("Just a moment...", `<div id="cf-challenge"></div>`), want: store.LabelChallenge},
		{name: "a check with a good status", body: html("Ferry", `<script src="https://geo.captcha-delivery.com/captcha/x.js"></script><p>One second</p>`), want: store.LabelChallenge},
		{name: "a check in words", body: html("Ferry", "<p>Press & Hold to confirm you are a human (and not a bot).</p>"), want: store.LabelChallenge},
		{name: "denied", facts: page.Facts{Status: 403}, body: html("Access Denied", "<h1>Access Denied</h1>"), want: store.LabelChallenge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.facts
			f.Body = []byte(tt.body)
			if f.URL == "" {
				f.URL = asked
			}
			if f.Final == "" {
				f.Final = f.URL
			}
			if f.Status == 0 {
				f.Status = 200
			}
			got, why := page.Classify(f)
			if got != tt.want || (why == "") != (got == "") {
				t.Errorf("%q (%s), want %q", got, why, tt.want)
			}
		})
	}
}

// FuzzClassify: it never panics, says the same twice, gives a reason with every
// label, and none to a long article, whatever else stands in its page.
func FuzzClassify(f *testing.F) {
	f.Add(html("404", "<h1>Page not found</h1>"), asked, "https://ferry.example/")
	f.Add(html("Log in", "<form><input type=password>"), asked, asked)
	f.Add("<title>Just a moment", asked, "https://[::1]:80/%zz")
	f.Fuzz(func(t *testing.T, body, url, final string) {
		facts := page.Facts{URL: url, Final: final, Status: 200, Body: []byte(body)}
		label, why := page.Classify(facts)
		again, _ := page.Classify(facts)
		if label != again || (label == "") != (why == "") {
			t.Errorf("%q (%q), then %q", label, why, again)
		}
		facts.Final, facts.Text = url, strings.Repeat("The quay is long and the ferry late. ", 100)
		if label, why := page.Classify(facts); label != "" {
			t.Errorf("a long article is %q: %s", label, why)
		}
	})
}
