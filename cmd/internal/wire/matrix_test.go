package wire

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/extract"
	"stet/extract/post"
	"stet/store/storetest"
)

// The matrix holds every platform that the engine can act on against every
// fault and every misleading answer, for months. What a platform answers is
// taken from the samples of its own rules, so that one which is added later
// joins by its rules alone.

// troubles are what can go wrong on the way, and pages that say nothing of the
// post: from none of them anything follows.
func troubles() map[string]fakenet.Fault {
	page := func(status int, text string) fakenet.Fault {
		return fakenet.Body(status, "text/html; charset=utf-8", "<!doctype html><html><title>"+text+"</title><body><h1>"+text+"</h1></body></html>")
	}
	return map[string]fakenet.Fault{
		"401": fakenet.Status(401), "403": fakenet.Status(403), "408": fakenet.Status(408), "500": fakenet.Status(500), "502": fakenet.Status(502),
		"503 for an hour": fakenet.Unavailable(time.Hour), "429": fakenet.TooManyRequests(0), "429 for a day": fakenet.TooManyRequests(24 * time.Hour),
		"nothing": fakenet.Empty(), "a welcome": fakenet.HTML(), "a login page": fakenet.LoginPage(), "a captcha": fakenet.Captcha(),
		"a captcha with 200": page(200, "Just a moment... Checking that you are human"), "a consent page": page(200, "Before you continue: we value your privacy"),
		"an apology with 200": page(200, "This post was deleted. Sorry, this page does not exist."), "a wall": page(403, "Access denied: page not found"),
		"a redirect to log in": fakenet.LoginRedirect(), "a redirect to consent": fakenet.RedirectTo("https://consent.example/?then=post"),
		"a redirect to the start": fakenet.RedirectTo("/"), "a redirect loop": fakenet.RedirectLoop(), "endless redirects": fakenet.RedirectChain(),
		"a redirect to loopback": fakenet.RedirectTo("http://127.0.0.1/"), "half an answer": fakenet.Truncated(), "silence": fakenet.Hang(),
		"a reset": fakenet.Reset(), "garbage": fakenet.Garbage(), "a huge head": fakenet.HugeHead(1 << 20), "a bomb": fakenet.GzipBomb(1 << 24),
		"a slow drip": fakenet.Drip(10 * time.Second), "no name": fakenet.NoDNS(), "a refusal to connect": fakenet.RefuseConnections(),
		"no route": fakenet.NoRoute(), "no connection": fakenet.SilentConnections(), "an expired certificate": fakenet.ExpiredCertificate(),
		"another's certificate": fakenet.WrongHostCertificate(), "an unknown authority": fakenet.UnknownAuthority(),
		"half of JSON": fakenet.Body(200, "application/json", `{"id_str":"19900`), "a page called JSON": fakenet.Body(200, "application/json", "<html>Log in</html>"),
		"JSON of nothing": fakenet.Body(200, "application/json", "null"), "a word": fakenet.Body(200, "application/json", `"deleted"`),
		"a login page with 404": page(404, "Log in to continue"), "a challenge with 410": page(410, "Just a moment..."), "a consent page with 404": page(404, "Before you continue"),
		"451": fakenet.Status(451), "999": fakenet.Body(999, "text/html", "<html></html>"), "204": fakenet.Body(204, "text/plain", ""),
		"missing at another host": led("https://errors.example/404"), "missing at the start": led("/"), "missing where one logs in": led("/accounts/login/?next=x"),
		"no end": fakenet.Endless(), "a frame": page(200, "App"), "not UTF-8": fakenet.Body(200, "text/html", "\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00"),
		"entities":          fakenet.Body(200, "text/html", "<html>"+strings.Repeat("&#0;&amp;lt;&notit;&#x110000;", 500)+"</html>"),
		"deep":              fakenet.Body(200, "application/json", strings.Repeat(`{"data":[`, 20000)),
		"an error with 200": fakenet.Body(200, "application/json", `{"error":"This Post was deleted by the Post author."}`),
	}
}

// led leads to another address, where nothing is.
func led(to string) fakenet.Fault {
	return fakenet.RedirectFrom(to, fakenet.Body(404, "text/html", "<html><title>404</title><h1>Not Found</h1></html>"))
}

