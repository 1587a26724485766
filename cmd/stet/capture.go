package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stet/archiver"
	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

func (a *app) captureCommand() *cobra.Command {
	var (
		o               archiver.CaptureOptions
		private, public bool
		explain         bool
		links           string
	)
	cmd := &cobra.Command{
		Use:   "capture TARGET…",
		Short: "Capture the posts of an article, or posts by their addresses",
		Long: `Capture posts, with their pictures and videos, into the archive. A TARGET is

  the address of an article: every post that it shows is captured
  the address of a page without posts, or of a file: it is kept as a page
  the address of a post, in any form, or platform:id
  a file of HTML or text, or of addresses, one on a line
  -, for the same from standard input

With --links article the pages that an article's text links on other sites are
captured too, with --links all also those that its posts link: every redirect,
the page as it was sent, its readable text. What turns out to be an error page,
a login or another wall is kept too, and marked.

A capture only ever adds: the same target may be captured again and again.

What is private stays out of alerts, of the feed of disappearances and of what
is given away, unless that is asked for. Without --private or --public, private
is what is fetched with a header or cookie of fetch.hosts, and what is read from
a file or standard input.

A request can warn the person that a story is about. With --explain nothing is
asked: it says which hosts would learn what, and what goes with it.`,
		Example: `  stet capture https://news.example/story.html
  stet capture https://x.com/someone/status/20 twitter:21
  stet capture --links article https://news.example/story.html
  stet capture --case "riverside fire" --note "for Monday" story.txt`,
		Args: someArgs("an address, a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			if private && public {
				return fmt.Errorf("%w: --private and --public exclude each other", store.ErrUsage)
			}
			if private {
				o.Privacy = archiver.PrivacyPrivate
			} else if public {
				o.Privacy = archiver.PrivacyPublic
			}
			if links != "" {
				if links, err = config.ParseLinks(links); err != nil {
					return fmt.Errorf("%w: --links: %w", store.ErrUsage, err)
				}
				o.Links = archiver.Links(links)
			}
			if a.holder != nil && o.Operator == "" {
				o.Operator = a.holder.Name
			}
			run := &capturing{a: a, c: c, options: o, finder: wire.Finder()}
			if explain {
				return run.explain(cmd.Context(), args)
			}
			return run.run(cmd.Context(), args)
		},
	}
	cmd.Flags().StringVar(&o.Operator, "operator", "", "who captures; kept with the captures")
	cmd.Flags().StringVar(&o.Case, "case", "", "name of the case; kept with the captures, which are added to it where there is one of that name")
	cmd.Flags().StringVar(&links, "links", "", "capture linked pages too: off, article, or all (also those that posts link)")
	cmd.Flags().StringVar(&o.Note, "note", "", "a note; kept with the captures")
	cmd.Flags().BoolVar(&private, "private", false, "keep what is captured out of what is told and given away")
	cmd.Flags().BoolVar(&explain, "explain", false, explainHelp)
	cmd.Flags().BoolVar(&public, "public", false, "the contrary, also of what was private")
	return cmd
}

// capturing is one run of the command.
type capturing struct {
	a       *app
	c       *config.Config
	options archiver.CaptureOptions
	finder  *extract.Finder

	archive  *wire.Archive
	progress *progress
	targets  []target
	told     []bool // of targets
	sum      outcomes
	members  []view.Member // what a case gains
	shown    int           // results that were printed for people
	next     archiver.ResultPost
	retries  []archiver.ResultRetry // of what failed
}

