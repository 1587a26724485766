package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/extract"
)

func (a *app) extractCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "extract TARGET…",
		Short: "Show which posts a page, file or text holds, and keep nothing",
		Long: `Show what would be captured. A TARGET is the address of a page, a file of HTML
or text, or - for standard input. Files need neither network nor archive.`,
		Example: `  stet extract story.html
  stet extract --json https://news.example/story.html
  pbpaste | stet extract -`,
		Args: someArgs("a page, a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			x := &extracting{a: a, c: c, finder: wire.Finder()}
			return errors.Join(x.run(cmd.Context(), args), x.close())
		},
	}
}

// extracting is one run of the command. The network is set up when the first
// address comes.
type extracting struct {
	a      *app
	c      *config.Config
	finder *extract.Finder
	tools  *wire.Tools
}

func (x *extracting) close() error {
	if x.tools == nil {
		return nil
	}
	return x.tools.Close()
}

func (x *extracting) run(ctx context.Context, words []string) error {
	var sum outcomes
	for i, word := range words {
		t := classifier{x.finder, x.a.files}.classify(word)
		found, err := x.one(ctx, &t)
		sum.add(word, err)
		switch {
		case err != nil:
			x.a.complain(err)
		case x.a.json:
			x.a.out.json(lineOf(t.name, &found))
		default:
			if i > 0 {
				x.a.out.line("")
			}
			x.a.showExtract(t.name, &found)
		}
	}
	return sum.err()
}

func (x *extracting) one(ctx context.Context, t *target) (extract.Result, error) {
	if t.err != nil {
		return extract.Result{}, t.err
	}
	switch t.kind {
	case targetDocument:
		if err := t.doc.read(ctx, x.a); err != nil {
			return extract.Result{}, err
		}
		return neverNull(x.finder.Find(t.doc.in)), nil
	case targetPost, targetShort:
		return neverNull(x.finder.FindText(t.url)), nil
	}
	if x.tools == nil {
		tools, err := wire.NewTools(x.c, x.a.options(nil))
		if err != nil {
			return extract.Result{}, err
		}
		x.tools = tools
	}
	found, err := x.tools.Engine.Extract(ctx, t.url)
	if err != nil {
		return extract.Result{}, fmt.Errorf("reading %s: %w", t.url, err)
	}
	return neverNull(found), nil
}

// neverNull makes every list at least empty.
func neverNull(r extract.Result) extract.Result {
	r.Embeds, r.PostLinks, r.Links, r.Warnings = filled(r.Embeds), filled(r.PostLinks), filled(r.Links), filled(r.Warnings)
	for i := range r.Embeds {
		r.Embeds[i].Positions = filled(r.Embeds[i].Positions)
	}
	for i := range r.PostLinks {
		r.PostLinks[i].Positions = filled(r.PostLinks[i].Positions)
	}
	for i := range r.Links {
		r.Links[i].Positions = filled(r.Links[i].Positions)
	}
	return r
}

func filled[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// showExtract prints what was found, for people.
func (a *app) showExtract(name string, r *extract.Result) {
	a.out.line("%s", name)
	if r.Article.Title != "" {
		a.out.block("  ", "“"+r.Article.Title+"”", 2)
	}
	if from := origin(&r.Article); from != "" {
		a.out.block("  ", from, 2)
	}
	a.out.line("  %s shown, %s linked, %s", count(len(r.Embeds), "post"), count(len(r.PostLinks), "post"), count(len(r.Links), "other link"))
	for i := range r.Embeds {
		e := &r.Embeds[i]
		a.out.line("")
		a.out.line("%d  %s", i+1, embedName(e))
		if e.URL != "" {
			a.out.line("   %s", e.URL)
		}
		a.out.line("   %s, %s", e.Markup, paragraphs(e.Positions))
		if who := signature(e.Quoted.Name, e.Quoted.Handle); who != "" || e.Quoted.Date != "" {
			a.out.line("   %s", strings.TrimLeft(strings.Join([]string{who, e.Quoted.Date}, ", "), ", "))
		}
		if e.Quoted.Text != "" {
			a.out.block("   | ", e.Quoted.Text, 6)
		}
	}
	if len(r.PostLinks) > 0 {
		a.out.line("")
		a.out.line("Linked, not shown:")
		for _, l := range r.PostLinks {
			a.out.line("   %s, %s", l.URL, paragraphs(l.Positions))
		}
	}
	for _, w := range r.Warnings {
		a.out.line("")
		a.out.hang("", "Note:", w)
	}
}

// origin says who published an article and when.
func origin(m *extract.Article) string {
	parts := []string{m.SiteName, strings.Join(m.Authors, ", ")}
	if !m.Published.IsZero() {
		parts = append(parts, m.Published.Format("2006-01-02"))
	}
	return joined(parts, " · ")
}

// joined joins the parts that are not empty.
func joined(parts []string, by string) string {
	var have []string
	for _, p := range parts {
		if p != "" {
			have = append(have, p)
		}
	}
	return strings.Join(have, by)
}

func embedName(e *extract.Embed) string {
	if e.Resolved {
		return e.Ref().String()
	}
	return string(e.Platform) + ", a post whose id the text does not tell"
}

// paragraphs says where something stands.
func paragraphs(positions []int) string {
	switch len(positions) {
	case 0:
		return "place unknown"
	case 1:
		return fmt.Sprintf("paragraph %d", positions[0])
	}
	var all []string
	for _, p := range positions {
		all = append(all, fmt.Sprint(p))
	}
	return "paragraphs " + strings.Join(all, ", ")
}

// signature names an author.
func signature(name, handle string) string {
	switch {
	case handle == "":
		return name
	case name == "" || name == handle:
		return "@" + handle
	}
	return fmt.Sprintf("%s (@%s)", name, handle)
}
