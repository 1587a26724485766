package archiver

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"stet/archiver/fetch"
	"stet/extract/post"
	"stet/store"
)

// The kinds of jobs.
const (
	// JobCapture captures one post; its key is platform:id.
	JobCapture = "capture"
	// JobArticle reads an article and captures its posts; its key is the
	// address.
	JobArticle = "article"
	// JobLook looks at a post again; its key is platform:id.
	JobLook = "look"
	// JobPage captures a linked page, and JobPageLook looks at one again; their
	// key is the page's [store.ArticleKey].
	JobPage     = "page"
	JobPageLook = "page-look"
	// JobSource reads a source; its key is the source's name.
	JobSource = "source"
)

// intent is the payload of a job.
type intent struct {
	// Target is a URL or a reference.
	Target string `json:"target"`
	// URL is the address under which a post was named, which can tell more than
	// its reference.
	URL string `json:"url,omitempty"`
	// Article and Mention say where the post is mentioned.
	Article store.ID `json:"article,omitzero"`
	Mention int      `json:"mention,omitempty"`
	// Via is the post that links the page.
	Via post.Ref `json:"via,omitzero"`
	// Try is how often the rest of an unfinished capture was tried when this
	// look is done.
	Try int `json:"try,omitempty"`
	// Ended is true for what is not to be done any more: it stands in the way of
	// others while its target is removed.
	Ended bool `json:"ended,omitempty"`
	// Content is the stored local input.
	Content store.Digest   `json:"content,omitzero"`
	Origin  string         `json:"origin,omitempty"`
	Options CaptureOptions `json:"options,omitzero"`
}

// want is one post that is to be captured.
type want struct {
	ref post.Ref
	// url is the address under which it was named.
	url string
	// article and mention are where it is mentioned; mention is nil for a post
	// that was asked for directly.
	article store.ID
	private bool
	// decided is true where that is private by a decision alone.
	decided bool
	mention *store.Mention
	index   int
	// via is the post that led here, and quotes and replies how much further
	// its quoted posts and parents are followed.
	via             post.Ref
	quotes, replies int
	options         CaptureOptions
	// set takes the pages that the post links; nil leaves them to the queue.
	set *linkSet
	// beside are the posts that are captured by themselves at the same time.
	beside map[post.Ref]bool

	// lease is what this want asked for, and job the job that it was given for
	// it; zero where somebody else holds that job already.
	lease store.Lease
	job   store.Job
	// taken is true where somebody else holds the job.
	taken bool
	// resolution is how an embed without id was resolved.
	resolution *resolution
	// older is what an older version of the article quotes of the post; nil where
	// none was asked for.
	older *older
	// naming is how a reference that does not last was resolved.
	naming *naming
	// same are wants beside this one that turned out to be of the same post,
	// under another name: they get what this one gets.
	same []*want
}

func (e *Engine) newWant(ref post.Ref, url string, o CaptureOptions) *want {
	return &want{ref: ref, url: url, quotes: e.o.Policy.QuoteDepth, replies: e.o.Policy.ReplyDepth, options: o}
}

// enqueue adds the intent to capture w, held by this process.
func (e *Engine) enqueue(b *store.Builder, w *want) error {
	key := w.ref.String()
	if w.ref.IsZero() {
		key = fmt.Sprintf("%s#%d", w.article, w.index)
	}
	payload, err := json.Marshal(intent{Target: key, URL: w.url, Article: w.article, Mention: w.index, Options: w.options})
	if err != nil {
		return fmt.Errorf("writing the intent to capture %s: %w", key, err)
	}
	w.lease = e.lease()
	return b.Enqueue(store.Enqueue{
		Job:   store.Job{Kind: JobCapture, Key: key, Payload: payload, Priority: store.PriorityPerson},
		Lease: w.lease,
	})
}

