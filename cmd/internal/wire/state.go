package wire

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// PlatformState says how a platform is set up, and how it does.
type PlatformState struct {
	Platform post.Platform `json:"platform"`
	// Credentials says which are used: bearer-token, consumer-key, token, app
	// or none.
	Credentials string `json:"credentials"`
	// Missing are the keys that are not set and would add something.
	Missing []string `json:"missing"`
	// Sources are the endpoints and witnesses that are asked, in their order.
	Sources []string `json:"sources"`
	// Controls are the posts whose state is known.
	Controls []post.Ref `json:"controls"`
	// Budgets are the endpoints of which not more than so many posts are asked
	// on one day.
	Budgets []BudgetState `json:"budgets"`
	// Quarantined are the endpoints, with their hosts where they have several,
	// whose negative answers are not believed at the moment.
	Quarantined []string `json:"quarantined"`
	// Words is a sentence for people.
	Words string `json:"-"`
	// proves is true where some answer means that a post is gone.
	proves bool
}

// BudgetState is the day's budget of an endpoint.
type BudgetState struct {
	Endpoint string `json:"endpoint"`
	Posts    int    `json:"posts"`
	// Spent is how many were asked for today, by UTC; 0 where no archive was
	// read.
	Spent uint64 `json:"spent"`
}

// PlatformStates lists the platforms on which the engine can act, as they are
// configured.
func PlatformStates(c *config.Config) []PlatformState {
	var all []PlatformState
	for _, p := range platforms(c, nil) {
		s := PlatformState{Platform: p.Platform(), Missing: []string{}, Sources: []string{}, Controls: []post.Ref{}, Budgets: []BudgetState{}, Quarantined: []string{}}
		for _, e := range p.Endpoints() {
			s.Sources = append(s.Sources, e.Name())
		}
		if w, ok := p.(archiver.WitnessPlatform); ok {
			for _, witness := range w.Witnesses() {
				s.Sources = append(s.Sources, witness.Name())
			}
		}
		controls := p.Controls()
		s.Controls = append(append(s.Controls, controls.Live...), controls.Gone...)
		for _, b := range c.Watch.Budgets {
			if platform, endpoint, _ := strings.Cut(b.Endpoint, "/"); platform == string(s.Platform) {
				s.Budgets = append(s.Budgets, BudgetState{Endpoint: endpoint, Posts: b.Posts})
			}
		}
		s.proves = slices.ContainsFunc(p.Rules(), func(r extract.Rule) bool { return r.Status.Gone() })
		s.credentials(c)
		all = append(all, s)
	}
	return all
}

// credentials fills in which are used.
func (s *PlatformState) credentials(c *config.Config) {
	s.Credentials = "none"
	s.Words = "captured by its public endpoints, without credentials"
	use := func(set bool, credentials, words string, missing ...string) {
		if set {
			s.Credentials, s.Words = credentials, words
			return
		}
		s.Missing = append(s.Missing, missing...)
	}
	const witness = "captured by the page that its embeds show; Meta is asked whether a post is there (token)"
	switch s.Platform {
	case post.Twitter:
		switch {
		case c.Twitter.BearerToken != "":
			use(true, "bearer-token", "captured by its API (bearer token) and its public endpoints")
		default:
			use(c.Twitter.ConsumerKey != "", "consumer-key", "captured by its API (consumer key) and its public endpoints",
				"twitter.bearer_token", "twitter.consumer_key and twitter.consumer_secret")
		}
	case post.Reddit:
		use(c.Reddit.ClientID != "", "app", "captured by its API (app) and its public endpoints", "reddit.client_id and reddit.client_secret")
	case post.Facebook, post.Instagram:
		s.Words = "captured by the page that its embeds show, without credentials"
		use(c.Meta.AccessToken != "", "token", witness, "meta.access_token")
	case post.Threads:
		s.Words = "captured by the page that its embeds show, without credentials"
		use(c.Meta.ThreadsToken != "", "token", witness, "meta.threads_token")
	case post.LinkedIn:
		s.Words = "captured by the page that its embeds show, without credentials"
	}
}

// PlatformStates adds to the platforms as they are configured what the archive
// knows of them at a time: what was spent, and what is in quarantine.
func (a *Archive) PlatformStates(ctx context.Context, c *config.Config, now time.Time) ([]PlatformState, error) {
	all := PlatformStates(c)
	for i := range all {
		s := &all[i]
		for j := range s.Budgets {
			b := &s.Budgets[j]
			var err error
			if b.Spent, err = a.Archive.Backend().Cursor(ctx, archiver.BudgetName(s.Platform, b.Endpoint, now)); err != nil {
				return nil, fmt.Errorf("reading the budget of %s/%s: %w", s.Platform, b.Endpoint, err)
			}
		}
		prefix := string(s.Platform) + "/"
		subjects, err := a.Archive.Values(ctx, store.IndexSubject, prefix, "", maxQuarantined)
		if err != nil {
			return nil, fmt.Errorf("reading what is known of %s: %w", s.Platform, err)
		}
		for _, subject := range subjects {
			quarantined, err := a.quarantined(ctx, subject)
			if err != nil {
				return nil, err
			}
			if quarantined {
				s.Quarantined = append(s.Quarantined, strings.TrimPrefix(subject, prefix))
			}
		}
	}
	return all, nil
}

// maxQuarantined is the most endpoints and hosts of a platform that are looked
// at: every small host is one.
const maxQuarantined = 1000

// quarantined reports whether the newest incident of a subject is that it was
// put into quarantine.
func (a *Archive) quarantined(ctx context.Context, subject string) (bool, error) {
	page, err := a.Archive.List(ctx, store.Query{Term: store.SubjectTerm(subject), Kinds: []store.Kind{store.KindIncident}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return false, err
	}
	last, err := store.Decode[store.Incident](&page.Records[0])
	if err != nil {
		return false, fmt.Errorf("reading an incident of %s: %w", subject, err)
	}
	return last.Event == archiver.EventQuarantined, nil
}

// Tell says in sentences what people should know of a platform beside Words.
func (s *PlatformState) Tell() []string {
	var told []string
	if len(s.Missing) > 0 {
		told = append(told, "not set: "+strings.Join(s.Missing, ", "))
	}
	if s.proves && len(s.Controls) == 0 {
		told = append(told, "no control post: name one in watch.controls")
	}
	for _, b := range s.Budgets {
		told = append(told, fmt.Sprintf("%s: %d of %d posts asked for today", b.Endpoint, b.Spent, b.Posts))
	}
	for _, q := range s.Quarantined {
		told = append(told, q+" is in quarantine: it does not show its control post, so its negative answers are not believed")
	}
	return told
}
