package box

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"stet/extract"
	"stet/extract/post"
)

// token reads what has no space in it.
func (r reader) token(text string) Query {
	text = unbracketed(text)
	if name, value, ok := operator(text); ok {
		var q Query
		if q.Filters.set(name, value) {
			q.Kind = KindWords
			return q
		}
	}
	if q, ok := r.named(text); ok {
		return q
	}
	if handle, ok := handleOf(text); ok {
		return Query{Kind: KindAccount, Handle: handle, Words: text}
	}
	if q, ok := r.address(text); ok {
		return q
	}
	if isID(text) {
		if refs := r.f.AnyID(text); len(refs) > 0 {
			return Query{Kind: KindID, Refs: refs, Words: text}
		}
	}
	return r.search(text)
}

// unbracketed takes off what stands around an address in a mail, a text or a
// page's source.
func unbracketed(s string) string {
	for _, pair := range []string{"<>", "()", "[]", `""`, "''", "“”", "«»"} {
		open, end := string([]rune(pair)[0]), string([]rune(pair)[1])
		inner, ok := strings.CutPrefix(s, open)
		inner, closed := strings.CutSuffix(inner, end)
		if ok && closed && strings.Contains(inner, "://") {
			return inner
		}
	}
	return s
}

// named reads platform:id, platform:@handle, at://… and acct:user@host.
func (r reader) named(text string) (Query, bool) {
	name, rest, ok := strings.Cut(text, ":")
	if !ok || rest == "" || strings.HasPrefix(rest, "//") && !strings.EqualFold(name, "at") {
		return Query{}, false
	}
	switch strings.ToLower(name) {
	case "at":
		ref := post.Ref{Platform: post.Bluesky, ID: "at:" + strings.TrimSuffix(rest, "/")}
		if t, ok := r.f.ByID(string(post.Bluesky), ref.ID); ok {
			return Query{Kind: KindPost, Refs: []post.Ref{t.Ref}}, true
		}
		if who, ok := strings.CutPrefix(rest, "//"); ok && who != "" && !strings.Contains(who, "/") {
			return Query{Kind: KindAccount, Platform: post.Bluesky, Handle: who}, true
		}
		return Query{Kind: KindPost, Refs: []post.Ref{ref}}, ref.Valid()
	case "acct":
		handle, ok := handleOf("@" + strings.TrimPrefix(rest, "@"))
		return Query{Kind: KindAccount, Handle: handle}, ok
	}
	platform, ok := r.f.Named(name)
	if !ok {
		return Query{}, false
	}
	if handle, ok := handleOf(rest); ok {
		return Query{Kind: KindAccount, Platform: platform, Handle: handle}, true
	}
	if t, ok := r.f.ByID(name, rest); ok {
		return Query{Kind: KindPost, Refs: []post.Ref{t.Ref}}, true
	}
	ref := post.Ref{Platform: platform, ID: rest}
	return Query{Kind: KindPost, Refs: []post.Ref{ref}}, ref.Valid()
}

// address reads an address, with or without scheme.
func (r reader) address(text string) (Query, bool) {
	inner, archived, isAddress := extract.Unwrap(text)
	q := Query{URL: inner, Archived: archived}
	for _, form := range []string{text, inner} {
		if t, platform, ok := r.f.Parse(form); ok && q.platform(t, platform) {
			return q, true
		}
	}
	if !isAddress {
		return Query{}, false
	}
	u, err := url.Parse(inner)
	if err != nil || !isHost(u.Hostname()) {
		return Query{}, false
	}
	scheme := strings.Contains(text, "://")
	switch {
	case archived == "" && !scheme && !strings.ContainsAny(text, "/?#"):
		if !likelyDomain(u.Hostname()) {
			return Query{}, false
		}
		// It may as well be an account: handles of Bluesky are domains.
		q.Kind, q.Domain, q.Handle, q.Words = KindDomain, domain(u), strings.ToLower(u.Hostname()), text
	case strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Hostname() != "localhost":
		q.Kind, q.Domain = KindDomain, domain(u)
	default:
		q.Kind, q.Also, q.Handle = KindAddress, otherForms(u), federated(u)
	}
	return q, true
}

