package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/extract/words"
	"stet/store"
)

// saidFlags are the flags of "did they really say that?".
type saidFlags struct {
	text   string
	handle string
	date   string
	limit  int
}

func (f *saidFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.text, "quote", "", "what somebody is said to have posted: the nearest posts, and where they differ")
	cmd.Flags().StringVar(&f.handle, "handle", "", "with --quote or --image: who is said to have posted it")
	cmd.Flags().Lookup("date").Usage += "; with --quote or --image: the day on which it is said to have been posted"
}

// lookupSaid looks for the posts that are nearest to a quotation.
func (a *app) lookupSaid(ctx context.Context, f *saidFlags) error {
	q := archiver.Quote{Text: f.text, Handle: f.handle, Date: f.date, Limit: min(f.limit, archiver.DefaultNear)}
	return a.reading(ctx, func(w *wire.Archive) error {
		said, err := w.Reader.DidTheySay(ctx, &q)
		if err != nil {
			return err
		}
		if a.json {
			a.out.json(said)
		} else {
			a.showSaid(said)
		}
		if said.Answer == archiver.SaidNone {
			return &told{code: store.ClassOf(store.ErrNotFound).Exit, err: fmt.Errorf("%w: %s", store.ErrNotFound, said.Sentence)}
		}
		return nil
	})
}

func (a *app) showSaid(s *archiver.Said) {
	a.out.block("", s.Sentence, 0)
	for i := range s.Near {
		n := &s.Near[i]
		a.out.line("")
		a.showHit(i+1, &n.LookupHit)
		a.out.block("   ", joined([]string{saidWords(n), otherAccount(n), otherDay(n)}, "; "), 0)
		if n.Answer != archiver.SaidSame {
			a.out.block("   ", "pasted:  "+marked(n.Diff, words.First), 0)
			a.out.block("   ", "posted:  "+marked(n.Diff, words.Second), 0)
		}
	}
}

// saidWords says how near a post is.
func saidWords(n *archiver.NearPost) string {
	switch n.Answer {
	case archiver.SaidSame:
		return "says so, word for word"
	case archiver.SaidPart:
		return "says so, and more"
	}
	return fmt.Sprintf("holds %d of 100 words of it in this order", int(n.Likeness*100))
}

func otherAccount(n *archiver.NearPost) string {
	if n.Other {
		return "ANOTHER ACCOUNT than was asked for"
	}
	return ""
}

func otherDay(n *archiver.NearPost) string {
	if n.OffDay {
		return "published on other days than was asked for"
	}
	return ""
}

// marked writes one side of a comparison, with what is not in the other between
// brackets.
func marked(edits []words.Edit, side words.Op) string {
	var b strings.Builder
	for _, e := range edits {
		switch e.Op {
		case words.Both:
			b.WriteString(e.Text)
		case side:
			text := strings.TrimRight(e.Text, " \n")
			b.WriteString("[" + text + "]" + e.Text[len(text):])
		}
		if !strings.HasSuffix(b.String(), " ") && b.Len() > 0 && e.Op != words.Both && e.Op == side {
			b.WriteString(" ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
