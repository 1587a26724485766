package archiver

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"stet/archiver/fetch"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// Client makes requests: *[fetch.Client].
type Client interface {
	// Do makes a request: see [fetch.Client.Do].
	Do(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

// Options configure an [Engine]. Archive, Client and Finder are needed; for the
// rest the zero value works.
type Options struct {
	Archive *store.Archive
	Client  Client
	Finder  *extract.Finder
	// Platforms are those that the engine can act on, in any order.
	Platforms []Platform
	// Others returns what can be done for a platform that is not among them,
	// nil for nothing; where it is nil itself, nothing can.
	Others func(p post.Platform) Platform
	// Recovery is asked for posts that no source shows; nil is nobody.
	Recovery Recovery
	// Readable returns the readable text of a page; nil keeps none.
	Readable func(in extract.Input) string
	// Pages reads the pages that articles and posts link; nil captures none of
	// them.
	Pages    PageReader
	Schedule Schedule
	// PageSchedule says when linked pages are looked at again, PageRules when a
	// change of one is confirmed; their zero values are the defaults.
	PageSchedule Schedule
	PageRules    PageRules
	// Articles says when an article is read again; its zero value means
	// [DefaultArticleDelays].
	Articles Schedule
	Policy   Policy
	// Budgets are the most posts that an endpoint may be asked for on one day
	// of UTC, by "platform/endpoint": answers of an API can cost money.
	// Endpoints that are not named have no limit.
	Budgets map[string]int
	// SmallHosts says how often posts on hosts that can be their author's own
	// are looked at again; empty is [SmallHostsRarer].
	SmallHosts SmallHosts
	// Handlers run the jobs of kinds that the engine itself does not know.
	Handlers map[string]Handler
	// Owner names this process in leases; empty is "stet".
	Owner string
	// Software is the name and version that captures carry.
	Software string
	// Machine is the name of this machine, which captures carry too.
	Machine string
	// Progress is told of what happens, from any goroutine; nil is nobody.
	Progress func(Progress)
	// Workers is how many posts are captured at a time; 0 is [DefaultWorkers].
	Workers int
	// Lease is how long a job is held without a sign of life: a worker that was
	// killed blocks its jobs no longer. 0 is [DefaultLease].
	Lease time.Duration
	// Rand returns a number in [0,1) for jitter; nil is that of math/rand/v2.
	Rand func() float64
}

// Handler runs a job that was leased. It commits the job's outcome itself; the
// error says why the work failed.
type Handler func(ctx context.Context, j store.Job) error

// Policy says how much is captured.
type Policy struct {
	// NoMedia leaves out the files of posts.
	NoMedia bool
	// MaxMedia is the largest file in bytes; 0 is [DefaultMaxMedia].
	MaxMedia int64
	// MediaTime is the longest that one file may take; 0 is
	// [DefaultMediaTime].
	MediaTime time.Duration
	// QuoteDepth and ReplyDepth are how far quoted posts and parents are
	// followed; 0 is 1, negative is not at all.
	QuoteDepth int
	ReplyDepth int
	// Links says which linked pages are captured where a capture does not say
	// so itself; empty is [LinksOff]. ScanPostLinks lets scans, too, fetch
	// what stands inside posts.
	Links         Links
	ScanPostLinks bool
	// MaxLinks is the most linked pages of one article; 0 is
	// [DefaultMaxLinks].
	MaxLinks int
}

// The defaults of [Options] and [Policy].
const (
	// DefaultWorkers keeps a machine of two cores and an ordinary line busy;
	// the pace towards each host is the client's.
	DefaultWorkers = 8
	// DefaultMaxMedia is the largest file that is kept: X's limit for videos
	// of ordinary accounts.
	DefaultMaxMedia = 512 << 20
	// DefaultMediaTime is the longest that one file may take.
	DefaultMediaTime = 15 * time.Minute
	// DefaultLease leaves a worker that is slow, or asleep for a moment, its jobs.
	DefaultLease = 2 * time.Minute
	// controlTime is how long a right answer about the control posts is
	// believed.
	controlTime = 10 * time.Minute
	// maxFragment bounds the markup that is kept with a mention.
	maxFragment = 16 << 10
)

// Engine captures, looks and judges. It is safe for concurrent use.
type Engine struct {
	o         Options
	platforms map[post.Platform]Platform

	// leases counts the leases that were asked for.
	leases atomic.Uint64

	mu       sync.Mutex
	controls map[string]controlState // by platform and endpoint
	asked    []asked
}

// New returns an engine. It starts nothing and owns nothing.
func New(o Options) *Engine {
	o.Owner = cmp.Or(o.Owner, "stet")
	o.Workers, o.Lease = cmp.Or(o.Workers, DefaultWorkers), cmp.Or(o.Lease, DefaultLease)
	o.Policy.MaxMedia = cmp.Or(o.Policy.MaxMedia, DefaultMaxMedia)
	o.Policy.MediaTime = cmp.Or(o.Policy.MediaTime, DefaultMediaTime)
	o.Policy.QuoteDepth = max(cmp.Or(o.Policy.QuoteDepth, 1), 0)
	o.Policy.ReplyDepth = max(cmp.Or(o.Policy.ReplyDepth, 1), 0)
	if o.Articles.Delays == nil {
		o.Articles.Delays = DefaultArticleDelays()
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	e := &Engine{o: o, platforms: map[post.Platform]Platform{}, controls: map[string]controlState{}}
	for _, p := range o.Platforms {
		e.platforms[p.Platform()] = p
	}
	return e
}

// Can reports whether the engine can ask p for posts.
func (e *Engine) Can(p post.Platform) bool { return e.platform(p) != nil }

// platform returns what can be done on p, nil for nothing.
func (e *Engine) platform(p post.Platform) Platform {
	if known := e.platforms[p]; known != nil || e.o.Others == nil || p == "" {
		return known
	}
	return e.o.Others(p)
}

// State returns what the archive holds true of a post.
func (e *Engine) State(h *store.History) State {
	return Judge(Observations(h), e.o.Schedule.Rules)
}

// Progress is a piece of news about work that goes on.
type Progress struct {
	// Stage is article, post, media, page or done.
	Stage string
	// What names the thing: a URL or a reference.
	What string
	// Done and Total count the posts of the target so far.
	Done, Total int
	// Bytes counts the bytes of a file so far.
	Bytes int64
}

// CaptureOptions say who asks for a capture, and why.
type CaptureOptions struct {
	// Trigger is person or schedule; empty is person.
	Trigger  string
	Operator string
	Case     string
	Note     string
	// Source is the name of the source that led to the article.
	Source string
	// Privacy says whether what is captured is private.
	Privacy Privacy `json:",omitempty"`
	// Links says which linked pages are captured; empty leaves it to the
	// policy.
	Links Links `json:",omitempty"`
}

// History reads what the archive knows of a post, an empty history where that
// is nothing.
func (e *Engine) history(ctx context.Context, ref post.Ref) (*store.History, error) {
	h, err := e.o.Archive.History(ctx, ref)
	if err != nil && store.ClassOf(err).Name == "not-found" {
		return &store.History{Ref: ref}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the history of %s: %w", ref, err)
	}
	return h, nil
}