// absences are answers that miss the post without a word about it.
func absences() map[string]fakenet.Fault {
	return map[string]fakenet.Fault{
		"404": fakenet.Status(404), "410": fakenet.Status(410), "404 without a body": fakenet.Body(404, "text/html", ""),
		"404 in JSON": fakenet.Body(404, "application/json", `{"error":"Sorry, that page does not exist"}`),
		"404 and {}":  fakenet.Body(404, "application/json", `{}`), "{}": fakenet.Body(200, "application/json", `{}`), "[]": fakenet.Body(200, "application/json", `[]`),
	}
}

// months is how long each story goes on: nine looks of the plain schedule, and
// all those that a suspicion brings.
const months = 100 * 24 * time.Hour

// TestMatrixOfAnswers: whatever goes wrong, an endpoint that is asked once tells
// nothing of the post, and shows none; an absence is at most that. It is the whole
// of the matrix, for a moment; the stories below hold a part of it for months.
func TestMatrixOfAnswers(t *testing.T) {
	onEveryPlatform(t, func(m *matrix) {
		ask := func(name, endpoint string, fault fakenet.Fault) archiver.Answer {
			m.clear()
			time.Sleep(25 * time.Hour) // what hosts asked to wait for is over
			m.net.Fault("", "", fault)
			a := m.ask(endpoint, m.ref)
			if a.Explicit || a.Shown() != nil || a.Status == post.Live {
				t.Errorf("%s: %s of %s: %+v", m.t.Name(), name, endpoint, a)
			}
			return a
		}
		for _, endpoint := range m.endpoints {
			for name, fault := range troubles() {
				if a := ask(name, endpoint, fault); a.Status != post.Unknown {
					t.Errorf("%s: %s of %s: %+v", m.t.Name(), name, endpoint, a)
				}
			}
			for name, fault := range absences() {
				ask(name, endpoint, fault)
			}
		}
	})
}

// TestMatrixOfTrouble: whatever goes wrong everywhere, for months, nothing
// follows from it, and nothing is kept as a copy of the post. No control posts
// protect it here.
func TestMatrixOfTrouble(t *testing.T) {
	onEveryPlatform(t, func(m *matrix) {
		m.withoutControls()
		for name, fault := range m.some(troubles()) {
			s := m.story("everywhere " + name)
			m.net.Fault("", "", fault)
			s.pass(months)
			s.wantNoVerdict()
			m.net.Heal()
			s.recovers()
		}
	})
}

// TestMatrixOfAbsence: an absence from one source, while no other can be
// asked, is never enough; nor is one from all while the platform's control
// posts are missing too, nor one that another source contradicts.
func TestMatrixOfAbsence(t *testing.T) {
	onEveryPlatform(t, func(m *matrix) {
		for name, fault := range m.some(absences()) {
			if m.controlled() {
				s := m.story(name + " for every post")
				m.net.Fault("", "", fault)
				s.pass(months)
				s.wantNoVerdict()
				m.net.Heal()
				s.recovers()
			}
			m.withoutControls()
			for _, e := range m.endpoints {
				s := m.story(name + " of " + e + " alone")
				m.troubled(e)
				m.faultAt(e, fault)
				s.pass(months)
				s.wantNotConfirmed()
				if m.othersShow(e) && m.apart(e) {
					s := m.story(name + " of " + e + ", shown by others")
					m.faultAt(e, fault)
					s.pass(months)
					s.wantNoVerdict()
				}
			}
			m.withControls()
		}
	})
}

