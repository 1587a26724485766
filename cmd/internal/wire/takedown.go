package wire

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"stet/archiver"
	"stet/cmd/internal/beside"
	"stet/cmd/internal/config"
	"stet/extract/post"
	"stet/store"
	"stet/store/bolt"
)

// TakedownFile is the name of the list of what was taken down. It lies beside
// the archive, so that an older archive that is restored brings nothing back.
const TakedownFile = "takedowns.json"

// takenDown is what was decided, as it is done again.
type takenDown struct {
	Time       time.Time         `json:"time"`
	Refs       []post.Ref        `json:"refs"`
	Accounts   []string          `json:"accounts,omitempty"`
	Act        store.TakedownAct `json:"act"`
	KeepQuotes bool              `json:"keep_quotes,omitempty"`
	Operator   string            `json:"operator,omitempty"`
	Reason     string            `json:"reason"`
	Basis      string            `json:"basis,omitempty"`
	Received   time.Time         `json:"received,omitzero"`
	Deadline   time.Time         `json:"deadline,omitzero"`
}

func takedownsIn(dir string) beside.File[takenDown] {
	return beside.File[takenDown]{Path: filepath.Join(dir, TakedownFile), What: "takedowns"}
}

// same reports whether two are about the same post or account.
func (t *takenDown) same(refs []post.Ref, accounts []string) bool {
	if len(t.Accounts) > 0 || len(accounts) > 0 {
		return slices.ContainsFunc(t.Accounts, func(w string) bool { return slices.Contains(accounts, w) })
	}
	return slices.Equal(t.Refs, refs)
}

// remover returns what carries out takedowns.
func (a *Archive) remover(o Options) *archiver.Remover {
	r := archiver.RemoverOptions{Archive: a.Archive, Vault: vaultOf(a.Dir), Owner: owner(o), Pictures: a.looks, Step: o.Step, Copies: a.copies}
	if c, ok := a.db.(store.Compacter); ok {
		r.Compact = func(ctx context.Context) error {
			_, err := c.Compact(ctx, nil)
			return err
		}
	}
	return archiver.NewRemover(r)
}

// copies lists the archives that restores moved aside.
func (a *Archive) copies() ([]archiver.Place, error) {
	paths, err := filepath.Glob(filepath.Join(a.Dir, "*", bolt.FileName))
	if err != nil {
		return nil, nil //nolint:nilerr // the pattern is what it does not like: the folder has an odd name
	}
	places := make([]archiver.Place, 0, len(paths))
	for _, path := range paths {
		places = append(places, archiver.Place{Kind: archiver.PlaceCopy, Name: filepath.Dir(path), What: "an archive that a restore moved aside, and its files",
			Stays: "remove the folder once nobody needs it"})
	}
	return places, nil
}

// TakeDown decides that posts are sealed or destroyed, and carries it out.
// Interrupted, it goes on with the next takedown, and in a service by itself.
func (a *Archive) TakeDown(ctx context.Context, w archiver.Wish) (store.ID, error) {
	for _, ref := range w.Refs { // what is held is no decision that a restored archive must know
		if _, err := a.Removals.Plan(ctx, ref, w.KeepQuotes); err != nil {
			return store.ID{}, err
		}
	}
	err := a.decide(func(list []takenDown) []takenDown {
		return append(list, takenDown{Time: a.Archive.Now(), Refs: w.Refs, Accounts: w.Accounts, Act: w.Act, KeepQuotes: w.KeepQuotes, Operator: w.Operator,
			Reason: w.Reason, Basis: w.Basis, Received: w.Received, Deadline: w.Deadline})
	})
	if err != nil {
		return store.ID{}, err
	}
	id, err := a.Removals.Begin(ctx, w)
	if err == nil {
		err = a.Removals.RunAll(ctx)
	}
	if err == nil && w.Act == store.TakedownDestroy { // the words stand in that list, too
		err = a.forgetRedactions(w.Refs)
	}
	return id, err
}

// Unseal puts back what a takedown sealed, and lifts it. It returns how many
// records have their content again.
func (a *Archive) Unseal(ctx context.Context, takedown store.ID, accounts []string, w archiver.Wish) (int, error) {
	if err := a.Removals.CanUnseal(ctx, takedown); err != nil {
		return 0, err
	}
	if err := a.Lifted(w.Refs, accounts); err != nil {
		return 0, err
	}
	return a.Removals.Unseal(ctx, takedown, w)
}

// Lifted says that what was decided about a post or account does not hold any
// more: a restored archive is left as it is.
func (a *Archive) Lifted(refs []post.Ref, accounts []string) error {
	return a.decide(func(list []takenDown) []takenDown {
		return slices.DeleteFunc(list, func(t takenDown) bool { return t.same(refs, accounts) })
	})
}

