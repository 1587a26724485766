package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

func (a *app) caseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "case",
		Short: "Gather posts, articles and pages into cases, with notes and tags",
		Long: `A case is a folder for one question: posts, articles and pages with notes and
tags. What changed since you were here last is told when you show it. A CASE is
named by its id, by the beginning of it, or by its title. Nothing in a case is
ever overwritten: each step is kept.`,
		Example: `  stet case open "Night ferry" --tag harbour
  stet case add "Night ferry" https://x.com/someone/status/20 --text "the promise"
  stet case show "Night ferry"`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%w: there is no `stet case %s`; there are open, list, show, add, remove, note, tag, close, reopen and export", store.ErrUsage, args[0])
			}
			return a.listCases(cmd.Context())
		},
	}
	cmd.AddCommand(a.caseOpenCommand(), a.caseAddCommand(), a.caseNoteCommand(), a.caseExportCommand(),
		&cobra.Command{Use: "list", Short: "List the cases", Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return a.listCases(cmd.Context()) }},
		&cobra.Command{Use: "show CASE", Short: "Show a case, and what changed since you were here last", Args: oneArg("a case"),
			RunE: func(cmd *cobra.Command, args []string) error { return a.showCase(cmd.Context(), args[0]) }},
		&cobra.Command{Use: "remove CASE TARGET", Short: "Take something out of a case", Args: severalArgs(2, 2, "a case and what is in it"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.changeCase(cmd.Context(), args[0], args[1], store.Case{Act: store.CaseRemove})
			}},
		&cobra.Command{Use: "tag CASE TAG…", Short: "Give a case tags in the place of those that it had", Args: someArgs("a case, and tags"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.changeCase(cmd.Context(), args[0], "", store.Case{Act: store.CaseTag, Tags: args[1:]})
			}},
		&cobra.Command{Use: "close CASE", Short: "Put a case away", Args: oneArg("a case"), RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeCase(cmd.Context(), args[0], "", store.Case{Act: store.CaseClose})
		}},
		&cobra.Command{Use: "reopen CASE", Short: "Take a case out again", Args: oneArg("a case"), RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeCase(cmd.Context(), args[0], "", store.Case{Act: store.CaseReopen})
		}})
	return cmd
}

func (a *app) caseOpenCommand() *cobra.Command {
	var text string
	var tags []string
	cmd := &cobra.Command{Use: "open TITLE", Short: "Open a case", Args: oneArg("the title of the case"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.keepCase(cmd.Context(), store.Case{Act: store.CaseOpen, Title: args[0], Text: text, Tags: tags})
		}}
	cmd.Flags().StringVar(&text, "text", "", "what the case is about")
	cmd.Flags().StringSliceVar(&tags, "tag", nil, "a tag; may be given several times")
	return cmd
}

func (a *app) caseAddCommand() *cobra.Command {
	var text string
	cmd := &cobra.Command{Use: "add CASE TARGET…", Short: "Put posts, articles and pages into a case", Args: severalArgs(2, 1000, "a case and what to put into it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, target := range args[1:] {
				if err := a.changeCase(cmd.Context(), args[0], target, store.Case{Act: store.CaseAdd, Text: text}); err != nil {
					return err
				}
			}
			return nil
		}}
	cmd.Flags().StringVar(&text, "text", "", "what it is there for")
	return cmd
}

func (a *app) caseNoteCommand() *cobra.Command {
	var on string
	cmd := &cobra.Command{Use: "note CASE TEXT", Short: "Write a note into a case", Args: severalArgs(2, 2, "a case and the words of the note"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.changeCase(cmd.Context(), args[0], on, store.Case{Act: store.CaseNote, Text: args[1]})
		}}
	cmd.Flags().StringVar(&on, "on", "", "what in the case the note is about: the address of a post, article or page")
	return cmd
}

func (a *app) caseExportCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{Use: "export CASE", Short: "Print what is in a case", Args: oneArg("a case"),
		Long: `Print what is in a case: as JSON, as a table (csv), or as the references of its
posts, one per line, for other commands (refs).`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.exportCase(cmd.Context(), args[0], format) }}
	cmd.Flags().StringVar(&format, "format", "json", "json, csv or refs")
	return cmd
}