// platform takes what an address of a platform leads to. It reports false for
// pages that are neither posts nor accounts: they are pages like others.
func (q *Query) platform(t extract.Target, platform post.Platform) bool {
	switch {
	case (t.Kind == extract.TargetPost || t.Kind == extract.TargetEmbed) && t.Ref.Valid():
		q.Kind, q.Refs = KindPost, []post.Ref{t.Ref}
		if t.URL != "" {
			q.URL = t.URL
		}
	case t.Kind == extract.TargetShort:
		q.Kind, q.Platform = KindShort, platform
		if t.URL != "" {
			q.URL = t.URL
		}
	case t.Kind == extract.TargetProfile && t.Handle != "":
		q.Kind, q.Platform, q.Handle = KindAccount, platform, t.Handle
	default:
		return false
	}
	return true
}

// isHost reports whether a name can be that of a web server.
func isHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || !strings.Contains(ascii, ".") || len(ascii) > 253 {
		return false
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	return true
}

// likelyDomain reports whether a name without anything around it rather is a
// domain than words or a number: its last label is letters, two at least.
func likelyDomain(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	n := 0
	for _, r := range last {
		if !unicode.IsLetter(r) {
			return strings.HasPrefix(last, "xn--")
		}
		n++
	}
	return n >= 2
}

// federated returns the handle, user@host, of an address that may be the profile
// of an account of a federated platform, whose hosts nobody can list. It returns
// nothing for any other.
func federated(u *url.URL) string {
	name, ok := strings.CutPrefix(u.Path, "/@")
	if !ok {
		name, ok = strings.CutPrefix(u.Path, "/users/")
	}
	handle, valid := handleOf("@" + strings.TrimSuffix(name, "/"))
	if !ok || !valid {
		return ""
	}
	if !strings.Contains(handle, "@") {
		handle += "@" + strings.ToLower(u.Hostname()) // else an account of another host, as this one shows it
	}
	return handle
}

// domain returns the host of an address as articles are listed by it.
func domain(u *url.URL) string {
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// otherForms returns the addresses of the page that an address of its AMP form
// belongs to.
func otherForms(u *url.URL) []string {
	plain := *u
	plain.Host = strings.TrimPrefix(plain.Host, "amp.")
	parts := strings.Split(plain.Path, "/")
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "amp" && p != "amp.html" {
			kept = append(kept, strings.TrimSuffix(p, ".amp"))
		}
	}
	plain.Path, plain.RawPath = strings.Join(kept, "/"), ""
	values := strings.Split(plain.RawQuery, "&")
	left := values[:0:0]
	for _, v := range values {
		name, value, _ := strings.Cut(v, "=")
		if !strings.EqualFold(name, "amp") && !strings.EqualFold(value, "amp") {
			left = append(left, v)
		}
	}
	plain.RawQuery = strings.Join(left, "&")
	if s := plain.String(); s != u.String() {
		return []string{s}
	}
	return nil
}

// handleOf reads @handle and @user@host.
func handleOf(text string) (string, bool) {
	handle, ok := strings.CutPrefix(text, "@")
	if !ok {
		handle, ok = strings.CutPrefix(text, "＠")
	}
	if !ok || handle == "" || len(handle) > 320 {
		return "", false
	}
	handle = strings.TrimRight(handle, ".,:;!?…)")
	bad := strings.IndexFunc(handle, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-@:", r)
	})
	return handle, handle != "" && bad < 0 && strings.Count(handle, "@") <= 1 && !strings.HasPrefix(handle, "@")
}

// isID reports whether a word can be an id that somebody copied: digits only,
// or letters with digits or with capitals inside.
func isID(s string) bool {
	if len(s) < 2 || len(s) > 200 || strings.Trim(s, "0123456789") == "" && (len(s) > 20 || s[0] == '0') {
		return false
	}
	odd := false
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9', r == '_', r == '/' && i > 0, r >= 'A' && r <= 'Z' && i > 0:
			odd = true
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-', r == '.', r == ':':
		default:
			return false
		}
	}
	return odd
}
