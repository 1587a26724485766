package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/demo"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

func (a *app) demoCommand() *cobra.Command {
	keep, listen, web := "", "", false
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show in a few seconds what stet does, without a network",
		Long: `Capture an invented article from an invented news site and platform inside this
process, delete one of its posts at its origin, look again, and show that the
post still stands in the archive. It is the real program that works here, on an
archive in a temporary folder. Nothing goes out to the network, and no file is
left behind.

With --web some weeks of news pass, and the desk of a newsroom is opened on
them: a post that was deleted, one that was edited, a quotation that is wrong, a
page that is lost, a case.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if web {
				return a.demoWeb(cmd.Context(), keep, listen)
			}
			return a.demo(cmd.Context(), keep)
		},
	}
	cmd.Flags().BoolVar(&web, "web", false, "open the desk in place of telling the story")
	cmd.Flags().StringVar(&listen, "listen", "", "address of the desk with --web (default 127.0.0.1:8484, or any where that is taken)")
	cmd.Flags().StringVar(&keep, "keep", "", "keep the archive of the demonstration in this folder, which must not exist yet")
	return cmd
}

// facts is what the demonstration reads of the archive: all that it prints,
// beside the words of [narration], comes through it.
type facts interface {
	// Post reads what is kept of a post.
	Post(ctx context.Context, ref post.Ref) (*view.Post, error)
	// Check proves the archive.
	Check(ctx context.Context, report func(store.Problem)) (store.CheckSummary, error)
}

// archiveFacts reads an open archive.
type archiveFacts struct {
	*archiver.Reader
	store.Checker
}

// demo runs the demonstration in a temporary folder, or in one that stays.
func (a *app) demo(ctx context.Context, keep string) (err error) {
	dir, clear, err := demoFolder(keep)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, clear()) }()
	world := demo.New(a.now)
	defer func() { err = errors.Join(err, world.Close()) }()
	c := config.Default()
	c.Data = dir
	w, err := wire.Open(ctx, c, world.Options(a.options(nil)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	var f facts = archiveFacts{w.Reader, w.Checker}
	if a.facts != nil {
		f = a.facts(f)
	}
	s := &story{a: a, world: world, engine: w.Engine, facts: f}
	if err := s.run(ctx); err != nil {
		return err
	}
	if keep != "" {
		a.warn("the archive is kept: `stet show %s --data %s` reads it", world.Posts[0], keep)
	}
	return nil
}

// demoFolder returns the folder that a demonstration keeps its archive in, and
// what to do with it at the end: a temporary one goes, the one that was asked
// for stays. It errors with [store.ErrUsage] where that exists already.
func demoFolder(keep string) (dir string, clear func() error, err error) {
	if keep == "" {
		if dir, err = os.MkdirTemp("", "stet-demo-"); err != nil {
			return "", nil, fmt.Errorf("making a folder for the demonstration: %w", err)
		}
		return dir, func() error { return os.RemoveAll(dir) }, nil
	}
	if _, err := os.Lstat(keep); err == nil {
		return "", nil, fmt.Errorf("%w: %s exists already; the archive of the demonstration is kept in a folder of its own", store.ErrUsage, keep)
	}
	return keep, func() error { return nil }, nil
}

// story is the demonstration.
type story struct {
	a      *app
	world  *demo.World
	engine *archiver.Engine
	facts  facts
}

// The words of the demonstration that are no facts. Everything else that is
// printed is read from the archive; a test tells the two apart.
const (
	tellBegin = `A demonstration of stet. A news site and a platform are invented inside this
process; nothing goes out to the network. The program and the archive are real.`
	tellCapture = "A story is published. stet captures the posts that it shows:"
	tellLook    = "Later, stet looks whether they still stand:"
	tellDelete  = `Now the author deletes a post at its origin. stet looks again. One source says
so while another still shows it, so the loss is only suspected:`
	tellConfirm = "Hours later, no source shows it any more:"
	tellStands  = "In the archive it still stands, with what is known about it:"
	tellProve   = "Nothing in the archive is damaged:"
	tellEnd     = "Capture a story of your own: `stet capture https://…`"
)

