package main

import (
	"context"
	"errors"
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

func (a *app) showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show REF",
		Short: "Show what the archive keeps of a post, article or page",
		Long: `Show what the archive keeps of a post: its words and files, whether it still
stands where it was posted, every capture and look, and the articles that
mention it. A REF is the address of the post in any form, platform:id, or the
bare id of a post on X; or the address of a page that was captured, or of an
article: which posts it shows, what became of them, and whether it quotes them
as they were.

With --save everything that is kept of it is written into a folder: its files,
how it looked, every request and answer as it was on the wire. A file that is
there already is never written over. --save - writes a tar archive.

This reads the archive only: nothing goes out to the network.`,
		Example: `  stet show https://x.com/someone/status/20
  stet show twitter:20 --save evidence/
  stet show twitter:20 --json`,
		Args: oneArg("a post: its address, or platform:id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case a.saveDir == "":
				return a.show(cmd.Context(), args[0])
			case a.shared != nil:
				return a.saveTo(cmd.Context(), args[0], a.stdout) // the client unpacks it
			}
			return a.save(cmd.Context(), args[0])
		},
	}
	cmd.Flags().StringVar(&a.saveDir, "save", "", "write all that is kept of it into this folder")
	return cmd
}

func (a *app) show(ctx context.Context, word string) error {
	if t := a.classifier().classify(word); t.err == nil && t.kind == targetPage {
		return a.showPage(ctx, t)
	}
	ref, err := a.classifier().refOf(word)
	if err != nil {
		return err
	}
	return a.reading(ctx, func(w *wire.Archive) error {
		v, err := w.Reader.Post(ctx, ref)
		if errors.Is(err, store.ErrNotFound) {
			return a.notThere(ctx, w, ref.String()+onlyMentioned(err), err)
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", ref, err)
		}
		if a.json {
			a.out.json(v)
		} else {
			a.showView(v)
		}
		if len(v.Captures) == 0 && v.Removed != nil {
			return a.notThere(ctx, w, ref.String()+" was taken down, or removed by a rule: what remains of it was printed, but what it said", store.ErrNotFound)
		}
		if len(v.Captures) == 0 {
			return a.notThere(ctx, w, ref.String()+" was never captured: what is known of it was printed, but the post itself", store.ErrNotFound)
		}
		return nil
	})
}

// onlyMentioned returns what a negative answer of the reader says beyond "not
// there".
func onlyMentioned(err error) string {
	if _, more, ok := strings.Cut(err.Error(), "it was never captured, but "); ok {
		return " (" + more + ")"
	}
	return ""
}

// showView prints a post as a card.
func (a *app) showView(v *view.Post) {
	p := &v.Post
	a.out.line("%s", joined([]string{signature(p.Author.Name, p.Author.Handle), p.Ref().String()}, ", "))
	if p.URL != "" {
		a.out.line("%s", p.URL)
	}
	if !p.Posted.IsZero() {
		a.out.line("Posted %s", a.posted(p, v.Source))
	}
	a.out.line("")
	if p.Warning != "" {
		a.out.hang("  ", "Content warning:", p.Warning)
	}
	if p.Text != "" {
		a.out.block("  | ", p.Text, 0)
	} else if v.Source == "" {
		a.out.line("  No words of it are kept.")
	}
	if p.Incomplete {
		a.out.line("  (The source cut the text here.)")
	}
	if p.Note != "" {
		a.out.hang("  ", "Added below it by others:", p.Note)
	}
	a.showBeside(p)
	a.out.line("")
	a.showStatus(v)
	if v.Private {
		a.out.block("", "Private: it stays out of alerts and of what is given away."+a.privacyWords(v.Privacy), 0)
	}
	a.showRulings(v)
	a.showCaptures(v)
	a.showLooks(v)
	a.showDrawings(v)
	a.showMentions(v)
	for _, n := range v.Notes {
		a.out.line("")
		a.out.hang("", "Note:", n)
	}
}

// posted says when a post was published. Articles tell the day, in a zone that
// nobody knows.
func (a *app) posted(p *post.Post, source post.Source) string {
	switch {
	case source == post.SourceArticle:
		return p.Posted.Format(time.DateOnly) + ", as the article states"
	case p.PostedFrom == "derived":
		return a.when(p.Posted) + ", as its id tells"
	}
	return a.when(p.Posted)
}

// showMarks prints what the platform marks the post as.
func (a *app) showMarks(p *post.Post) {
	var marks []string
	if p.Edited {
		marks = append(marks, "edited")
	}
	if p.Sensitive {
		marks = append(marks, "marked as sensitive")
	}
	if len(p.Labels) > 0 {
		marks = append(marks, "labelled "+strings.Join(p.Labels, ", "))
	}
	if len(marks) > 0 {
		a.out.block("  ", "("+capitalised(strings.Join(marks, "; "))+")", 0)
	}
}

// showPoll prints the answers of a poll, the numbers under each other.
func (a *app) showPoll(p *post.Poll) {
	var all int64
	for _, o := range p.Options {
		all += o.Votes
	}
	state := ""
	switch {
	case p.Final:
		state = ", final"
	case !p.Ends.IsZero():
		state = ", ends " + a.when(p.Ends)
	}
	a.out.line("  poll of %s%s", count(int(all), "vote"), state)
	for _, o := range p.Options {
		a.out.hang("    ", fmt.Sprintf("%6d", o.Votes), o.Label)
	}
}