// severalArgs asks for so many arguments.
func severalArgs(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return fmt.Errorf("%w: `%s` needs %s; `%s --help` shows how", store.ErrUsage, cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}

// person is who runs the command: the holder of a token, or whoever sits at
// the machine.
func (a *app) person() string {
	if a.holder != nil {
		return a.holder.Name
	}
	return ""
}

// writing opens the archive for a change and calls f.
func (a *app) writing(ctx context.Context, must bool, f func(*wire.Archive) error) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	w, err := a.open(ctx, c, must, nil)
	if err != nil {
		return err
	}
	return a.within(ctx, w, f)
}

// keepCase opens a case.
func (a *app) keepCase(ctx context.Context, c store.Case) error {
	return a.writing(ctx, false, func(w *wire.Archive) error {
		c.By = a.person()
		all, err := w.Reader.Cases(ctx)
		if err != nil {
			return err
		}
		for _, old := range all {
			// Titles name cases: two that are the same would name neither.
			if strings.EqualFold(old.Title, c.Title) {
				return fmt.Errorf("%w: there is a case %q already, %s; give another title, or go on with that one (`stet case reopen` where it is closed)", store.ErrConflict, old.Title, old.ID)
			}
		}
		id, err := archiver.KeepCase(ctx, w.Archive, c)
		if err != nil {
			return err
		}
		if a.json {
			a.out.json(struct {
				ID store.ID `json:"id"`
			}{id})
			return nil
		}
		a.out.line("%s", id)
		return nil
	})
}

// changeCase adds a step to a case that exists.
func (a *app) changeCase(ctx context.Context, name, target string, c store.Case) error {
	return a.writing(ctx, true, func(w *wire.Archive) error {
		line, err := a.findCase(ctx, w, name)
		if err != nil {
			return err
		}
		c.Case, c.By = line.ID, a.person()
		if target != "" {
			if c.Member, err = a.member(ctx, w, target); err != nil {
				return err
			}
		}
		if c.Act == store.CaseRemove || c.Act == store.CaseNote && target != "" {
			if err := holds(ctx, w, line, c.Member); err != nil {
				return err
			}
		}
		if _, err = archiver.KeepCase(ctx, w.Archive, c); err != nil {
			return err
		}
		if !a.json {
			a.out.line("Kept in “%s”.", line.Title)
		}
		return nil
	})
}

// holds errors with store.ErrNotFound where a case does not hold something.
func holds(ctx context.Context, w *wire.Archive, line view.CaseLine, m view.Member) error {
	in, err := w.Reader.CasesOf(ctx, m)
	if err != nil {
		return err
	}
	for _, l := range in {
		if l.ID == line.ID {
			return nil
		}
	}
	return fmt.Errorf("%w: that is not in the case “%s”; `stet case show` lists what is", store.ErrNotFound, line.Title)
}

