package browser

import (
	"net/url"
	"strings"
)

// maxImports is how deep style sheets may import each other.
const maxImports = 4

// css returns a style sheet with everything that it names inside. It follows
// the tokens of CSS Syntax Level 3 as far as addresses need it: comments,
// strings and url().
func (f *file) css(text string, base *url.URL, depth int) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return b.String()
			}
			i += end + 4
		case rest[0] == '"' || rest[0] == '\'':
			n := stringEnd(rest)
			b.WriteString(rest[:n])
			i += n
		case hasFold(rest, "@import"):
			n := statementEnd(rest)
			b.WriteString(f.imported(rest[len("@import"):n], base, depth))
			i += n
		case hasFold(rest, "url(") && (i == 0 || !isName(text[i-1])):
			address, n := urlToken(rest)
			if v, ok := f.data(address, base); ok {
				b.WriteString(`url("` + v + `")`)
			} else if strings.HasPrefix(address, "#") {
				b.WriteString(rest[:n])
			} else {
				b.WriteString(`url("")`)
			}
			i += n
		default:
			b.WriteByte(rest[0])
			i++
		}
	}
	return b.String()
}

// imported returns the style sheet that an import names.
func (f *file) imported(rule string, base *url.URL, depth int) string {
	rule = strings.TrimSpace(strings.TrimSuffix(rule, ";"))
	address, condition := "", ""
	switch {
	case hasFold(rule, "url("):
		n := 0
		address, n = urlToken(rule)
		condition = rule[n:]
	case rule != "" && (rule[0] == '"' || rule[0] == '\''):
		n := stringEnd(rule)
		address, condition = unescape(strings.Trim(rule[:n], `"'`)), rule[n:]
	}
	u, err := base.Parse(address)
	if err != nil || address == "" || depth >= maxImports {
		return ""
	}
	body, _, ok := f.get(u.String())
	if !ok {
		return ""
	}
	text := f.css(string(body), u, depth+1)
	condition = strings.TrimSpace(condition)
	if condition == "" || strings.ContainsAny(condition, "{};") || hasFold(condition, "layer") || hasFold(condition, "supports") {
		return text
	}
	return "@media " + condition + "{" + text + "}"
}

// stringEnd returns the length of the string that s begins with.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		case '\n':
			return i
		}
	}
	return len(s)
}

// statementEnd returns the length of the statement that s begins with, its
// semicolon included.
func statementEnd(s string) int {
	for i := 0; i < len(s); {
		switch {
		case s[i] == ';':
			return i + 1
		case s[i] == '{' || s[i] == '}':
			return i
		case s[i] == '"' || s[i] == '\'':
			i += stringEnd(s[i:])
		case hasFold(s[i:], "url("):
			_, n := urlToken(s[i:])
			i += n
		default:
			i++
		}
	}
	return len(s)
}

// urlToken returns the address in the url() that s begins with, and its length.
func urlToken(s string) (address string, n int) {
	i := len("url(")
	for i < len(s) && strings.IndexByte(" \t\r\n\f", s[i]) >= 0 {
		i++
	}
	if i < len(s) && (s[i] == '"' || s[i] == '\'') {
		end := i + stringEnd(s[i:])
		address = unescape(strings.Trim(s[i:end], s[i:i+1]))
		i = end
	} else {
		start := i
		for i < len(s) && s[i] != ')' {
			if s[i] == '\\' {
				i++
			}
			i++
		}
		address = unescape(strings.TrimSpace(s[start:min(i, len(s))]))
	}
	if end := strings.IndexByte(s[min(i, len(s)):], ')'); end >= 0 {
		return address, i + end + 1
	}
	return address, len(s)
}

// unescape drops backslashes: addresses escape brackets and quotes only.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func isName(c byte) bool {
	return c == '-' || c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}
