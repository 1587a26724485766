package wire

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"
	"time"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/store"
	"stet/store/servertest"
)

// TestRetentionByMachines: several machines over one database that carry out a
// rule at once do nothing twice, before the grace ends and after, and leave an
// archive that is whole.
func TestRetentionByMachines(t *testing.T) {
	const machines, articles, keep, grace = 3, 12, 24 * time.Hour, 48 * time.Hour
	ctx, address := context.Background(), servertest.Postgres(t)
	begun := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	now, rules := begun, archiver.KeepRules{"agency": keep}
	open := func(n int) *Archive {
		c := config.Default()
		c.Data, c.Storage.Postgres, c.Storage.Schema = t.TempDir(), address, "retention"
		a, err := Open(ctx, c, Options{Now: func() time.Time { return now }, Random: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
		a.Keeper = archiver.NewKeeper(archiver.KeeperOptions{Archive: a.Archive, Remover: a.Removals, Grace: grace, Owner: fmt.Sprint("machine ", n),
			Rules: func(context.Context) (archiver.KeepRules, error) { return rules, nil }})
		return a
	}
	all := make([]*Archive, machines)
	for i := range all {
		all[i] = open(i)
	}
	a := all[0]
	for i := range articles {
		url := fmt.Sprintf("https://agency.example/%d", i)
		b := a.Archive.Begin()
		for _, c := range []store.Content{&store.Discovery{Time: now, Source: "agency", URL: url},
			&store.ArticleVersion{Time: now, URL: url, Key: store.ArticleKey(url), Title: fmt.Sprint("Gate number ", i), Origin: "web", Source: "agency", Finder: "1"}} {
			if _, err := b.Add(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	together := func() {
		var group sync.WaitGroup
		for _, a := range all {
			group.Go(func() {
				if _, err := a.Keeper.RunDue(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	acts := func() map[store.RetentionAct]int {
		records, err := a.Archive.ListAll(ctx, store.RetentionsTerm(), store.MaxHistory, store.KindRetention)
		if err != nil {
			t.Fatal(err)
		}
		n := map[store.RetentionAct]int{}
		for i := range records {
			r, err := store.Decode[store.Retention](&records[i])
			if err != nil {
				t.Fatal(err)
			}
			n[r.Act]++
		}
		return n
	}
	together()
	if n := acts(); len(n) > 0 {
		t.Errorf("before anything is due: %v", n)
	}
	for _, step := range []struct {
		at   time.Time
		want map[store.RetentionAct]int
	}{
		{begun.Add(keep), map[store.RetentionAct]int{store.RetentionSeal: articles}},
		{begun.Add(keep + grace), map[store.RetentionAct]int{store.RetentionSeal: articles, store.RetentionDestroy: articles}},
	} {
		// The database leases by its own clock, which is ahead of this one: what
		// ends is asked for because the rules have changed.
		now, rules = step.at, archiver.KeepRules{"agency": keep, fmt.Sprint("another at ", step.at): keep}
		together()
		if n := acts(); fmt.Sprint(n) != fmt.Sprint(step.want) {
			t.Errorf("after %s: %v, not %v", step.at.Sub(begun), n, step.want)
		}
		for _, a := range all {
			if _, err := a.Reader.Article(ctx, "https://agency.example/3"); err == nil {
				t.Error("an article is there still")
			}
		}
	}
	jobs, err := a.Archive.Backend().ListJobs(ctx, store.JobFilter{Kinds: []string{archiver.JobRetention, archiver.JobRetentionEnd}, Limit: 10})
	if err != nil || len(jobs) > 0 {
		t.Errorf("%d jobs are left, %v", len(jobs), err)
	}
}
