package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// ruled is one decision, as it is printed.
type ruled struct {
	Time     time.Time `json:"time"`
	Of       string    `json:"of"`
	Act      string    `json:"act"`
	Operator string    `json:"operator,omitempty"`
	Reason   string    `json:"reason"`
	Basis    string    `json:"basis,omitempty"`
}

func (a *app) holdCommand() *cobra.Command {
	var release bool
	var reason string
	cmd := &cobra.Command{
		Use:   "hold [REF|@HANDLE…]",
		Short: "Record that nothing of a post or account may be removed",
		Long: `A hold records that nothing the archive keeps of a post, or of all posts of an
account, may be removed: a court or a lawyer asked for it, or a dispute goes on.
--release takes it back. Without a name every decision so far is listed, the
newest first.

A REF is an address or platform:id; @handle or platform:@handle is an account.`,
		Example: `  stet hold https://x.com/ministry/status/1990000000000000001 --reason "letter of 3 March"
  stet hold twitter:@ministry --release --reason "settled"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listRules(cmd.Context(), store.HoldsTerm())
			}
			act := "hold"
			if release {
				act = "release"
			}
			return a.rule(cmd.Context(), args, act, reason, "")
		},
	}
	cmd.Flags().BoolVar(&release, "release", false, "take the hold back")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	return cmd
}

func (a *app) refuseCommand() *cobra.Command {
	var lift bool
	var reason, basis string
	cmd := &cobra.Command{
		Use:   "refuse [REF|@HANDLE…]",
		Short: "Capture nothing more of a post or account",
		Long: `Nothing more of the post, or of any post of the account, is captured or looked at:
such a wish ends with "refused" (exit 7) and names the decision. What is kept
already stays as it is, and is shown and given away as before. --lift takes the
decision back; looks begin again with the next capture. Without a name every
decision so far is listed, the newest first.

What others publish is theirs: an article that quotes the post is kept whole, and
so is an answer of the platform in which somebody else's post shows it.

A REF is an address or platform:id; @handle or platform:@handle is an account.
An account of which nothing is kept is named with its platform.`,
		Example: `  stet refuse twitter:@someone --reason "their lawyer asked" --basis "GDPR, article 17"
  stet refuse https://x.com/someone/status/20 --lift --reason "decided on appeal"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listRules(cmd.Context(), store.TakedownsTerm())
			}
			act := "refuse"
			if lift {
				act = "lift"
			}
			return a.rule(cmd.Context(), args, act, reason, basis)
		},
	}
	cmd.Flags().BoolVar(&lift, "lift", false, "take the decision back")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	cmd.Flags().StringVar(&basis, "basis", "", "the law, order or rule that it rests on")
	return cmd
}

// rule records a decision about posts and accounts.
func (a *app) rule(ctx context.Context, words []string, act, reason, basis string) error {
	if strings.TrimSpace(reason) == "" {
		return fmt.Errorf("%w: say why with --reason; it stays in the archive", store.ErrUsage)
	}
	return a.writing(ctx, true, func(w *wire.Archive) error {
		return a.eachWord(ctx, words, func(word string) (any, string, error) {
			r, err := a.ruleOne(ctx, w, word, ruled{Act: act, Operator: a.operator(), Reason: reason, Basis: basis})
			line := r.Of + " " + actWords(act)
			if act == "hold" && err == nil && neverKept(ctx, w, r.Of) {
				line += ", as soon as something of it is kept: nothing is so far"
			}
			return r, line + ".", err
		})
	})
}

// neverKept reports whether a name is that of a post of which nothing is kept.
func neverKept(ctx context.Context, w *wire.Archive, name string) bool {
	ref, err := post.ParseRef(name)
	if err != nil {
		return false
	}
	_, err = w.Archive.History(ctx, ref)
	return errors.Is(err, store.ErrNotFound)
}

func actWords(act string) string {
	switch act {
	case "hold":
		return "is held: nothing of it may be removed"
	case "release":
		return "is not held any more"
	case string(store.TakedownLift):
		return "may be captured again"
	}
	return "is captured no more; what is kept of it stays"
}

