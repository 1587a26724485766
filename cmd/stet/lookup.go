package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/store"
)

func (a *app) lookupCommand() *cobra.Command {
	limit, web := archiver.DefaultHits, &elsewhere{}
	cmd := &cobra.Command{
		Use:     "lookup QUERY",
		Aliases: []string{"search", "find"},
		Short:   "Find posts in the archive by address, handle, article or words",
		Long: `Find posts in the archive. A QUERY is the address of a post in any form or
platform:id, an account as @handle, the address of an article or of a captured
page, or words that the post holds. Several words are one query.

This reads the archive only: nothing goes out to the network.

` + elsewhereHelp,
		Example: `  stet lookup @someone
  stet lookup https://news.example/story.html
  stet lookup bridge closed until monday
  stet lookup --elsewhere @someone --date 2020-02-18 bridge closed`,
		Args: someArgs("a post, @handle, an article, or words"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return fmt.Errorf("%w: --limit takes a positive number", store.ErrUsage)
			}
			if web.on {
				return a.lookupElsewhere(cmd.Context(), web, args, limit)
			}
			return a.lookup(cmd.Context(), strings.Join(args, " "), limit)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "the most hits")
	web.flags(cmd)
	return cmd
}

func (a *app) lookup(ctx context.Context, query string, limit int) error {
	if strings.TrimSpace(query) == "" {
		return fmt.Errorf("%w: the query is empty", store.ErrUsage)
	}
	return a.reading(ctx, func(w *wire.Archive) error {
		hits, err := w.Reader.Lookup(ctx, query, limit)
		if err != nil {
			return err
		}
		if len(hits) == 0 {
			return a.notThere(ctx, w, fmt.Sprintf("a post for %.200q", query), nil)
		}
		for i := range hits {
			if a.json {
				a.out.json(&hits[i])
				continue
			}
			if i > 0 {
				a.out.line("")
			}
			a.showHit(i+1, &hits[i])
		}
		return nil
	})
}

func (a *app) showHit(n int, h *archiver.LookupHit) {
	if h.Kind == "page" {
		a.out.line("%d  a captured page", n)
		a.out.line("   %s", h.URL)
		a.out.block("   “", h.Text+"”", 4)
		a.out.line("   %s", pageWords(store.PageResult(h.Status), h.Confirmed))
		return
	}
	a.out.line("%d  %s", n, joined([]string{signature(h.Author.Name, h.Author.Handle), h.Ref().String()}, ", "))
	if h.URL != "" {
		a.out.line("   %s", h.URL)
	}
	if h.Text != "" {
		a.out.block("   | ", h.Text, 4)
	}
	posted := ""
	if h.Posted != nil {
		posted = "posted " + a.when(*h.Posted)
	}
	a.out.block("   ", joined([]string{posted, statusWords(h.Status, h.Confirmed), "in " + count(h.Mentions, "article")}, "; "), 0)
}
