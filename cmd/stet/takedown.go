package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
)

// takedownFlags are those of `stet takedown`.
type takedownFlags struct {
	author, reason, basis, received, deadline    string
	seal, destroy, unseal, dry, list, resume, qs bool
}

func (a *app) takedownCommand() *cobra.Command {
	var f takedownFlags
	cmd := &cobra.Command{
		Use:   "takedown REF | --author @HANDLE",
		Short: "Seal or destroy what is kept of a post or account",
		Long: `Every place that holds something of the post is listed: captures and what was read
out of them, the platform's answers (also those that hold other posts), files,
drawings, articles that quote it, posts that repeat it, imported files. What is
listed is sealed or destroyed, but for the places that are said to stay: a file
that another post shows too, and with --keep-quotes what others publish.

--seal takes it out of reading, of search and of what is given away, and keeps it
encrypted with the key in seal.key beside the archive; --unseal puts it back.
--destroy leaves nothing: the index of words is purged and the database written
anew, because its free pages would keep the bytes. What remains of either is that
it was captured, when, the leaf in the evidence tree (all proofs stay valid), and
the decision. An answer or imported file goes as a whole; what was read out of it
of other posts stays. An article gets a version without its words.

The post is refused from then on, as with "stet refuse". What is held ("stet
hold") is not touched. Interrupted, the work goes on with --resume, and in "stet
serve" by itself; an older backup that is restored has it done again. Copies that
were made before (backups, exports, what was sent to web archives) are not
reached: destroy those yourself.

--list is the register: what was asked for, on what basis, what was decided and
by when it had to be; of one post or account, where it is named.`,
		Example: `  stet takedown https://x.com/someone/status/20 --dry-run
  stet takedown twitter:20 --seal --reason "under review" --basis "GDPR, article 18"
  stet takedown --author twitter:@someone --destroy --reason "court order" --basis "12 O 34/26" --received 2026-03-01 --deadline 2026-04-01
  stet takedown twitter:20 --unseal --reason "rejected"
  stet takedown --list --json`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, names := range [][]string{{"seal", "destroy", "unseal", "list", "resume"}, {"dry-run", "unseal", "list", "resume"}} {
				if err := exclusive(cmd, names...); err != nil {
					return err
				}
			}
			return a.takedown(cmd.Context(), args, &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.author, "author", "", "all posts of an account: @handle or platform:@handle")
	flags.BoolVar(&f.seal, "seal", false, "keep it encrypted, so that it can be put back")
	flags.BoolVar(&f.destroy, "destroy", false, "destroy it")
	flags.BoolVar(&f.unseal, "unseal", false, "put back what was sealed")
	flags.BoolVar(&f.dry, "dry-run", false, "list the places and change nothing")
	flags.BoolVar(&f.qs, "keep-quotes", false, "leave what others publish: articles and posts that show it")
	flags.BoolVar(&f.list, "list", false, "list the register")
	flags.BoolVar(&f.resume, "resume", false, "go on with what was interrupted")
	flags.StringVar(&f.reason, "reason", "", "why, for the record")
	flags.StringVar(&f.basis, "basis", "", "the law, order or rule that it rests on")
	flags.StringVar(&f.received, "received", "", "when it was asked for, as 2026-03-01")
	flags.StringVar(&f.deadline, "deadline", "", "by when it has to be decided")
	return cmd
}

// exclusive errors with ErrUsage where more than one of some flags is given.
func exclusive(cmd *cobra.Command, names ...string) error {
	var given []string
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 1 {
		return fmt.Errorf("%w: %s exclude each other", store.ErrUsage, strings.Join(given, " and "))
	}
	return nil
}

func (a *app) takedown(ctx context.Context, args []string, f *takedownFlags) error {
	switch {
	case f.list:
		return a.reading(ctx, func(w *wire.Archive) error { return a.listTakedowns(ctx, w, args, f) })
	case f.resume && (len(args) > 0 || f.author != ""):
		return fmt.Errorf("%w: --resume goes on with all that was interrupted; name nothing besides", store.ErrUsage)
	case f.resume:
		return a.writing(ctx, true, func(w *wire.Archive) error {
			done, err := w.Replay(ctx)
			if err != nil {
				return err
			}
			if a.json {
				a.out.json(done)
				return nil
			}
			left, err := w.Removals.Unfinished(ctx)
			if err != nil {
				return err
			}
			if len(left) > 0 {
				a.out.line("Of %s something is held (`stet hold`), and waits for the release; %s done again.", count(len(left), "takedown"), count(done.Again, "takedown"))
			} else {
				a.out.line("Nothing of a takedown is left to do; %s done again.", count(done.Again, "takedown"))
			}
			a.tellReplayed(&done)
			return nil
		})
	case (len(args) == 0) == (f.author == ""):
		return fmt.Errorf("%w: name a post, or an account with --author", store.ErrUsage)
	case f.dry:
		return a.reading(ctx, func(w *wire.Archive) error { return a.planTakedown(ctx, w, args, f) })
	case !f.seal && !f.destroy && !f.unseal:
		return fmt.Errorf("%w: say --seal, --destroy or --unseal; --dry-run lists what it would reach", store.ErrUsage)
	case strings.TrimSpace(f.reason) == "" || strings.TrimSpace(f.basis) == "" && !f.unseal:
		return fmt.Errorf("%w: say why with --reason, and by what right with --basis; both stay in the archive", store.ErrUsage)
	}
	return a.writing(ctx, true, func(w *wire.Archive) error {
		if f.unseal {
			return a.unseal(ctx, w, args, f)
		}
		return a.carryOut(ctx, w, args, f)
	})
}

// takedownWish reads what is to be taken down.
func (a *app) takedownWish(ctx context.Context, w *wire.Archive, args []string, f *takedownFlags) (archiver.Wish, error) {
	how := "command"
	if a.holder != nil {
		how = "token"
	}
	wish := archiver.Wish{Act: store.TakedownSeal, KeepQuotes: f.qs, Operator: a.operator(), How: how, Reason: f.reason, Basis: f.basis}
	if f.destroy {
		wish.Act = store.TakedownDestroy
	}
	for _, at := range []struct {
		word string
		to   *time.Time
	}{{f.received, &wish.Received}, {f.deadline, &wish.Deadline}} {
		if at.word == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, at.word)
		if err != nil {
			return wish, fmt.Errorf("%w: %q is not a date such as 2026-03-01", store.ErrUsage, at.word)
		}
		*at.to = t
	}
	if !wish.Deadline.IsZero() && wish.Deadline.Before(wish.Received) {
		return wish, fmt.Errorf("%w: the deadline %s is before it was received", store.ErrUsage, f.deadline)
	}
	word := f.author
	if len(args) > 0 {
		word = args[0]
	}
	if _, _, account := approvedWord(word); account != (f.author != "") {
		return wish, fmt.Errorf("%w: %q is not what is asked for: a post, or --author with @handle or platform:@handle", store.ErrUsage, word)
	}
	ref, accounts, err := a.ruledThing(ctx, w, word)
	if err != nil {
		return wish, err
	}
	if len(accounts) == 0 {
		wish.Refs = []post.Ref{ref}
		return wish, nil
	}
	wish.Accounts = accounts
	wish.Refs, err = postsOf(ctx, w, accounts)
	return wish, err
}