// ruleOne records one decision, and that it was made.
func (a *app) ruleOne(ctx context.Context, w *wire.Archive, word string, r ruled) (ruled, error) {
	ref, accounts, err := a.ruledThing(ctx, w, word)
	if err != nil {
		return r, err
	}
	if err := a.standing(ctx, w, r.Act, ref, accounts); err != nil {
		return r, err
	}
	if r.Act == string(store.TakedownLift) && !ref.IsZero() {
		parts, err := w.Archive.PartRedactions(ctx, store.RefTerm(ref))
		if err != nil {
			return r, err
		}
		if len(parts) > 0 {
			return r, fmt.Errorf("%s: %w: part of it is redacted, and a new answer would bring that back; `stet redact --undo` comes first", ref, store.ErrRefused)
		}
	}
	now := w.Archive.Now()
	r.Time, r.Of = now.UTC(), ruledName(ref, accounts)
	var decision store.Content = &store.Takedown{Time: now, Ref: ref, Accounts: accounts, Act: store.TakedownAct(r.Act), Operator: r.Operator, Reason: r.Reason, Basis: r.Basis}
	if r.Act == "hold" || r.Act == "release" {
		decision = &store.Hold{Time: now, Ref: ref, Accounts: accounts, Released: r.Act == "release", Operator: r.Operator, Reason: r.Reason}
	}
	how := "command"
	if a.holder != nil {
		how = "token"
	}
	b := w.Archive.Begin()
	for _, c := range []store.Content{decision, &store.Audit{Time: now, Actor: r.Operator, How: how, Action: r.Act, Targets: []string{r.Of}, Reason: r.Reason}} {
		if _, err := b.Add(ctx, c); err != nil {
			return r, err
		}
	}
	if _, err = b.Commit(ctx); err == nil && r.Act == string(store.TakedownLift) {
		err = w.Lifted([]post.Ref{ref}, accounts)
	}
	return r, err
}

