package main

import (
	"context"
	"net/url"
	"strings"
	"unicode/utf8"

	"stet/cmd/internal/wire"
	"stet/store"
)

// audit keeps that somebody did something by a command.
func (a *app) audit(ctx context.Context, w *wire.Archive, what store.Audit) error {
	what.Time, what.How, what.Actor = w.Archive.Now(), "command", a.operator()
	if a.holder != nil {
		what.How = "token"
	}
	b := w.Archive.Begin()
	if _, err := b.Add(ctx, &what); err != nil {
		return err
	}
	_, err := b.Commit(ctx)
	return err
}

// The bounds of what is kept of the words of a command.
const (
	// mostActed is how many are kept of what a command names: the captures
	// themselves say the rest.
	mostActed = 1000
	// maxActed is the longest that is kept of each, in bytes.
	maxActed = 2000
)

// acted keeps that somebody let a command do something to what the command line
// names, before it is done: a name and a password in an address are left out,
// and what is read from files is named by the file. operator is whom the command
// line names, empty where it names nobody.
func (a *app) acted(ctx context.Context, w *wire.Archive, action string, words []string, operator string) error {
	what := store.Audit{Action: action}
	if operator != a.operator() {
		what.Operator = strings.ToValidUTF8(operator, "\ufffd")
	}
	for _, word := range words[:min(len(words), mostActed)] {
		what.Targets = append(what.Targets, withoutSecrets(word))
	}
	return a.audit(ctx, w, what)
}

// withoutSecrets returns a target without the name and password in its address.
func withoutSecrets(word string) string {
	if u, err := url.Parse(word); err == nil && u.User != nil {
		u.User = nil
		word = u.String()
	} else if err != nil {
		// What cannot be read as an address can hold a password all the same.
		if scheme, rest, ok := strings.Cut(word, "://"); ok {
			if i := strings.LastIndexByte(rest, '@'); i >= 0 {
				word = scheme + "://" + rest[i+1:]
			}
		}
	}
	word = strings.ToValidUTF8(word, "\ufffd")
	if len(word) > maxActed {
		word = word[:maxActed]
		for !utf8.ValidString(word) {
			word = word[:len(word)-1]
		}
	}
	return word
}