func (r *capturing) run(ctx context.Context, words []string) (err error) {
	r.gather(ctx, words)
	r.told = make([]bool, len(r.targets))
	for i := range r.targets {
		if t := &r.targets[i]; t.err != nil {
			r.tellFailed(i, t.err)
		}
	}
	if !slices.Contains(r.told, false) {
		return r.sum.err()
	}
	r.progress = r.a.newProgress()
	defer r.progress.close()
	if r.archive, err = r.a.open(ctx, r.c, false, r.progress.note); err != nil {
		return r.failAll(err)
	}
	defer func() { err = errors.Join(err, r.archive.Close()) }()
	if err := r.a.acted(ctx, r.archive, "capture", words, r.options.Operator); err != nil {
		return r.failAll(err)
	}
	r.followShort(ctx)
	r.posts(ctx)
	r.others(ctx)
	r.progress.clear()
	r.closing(ctx)
	r.tellRetries()
	if err := r.intoCase(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(r.sum.err(), fmt.Errorf("all of it is kept, and not gathered into the case %q: %w", r.options.Case, err))
	}
	return r.sum.err()
}

// gathered is what a case gains by the capture of a target: the post, article or
// page that was asked for, or the posts of a document, which has no address.
func gathered(t *target, res *archiver.Result) []view.Member {
	switch {
	case res.Err != nil:
		return nil
	case res.Article != nil && t.kind == targetPage:
		return []view.Member{{Article: res.Article.URL}}
	case res.Kind == "page":
		return []view.Member{{Page: t.url}}
	}
	var members []view.Member
	for i := range res.Posts {
		if p := &res.Posts[i]; !p.Capture.IsZero() {
			members = append(members, view.Member{Ref: post.Ref{Platform: p.Platform, ID: p.ID}})
		}
	}
	return members
}

// intoCase adds what was captured to the case that was named, where there is one.
func (r *capturing) intoCase(ctx context.Context) error {
	if r.options.Case == "" || len(r.members) == 0 {
		return nil
	}
	line, err := r.a.findCase(ctx, r.archive, r.options.Case)
	if errors.Is(err, store.ErrNotFound) {
		r.a.warn("there is no case “%s”: the name is kept with what was captured; `stet case open` begins one", r.options.Case)
		return nil
	}
	for _, m := range r.members {
		if err != nil {
			break
		}
		if err = holds(ctx, r.archive, line, m); errors.Is(err, store.ErrNotFound) {
			_, err = archiver.KeepCase(ctx, r.archive.Archive, store.Case{Act: store.CaseAdd, Case: line.ID, By: r.a.person(), Member: m})
		}
	}
	return err
}

func (r *capturing) classifier() classifier { return classifier{r.finder, r.a.files} }

// gather reads what was named: lists of addresses become targets of their own.
func (r *capturing) gather(ctx context.Context, words []string) {
	c := r.classifier()
	stdin := false
	for _, word := range words {
		t := c.classify(word)
		if t.err == nil && t.kind == targetDocument {
			if t.doc.stdin && stdin {
				t.err = invalid("standard input (-) can be named only once")
			} else {
				stdin = stdin || t.doc.stdin
				t.err = t.doc.read(ctx, r.a)
			}
		}
		list := t.doc.addresses(c)
		if n, line := t.doc.strayLine(c); t.err == nil && list == nil && n > 0 {
			r.a.warn("%s is read as a text and not as a list of addresses, because of line %d: %.80q", t.doc.name(), n, line)
		}
		if t.err != nil || list == nil {
			r.targets = append(r.targets, t)
			continue
		}
		for _, address := range list {
			r.targets = append(r.targets, c.classify(address))
		}
	}
}

// failAll fails every target that is left, for one reason.
func (r *capturing) failAll(err error) error {
	if !r.a.json {
		r.a.complain(err)
	}
	for i := range r.targets {
		if !r.told[i] {
			r.told[i] = true
			r.sum.add(r.targets[i].name, err)
			r.print(&archiver.Result{Target: r.targets[i].name, Kind: r.targets[i].word(), Error: sentence(err), Err: err})
		}
	}
	return r.sum.err()
}

// tellFailed tells that a target was not captured.
func (r *capturing) tellFailed(i int, err error) {
	t := &r.targets[i]
	r.tell(i, &archiver.Result{Target: t.name, Kind: t.word(), Error: sentence(err), Err: err})
}

