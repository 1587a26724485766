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

// maxWall is how much of a page is looked at: walls are small.
const maxWall = 1 << 16

// Wall reports whether a response is a page to log in, to consent or to prove to be
// a person, told by its title, a field for a password, or the services that make
// such pages.
func (r Response) Wall() bool {
	if !r.looksLikePage() {
		return false
	}
	body := bytes.ToLower(r.Body[:min(len(r.Body), maxWall)])
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
