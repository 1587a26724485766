package archiver

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"stet/extract/post"
	"stet/store"
)

// articleVersions are the kept versions of one article, oldest first.
type articleVersions []store.Item[store.ArticleVersion]

func (v articleVersions) last() *store.Item[store.ArticleVersion] {
	if len(v) == 0 {
		return nil
	}
	return &v[len(v)-1]
}

// maxVersions is the most versions of one article that are looked at.
const maxVersions = 10_000

func (e *Engine) versions(ctx context.Context, key string) (articleVersions, error) {
	records, err := e.o.Archive.ListAll(ctx, store.Term{Index: store.IndexArticle, Value: key}, maxVersions, store.KindArticle)
	if err != nil {
		return nil, err
	}
	var out articleVersions
	for i := range records {
		v, err := store.Decode[store.ArticleVersion](&records[i])
		if err != nil {
			return nil, err
		}
		out = append(out, store.Item[store.ArticleVersion]{Seq: records[i].Seq, ID: records[i].ID, Content: v})
	}
	return out, nil
}

// sameVersion reports whether a reader would see no difference: words, title,
// posts and links are the same.
func sameVersion(a, b *store.ArticleVersion) bool {
	return a.Title == b.Title && a.Text == b.Text && a.Modified.Equal(b.Modified) &&
		reflect.DeepEqual(a.Mentions, b.Mentions) && reflect.DeepEqual(a.Links, b.Links)
}

// unseen leaves out the posts that a source has shown before: their looks say
// what became of them.
func (e *Engine) unseen(ctx context.Context, wants []*want) ([]*want, error) {
	var out []*want
	for _, w := range wants {
		if w.ref.IsZero() {
			out = append(out, w)
			continue
		}
		h, err := e.history(ctx, w.ref)
		if err != nil {
			return nil, err
		}
		if !seenBefore(h) {
			out = append(out, w)
		}
	}
	return out, nil
}

// seenBefore reports whether a source has shown the post before.
func seenBefore(h *store.History) bool {
	best := h.Best()
	return best != nil && best.Content.Source.Rank() >= post.SourceEmbed.Rank()
}

// readAgain adds the job that reads an article again, on a schedule that grows
// from its first version.
func (e *Engine) readAgain(b *store.Builder, v *store.ArticleVersion, versions articleVersions, o CaptureOptions) error {
	if v.Origin != "web" {
		return nil
	}
	now := e.o.Archive.Now()
	first := now
	if len(versions) > 0 {
		first = versions[0].Content.Time
	}
	o.Trigger = "schedule"
	payload, err := json.Marshal(intent{Target: v.URL, Options: o})
	if err != nil {
		return fmt.Errorf("writing the intent to read %s again: %w", v.URL, err)
	}
	return b.Enqueue(store.Enqueue{Replace: true, Job: store.Job{Kind: JobArticle, Key: jobKey(v.URL), Host: hostOf(v.URL), Payload: payload,
		Priority: store.PriorityLook, RunAt: e.o.Articles.Next(first, now, State{Value: post.Live})}})
}

// EnqueueArticle adds the intent to capture an article that a source named, at
// the latest at a time.
func (e *Engine) EnqueueArticle(b *store.Builder, address, source string, at time.Time) error {
	payload, err := json.Marshal(intent{Target: address, Options: CaptureOptions{Trigger: "schedule", Source: source}})
	if err != nil {
		return fmt.Errorf("writing the intent to capture %s: %w", address, err)
	}
	return b.Enqueue(store.Enqueue{Earlier: true, Job: store.Job{Kind: JobArticle, Key: jobKey(address), Host: hostOf(address), Payload: payload,
		Priority: store.PrioritySchedule, RunAt: at}})
}