// tell prints the result of a target and counts it.
func (r *capturing) tell(i int, res *archiver.Result) {
	r.told[i] = true
	r.sum.add(r.targets[i].name, failureOf(res))
	r.members = append(r.members, gathered(&r.targets[i], res)...)
	r.progress.clear()
	if err := failureOf(res); err != nil {
		r.a.complain(err)
	}
	r.print(res)
	for j := range res.Posts {
		if p := &res.Posts[j]; !p.NextLook.IsZero() && (r.next.NextLook.IsZero() || p.NextLook.Before(r.next.NextLook)) {
			r.next = *p
		}
	}
	r.retries = append(r.retries, retriesOf(res)...)
}

// retriesOf lists what of a result is tried again.
func retriesOf(res *archiver.Result) []archiver.ResultRetry {
	all := []*archiver.ResultRetry{res.Retry}
	for i := range res.Posts {
		all = append(all, res.Posts[i].Retry)
	}
	for i := range res.Links {
		all = append(all, res.Links[i].Retry)
	}
	var retries []archiver.ResultRetry
	for _, retry := range all {
		// Two names of one post have one job.
		if retry != nil && !slices.Contains(retries, *retry) {
			retries = append(retries, *retry)
		}
	}
	return retries
}

// tellRetries says that what failed is tried again, and how to keep it from
// that.
func (r *capturing) tellRetries() {
	if len(r.retries) == 0 || r.a.json {
		return
	}
	first := slices.MinFunc(r.retries, func(x, y archiver.ResultRetry) int { return x.At.Compare(y.At) })
	who := "the next `stet serve` tries"
	if r.a.shared != nil {
		who = "the service tries"
	}
	what, drop := "it", "`stet jobs drop "+first.Job.String()+"` keeps it from that"
	if n := len(r.retries); n > 1 {
		what, drop = fmt.Sprintf("%d of these", n), "`stet jobs` lists them, `stet jobs drop ID` keeps one from that"
	}
	r.a.warn("%s %s again, from %s on; %s", who, what, r.a.when(first.At), drop)
}

// print prints a result: its line of JSON, or its lines for people.
func (r *capturing) print(res *archiver.Result) {
	switch {
	case r.a.json:
		res.Posts, res.Links = filled(res.Posts), filled(res.Links)
		r.a.out.json(res)
	case res.Err == nil && (res.Kind != "post" || res.Posts[0].Err == nil || !res.Posts[0].Capture.IsZero()):
		if r.shown++; r.shown > 1 {
			r.a.out.line("")
		}
		r.a.showCaptured(res)
	}
}

// failureOf returns what decides the exit code: the failure of the target, or
// "partly done" where an article was captured and a post of it was not.
func failureOf(res *archiver.Result) error {
	if res.Err != nil {
		return res.Err
	}
	var errs []error
	for i := range res.Posts {
		if err := res.Posts[i].Err; err != nil {
			errs = append(errs, err)
		}
	}
	switch {
	case len(errs) == 0:
		return linkFailure(res)
	case res.Kind == "post" && len(res.Posts) == 1:
		return errs[0]
	}
	return &someFailed{missed(res, errs), errs}
}

// linkFailure returns "partly done" where pages that were linked were not
// captured.
func linkFailure(res *archiver.Result) error {
	var errs []error
	for i := range res.Links {
		if err := res.Links[i].Err; err != nil {
			errs = append(errs, err)
		}
	}
	switch {
	case len(errs) == 0:
		return nil
	case res.Kind == "page" && len(res.Links) == 1:
		return errs[0]
	}
	return &someFailed{fmt.Sprintf("%d of %s of %s not captured", len(errs), count(len(res.Links), "page"), res.Target), errs}
}

