package page

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"

	"stet/store"
)

// Facts are what is known of an answer.
type Facts struct {
	// URL is the address that was asked for, Final the one that answered.
	URL, Final string
	Status     int
	// Text is the readable text, where that is known.
	Text string
	// Body is the page, in UTF-8.
	Body []byte
}

const (
	// shortText is how much readable text a page may have, in bytes, that is
	// taken for an error page or a wall by its words: whoever writes more than
	// this says something.
	shortText = 2500
	// briefText is the same for walls that are told by what stands in the page
	// alone.
	briefText = 1200
)

// Classify says whether an answer is something else than the page that was
// asked for, and why. It is a pure function, linear in the page, and errs on
// the side of the page: every rule asks for words that such pages say, or marks
// of the services that make them, and for little else on the page.
func Classify(f Facts) (store.PageLabel, string) {
	c := &classifier{f: f, d: scan(f.Body)}
	c.length = max(len(strings.TrimSpace(f.Text)), 0)
	if f.Text == "" {
		c.length = len(c.d.text)
	}
	for _, rule := range []func() (store.PageLabel, string){c.challenge, c.parked, c.consent, c.login, c.soft404, c.paywall} {
		if label, why := rule(); label != "" {
			return label, why
		}
	}
	return "", ""
}

type classifier struct {
	f      Facts
	d      document
	length int // of the readable text
}

// said returns the first of the phrases that the page's visible text holds.
func (c *classifier) said(phrases []string) string {
	for _, p := range phrases {
		if strings.Contains(c.d.text, p) {
			return p
		}
	}
	return ""
}

// headed returns the first of the phrases that a heading or the title is made
// of, beside a number and the site's name.
func (c *classifier) headed(phrases []string) string {
	for _, line := range append([]string{c.d.title}, c.d.headings...) {
		for _, part := range parts(line) {
			for _, p := range phrases {
				if madeOf(part, p) {
					return p
				}
			}
		}
	}
	return ""
}

// parts are the pieces of a title: the page's own and the site's.
func parts(line string) []string {
	list := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("|–—·»«:•", r) })
	var out []string
	for _, l := range append(list, line) {
		for p := range strings.SplitSeq(l, " - ") {
			if p = strings.Trim(p, " .!?…,-()[]\"'"); p != "" {
				out = append(out, p)
			}
		}
	}
	return out
}

// madeOf reports whether a piece of a title is a phrase with hardly anything
// beside it: "error 404", "oops".
func madeOf(part, phrase string) bool {
	const beside = 14
	return strings.Contains(part, phrase) && len(part)-len(phrase) <= beside
}

// marked returns the first of the marks that the page's scripts, frames, forms
// or elements bear.
func (c *classifier) marked(marks []string) string {
	for _, m := range marks {
		if strings.Contains(c.d.markers, m) {
			return m
		}
	}
	return ""
}

func (c *classifier) challenge() (store.PageLabel, string) {
	if c.length > shortText {
		return "", ""
	}
	if p := c.headed(challengeTitles()); p != "" {
		return store.LabelChallenge, `it asks the reader to prove to be a person: "` + p + `"`
	}
	if c.length > briefText {
		return "", ""
	}
	if m := c.marked(challengeMarks()); m != "" && (c.f.Status/100 != 2 || c.length < 400) {
		return store.LabelChallenge, "it holds nothing but the check of a service against robots (" + m + ")"
	}
	if p := c.said(challengeWords()); p != "" {
		return store.LabelChallenge, `it asks the reader to prove to be a person: "` + p + `"`
	}
	return "", ""
}

func (c *classifier) parked() (store.PageLabel, string) {
	if c.length > shortText {
		return "", ""
	}
	if m := c.marked(parkedMarks()); m != "" {
		return store.LabelParked, "the domain is parked: the page is made by " + m
	}
	if host := hostOf(c.f.Final); slices.ContainsFunc(parkedHosts(), func(h string) bool { return host == h || strings.HasSuffix(host, "."+h) }) && host != hostOf(c.f.URL) {
		return store.LabelParked, "the domain is for sale at " + host
	}
	if p := c.said(parkedWords()); p != "" {
		return store.LabelParked, `the domain is parked: "` + p + `"`
	}
	return "", ""
}