// take gives w the job that the store answered for its intent.
func (w *want) take(j store.Job) {
	w.job = given(j, w.lease)
	w.taken = j.State == store.JobLeased && w.job.ID.IsZero()
}

// lease returns a lease of an owner that is new each time: two captures of the
// same thing that go on at once in one process share a job, and only one of
// them may finish it.
func (e *Engine) lease() store.Lease {
	return store.Lease{Owner: fmt.Sprintf("%s/%d", e.o.Owner, e.leases.Add(1)), Until: e.o.Archive.Now().Add(e.o.Lease)}
}

// given returns the job where it was leased by l, and else a zero job, which
// is nobody's to finish.
func given(j store.Job, l store.Lease) store.Job {
	if j.State != store.JobLeased || j.Lease.Owner != l.Owner {
		return store.Job{}
	}
	return j
}

// ours reports whether the owner of a lease is this process.
func (e *Engine) ours(owner string) bool {
	return owner == e.o.Owner || strings.HasPrefix(owner, e.o.Owner+"/")
}

// holds reports whether this process holds the job.
func (e *Engine) holds(j store.Job) bool {
	return j.State == store.JobLeased && e.ours(j.Lease.Owner)
}

// finish adds the outcome of a job, where this process holds it.
func (e *Engine) finish(b *store.Builder, j store.Job, err error) {
	if !e.holds(j) {
		return
	}
	f := store.Finish{Job: j.ID, Token: j.Lease.Token, Outcome: store.OutcomeDone}
	class := store.ClassOf(err)
	switch {
	case err == nil || errors.As(err, new(settled)):
	case class.Name == "interrupted":
		f.Outcome, f.RunAt = store.OutcomeRelease, e.o.Archive.Now()
	case storageTrouble(err):
		// The archive's own storage is away or full, for a minute or a day: that
		// is not the job's fault and must not use up its attempts.
		f.Outcome, f.RunAt = store.OutcomeRelease, e.o.Archive.Now().Add(storageDelay)
	case class.Retry && j.Attempts < maxAttempts:
		f.Outcome, f.RunAt = store.OutcomeRetry, e.o.Archive.Now().Add(e.retryDelay(j.Attempts, err))
	case scheduled(j):
		// Nobody waits for it and sees the error: it stays until a person
		// decides.
		f.Outcome = store.OutcomeDead
	}
	if f.Outcome == store.OutcomeRetry || f.Outcome == store.OutcomeDead {
		f.Error, f.ErrorClass = err.Error(), class.Name
	}
	b.Finish(f)
}

// storageTrouble reports whether an error is of the archive's own storage, which
// passes, whatever else went wrong.
func storageTrouble(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrBusy)
}

// storageDelay is how long a job waits that the archive's own storage stood in
// the way of. It is short, because the storage may be away for this worker only:
// then another takes the job, and this one takes none for a while.
const storageDelay = time.Second

// scheduled reports whether a job was asked for by a schedule rather than a
// person.
func scheduled(j store.Job) bool { return j.Priority > store.PriorityPerson }

// retryDelay is how long a job waits after its n-th failure: ten minutes,
// doubling to a day, and not before the time that the other side named. A part
// of it is drawn at random, so that what failed together does not come back
// together.
func (e *Engine) retryDelay(attempts int, err error) time.Duration {
	d := 10 * time.Minute
	for range min(max(attempts-1, 0), 8) {
		d *= 2
	}
	d = min(d, 24*time.Hour)
	d += time.Duration(e.o.Rand() * float64(d) / 4)
	var limited *fetch.RateLimitError
	if errors.As(err, &limited) {
		d = max(d, limited.Until.Sub(e.o.Archive.Now()))
	}
	return d
}

// scheduled reports whether nobody waits for the capture.
func (o CaptureOptions) scheduled() bool { return o.trigger() != "person" }

func (o CaptureOptions) trigger() string {
	if o.Trigger == "" {
		return "person"
	}
	return o.Trigger
}
