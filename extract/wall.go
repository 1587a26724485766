package extract

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// wallTitles are words of titles of pages that stand in the place of others. They
// are looked for only in pages that come with a status that says that there is no
// such page, where a wrong match costs a look and no more.
func wallTitles() []string {
	return []string{"log in", "login", "log into", "sign in", "signin", "sign up", "before you continue", "just a moment", "attention required", "access denied",
		"access to this page", "robot", "captcha", "verify", "verification", "are you human", "security check", "checking your browser", "blocked", "forbidden",
		"consent", "your privacy", "cookie", "unusual traffic", "pardon our interruption", "request unsuccessful", "maintenance", "over capacity", "too many requests",
		"anmelden", "einloggen", "zugriff verweigert", "connexion", "se connecter", "accès refusé", "iniciar sesión", "acceso denegado", "acesso negado",
		"accedi", "accesso negato", "inloggen", "toegang geweigerd", "войти", "доступ", "ログイン", "登录", "로그인"}
}

// wallMarks are names of the services that check visitors, as they stand in the
// pages that they make.
func wallMarks() []string {
	return []string{"_cf_chl", "cf-challenge", "cf-error-details", "captcha-delivery.com", "px-captcha", "_incapsula_resource", "sec-if-cpt", "awswaf", "ddos-guard",
		"challenges.cloudflare.com", "hcaptcha.com/1/api.js", "recaptcha/api2/"}
}

// edgeMarks are what servers and networks in front of a platform say by default
// when they do not know where to pass a request on to, whatever was asked for.
func edgeMarks() []string {
	return []string{"<center>nginx", "<center>openresty", "<center>tengine", "the requested url was not found on this server", "404 - file or directory not found",
		"cloudfront", "guru meditation", "fastly error", "unknown domain", "<code>nosuchkey", "<code>nosuchbucket", "<code>accessdenied", "no route matched with those values",
		"no such app", "herokucdn.com", "reference&#32;&#35;", "the page you were looking for doesn't exist", "unavailable for legal reasons", "unavailable in your region",
		"not available in your country", "not available in your region", "default backend - 404", "404 page not found", "deployment_not_found", "backend fetch failed"}
}

// maxWall is how much of a page is looked at: walls are small.
const maxWall = 1 << 16

// maxEdge is how much is looked at for the words of a server in front.
const maxEdge = 4 << 10

// Wall reports whether a response that comes with a status that says that there is no
// such page stands in the place of the platform's own: a page to log in, to consent
// or to prove to be a person, told by its title, a field for a password, or the
// services that make such pages; or the error of a server in front.
func (r Response) Wall() bool {
	body := bytes.ToLower(r.Body[:min(len(r.Body), maxWall)])
	if worded(string(body[:min(len(body), maxEdge)]), edgeMarks()) {
		return true
	}
	if !r.looksLikePage() {
		return false
	}
	for _, m := range wallMarks() {
		if bytes.Contains(body, []byte(m)) {
			return true
		}
	}
	z := html.NewTokenizer(bytes.NewReader(body))
	inTitle, title := false, ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return worded(title, wallTitles())
		case html.TextToken:
			if inTitle {
				title += string(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			inTitle = t.Data == "title" && title == ""
			if t.Data == "input" && attrOf(t, "type") == "password" {
				return true
			}
		case html.EndTagToken:
			inTitle = false
		}
	}
}

// worded reports whether a text holds one of the phrases.
func worded(text string, phrases []string) bool {
	for _, p := range phrases {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// attrOf returns the value of an attribute of a token.
func attrOf(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}