// showCard prints the preview of a linked page.
func (a *app) showCard(c *post.Card) {
	a.out.block("  ", joined([]string{"links to " + c.URL, quotedWords(c.Title)}, ": "), 2)
}

func quotedWords(s string) string {
	if s == "" {
		return ""
	}
	return "“" + s + "”"
}

// showBeside prints what belongs to the post beside its words.
func (a *app) showBeside(p *post.Post) {
	a.showMarks(p)
	a.showEarlier(p)
	if p.Poll != nil {
		a.showPoll(p.Poll)
	}
	if p.Card != nil && p.Card.URL != "" {
		a.showCard(p.Card)
	}
	for i := range p.Media {
		m := &p.Media[i]
		line := fmt.Sprintf("%s, %s, %s", m.Kind, m.Type, size(m.Bytes))
		if m.Digest == "" {
			line = joined([]string{m.Kind + ", not kept", m.Error}, ": ")
		}
		a.out.line("  %s", line)
		if m.Digest != "" {
			a.out.line("    %s", m.Digest)
		}
		if m.Alt != "" {
			a.out.block("    ", "“"+m.Alt+"”", 0)
		}
	}
	for _, r := range []struct {
		words string
		ref   post.Ref
	}{{"quotes", p.Quoted}, {"answers", p.Parent}, {"repeats", p.Reposted}} {
		if !r.ref.IsZero() {
			a.out.line("  %s %s", r.words, r.ref)
		}
	}
}

func (a *app) showStatus(v *view.Post) {
	s := &v.Status
	a.out.block("", "Status: "+statusWords(s.Value, s.Confirmed), 0)
	for _, t := range []struct {
		words string
		time  *time.Time
	}{{"last seen", s.LastLive}, {"first missed", s.FirstGone}, {"confirmed", s.ConfirmedAt}} {
		if t.time != nil {
			a.out.line("  %-13s %s", t.words, a.when(*t.time))
		}
	}
	if s.Reason != "" && s.Value != post.Live {
		a.out.hang("  ", "because:", s.Reason)
	}
}

// mostLines is how many captures, looks or mentions are listed for people;
// --json lists all.
const mostLines = 12

func (a *app) showCaptures(v *view.Post) {
	a.out.line("")
	a.out.line("%s", capitalised(count(len(v.Captures), "capture")))
	skip := max(len(v.Captures)-mostLines, 0)
	a.skipped(skip)
	for _, c := range v.Captures[skip:] {
		a.out.line("  %s  from %s%s", a.when(c.Time), c.Source.Words(), privateWord(c.Private))
		if m := c.Memento; m != nil {
			a.out.line("    kept by %s on %s: %s", m.Archive, a.when(m.Time), m.URL)
		}
	}
}

func (a *app) showLooks(v *view.Post) {
	if len(v.Looks) == 0 {
		return
	}
	a.out.line("")
	a.out.line("%s", count(len(v.Looks), "look"))
	skip := max(len(v.Looks)-mostLines, 0)
	a.skipped(skip)
	for _, l := range v.Looks[skip:] {
		a.out.line("  %s  %s (%s)", a.when(l.Time), l.Result, l.Endpoint)
	}
}

// showDrawings prints how the post looked: the digests by which the files are
// kept.
func (a *app) showDrawings(v *view.Post) {
	if len(v.Drawings) == 0 {
		return
	}
	a.out.line("")
	a.out.line("%s", count(len(v.Drawings), "drawing"))
	skip := max(len(v.Drawings)-mostLines, 0)
	a.skipped(skip)
	for i := range v.Drawings[skip:] {
		d := &v.Drawings[skip+i]
		a.out.line("  %s  by %s, of %s", a.when(d.Time), d.Browser, d.URL)
		if d.Picture != "" {
			a.out.line("    picture %s", d.Picture)
		}
		if d.Page != "" {
			a.out.line("    page    %s", d.Page)
		}
	}
}

func (a *app) skipped(n int) {
	if n > 0 {
		a.out.line("  … %d earlier ones, which --json lists", n)
	}
}

func (a *app) showMentions(v *view.Post) {
	if len(v.Mentions) > 0 {
		a.out.line("")
		a.out.line("In %s", count(len(v.Mentions), "article"))
	}
	for _, m := range v.Mentions {
		if m.Title != "" {
			a.out.block("  ", "“"+m.Title+"”", 2)
		}
		a.out.line("  %s", m.Article)
		a.out.line("    %s, %s%s%s", paragraphs(m.Positions), m.Markup, quoteWords(m.Quote), privateWord(m.Private))
	}
	if len(v.QuotedBy) > 0 {
		var names []string
		for _, r := range v.QuotedBy {
			names = append(names, r.String())
		}
		a.out.line("")
		a.out.block("", "Quoted, answered or repeated by "+strings.Join(names, ", "), 0)
	}
}

func privateWord(private bool) string {
	if private {
		return ", private"
	}
	return ""
}

func quoteWords(q string) string {
	switch q {
	case archiver.QuoteMatch:
		return ", quotes it word for word"
	case archiver.QuoteMismatch:
		return ", QUOTES IT DIFFERENTLY from what was captured"
	}
	return ""
}
