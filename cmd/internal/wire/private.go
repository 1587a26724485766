package wire

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"stet/cmd/internal/beside"
	"stet/store"
)

// PrivateFile is the name of the list of what people decided to be private. It
// lies beside the archive, so that an older archive that is restored shows
// nothing that was made private since.
const PrivateFile = "private.json"

// privateDecision is the last decision about a post, address or source.
type privateDecision struct {
	Time time.Time `json:"time"`
	store.Privacy
}

func privateIn(dir string) beside.File[privateDecision] {
	return beside.File[privateDecision]{Path: filepath.Join(dir, PrivateFile), What: "decisions"}
}

// KeepPrivacy records that something is private, or is not any more, and that it
// was decided, by command or with a token.
func (a *Archive) KeepPrivacy(ctx context.Context, p *store.Privacy, how string) error {
	a.deciding.Lock()
	defer a.deciding.Unlock()
	list, err := privateIn(a.Dir).List()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(d privateDecision) bool { return d.Of() == p.Of() })
	if err := privateIn(a.Dir).Write(append(list, privateDecision{p.Time, *p})); err != nil {
		return err
	}
	return a.addPrivacy(ctx, p, how)
}

func (a *Archive) addPrivacy(ctx context.Context, p *store.Privacy, how string) error {
	action := "private on"
	if p.Lifted {
		action = "private off"
	}
	b := a.Archive.Begin()
	for _, c := range []store.Content{p, &store.Audit{Time: p.Time, Actor: p.Operator, How: how, Action: action, Targets: []string{p.Of()}, Reason: p.Reason}} {
		if _, err := b.Add(ctx, c); err != nil {
			return err
		}
	}
	_, err := b.Commit(ctx)
	return err
}

// replayPrivate decides again what the archive does not know of, because it is an
// older one that was restored.
func (a *Archive) replayPrivate(ctx context.Context) error {
	list, err := privateIn(a.Dir).List()
	if err != nil || len(list) == 0 {
		return err
	}
	records, err := a.Archive.ListAll(ctx, store.PrivaciesTerm(), store.MaxHistory)
	if err != nil {
		return err
	}
	newest := map[string]time.Time{}
	for i := range records {
		p, err := store.Decode[store.Privacy](&records[i])
		if err != nil {
			return err
		}
		if at := records[i].Time; at.After(newest[p.Of()]) {
			newest[p.Of()] = at
		}
	}
	for i := range list {
		p := list[i].Privacy
		if at, known := newest[p.Of()]; known && !at.Before(list[i].Time.Truncate(time.Microsecond)) {
			continue
		}
		if p.Time = a.Archive.Now(); p.Time.Before(list[i].Time) {
			p.Time = list[i].Time // the clock went back
		}
		if err := a.addPrivacy(ctx, &p, "restore"); err != nil {
			return fmt.Errorf("deciding again that %s is private: %w", p.Of(), err)
		}
	}
	return nil
}