func (c *classifier) consent() (store.PageLabel, string) {
	host, asked := hostOf(c.f.Final), hostOf(c.f.URL)
	if host != asked && (strings.HasPrefix(host, "consent.") || strings.HasPrefix(host, "guce.") || strings.HasPrefix(host, "myprivacy.") ||
		strings.HasPrefix(host, "privacygate.")) {
		return store.LabelConsent, "it led to " + host + ", which asks for consent"
	}
	if c.length > briefText {
		return "", ""
	}
	if p := c.headed(consentTitles()); p != "" {
		return store.LabelConsent, `it asks for consent first: "` + p + `"`
	}
	return "", ""
}

func (c *classifier) login() (store.PageLabel, string) {
	moved := store.ArticleKey(c.f.Final) != store.ArticleKey(c.f.URL)
	step := loginPath(c.f.Final)
	if moved && step != "" && loginPath(c.f.URL) == "" {
		return store.LabelLogin, "it led to " + step + ", where readers sign in"
	}
	if c.length > briefText {
		return "", ""
	}
	p := c.headed(loginTitles())
	if p != "" && (c.d.password || c.d.fields > 0 || step != "" || c.length < 400) {
		return store.LabelLogin, `it asks the reader to sign in: "` + p + `"`
	}
	if p = c.said(loginWords()); p != "" && c.length < 600 {
		return store.LabelLogin, `it asks the reader to sign in: "` + p + `"`
	}
	if c.d.password && c.d.fields <= 3 && c.length < 200 {
		return store.LabelLogin, "it holds nothing but a field for a password"
	}
	return "", ""
}

// loginPath returns the host or part of the path of an address that is one for
// signing in, empty where it is none.
func loginPath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	first, _, _ := strings.Cut(host, ".")
	if slices.Contains([]string{"login", "signin", "sso", "accounts", "auth", "id", "idp"}, first) && strings.Count(host, ".") > 1 {
		return host
	}
	for part := range strings.SplitSeq(strings.ToLower(u.Path), "/") {
		part = strings.TrimSuffix(part, path.Ext(part))
		if slices.Contains(loginParts(), part) {
			return "/" + part
		}
	}
	return ""
}

func (c *classifier) soft404() (store.PageLabel, string) {
	if home(c.f.URL, c.f.Final) {
		return store.LabelSoft404, "it led to the front page of the site, " + c.f.Final
	}
	if c.length > shortText {
		return "", ""
	}
	if p := c.headed(missingTitles()); p != "" {
		return store.LabelSoft404, `it says that there is no such page: "` + p + `"`
	}
	if p := c.said(missingWords()); p != "" && c.length < briefText {
		return store.LabelSoft404, `it says that there is no such page: "` + p + `"`
	}
	return "", ""
}

// home reports whether an address that names a page led to the front page of
// the same site.
func home(asked, final string) bool {
	a, errA := url.Parse(asked)
	f, errF := url.Parse(final)
	if errA != nil || errF != nil || site(a) != site(f) || front(a) {
		return false
	}
	return front(f)
}

// front reports whether an address is that of a front page, or of one in a
// language.
func front(u *url.URL) bool {
	if u.RawQuery != "" && (u.Query().Get("p") != "" || u.Query().Get("id") != "" || u.Query().Get("page_id") != "") {
		return false
	}
	p := strings.Trim(u.Path, "/")
	if base := strings.TrimSuffix(p, path.Ext(p)); base == "index" || base == "home" || base == "default" {
		return true
	}
	return p == "" || len(p) == 2 || len(p) == 5 && (p[2] == '-' || p[2] == '_')
}

// site returns the registered domain of an address.
func site(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if d, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return d
	}
	return host
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func (c *classifier) paywall() (store.PageLabel, string) {
	if c.length > shortText {
		return "", ""
	}
	if c.d.free == "false" && c.length < shortText {
		if p := c.said(paywallWords()); p != "" {
			return store.LabelPaywall, `it is for subscribers: "` + p + `"`
		}
		if m := c.marked(paywallMarks()); m != "" {
			return store.LabelPaywall, "it is for subscribers, as it says of itself, and shows a barrier (" + m + ")"
		}
	}
	if p := c.said(paywallPhrases()); p != "" {
		return store.LabelPaywall, `it is for subscribers: "` + p + `"`
	}
	return "", ""
}

// fold writes words for comparing: in lower case, with single spaces and plain
// apostrophes.
func fold(s string) string {
	s = strings.NewReplacer("’", "'", "‘", "'", "\u00ad", "", "\u200b", "").Replace(norm.NFKC.String(s))
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}
