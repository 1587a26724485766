package wire

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"stet/archiver"
	"stet/cmd/internal/beside"
	"stet/cmd/internal/config"
	"stet/extract/post"
	"stet/store"
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
	r := archiver.RemoverOptions{Archive: a.Archive, Vault: vaultOf(a.Dir), Owner: owner(o), Pictures: a.looks, Step: o.Step}
	if c, ok := a.db.(store.Compacter); ok {
		r.Compact = func(ctx context.Context) error {
			_, err := c.Compact(ctx, nil)
			return err
		}
	}
	return archiver.NewRemover(r)
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
	if err != nil {
		return store.ID{}, err
	}
	return id, a.Removals.RunAll(ctx)
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

// Replay does again what was taken down or made private and the archive does not
// know of, because it is an older one that was restored. It returns how many
// takedowns that were.
func (a *Archive) Replay(ctx context.Context) (int, error) {
	if err := a.replayPrivate(ctx); err != nil {
		return 0, err
	}
	list, err := takedownsIn(a.Dir).List()
	if err != nil {
		return 0, err
	}
	n := 0
	for i := range list {
		t := &list[i]
		known, err := a.knows(ctx, t)
		if err != nil {
			return n, err
		}
		if known {
			continue
		}
		_, err = a.Removals.Begin(ctx, archiver.Wish{Refs: t.Refs, Accounts: t.Accounts, Act: t.Act, KeepQuotes: t.KeepQuotes, Operator: t.Operator,
			How: "restore", Reason: t.Reason, Basis: t.Basis, Received: t.Received, Deadline: t.Deadline})
		if err != nil {
			return n, fmt.Errorf("doing the takedown of %s again: %w", t.Time.UTC().Format(time.DateOnly), err)
		}
		n++
	}
	return n, a.Removals.RunAll(ctx)
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
func replayRestored(ctx context.Context, c *config.Config, o Options) (n int, err error) {
	taken, err := takedownsIn(c.Data).List()
	if err != nil {
		return 0, err
	}
	private, err := privateIn(c.Data).List()
	if err != nil || len(taken)+len(private) == 0 {
		return 0, err
	}
	a, err := OpenExisting(ctx, c, o)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Replay(ctx)
}