// postsOf returns the posts of an account that are kept.
func postsOf(ctx context.Context, w *wire.Archive, accounts []string) ([]post.Ref, error) {
	var refs []post.Ref
	for _, name := range accounts {
		platform, who, _ := strings.Cut(name, ":")
		term := store.HandleTerm(post.Platform(platform), who)
		if id, ok := strings.CutPrefix(who, "#"); ok {
			term = store.AccountTerm(post.Platform(platform), id)
		}
		for q := (store.Query{Term: term, Kinds: []store.Kind{store.KindDerivation}, Limit: 500}); ; {
			page, err := w.Archive.List(ctx, q)
			if err != nil {
				return nil, err
			}
			for i := range page.Records {
				q.After = page.Records[i].Seq
				d, err := store.Decode[store.Derivation](&page.Records[i])
				if err != nil {
					return nil, err
				}
				if !slices.Contains(refs, d.Ref) {
					refs = append(refs, d.Ref)
				}
			}
			if !page.More {
				break
			}
		}
	}
	return refs, nil
}

// planTakedown lists what a takedown would reach.
func (a *app) planTakedown(ctx context.Context, w *wire.Archive, args []string, f *takedownFlags) error {
	wish, err := a.takedownWish(ctx, w, args, f)
	if err != nil {
		return err
	}
	var plans []*archiver.Removal
	for _, ref := range wish.Refs {
		p, err := w.Removals.Plan(ctx, ref, wish.KeepQuotes)
		if err != nil {
			return err
		}
		if f.seal {
			p.Sealing()
		}
		if a.json {
			a.out.json(p)
			continue
		}
		a.printRemoval(p)
		plans = append(plans, p)
	}
	if !a.json {
		a.printBeyond(plans)
		a.out.line("Nothing was changed.")
	}
	return nil
}

