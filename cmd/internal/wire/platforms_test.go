package wire

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"stet/archiver"
	"stet/archiver/oembed"
	"stet/cmd/internal/config"
	"stet/extract"
	"stet/extract/post"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/platforms.md anew")

// matrixFile is the page that is generated here.
const matrixFile = "../../../docs/platforms.md"

// TestPlatforms: docs/platforms.md says what the code does. It is written by
// go test ./cmd/internal/wire -run Platforms -update.
func TestPlatforms(t *testing.T) {
	got := platformsPage(platforms(withSecrets(), nil))
	if *update {
		if err := os.WriteFile(matrixFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/platforms.md is out of date: go test ./cmd/internal/wire -run Platforms -update\n%s", diff)
	}
}

// withSecrets is a configuration with credentials for everything that takes them.
func withSecrets() *config.Config {
	c := config.Default()
	c.Twitter.BearerToken = "bearer"
	c.Meta.AccessToken, c.Meta.ThreadsToken = "app|meta", "app|threads"
	c.Reddit.ClientID, c.Reddit.ClientSecret = "app", "hush"
	return c
}

// platformsPage writes the page about platforms.
func platformsPage(all []archiver.Platform) string {
	var b strings.Builder
	b.WriteString(`# Platforms

What is asked for, what is kept, what proves a deletion, and what cannot be known. This page is
generated from the code, and every line of it is held against the reader of the answer by a test
(` + "`go test ./cmd/internal/wire -run Platforms -update`" + ` writes it anew).

A *statement* is the platform's own word about a post. It is confirmed by a second source that
misses the post, or by the same statement later (` + "`watch.confirm_after`" + `). An *absence* is confirmed when
two sources miss the post in three looks over a day (` + "`watch.confirm_unexplained`" + `); where a platform has
one source only, it stays suspected. Before any of it is believed, the control post must be shown.

`)
	for _, p := range all {
		section(&b, string(p.Platform()), p)
	}
	section(&b, "any other provider of oEmbed", oembed.Others(nil)("ted"))
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// section writes about one platform.
func section(b *strings.Builder, title string, p archiver.Platform) {
	fmt.Fprintf(b, "## %s\n\n| source | counts as | posts a request |\n|---|---|---|\n", title)
	for _, e := range p.Endpoints() {
		fmt.Fprintf(b, "| %s | %s | %d |\n", e.Name(), e.Source().Words(), e.Batch())
	}
	rules := p.Rules()
	b.WriteString("\n")
	list(b, "Shows the post", rules, func(r *extract.Rule) bool { return r.Status == post.Live })
	list(b, "States that it is gone", rules, func(r *extract.Rule) bool { return r.Status.Gone() && r.Explicit })
	list(b, "Misses it, cause not stated", rules, func(r *extract.Rule) bool { return r.Status.Gone() && !r.Explicit })
	list(b, "States that it is hidden", rules, func(r *extract.Rule) bool { return r.Status.Hidden() })
	list(b, "Cannot be known from", rules, func(r *extract.Rule) bool { return r.Status == post.Unknown && !r.Transport })
	list(b, "Says nothing about the post", rules, func(r *extract.Rule) bool { return r.Transport })
	control := "none is built in; name one in `watch.controls`"
	if live := p.Controls().Live; len(live) > 0 {
		control = "`" + live[0].String() + "`"
	}
	fmt.Fprintf(b, "- **Control post**: %s\n\n", control)
}

// list writes the rules of one kind, those that several endpoints share once.
func list(b *strings.Builder, title string, rules []extract.Rule, of func(*extract.Rule) bool) {
	var order []string
	where := map[string][]string{}
	for i := range rules {
		r := &rules[i]
		if !of(r) {
			continue
		}
		line := r.Answer
		if r.Status != post.Live && r.Status != post.Unknown {
			line += " → " + string(r.Status)
		}
		if where[line] == nil {
			order = append(order, line)
		}
		if !slices.Contains(where[line], r.Endpoint) {
			where[line] = append(where[line], r.Endpoint)
		}
	}
	if len(order) == 0 {
		return
	}
	fmt.Fprintf(b, "- **%s**\n", title)
	for _, line := range order {
		fmt.Fprintf(b, "  - %s (%s)\n", line, strings.Join(where[line], ", "))
	}
}
