package wire

import (
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/extract/post"
	"stet/store"
)

// TestPlatformStates: every platform is listed, with what is configured and what
// would add something.
func TestPlatformStates(t *testing.T) {
	state := func(c *config.Config, p post.Platform) PlatformState {
		for _, s := range PlatformStates(c) {
			if s.Platform == p {
				return s
			}
		}
		t.Fatalf("no %s", p)
		return PlatformState{}
	}
	for p, missing := range map[post.Platform]string{post.Twitter: "twitter.bearer_token", post.Reddit: "reddit.client_id and reddit.client_secret",
		post.Facebook: "meta.access_token", post.Threads: "meta.threads_token", post.Vimeo: "", post.LinkedIn: ""} {
		without, with := state(config.Default(), p), state(withSecrets(), p)
		if strings.Join(without.Missing, "") != missing && !slices.Contains(without.Missing, missing) || without.Credentials != "none" || without.Words == "" {
			t.Errorf("%+v", without)
		}
		if len(with.Missing) != 0 || (with.Credentials == "none") != (missing == "") {
			t.Errorf("%+v", with)
		}
	}
	if n := len(PlatformStates(config.Default())); n != len(platforms(config.Default(), nil)) || n < 18 {
		t.Errorf("%d platforms", n)
	}
}

// TestPlatformsOfAnArchive: what was spent today and what is in quarantine stands
// with its platform, until it recovers.
func TestPlatformsOfAnArchive(t *testing.T) {
	_, c, o := inside(t)
	c.Watch.Budgets = []config.Budget{{Endpoint: "twitter/api-v2", Posts: 100}}
	w, err := Open(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	now := time.Now()
	if err := w.Archive.Backend().SetCursor(t.Context(), archiver.BudgetName(post.Twitter, "api-v2", now), 0, 7); err != nil {
		t.Fatal(err)
	}
	tell := func(event string) {
		b := w.Archive.Begin()
		if _, err := b.Add(t.Context(), &store.Incident{Time: now, Event: event, Subject: "mastodon/instance-api at social.example", Text: "x"}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	quarantined := func() (told []string) {
		all, err := w.PlatformStates(t.Context(), c, now)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if s := &all[i]; s.Platform == post.Twitter && (len(s.Budgets) != 1 || s.Budgets[0] != BudgetState{"api-v2", 100, 7}) {
				t.Errorf("budgets %+v", s.Budgets)
			}
			told = append(told, all[i].Quarantined...)
		}
		return told
	}
	tell(archiver.EventQuarantined)
	if got := quarantined(); !slices.Equal(got, []string{"instance-api at social.example"}) {
		t.Errorf("in quarantine: %q", got)
	}
	tell(archiver.EventRecovered)
	if got := quarantined(); len(got) != 0 {
		t.Errorf("in quarantine after the recovery: %q", got)
	}
}