// TestMatrixOfRules: each answer that the platform's rules know, given by its
// endpoint alone for months. Only a statement that the post is gone may be
// believed, and is within its time; none is while another source shows the
// post, or while the same is said of the control posts.
func TestMatrixOfRules(t *testing.T) {
	onEveryPlatform(t, func(m *matrix) {
		for i, r := range m.rules() {
			if r.Transport && (i+len(m.t.Name()))%3 != 0 && !(storetest.Thorough() && m.name == post.Twitter) {
				continue // trouble, of which there is more above
			}
			name := fmt.Sprintf("%s says %q", r.Endpoint, r.Answer)
			// Witnesses are asked only where an endpoint misses the post.
			statement := r.Status.Gone() && r.Explicit && !m.witness(r.Endpoint)
			m.withoutControls()
			s := m.story(name + ", nobody else is there")
			m.troubled(r.Endpoint)
			m.serves(r.Endpoint, r.Sample)
			s.pass(months)
			switch {
			case statement && m.means(&r):
				s.wantConfirmed(r.Status, archiver.DefaultConfirmAfter)
			case !statement:
				s.wantNotConfirmed()
			}
			m.withControls()
			if m.othersShow(r.Endpoint) {
				s := m.story(name + ", shown by others")
				m.servesOf(r.Endpoint, r.Sample)
				s.pass(months)
				s.wantNotConfirmed()
			}
			if m.controlled() && r.Status.Gone() {
				s := m.story(name + " of the control posts too")
				m.servesEverywhere(r.Endpoint, r.Sample)
				s.pass(months)
				s.wantNoVerdict()
			}
		}
	})
}

// TestMatrixOfLosses: every true disappearance is confirmed within its
// schedule, and a return is noticed.
func TestMatrixOfLosses(t *testing.T) {
	var mu sync.Mutex
	told := map[post.Platform]int{}
	onEveryPlatform(t, func(m *matrix) {
		for _, r := range m.rules() {
			m.clear()
			if !r.Status.Gone() || !r.Explicit || !m.means(&r) || !m.controlsShown(r.Endpoint) {
				continue
			}
			mu.Lock()
			told[m.name]++
			mu.Unlock()
			s := m.story(fmt.Sprintf("%s says %q and the others miss it", r.Endpoint, r.Answer))
			m.missed()
			m.servesOf(r.Endpoint, r.Sample)
			s.pass(months)
			s.wantConfirmed(r.Status, archiver.DefaultConfirmAfter)
			s.returns()
		}
		m.clear()
		if len(m.missed()) >= 2 {
			s := m.story("everybody misses it without a word")
			m.missed()
			s.pass(months)
			// Looks come at every half of the time that confirms it.
			s.wantConfirmed(post.NotFound, archiver.DefaultConfirmUnexplained+archiver.DefaultConfirmUnexplained/2)
			s.returns()
		}
	})
	t.Cleanup(func() { // after all the parallel tests
		for p, n := range map[post.Platform]int{post.Twitter: 10} {
			if told[p] < n {
				t.Errorf("%d losses of %s were told, want %d", told[p], p, n)
			}
		}
	})
}

// some are a part of the faults, another one for each platform: a sixth, and
// where there is time a third, and of X, of which most is known, all.
func (m *matrix) some(faults map[string]fakenet.Fault) map[string]fakenet.Fault {
	part := 6
	if storetest.Thorough() {
		part = 3
		if m.name == post.Twitter {
			part = 1
		}
	}
	some := map[string]fakenet.Fault{}
	for i, name := range slices.Sorted(maps.Keys(faults)) {
		if (i+len(m.t.Name()))%part == 0 {
			some[name] = faults[name]
		}
	}
	return some
}

// rules returns the rules with a sample whose endpoint is asked.
func (m *matrix) rules() []extract.Rule {
	var list []extract.Rule
	for _, r := range m.platform.Rules() {
		if r.Sample.StatusCode != 0 && slices.Contains(m.endpoints, r.Endpoint) {
			list = append(list, r)
		}
	}
	return list
}

// candidates returns ids that the platform can have given, those of its
// samples first.
func candidates(p archiver.Platform) []string {
	var fit, sampled []string
	for _, id := range []string{"1990000000000000001", "aB3-_dEfGhI", "C0dE_xyz123", "x8abcde", "1abcde", "123456789", "tides/42", "oldharbour/42",
		"harbour.example/112042318430273537", "112042318430273537", "at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3mddvy5bv6k27",
		"track:4uLU6hMCjMI75M1A2tKUQC", "ada/low-tide", "aBcD123", "CalmLowTide-aBc_1", "embed.ted.com/talks/ada_low_tide"} {
		if CheckRef(post.Ref{Platform: p.Platform(), ID: id}) != nil {
			continue
		}
		fit = append(fit, id)
		for _, r := range p.Rules() {
			if strings.Contains(string(r.Sample.Body), id) {
				sampled = append(sampled, id)
				break
			}
		}
	}
	return append(sampled, fit...)
}