func (a *app) printRemoval(p *archiver.Removal) {
	if len(p.Places) == 0 {
		a.out.line("%s: nothing of it is kept", p.Ref)
		return
	}
	n, bytes := p.Goes()
	a.out.line("%s: %s of %d, with %s", p.Ref, count(n, "place"), len(p.Places), size(bytes))
	for i := range p.Places {
		a.printPlace(&p.Places[i])
	}
}

// printBeyond prints the places of some removals that are no records and no files,
// each once.
func (a *app) printBeyond(plans []*archiver.Removal) {
	printed := map[string]bool{}
	for _, p := range plans {
		for i := range p.Beyond {
			at := &p.Beyond[i]
			if name := at.Kind + " " + at.Name; !printed[name] {
				printed[name] = true
				a.printPlace(at)
			}
		}
	}
}

// printPlace prints one place that holds something of a post.
func (a *app) printPlace(at *archiver.Place) {
	end := "goes"
	if at.Stays != "" {
		end = "stays: " + at.Stays
	}
	others := ""
	if len(at.Others) > 0 && at.Stays == "" {
		others = "also holds " + at.Others[0].String()
		if more := len(at.Others) - 1; more > 0 {
			others += fmt.Sprintf(" and %d more", more)
		}
	}
	a.out.hang("  ", fmt.Sprintf("%-13s", at.Kind), joined([]string{at.Name, at.What, others, end}, "; "))
}

// carryOut seals or destroys.
func (a *app) carryOut(ctx context.Context, w *wire.Archive, args []string, f *takedownFlags) error {
	wish, err := a.takedownWish(ctx, w, args, f)
	if err != nil {
		return err
	}
	var plans []*archiver.Removal
	for _, ref := range wish.Refs {
		p, err := w.Removals.Plan(ctx, ref, wish.KeepQuotes)
		if err != nil {
			return err
		}
		if f.seal {
			p.Sealing()
		}
		plans = append(plans, p)
	}
	id, err := w.TakeDown(ctx, wish)
	if err != nil {
		return err
	}
	if a.json {
		a.out.json(struct {
			ID    store.ID            `json:"id"`
			Act   store.TakedownAct   `json:"act"`
			Posts []*archiver.Removal `json:"posts"`
		}{id, wish.Act, plans})
		return nil
	}
	for _, p := range plans {
		a.printRemoval(p)
	}
	a.printBeyond(plans)
	done := "sealed, with the key in " + wire.SealKeyFile + " beside the archive"
	if f.destroy {
		done = "destroyed, and the database was written anew"
	}
	a.out.block("", fmt.Sprintf("%s: %s. They are captured no more. Backups that were made before still have them.", count(len(plans), "post"), done), 0)
	return nil
}

// unseal puts back what was sealed of a post or account.
func (a *app) unseal(ctx context.Context, w *wire.Archive, args []string, f *takedownFlags) error {
	records, err := w.Archive.ListAll(ctx, store.TakedownsTerm(), maxRules)
	if err != nil {
		return err
	}
	wish, err := a.takedownWish(ctx, w, args, f)
	if f.author != "" && errors.Is(err, store.ErrNotFound) {
		// All that told whose the posts are may be sealed.
		wish.Accounts, err = takenAccounts(records, f.author, err)
	}
	if err != nil {
		return err
	}
	nothing := fmt.Errorf("%w: nothing of it is sealed", store.ErrNotFound)
	for _, r := range slices.Backward(records) {
		t, err := store.Decode[store.Takedown](&r)
		if err != nil {
			return err
		}
		same := len(t.Accounts) > 0 && slices.ContainsFunc(t.Accounts, func(name string) bool { return slices.Contains(wish.Accounts, name) })
		if len(wish.Accounts) == 0 {
			same = !t.Ref.IsZero() && t.Ref == wish.Refs[0]
		}
		if !same || t.Act != store.TakedownSeal {
			continue
		}
		n, err := w.Unseal(ctx, r.ID, t.Accounts, wish)
		if errors.Is(err, store.ErrNotFound) { // sealed twice, the first time has it
			nothing = err
			continue
		}
		if err != nil {
			return err
		}
		a.out.line("%s has the content of %s again, and may be captured again.", ruledName(t.Ref, t.Accounts), count(n, "record"))
		return nil
	}
	if len(wish.Accounts) > 0 {
		return nothing
	}
	last, err := w.Archive.RetentionOf(ctx, store.RefTerm(wish.Refs[0]))
	if err != nil {
		return err
	}
	if last != nil && last.Content.Act == store.RetentionSeal { // a rule did
		if _, err := w.Keeper.Spare(ctx, "", wish.Refs[0], a.spareWish(f.reason)); err != nil {
			return err
		}
		a.out.line("%s is there again, and no rule removes it any more.", wish.Refs[0])
		return nil
	}
	n, err := w.Removals.UnsealPost(ctx, wish.Refs[0], wish)
	if errors.Is(err, store.ErrNotFound) {
		return nothing
	}
	if err == nil {
		a.out.line("%s has the content of %s again.", wish.Refs[0], count(n, "record"))
	}
	return err
}