// standing errors with ErrNotFound where what is to be taken back was never
// decided.
func (a *app) standing(ctx context.Context, w *wire.Archive, act string, ref post.Ref, accounts []string) error {
	subject := store.Subject{Authors: accountsOf(accounts)}
	if !ref.IsZero() {
		subject = store.Subject{Refs: []post.Ref{ref}}
		h, err := w.Archive.History(ctx, ref)
		if err == nil {
			subject = store.SubjectOf(h)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	switch act {
	case "release":
		h, err := w.Archive.HoldOf(ctx, subject)
		if err == nil && h == nil {
			err = fmt.Errorf("%s: %w: it is not held, so there is nothing to release", ruledName(ref, accounts), store.ErrNotFound)
		}
		return err
	case string(store.TakedownLift):
		t, err := w.Archive.TakedownOf(ctx, subject)
		if err == nil && t == nil {
			err = fmt.Errorf("%s: %w: it is not refused, so there is nothing to lift", ruledName(ref, accounts), store.ErrNotFound)
		}
		return err
	}
	return nil
}

// accountsOf reads names such as platform:handle and platform:#id.
func accountsOf(names []string) []store.Account {
	var accounts []store.Account
	for _, name := range names {
		platform, who, _ := strings.Cut(name, ":")
		a := store.Account{Platform: post.Platform(platform), Handle: who}
		if id, ok := strings.CutPrefix(who, "#"); ok {
			a = store.Account{Platform: post.Platform(platform), ID: id}
		}
		accounts = append(accounts, a)
	}
	return accounts
}

// ruledThing reads what a decision is about. A post need not be kept, nor a
// post of the account: what is not there yet can be refused too.
func (a *app) ruledThing(ctx context.Context, w *wire.Archive, word string) (post.Ref, []string, error) {
	handle, platform, ok := approvedWord(word)
	if !ok {
		ref, err := a.classifier().refOf(word)
		if err != nil {
			return post.Ref{}, nil, err
		}
		h, err := w.Archive.History(ctx, ref)
		if errors.Is(err, store.ErrNotFound) {
			return ref, nil, nil
		}
		if err != nil {
			return post.Ref{}, nil, err
		}
		return h.Ref, nil, nil
	}
	account, err := approvedAccount(ctx, w, platform, handle)
	if errors.Is(err, store.ErrNotFound) && platform != "" {
		return post.Ref{}, []string{string(platform) + ":" + handle}, nil
	}
	if err != nil {
		return post.Ref{}, nil, err
	}
	// A poorer source tells the handle alone, so that the decision is found
	// under both.
	name, _, _ := strings.Cut(account, ":")
	return post.Ref{}, slices.Compact([]string{account, name + ":" + handle}), nil
}

func ruledName(ref post.Ref, accounts []string) string {
	if !ref.IsZero() {
		return ref.String()
	}
	// The handle is what people know; it stands last.
	platform, handle, _ := strings.Cut(accounts[len(accounts)-1], ":")
	return platform + ":@" + handle
}

// maxRules is the most decisions that are listed.
const maxRules = 10_000

// listRules lists every decision of a kind, the newest first.
func (a *app) listRules(ctx context.Context, all store.Term) error {
	return a.reading(ctx, func(w *wire.Archive) error {
		records, err := w.Archive.ListAll(ctx, all, maxRules)
		if err != nil {
			return err
		}
		for _, record := range slices.Backward(records) {
			r, err := ruledOf(&record)
			if err != nil {
				return err
			}
			if a.json {
				a.out.json(r)
				continue
			}
			a.out.line("%s  %-7s %s", a.when(record.Time), r.Act, r.Of)
			a.out.hang("  ", joined([]string{r.Operator, "because:"}, ", "), joined([]string{r.Reason, r.Basis}, "; "))
		}
		if len(records) == 0 && !a.json {
			a.out.line("Nothing was decided so far.")
		}
		return nil
	})
}

func ruledOf(record *store.Record) (ruled, error) {
	c, err := store.DecodeAny(record)
	if err != nil {
		return ruled{}, err
	}
	switch c := c.(type) {
	case *store.Hold:
		act := "hold"
		if c.Released {
			act = "release"
		}
		return ruled{c.Time.UTC(), ruledName(c.Ref, c.Accounts), act, c.Operator, c.Reason, ""}, nil
	case *store.Takedown:
		return ruled{c.Time.UTC(), ruledName(c.Ref, c.Accounts), string(cmp.Or(c.Act, store.TakedownRefuse)), c.Operator, c.Reason, c.Basis}, nil
	}
	if p, ok := c.(*store.Privacy); ok {
		act := "private"
		if p.Lifted {
			act = "undone"
		}
		return ruled{p.Time.UTC(), p.Of(), act, p.Operator, p.Reason, ""}, nil
	}
	return ruled{}, fmt.Errorf("%w: record %s is a %s", store.ErrCorrupt, record.ID, record.Kind)
}

// showRulings prints what was decided about a post.
func (a *app) showRulings(v *view.Post) {
	a.showRedacted(v)
	if r := v.Removed; r != nil {
		word := "Removed"
		if r.Act == store.RedactionSeal {
			word = "Sealed"
		}
		a.out.block("", fmt.Sprintf("%s by the archive on %s: %s. What remains is when this was kept, and its leaves:",
			word, a.when(r.Time), joined([]string{r.Reason, r.Basis}, "; ")), 0)
		for _, m := range r.Remains {
			a.out.line("  %s  %-10s %s", a.when(m.Time), m.Kind, m.ID)
			a.out.line("    leaf %d, %s", m.Seq-1, m.Leaf)
		}
	}
	for _, r := range []struct {
		ruling *view.Ruling
		words  string
	}{{v.Hold, "Held: nothing of it may be removed, since "}, {v.Refused, "Nothing more of it is captured, since "}} {
		if r.ruling != nil {
			a.out.block("", r.words+a.when(r.ruling.Time)+": "+joined([]string{r.ruling.Reason, r.ruling.Basis}, "; "), 0)
		}
	}
}
