package main

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// targetKind says what a target is.
type targetKind int

const (
	// targetPage is the address of an article or another page.
	targetPage targetKind = iota
	// targetPost is a post: ref is set.
	targetPost
	// targetShort is a short link, which has to be followed to be known.
	targetShort
	// targetDocument is a file or standard input: doc is set.
	targetDocument
)

// target is one thing that a person named.
type target struct {
	// name is as it was typed.
	name string
	kind targetKind
	// url is the address, complete.
	url string
	ref post.Ref
	doc document
	// err says why it cannot be what it should.
	err error
}

// word names the kind as results do.
func (t *target) word() string {
	if t.kind == targetPost {
		return "post"
	}
	return "article"
}

// classifier says what targets are.
type classifier struct {
	finder *extract.Finder
	files  files
}

// invalid makes the error for a target that cannot be right.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", store.ErrInvalid, fmt.Errorf(format, args...))
}

// classify says what a word on the command line is: a file, a reference, an
// address. It looks at the disk, not at the network, and reads nothing.
func (c classifier) classify(word string) target {
	t := target{name: word}
	word = strings.TrimSpace(word)
	switch {
	case word == "":
		t.err = invalid("the target is empty; name an address, a file, or - for standard input")
	case word == "-":
		t.kind, t.doc = targetDocument, document{stdin: true}
	case strings.HasPrefix(word, "at://"):
		// The id of a post of Bluesky as it stands in its embeds.
		t.reference(post.Ref{Platform: post.Bluesky, ID: word})
	case c.isRef(word):
		// An id can hold an address: bluesky:at://…
		ref, _ := post.ParseRef(word)
		t.reference(ref)
	case strings.Contains(word, "://"):
		c.address(&t, word)
	default:
		c.pathOrAddress(&t, word)
	}
	return t
}

// reference makes the target a post, or says why it cannot be one.
func (t *target) reference(ref post.Ref) {
	t.ref, t.kind, t.url, t.err = ref, targetPost, wire.PostURL(ref), wire.CheckRef(ref)
}

// isRef reports whether a word is platform:id of a platform that exists.
func (c classifier) isRef(word string) bool {
	platform, id, ok := strings.Cut(word, ":")
	return ok && id != "" && slices.Contains(wire.Platforms(), post.Platform(platform))
}

// pathOrAddress decides about a word without scheme: a file where there is one
// of that name.
func (c classifier) pathOrAddress(t *target, word string) {
	exists, dir, err := c.files.Stat(word)
	switch {
	case err != nil:
		t.kind, t.err = targetDocument, fmt.Errorf("looking at the file %s: %w", word, err)
	case exists && dir:
		t.err = invalid("%s is a folder; name the files in it", word)
	case exists:
		t.kind, t.doc = targetDocument, document{path: word}
	case isNumber(word):
		t.reference(post.Ref{Platform: post.Twitter, ID: word})
	case strings.HasPrefix(word, "@"):
		t.err = invalid("%s is an account, not a post; stet captures posts by their own addresses, and `stet lookup %s` lists those that are kept", word, word)
	case looksLikePath(word) || !c.schemeless(word):
		t.err = invalid("there is no file %.200q, and it is no address either (an address begins with https://)", word)
	default:
		c.address(t, "https://"+word)
	}
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// looksLikePath reports whether a word is rather a file that is not there than
// the address of a host.
func looksLikePath(word string) bool {
	if strings.HasPrefix(word, ".") || strings.HasPrefix(word, "/") || strings.HasPrefix(word, "~") || strings.Contains(word, `\`) {
		return true
	}
	switch strings.ToLower(filepath.Ext(word)) {
	case ".html", ".htm", ".xhtml", ".txt", ".text", ".md", ".json", ".xml", ".pdf", ".doc", ".docx", ".rtf", ".mht", ".mhtml", ".csv", ".zip":
		return !strings.Contains(word, "/")
	}
	return false
}

// schemeless reports whether a word begins with a host name.
func (c classifier) schemeless(word string) bool {
	if strings.ContainsAny(word, " \t\n") {
		return false
	}
	u, err := url.Parse("https://" + word)
	return err == nil && u.User == nil && (strings.Contains(u.Hostname(), ".") || u.Hostname() == "localhost")
}

// address decides about an address with scheme.
func (c classifier) address(t *target, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		t.err = invalid("%.200q is not a valid address: %w", address, reason(err))
		return
	case strings.EqualFold(u.Scheme, "file"):
		t.err = invalid("%.200s names a file; give its path without file://", address)
		return
	case !strings.EqualFold(u.Scheme, "https") && !strings.EqualFold(u.Scheme, "http"):
		t.err = invalid("%.200q has the scheme %s; only http and https addresses can be captured", address, u.Scheme)
		return
	case u.Hostname() == "" || strings.ContainsAny(u.Hostname(), " %\"<>"):
		t.err = invalid("%.200q has no valid host; check the address", address)
		return
	}
	if t.err = archiver.CheckOpen(address); t.err != nil {
		return
	}
	t.kind, t.url = targetPage, address
	if lead, platform, ok := c.finder.Parse(address); ok {
		c.platform(t, lead, platform)
	}
}

// reason returns what is wrong with an address, without repeating it.
func reason(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// platform decides about an address that belongs to a platform.
func (c classifier) platform(t *target, lead extract.Target, platform post.Platform) {
	switch lead.Kind {
	case extract.TargetPost, extract.TargetEmbed:
		t.kind, t.ref = targetPost, lead.Ref
		if lead.URL != "" {
			t.url = lead.URL
		}
	case extract.TargetShort:
		t.kind, t.url = targetShort, lead.URL
	case extract.TargetProfile:
		who := "an account"
		if lead.Handle != "" {
			who = "the account @" + lead.Handle
		}
		t.err = invalid("%s is the page of %s on %s, not a post; name a post by its own address", t.url, who, platform)
	case extract.TargetIntent:
		t.err = invalid("%s is the address of a button of %s, not a post; name a post by its own address", t.url, platform)
	default:
		if t.err = wire.CheckAddress(t.url); t.err == nil {
			t.err = invalid("%s is a page of %s that is no post; name a post by its own address", t.url, platform)
		}
	}
}

// refOf reads a word as a post, for the commands that ask the archive. Short
// links cannot be followed there.
func (c classifier) refOf(word string) (post.Ref, error) {
	t := c.classify(word)
	switch {
	case t.err != nil:
		return post.Ref{}, t.err
	case t.kind == targetPost:
		return t.ref, nil
	case t.kind == targetShort:
		return post.Ref{}, invalid("%s is a short link, which only the network can tell where it leads; name the post itself, or `stet capture` the link", word)
	case t.kind == targetDocument:
		return post.Ref{}, invalid("%s is a file; name a post by its address or as platform:id", word)
	}
	return post.Ref{}, invalid("%s is no post of a platform that stet knows; `stet lookup` finds the posts of an article", word)
}