// missed counts what is missing of an article: posts, or files of posts that
// are captured.
func missed(res *archiver.Result, errs []error) string {
	whole := 0
	for i := range res.Posts {
		if p := &res.Posts[i]; p.Err != nil && !isCaptured(p) {
			whole++
		}
	}
	of := fmt.Sprintf("of %s of %s", count(len(res.Posts), "post"), res.Target)
	switch files := len(errs) - whole; {
	case whole == 0:
		return fmt.Sprintf("%d %s not captured whole", files, of)
	case files == 0:
		return fmt.Sprintf("%d %s not captured", whole, of)
	default:
		return fmt.Sprintf("%d %s not captured, and %d not whole", whole, of, files)
	}
}

// someFailed says that some of the posts of an article were not captured. It is
// of the class "partly done", whatever the classes of the failures.
type someFailed struct {
	what string
	errs []error
}

// Error names the first failure; the answer tells of each.
func (s *someFailed) Error() string { return s.what + ": " + s.errs[0].Error() }

// Unwrap returns the class and the failures.
func (s *someFailed) Unwrap() []error { return append([]error{store.ErrPartial}, s.errs...) }

// followShort finds out where the short links lead.
func (r *capturing) followShort(ctx context.Context) {
	for i := range r.targets {
		t := &r.targets[i]
		if r.told[i] || t.kind != targetShort || ctx.Err() != nil {
			continue
		}
		r.progress.target(i+1, len(r.targets), t.name)
		lead, platform, err := r.archive.Engine.Follow(ctx, t.url)
		switch {
		case errors.Is(err, store.ErrTooLarge):
			t.kind = targetPage // what is that large is a page; reading it follows the link again
		case err != nil:
			r.tellFailed(i, err)
		case !lead.Ref.IsZero():
			r.classifier().platform(t, lead, platform)
		case lead.URL != "":
			r.classifier().address(t, lead.URL)
		}
		if t.kind == targetShort && t.err == nil && !r.told[i] {
			t.err = fmt.Errorf("%w: the short link %s leads nowhere", store.ErrUnexpected, t.url)
		}
		if t.err != nil && !r.told[i] {
			r.tellFailed(i, t.err)
		}
	}
}

// posts captures the posts that were named, all together where the platform
// answers for many at once, else a few at a time so that each is told of soon.
func (r *capturing) posts(ctx context.Context) {
	byRef := map[post.Ref][]int{}
	var refs []post.Ref
	for i := range r.targets {
		t := &r.targets[i]
		if r.told[i] || t.kind != targetPost {
			continue
		}
		if byRef[t.ref] == nil {
			refs = append(refs, t.ref)
		}
		byRef[t.ref] = append(byRef[t.ref], i)
	}
	done := 0
	for group := range slices.Chunk(refs, r.groupSize()) {
		if ctx.Err() != nil {
			return
		}
		r.progress.target(done+1, len(r.targets), group[0].String())
		done += len(group)
		urls := make([]string, len(group))
		for i, ref := range group {
			urls[i] = r.targets[byRef[ref][0]].url
		}
		results, err := r.archive.Engine.CapturePosts(ctx, group, urls, r.options)
		for i, ref := range group {
			for _, n := range byRef[ref] {
				if err != nil {
					r.tellFailed(n, fmt.Errorf("capturing %s: %w", ref, err))
					continue
				}
				r.tell(n, postResult(r.targets[n].name, results[i]))
			}
		}
	}
}

// groupSize is how many posts are captured before they are told of.
func (r *capturing) groupSize() int {
	if r.c.Twitter.BearerToken != "" || r.c.Twitter.ConsumerKey != "" {
		return 100 // what one request of X's API takes
	}
	return r.c.Capture.Workers
}

// postResult is the result of a target that is one post.
func postResult(name string, p archiver.ResultPost) *archiver.Result {
	res := &archiver.Result{Target: name, Kind: "post", OK: p.Err == nil, Posts: []archiver.ResultPost{p}, Links: p.Links, NextLook: p.NextLook}
	tidyLinks(res)
	if p.Err != nil {
		res.Posts[0].Error = sentence(p.Err)
		res.Error = sentence(p.Err)
	}
	return res
}