// takenAccounts returns the accounts of a handle that were taken down; or the error
// where there is none.
func takenAccounts(records []store.Record, word string, none error) ([]string, error) {
	handle, _, _ := approvedWord(word)
	var accounts []string
	for i := range records {
		t, err := store.Decode[store.Takedown](&records[i])
		if err != nil {
			return nil, err
		}
		for _, name := range t.Accounts {
			if _, who, _ := strings.Cut(name, ":"); strings.EqualFold(who, handle) {
				accounts = append(accounts, name)
			}
		}
	}
	if len(accounts) == 0 {
		return nil, none
	}
	return accounts, nil
}

// tellReplayed says of which posts something else was done than what was decided.
func (a *app) tellReplayed(done *wire.Replayed) {
	for _, ref := range done.Whole {
		a.warn("%s is sealed as a whole: part of it was redacted, and the key in %s that says of what is not here", ref, wire.SealKeyFile)
	}
	for _, ref := range done.Held {
		a.warn("%s was taken down, and this archive holds it (`stet hold`): `stet takedown --resume` does it once the hold is released", ref)
	}
}

// registered is an entry of the register of takedowns.
type registered struct {
	ID store.ID `json:"id"`
	ruled
	Posts    int       `json:"posts"`
	Received time.Time `json:"received,omitzero"`
	Deadline time.Time `json:"deadline,omitzero"`
	// State is done or under way.
	State string `json:"state"`
}

// listTakedowns prints the register, the newest first: all of it, or what is about
// a post or account.
func (a *app) listTakedowns(ctx context.Context, w *wire.Archive, args []string, f *takedownFlags) error {
	about := func(*store.Takedown) bool { return true }
	switch {
	case len(args) > 0:
		ref, _, err := a.ruledThing(ctx, w, args[0])
		if err != nil {
			return err
		}
		about = func(t *store.Takedown) bool { return t.Ref == ref }
	case f.author != "":
		handle, platform, ok := approvedWord(f.author)
		if !ok {
			return fmt.Errorf("%w: %q is no account such as @handle or platform:@handle", store.ErrUsage, f.author)
		}
		about = func(t *store.Takedown) bool {
			return slices.ContainsFunc(t.Accounts, func(name string) bool {
				p, who, _ := strings.Cut(name, ":")
				return strings.EqualFold(who, handle) && (platform == "" || p == string(platform))
			})
		}
	}
	listed := 0
	records, err := w.Archive.ListAll(ctx, store.TakedownsTerm(), maxRules)
	if err != nil {
		return err
	}
	left, err := w.Removals.Unfinished(ctx)
	if err != nil {
		return err
	}
	for _, record := range slices.Backward(records) {
		r, err := ruledOf(&record)
		if err != nil {
			return err
		}
		t, err := store.Decode[store.Takedown](&record)
		if err != nil {
			return err
		}
		if !about(t) {
			continue
		}
		listed++
		e := registered{ID: record.ID, ruled: r, Posts: t.Posts, Received: t.Received, Deadline: t.Deadline, State: "done"}
		if left[record.ID] {
			e.State = "under way"
		}
		if a.json {
			a.out.json(e)
			continue
		}
		a.out.line("%s  %-7s %s (%s)", a.when(record.Time), r.Act, r.Of, e.State)
		a.out.hang("  ", joined([]string{r.Operator, "because:"}, ", "), joined([]string{r.Reason, r.Basis}, "; "))
		for _, at := range []struct {
			word string
			time time.Time
		}{{"received", t.Received}, {"deadline", t.Deadline}} {
			if !at.time.IsZero() {
				a.out.line("  %s %s", at.word, at.time.UTC().Format(time.DateOnly))
			}
		}
	}
	if listed == 0 && !a.json {
		a.out.line("Nothing was taken down so far.")
	}
	return nil
}
