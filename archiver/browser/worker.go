package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
)

// JobDraw draws one page; its key is platform:id of a post, or "page " and the
// article key of an address.
const JobDraw = "draw"

// Engine is what the worker needs of *[archiver.Engine].
type Engine interface {
	// Finish: see [archiver.Engine.Finish].
	Finish(b *store.Builder, j store.Job, cause error)
}

// Drawer draws pages: *[Browser].
type Drawer interface {
	// Draw: see [Browser.Draw].
	Draw(ctx context.Context, address string, access bool) (*Drawing, error)
}

// WorkerOptions configure a [Worker]. Archive, Engine and Browser are needed.
type WorkerOptions struct {
	Archive *store.Archive
	Engine  Engine
	Browser Drawer
	// Posts and Pages say what is drawn: captured posts; articles and captured
	// pages.
	Posts, Pages bool
	// Address returns where a post can be drawn without an account; "" where
	// it cannot.
	Address func(ref post.Ref, address string) string
	// Software is the name and version that drawings carry.
	Software string
	// Poll is how often the journal is looked at; 0 is two seconds.
	Poll time.Duration
}

// Worker lets what is captured be drawn: it follows the journal, from where it
// was switched on, and makes a durable job of what is new.
type Worker struct {
	archiver.Follower
	o WorkerOptions
}

// NewWorker returns a worker. It starts nothing.
func NewWorker(o WorkerOptions) *Worker {
	w := &Worker{o: o}
	w.Follower = archiver.Follower{Archive: o.Archive, Name: "drawings", Poll: o.Poll, Queue: w.queue}
	return w
}

// intent is the payload of a job.
type intent struct {
	URL string   `json:"url"`
	Ref post.Ref `json:"ref,omitzero"`
	Of  store.ID `json:"of"`
	// Private is that of the record, and Access is true where it was fetched
	// with what a host of the operator's own asks for.
	Private bool `json:"private,omitempty"`
	Access  bool `json:"access,omitempty"`
}

// queue adds the jobs that follow from records. A kill before the cursor moves
// lets them be added again, which changes nothing: each has a key.
func (w *Worker) queue(ctx context.Context, records []store.Record) error {
	b := w.o.Archive.Begin()
	n := 0
	for i := range records {
		in, key, err := w.wanted(ctx, &records[i])
		if err != nil {
			return err
		}
		if in.URL == "" {
			continue
		}
		payload, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("writing the intent to draw %s: %w", in.URL, err)
		}
		u, err := url.Parse(in.URL)
		if err != nil {
			continue // no browser goes there
		}
		if err := b.Enqueue(store.Enqueue{Job: store.Job{Kind: JobDraw, Key: key, Host: strings.ToLower(u.Hostname()), Payload: payload, Priority: store.PriorityLook}}); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return nil
	}
	if _, err := b.Commit(ctx); err != nil {
		return fmt.Errorf("queueing %d drawings: %w", n, err)
	}
	return nil
}