// findCase finds a case by its id, the beginning of it, or its title.
func (a *app) findCase(ctx context.Context, w *wire.Archive, name string) (view.CaseLine, error) {
	all, err := w.Reader.Cases(ctx)
	if err != nil {
		return view.CaseLine{}, err
	}
	var found []view.CaseLine
	for _, c := range all {
		if c.ID.String() == name {
			return c, nil
		}
		if strings.EqualFold(c.Title, name) || len(name) >= 4 && strings.HasPrefix(c.ID.String(), name) {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return view.CaseLine{}, fmt.Errorf("%w: there is no case %q; `stet case list` names them", store.ErrNotFound, name)
	}
	return view.CaseLine{}, fmt.Errorf("%w: %q names %d cases; give the whole id", store.ErrInvalid, name, len(found))
}

// member says what a word names: a post, an article that was read, or another
// page.
func (a *app) member(ctx context.Context, w *wire.Archive, word string) (view.Member, error) {
	t := a.classifier().classify(word)
	switch {
	case t.err != nil:
		return view.Member{}, t.err
	case t.kind == targetPost:
		return view.Member{Ref: t.ref}, nil
	case t.kind == targetDocument:
		return view.Member{}, invalid("%s is a file; a case holds posts, articles and pages by their addresses", word)
	}
	p, err := w.Archive.List(ctx, store.Query{Term: store.ArticleTerm(t.url), Kinds: []store.Kind{store.KindArticle}, Limit: 1})
	if err != nil {
		return view.Member{}, err
	}
	if len(p.Records) > 0 {
		return view.Member{Article: t.url}, nil
	}
	return view.Member{Page: t.url}, nil
}

func (a *app) listCases(ctx context.Context) error {
	return a.reading(ctx, func(w *wire.Archive) error {
		all, err := w.Reader.Cases(ctx)
		if err != nil {
			return err
		}
		for i := range all {
			a.tellCase(&all[i])
		}
		if len(all) == 0 && !a.json {
			a.out.line("No cases. `stet case open TITLE` opens one.")
		}
		return nil
	})
}

func (a *app) tellCase(c *view.CaseLine) {
	if a.json {
		a.out.json(c)
		return
	}
	state := ""
	if c.Closed {
		state = ", closed"
	}
	a.out.line("%s", c.ID)
	a.out.block("  ", c.Title, 2)
	a.out.block("  ", joined([]string{count(c.Members, "thing") + " in it, changed " + a.when(c.Changed) + state, strings.Join(c.Tags, ", ")}, "; "), 0)
}

// showCase shows a case and notes the visit, where the archive can be written.
func (a *app) showCase(ctx context.Context, name string) error {
	return a.writing(ctx, true, func(w *wire.Archive) error {
		line, err := a.findCase(ctx, w, name)
		if err != nil {
			return err
		}
		c, err := w.Reader.Case(ctx, line.ID, a.person())
		if err != nil {
			return err
		}
		if a.json {
			a.out.json(c)
		} else {
			a.printCase(c)
		}
		_, err = archiver.KeepCase(ctx, w.Archive, store.Case{Act: store.CaseVisit, Case: c.ID, By: a.person(), Seen: c.Head})
		return err
	})
}

func (a *app) printCase(c *view.Case) {
	a.tellCase(&c.CaseLine)
	if c.Text != "" {
		a.out.line("")
		a.out.block("  ", c.Text, 0)
	}
	for i := range c.Items {
		it := &c.Items[i]
		a.out.line("")
		a.out.line("  %s", memberName(it.Member))
		switch {
		case it.Card != nil:
			a.out.block("    | ", it.Card.Text, 2)
			a.out.block("    ", statusWords(it.Card.Status.Value, it.Card.Status.Confirmed), 0)
		case it.Title != "":
			a.out.block("    ", "“"+it.Title+"”", 1)
		default:
			a.out.line("    never archived here")
		}
		if it.PageStatus != nil {
			a.out.block("    ", pageWords(it.PageStatus.Value, it.PageStatus.Confirmed), 0)
		}
		if it.Text != "" {
			a.out.block("    ", it.Text, 0)
		}
		for _, n := range it.News {
			a.out.hang("    ", "NEW "+a.when(n.Time), n.Words)
		}
		a.printNotes("    ", it.Notes)
	}
	if len(c.Notes) > 0 {
		a.out.line("")
	}
	a.printNotes("  ", c.Notes)
}

func (a *app) printNotes(indent string, notes []view.CaseNote) {
	for _, n := range notes {
		who := a.when(n.Time)
		if n.By != "" {
			who += ", " + n.By
		}
		a.out.hang(indent, who+":", n.Text)
	}
}

// memberName names a member as commands take it.
func memberName(m view.Member) string {
	switch {
	case !m.Ref.IsZero():
		return m.Ref.String()
	case m.Article != "":
		return m.Article
	}
	return m.Page
}

func (a *app) exportCase(ctx context.Context, name, format string) error {
	if format != "json" && format != "csv" && format != "refs" {
		return fmt.Errorf("%w: --format is json, csv or refs", store.ErrUsage)
	}
	return a.reading(ctx, func(w *wire.Archive) error {
		line, err := a.findCase(ctx, w, name)
		if err != nil {
			return err
		}
		c, err := w.Reader.Case(ctx, line.ID, a.person())
		switch {
		case err != nil:
			return err
		case format == "csv":
			return a.caseTable(c)
		case format == "json":
			a.out.json(c)
			return nil
		}
		for _, it := range c.Items {
			if it.Ref != (post.Ref{}) {
				a.out.line("%s", it.Ref)
			}
		}
		return nil
	})
}

// caseTable prints a case as a table.
func (a *app) caseTable(c *view.Case) error {
	t := csv.NewWriter(a.stdout)
	rows := [][]string{{"kind", "name", "status", "author", "text", "added", "note"}}
	for _, it := range c.Items {
		row := []string{"page", memberName(it.Member), string(it.Status), "", it.Title, it.Added.Format(time.RFC3339), it.Text}
		switch {
		case it.Card != nil:
			row[0], row[3], row[4] = "post", signature(it.Card.Author.Name, it.Card.Author.Handle), it.Card.Text
		case !it.Ref.IsZero():
			row[0] = "post"
		case it.Article != "":
			row[0] = "article"
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		for i := range row {
			row[i] = view.Cell(row[i])
		}
	}
	if err := t.WriteAll(rows); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}
