package source

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"stet/archiver/fetch"
)

// The defaults of [EstimateOptions].
const (
	// DefaultEstimateRequests is how many documents of a source are read to
	// estimate it: a site's sitemaps of some years.
	DefaultEstimateRequests = 50
	// DefaultSamples is how many articles are asked for their size.
	DefaultSamples = 5
	// sampleBytes is the most that is taken of an article to know its size.
	sampleBytes = 8 << 20
	// estimateItems bounds the items that one pass of an estimate counts.
	estimateItems = 20_000
)

// EstimateOptions say what is to be estimated. The zero value is the first
// pass over a source.
type EstimateOptions struct {
	// Backfill is the day back to which the source would be read.
	Backfill time.Time
	// Requests is the most documents of the source that are read for it; 0 is
	// [DefaultEstimateRequests].
	Requests int
	// Samples is how many articles are asked for their size; 0 is
	// [DefaultSamples], negative is none.
	Samples int
	// Interval is the pause between requests to one host; 0 is
	// fetch.DefaultPerHostInterval.
	Interval time.Duration
	// IgnoreRobots is as in [Options].
	IgnoreRobots bool
}

// Estimate says what reading a source would bring and cost. It is about pages:
// how many posts and files are in them shows only when they are captured.
type Estimate struct {
	Format Format
	Title  string
	// Counted is how many articles were counted, Articles how many there are
	// likely to be: more where Partial, as not everything was looked at.
	Counted  int
	Articles int
	Partial  bool
	// Undated counts the articles without a date, Closed those that the site's
	// robots.txt closes to crawlers, which are not among the others.
	Undated, Closed int
	// Oldest and Newest are the dates of the articles, zero where none has one.
	Oldest, Newest time.Time
	// Requests is how many requests the documents and the articles take.
	Requests int
	// Bytes is the size of the articles' pages as sent, by the mean of Sampled
	// ones; 0 where none could be asked.
	Bytes   int64
	Sampled int
	// Time is how long it takes at the pace of one request per interval and
	// host, CrawlDelay the pause that the source's host asks for.
	Time       time.Duration
	CrawlDelay time.Duration
	Warnings   []string
}

// Estimate reads a source without keeping anything, as far as that takes few
// requests, and says what a first pass, or going back, would bring.
func (r *Reader) Estimate(ctx context.Context, s Source, o EstimateOptions) (Estimate, error) {
	t := &tally{seen: map[string]bool{}, hosts: map[string]int{}, stride: 1}
	var e Estimate
	var st State
	left := cmp.Or(o.Requests, DefaultEstimateRequests)
	documents, parts, read := 0, 0, 0
	for more := true; more; {
		p := r.pass(s, st, Options{Known: t.known, Backfill: o.Backfill, IgnoreRobots: o.IgnoreRobots})
		p.limits.Items, p.limits.Undated, p.limits.Requests = estimateItems, p.limits.Entries, min(left, p.limits.Requests)
		err := p.run(ctx)
		out, err := p.end(err)
		e.Warnings = append(e.Warnings, out.Warnings...)
		if err != nil {
			return e, err
		}
		t.add(out.Items)
		e.Closed += out.Closed
		st, more = out.State, out.More
		documents += len(out.Exchanges)
		parts, read = max(parts, p.parts), read+p.partsRead
		if left -= p.requests; left <= 0 && more {
			e.Partial = true
			break
		}
	}
	e.Format, e.Title, e.CrawlDelay = st.Format, st.Title, st.CrawlDelay
	e.Counted, e.Undated, e.Oldest, e.Newest = t.n, t.undated, t.oldest, t.newest
	scale := 1.0
	if e.Partial && read > 0 && parts > read {
		scale = float64(parts) / float64(read)
	}
	e.Articles = int(scale * float64(t.n))
	e.Requests = int(scale*float64(documents)) + e.Articles
	e.Time = t.time(max(cmp.Or(o.Interval, fetch.DefaultPerHostInterval), e.CrawlDelay), scale)
	err := r.sample(ctx, t, o, &e)
	return e, err
}