// others captures pages and documents, one after the other: the engine works on
// the posts of each side by side.
func (r *capturing) others(ctx context.Context) {
	for i := range r.targets {
		t := &r.targets[i]
		if r.told[i] || ctx.Err() != nil {
			continue
		}
		r.progress.target(i+1, len(r.targets), t.name)
		var res archiver.Result
		if t.kind == targetDocument {
			d := archiver.Document{Origin: "stdin", ContentType: t.doc.in.ContentType, Body: t.doc.in.Body}
			if !t.doc.stdin {
				d.Name, d.Origin = t.doc.path, "file"
			}
			res = r.archive.Engine.CaptureDocument(ctx, d, r.options)
		} else {
			res = r.archive.Engine.CapturePage(ctx, t.url, r.options)
			if res.Err != nil {
				res.Err = fmt.Errorf("capturing %s: %w", t.url, res.Err)
			}
		}
		res.Target = t.name
		tidy(&res)
		r.tell(i, &res)
	}
}

// tidyLinks writes the errors of the links of a result as sentences. It returns
// the first.
func tidyLinks(res *archiver.Result) (first string) {
	for i := range res.Links {
		if l := &res.Links[i]; l.Err != nil {
			res.OK, l.Error = false, sentence(l.Err)
			first = cmp.Or(first, l.Error)
		}
	}
	return first
}

// tidy writes the errors of a result as sentences.
func tidy(res *archiver.Result) {
	links, first := tidyLinks(res), ""
	for i := range res.Posts {
		if p := &res.Posts[i]; p.Err != nil {
			p.Error = sentence(p.Err)
			if first == "" {
				first = p.Error
			}
		}
	}
	switch {
	case res.Err != nil:
		res.Error = sentence(res.Err)
	case first != "":
		res.Error = first
	case links != "":
		res.Error = links
	}
}

// closing says what remains after an interruption, and else when the next look
// is due.
func (r *capturing) closing(ctx context.Context) {
	if err := ctx.Err(); err != nil {
		var remain []string
		for i := range r.targets {
			if !r.told[i] {
				remain = append(remain, r.targets[i].name)
				r.told[i] = true
				cause := fmt.Errorf("capturing %s: %w before it was begun", r.targets[i].name, err)
				r.sum.add(r.targets[i].name, cause)
				r.print(&archiver.Result{Target: r.targets[i].name, Kind: r.targets[i].word(), Error: sentence(cause), Err: cause})
			}
		}
		r.tellRemaining(remain)
		return
	}
	if r.a.json || r.next.NextLook.IsZero() {
		return
	}
	ref := post.Ref{Platform: r.next.Platform, ID: r.next.ID}
	if r.shown > 0 {
		r.a.out.line("")
	}
	who := fmt.Sprintf("Nothing is watching until `stet serve` runs; `stet recheck %s` looks now.", ref)
	if r.a.shared != nil {
		who = "The service that runs will look then."
	}
	r.a.out.block("", fmt.Sprintf("The next look is due %s. %s", r.a.when(r.next.NextLook), who), 0)
}

func (r *capturing) tellRemaining(remain []string) {
	done := r.sum.total - len(r.sum.errs)
	r.a.warn("interrupted: %d of %s captured and kept", done, count(len(r.targets), "target"))
	left := slices.Concat(r.sum.failed)
	if len(remain) > 0 || len(left) > 0 {
		const most = 10
		shown := left[:min(len(left), most)]
		more := ""
		if len(left) > most {
			more = fmt.Sprintf(" and %d more", len(left)-most)
		}
		r.a.warn("not done: %s%s; run the same command again to go on", strings.Join(shown, ", "), more)
	}
}