// wanted returns what is to be drawn because of a record: posts and pages that
// are captured for the first time, or by a person.
func (w *Worker) wanted(ctx context.Context, r *store.Record) (in intent, key string, err error) {
	person := false
	switch r.Kind {
	case store.KindCapture:
		c, err := store.Decode[store.Capture](r)
		if err != nil {
			return intent{}, "", err
		}
		if !c.Round.IsZero() || c.Source.Rank() < post.SourceEmbed.Rank() {
			return intent{}, "", nil
		}
		person = c.Trigger == "person"
		switch {
		case c.Kind == store.CapturePost && w.o.Posts:
			in, key = intent{URL: w.o.Address(c.Ref, c.URL), Ref: c.Ref, Of: r.ID}, c.Ref.String()
		case c.Kind == store.CapturePage && w.o.Pages:
			in, key = intent{URL: c.URL, Of: r.ID}, "page "+store.ArticleKey(c.URL)
			if in.Access, err = w.accessed(ctx, c.Exchanges...); err != nil {
				return intent{}, "", err
			}
		}
		in.Private = c.Private && !c.Decided
	case store.KindArticle:
		v, err := store.Decode[store.ArticleVersion](r)
		if err != nil {
			return intent{}, "", err
		}
		person = v.Source == ""
		if w.o.Pages && v.Origin == "web" {
			in, key = intent{URL: v.URL, Of: r.ID, Private: v.Private && !v.Decided}, "page "+store.ArticleKey(v.URL)
			if in.Access, err = w.accessed(ctx, v.Exchange); err != nil {
				return intent{}, "", err
			}
		}
	}
	if in.URL == "" || person {
		return in, key, nil
	}
	term := store.URLTerm(in.URL)
	if !in.Ref.IsZero() {
		term = store.RefTerm(in.Ref)
	}
	page, err := w.o.Archive.List(ctx, store.Query{Term: term, Kinds: []store.Kind{store.KindDrawing}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) > 0 {
		return intent{}, "", err
	}
	return in, key, nil
}

// accessed reports whether one of the exchanges carried an access of the
// operator's own.
func (w *Worker) accessed(ctx context.Context, exchanges ...store.ID) (bool, error) {
	for _, id := range exchanges {
		if id.IsZero() {
			continue
		}
		r, err := w.o.Archive.Get(ctx, id)
		if err != nil {
			return false, fmt.Errorf("reading how it was fetched: %w", err)
		}
		x, err := store.Decode[store.Exchange](&r)
		if err != nil || x.Access != "" {
			return err == nil, err
		}
	}
	return false, nil
}

// refused reports whether a takedown forbids a post since its drawing was
// queued.
func (w *Worker) refused(ctx context.Context, ref post.Ref) (bool, error) {
	if ref.IsZero() {
		return false, nil
	}
	h, err := w.o.Archive.History(ctx, ref)
	if err != nil {
		return false, fmt.Errorf("reading what is to be drawn: %w", err)
	}
	t, err := w.o.Archive.TakedownOf(ctx, store.SubjectOf(h))
	return t != nil, err
}

// Handle runs a job: it draws the page and keeps what it got. The job's outcome
// is committed with it.
func (w *Worker) Handle(ctx context.Context, j store.Job) error {
	b := w.o.Archive.Begin()
	var in intent
	err := json.Unmarshal(j.Payload, &in)
	if err != nil {
		err = fmt.Errorf("%w: the payload of job %s: %w", store.ErrInvalid, j.ID, err)
	} else if refused, trouble := w.refused(ctx, in.Ref); refused || trouble != nil {
		err = trouble // what may not be captured any more is not drawn either
	} else {
		err = w.draw(ctx, b, &in)
	}
	w.o.Engine.Finish(b, j, err)
	_, failed := b.Commit(context.WithoutCancel(ctx))
	return errors.Join(err, failed)
}

func (w *Worker) draw(ctx context.Context, b *store.Builder, in *intent) error {
	d, err := w.o.Browser.Draw(ctx, in.URL, in.Access)
	if err != nil {
		return err
	}
	rec := &store.Drawing{Time: w.o.Archive.Now(), Ref: in.Ref, URL: in.URL, Title: d.Title, Of: in.Of, Cut: d.Cut, Browser: d.Program,
		Notes: d.Notes, Private: in.Private, Software: w.o.Software}
	if d.URL != in.URL {
		rec.Final = d.URL
	}
	if rec.Picture, rec.PictureSize, err = w.keep(ctx, d.Picture); err != nil {
		return err
	}
	if rec.Page, rec.PageSize, err = w.keep(ctx, d.HTML); err != nil {
		return err
	}
	_, err = b.Add(context.WithoutCancel(ctx), rec)
	return err
}

// keep stores bytes as a blob; nothing where there are none.
func (w *Worker) keep(ctx context.Context, body []byte) (d store.Digest, size int64, err error) {
	if len(body) == 0 {
		return store.Digest{}, 0, nil
	}
	spool, err := w.o.Archive.Blobs().Create(ctx)
	if err != nil {
		return store.Digest{}, 0, fmt.Errorf("keeping a drawing: %w", err)
	}
	defer func() { err = errors.Join(err, spool.Close()) }()
	if _, err := spool.Write(body); err != nil {
		return store.Digest{}, 0, fmt.Errorf("keeping a drawing: %w", err)
	}
	info, err := spool.Commit(ctx)
	if err != nil {
		return store.Digest{}, 0, fmt.Errorf("keeping a drawing: %w", err)
	}
	return info.Digest, info.Size, nil
}