// decide changes the list of takedowns beside the archive.
func (a *Archive) decide(change func([]takenDown) []takenDown) error {
	a.deciding.Lock()
	defer a.deciding.Unlock()
	list, err := takedownsIn(a.Dir).List()
	if err != nil {
		return err
	}
	before := len(list)
	if list = change(list); len(list) == before {
		return nil
	}
	return takedownsIn(a.Dir).Write(list)
}

// Replayed says what was done again in an archive that did not know of it.
type Replayed struct {
	// Again counts takedowns and redactions.
	Again int `json:"done_again"`
	// Whole are posts that were sealed as a whole, because the key that says which
	// parts of them were taken out is not here.
	Whole []post.Ref `json:"sealed_whole,omitempty"`
	// Held are posts of which nothing was taken down, because the archive holds
	// them.
	Held []post.Ref `json:"held,omitempty"`
}

// Replay does again what was taken down, redacted or made private and the archive
// does not know of, because it is an older one that was restored. Then it goes on
// with what was interrupted.
func (a *Archive) Replay(ctx context.Context) (done Replayed, err error) {
	if err := a.replayPrivate(ctx); err != nil {
		return done, err
	}
	taken, err := takedownsIn(a.Dir).List()
	if err != nil {
		return done, err
	}
	parts, err := redactionsIn(a.Dir).List()
	if err != nil {
		return done, err
	}
	// In their order: what was redacted first and sealed then is so again when it
	// is unsealed.
	for len(taken)+len(parts) > 0 {
		var at time.Time
		var refs []post.Ref
		if len(parts) == 0 || len(taken) > 0 && taken[0].Time.Before(parts[0].Time) {
			at, refs, err = taken[0].Time, taken[0].Refs, a.takeDownAgain(ctx, &taken[0], &done)
			taken = taken[1:]
		} else {
			at, refs, err = parts[0].Time, parts[0].Refs[:1], a.redactAgain(ctx, &parts[0], &done)
			parts = parts[1:]
		}
		if err == nil {
			err = a.Removals.RunAll(ctx)
		}
		if errors.Is(err, store.ErrRefused) {
			done.Held, err = append(done.Held, refs...), nil
		}
		if err != nil {
			return done, fmt.Errorf("doing again what was taken down on %s: %w", at.UTC().Format(time.DateOnly), err)
		}
	}
	if err := a.Removals.RunAll(ctx); err != nil {
		return done, err
	}
	if _, err := os.Lstat(filepath.Join(a.Dir, RetentionFile)); err == nil { // rules have destroyed something
		_, err := a.Keeper.RunDue(ctx)
		return done, err
	}
	return done, nil
}

// takeDownAgain does a takedown again that the archive does not know of.
func (a *Archive) takeDownAgain(ctx context.Context, t *takenDown, done *Replayed) error {
	known, err := a.knows(ctx, t)
	if err != nil || known {
		return err
	}
	_, err = a.Removals.Begin(ctx, archiver.Wish{Refs: t.Refs, Accounts: t.Accounts, Act: t.Act, KeepQuotes: t.KeepQuotes, Operator: t.Operator,
		How: "restore", Reason: t.Reason, Basis: t.Basis, Received: t.Received, Deadline: t.Deadline})
	if err == nil {
		done.Again++
	}
	return err
}

// knows reports whether the archive holds a decision as strong as t.
func (a *Archive) knows(ctx context.Context, t *takenDown) (bool, error) {
	records, err := a.Archive.ListAll(ctx, store.TakedownsTerm(), store.MaxHistory)
	if err != nil {
		return false, err
	}
	for i := range records {
		d, err := store.Decode[store.Takedown](&records[i])
		if err != nil {
			return false, err
		}
		refs := []post.Ref{d.Ref}
		if d.Act == t.Act && t.same(refs, d.Accounts) && !records[i].Time.Before(t.Time.Truncate(time.Microsecond)) {
			return true, nil
		}
	}
	return false, nil
}

// replayRestored does takedowns and decisions again in an archive that was just
// restored.
func replayRestored(ctx context.Context, c *config.Config, o Options) (done Replayed, err error) {
	some := false
	for _, name := range []string{TakedownFile, RedactionFile, PrivateFile, RetentionFile} {
		_, err := os.Lstat(filepath.Join(c.Data, name))
		some = some || err == nil
	}
	if !some {
		return done, nil
	}
	a, err := OpenExisting(ctx, c, o)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Replay(ctx)
}
