package extract

import "strings"

// shortcode reports the post that a line stands for which is nothing but a
// macro of a content system, as it is shown where the system that should have
// replaced it is gone: [tweet https://…], [embed]https://…[/embed],
// [youtube id="…"], {{< tweet 20 >}}, {% twitter 20 %}.
func (a *addresses) shortcode(line string) (lead, bool) {
	inner, ok := macro(line)
	if !ok {
		return lead{}, false
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(inner), " ")
	name, value, assigned := strings.Cut(name, "=")
	if assigned {
		rest = value + " " + rest
	}
	for arg := range strings.FieldsSeq(rest) {
		if key, v, ok := strings.Cut(arg, "="); ok && !strings.Contains(key, "/") {
			arg = v
		}
		arg = strings.Trim(arg, "\"'“”″&quot;")
		if l, ok := a.post(arg); ok {
			return l, true
		}
		if l, ok := a.f.byID(name, arg); ok {
			return l, true
		}
	}
	return lead{}, false
}

// maxMacro bounds the length of a macro.
const maxMacro = 2048

// macro returns what stands in a macro: its name and its arguments, with what
// stands between its two ends, if it has two.
func macro(line string) (string, bool) {
	line = strings.TrimSpace(line)
	if len(line) < 8 || len(line) > maxMacro {
		return "", false
	}
	for _, m := range []struct{ open, close string }{{"{{<", ">}}"}, {"{{%", "%}}"}, {"{%", "%}"}} {
		if inner, ok := strings.CutPrefix(line, m.open); ok {
			return strings.CutSuffix(inner, m.close)
		}
	}
	if line[0] != '[' || line[len(line)-1] != ']' {
		return "", false
	}
	head, rest, _ := strings.Cut(line[1:], "]")
	name, _, _ := strings.Cut(head, " ")
	name, _, _ = strings.Cut(name, "=")
	if !isName(name) {
		return "", false
	}
	if rest == "" {
		return head, true
	}
	between, ok := strings.CutSuffix(rest, "[/"+name+"]")
	return head + " " + between, ok
}

func isName(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '_' && s[i] != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 40
}