// narration lists the words that are no facts.
func narration() []string {
	return []string{tellBegin, tellCapture, tellLook, tellDelete, tellConfirm, tellStands, tellProve, tellEnd}
}

func (s *story) run(ctx context.Context) error {
	s.say(tellBegin)
	steps := []func(context.Context) error{s.capture, s.look, s.delete, s.confirm, s.stands, s.prove}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(ctx); err != nil {
			return fmt.Errorf("the demonstration failed: %w", err)
		}
	}
	s.say(tellEnd)
	return nil
}

// say prints words that are no facts.
func (s *story) say(words string) {
	if words != tellBegin {
		s.a.out.line("")
	}
	s.a.out.block("", words, 0)
}

func (s *story) capture(ctx context.Context) error {
	res := s.engine.CapturePage(ctx, s.world.Article, archiver.CaptureOptions{})
	if err := failureOf(&res); err != nil {
		return err
	}
	s.say(tellCapture)
	for i, ref := range s.world.Posts {
		v, err := s.facts.Post(ctx, ref)
		if err != nil {
			return err
		}
		if i == 0 {
			s.article(v)
		}
		s.post(v)
	}
	return nil
}

// article prints where a post was found.
func (s *story) article(v *view.Post) {
	for _, m := range v.Mentions {
		s.a.out.line("  “%s”", m.Title)
		s.a.out.line("  %s", m.Article)
	}
}

// post prints a post in a few lines.
func (s *story) post(v *view.Post) {
	p := &v.Post
	s.a.out.line("")
	s.a.out.line("  %s", joined([]string{signature(p.Author.Name, p.Author.Handle), p.Ref().String()}, ", "))
	s.a.out.block("  | ", p.Text, 0)
	for i := range p.Media {
		m := &p.Media[i]
		s.a.out.block("    ", fmt.Sprintf("%s, %s: “%s”", m.Kind, size(m.Bytes), m.Alt), 2)
	}
	for _, c := range v.Captures {
		s.a.out.line("    captured %s", s.a.when(c.Time))
	}
}

func (s *story) look(ctx context.Context) error {
	s.world.Pass(time.Hour)
	s.say(tellLook)
	for _, ref := range s.world.Posts {
		if err := s.recheck(ctx, ref); err != nil {
			return err
		}
	}
	return nil
}

// recheck looks at a post and prints what the archive says of it then.
func (s *story) recheck(ctx context.Context, ref post.Ref) error {
	for _, res := range s.engine.Recheck(ctx, []post.Ref{ref}, "person") {
		if res.Err != nil {
			return res.Err
		}
	}
	v, err := s.facts.Post(ctx, ref)
	if err != nil {
		return err
	}
	last := ""
	if n := len(v.Looks); n > 0 {
		last = s.a.when(v.Looks[n-1].Time) + "  "
	}
	s.a.out.line("  %s%s", last, v.Post.Ref())
	s.a.out.block("    ", statusWords(v.Status.Value, v.Status.Confirmed), 0)
	return nil
}

func (s *story) delete(ctx context.Context) error {
	s.world.Delete()
	s.world.Pass(2 * time.Hour)
	s.say(tellDelete)
	return s.recheck(ctx, s.world.Posts[0])
}

func (s *story) confirm(ctx context.Context) error {
	s.world.Forget()
	s.world.Pass(7 * time.Hour)
	s.say(tellConfirm)
	return s.recheck(ctx, s.world.Posts[0])
}

func (s *story) stands(ctx context.Context) error {
	v, err := s.facts.Post(ctx, s.world.Posts[0])
	if err != nil {
		return err
	}
	s.say(tellStands)
	s.a.out.line("")
	s.a.showView(v)
	return nil
}

// prove checks the archive.
func (s *story) prove(ctx context.Context) error {
	sum, err := s.facts.Check(ctx, func(store.Problem) {})
	if err != nil {
		return err
	}
	if sum.Problems > 0 {
		return fmt.Errorf("%w: %s", store.ErrCorrupt, count(sum.Problems, "problem"))
	}
	s.say(tellProve)
	s.a.out.block("  ", checkedWords(&sum), 0)
	return nil
}