// String says what the estimate says, in one sentence.
func (e Estimate) String() string {
	about, size := "", "pages of unknown size"
	if e.Partial {
		about = "about "
	}
	if e.Sampled > 0 {
		size = "about " + inBytes(e.Bytes) + " of pages"
	}
	return fmt.Sprintf("%s%s, %s%d requests, %s (posts and files in them not counted), %s at the pace that is set",
		about, plural(e.Articles, "article", "articles"), about, e.Requests, size, inWords(e.Time))
}

// inBytes writes a size as people say it.
func inBytes(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d KB", (n+1023)>>10)
}

// tally counts items, and forgets them but for a few.
type tally struct {
	seen    map[string]bool
	n       int
	undated int
	oldest  time.Time
	newest  time.Time
	hosts   map[string]int
	// samples are every stride-th item.
	samples []string
	stride  int
}

// maxTallied bounds what is remembered to count nothing twice, and the hosts.
const (
	maxTallied     = 2_000_000
	maxTalliedHost = 1000
	maxTallySample = 64
)

func (t *tally) known(_ context.Context, it Item) (time.Time, bool, error) {
	return it.Date(), t.seen[hashOf(it.Key())], nil
}

func (t *tally) add(items []Item) {
	for i := range items {
		it := &items[i]
		if len(t.seen) < maxTallied {
			t.seen[hashOf(it.Key())] = true
		}
		if t.n%t.stride == 0 {
			t.samples = append(t.samples, it.URL)
		}
		t.n++
		if len(t.samples) == maxTallySample {
			for j := range maxTallySample / 2 {
				t.samples[j] = t.samples[2*j]
			}
			t.samples, t.stride = t.samples[:maxTallySample/2], 2*t.stride
		}
		if host := hostOf(it.URL); len(t.hosts) < maxTalliedHost || t.hosts[host] > 0 {
			t.hosts[host]++
		}
		d := it.Date()
		switch {
		case d.IsZero():
			t.undated++
			continue
		case t.oldest.IsZero() || d.Before(t.oldest):
			t.oldest = d
		}
		if d.After(t.newest) {
			t.newest = d
		}
	}
}

// time returns how long the host with the most articles takes.
func (t *tally) time(interval time.Duration, scale float64) time.Duration {
	most := 0
	for _, n := range t.hosts {
		most = max(most, n)
	}
	return time.Duration(scale * float64(most) * float64(interval))
}

// sample asks some articles for their size.
func (r *Reader) sample(ctx context.Context, t *tally, o EstimateOptions, e *Estimate) error {
	want := min(cmp.Or(o.Samples, DefaultSamples), len(t.samples))
	var sum int64
	for i := range max(want, 0) {
		size, ok := r.sizeOf(ctx, t.samples[i*len(t.samples)/want], o)
		if ctx.Err() != nil {
			return fmt.Errorf("asking articles for their size: %w", ctx.Err())
		}
		if ok {
			sum += size
			e.Sampled++
		}
	}
	if e.Sampled > 0 {
		e.Bytes = sum / int64(e.Sampled) * int64(e.Articles)
	}
	return nil
}

// sizeOf returns the size of an article as sent: what HEAD announces, or what
// arrives. It returns false for what cannot be had.
func (r *Reader) sizeOf(ctx context.Context, address string, o EstimateOptions) (int64, bool) {
	if r.o.Robots != nil && !o.IgnoreRobots {
		if _, err := r.o.Robots.Check(ctx, address); err != nil {
			return 0, false
		}
	}
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		resp, err := r.client.Do(ctx, fetch.Request{Method: method, URL: address, Purpose: PurposeSource, MaxBytes: sampleBytes})
		if err != nil || resp.Status != http.StatusOK {
			continue // some servers do not know HEAD
		}
		if method == http.MethodGet {
			return resp.Exchanges[len(resp.Exchanges)-1].Body.Size, true
		}
		if n, ok := number64(resp.Header.Get("Content-Length")); ok && n > 0 {
			return n, true
		}
	}
	return 0, false
}
