package wire

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"stet/archiver"
	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/archiver/oembed"
	"stet/cmd/internal/config"
	"stet/extract"
	"stet/extract/post"
	"stet/store"
	"stet/store/mem"
)

// matrix is one platform in an internet in which each of its endpoints answers
// as a test says.
type matrix struct {
	t        *testing.T
	name     post.Platform
	platform archiver.Platform
	ref      post.Ref
	net      *fakenet.Net
	client   *fetch.Client
	// endpoints are the names of those that are asked, witnesses included, and
	// hosts where each is asked.
	endpoints []string
	hosts     map[string][]string
	// plain is true while the platform's control posts are left out.
	plain bool

	mu sync.Mutex
	// asking and asked are the endpoint that is being asked, and for which post.
	asking string
	asked  string
	// answers are what endpoints say of the post of the story, and all what
	// they say of every post; else they show every post.
	answers map[string]extract.Response
	all     map[string]extract.Response
}

// onEveryPlatform tells stories for every platform that the engine can act on:
// as it is without configuration, and with credentials where these make a
// difference.
func onEveryPlatform(t *testing.T, tell func(*matrix)) {
	seen := map[string]bool{}
	for _, c := range []*config.Config{config.Default(), withSecrets()} {
		for i, p := range everyPlatform(c, nil) {
			name := string(p.Platform())
			for _, e := range p.Endpoints() {
				name += " " + e.Name()
			}
			if seen[name] {
				continue
			}
			seen[name] = true
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
					m := newMatrix(t)
					defer m.close()
					if m.learn(everyPlatform(c, m.client)[i]) {
						tell(m)
					}
				})
			})
		}
	}
}

// everyPlatform returns the platforms, and one of the many providers of which
// only oEmbed is known.
func everyPlatform(c *config.Config, client *fetch.Client) []archiver.Platform {
	return append(platforms(c, client), oembed.Others(client)("ted"))
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	m := &matrix{t: t, net: fakenet.New(fakenet.Options{Now: time.Now}), hosts: map[string][]string{}}
	m.clear()
	o := m.net.FetchOptions()
	o.Resolver = everyName{m, o.Resolver}
	o.IdleTime = months // a connection for every look would take most of the test's time
	o.MaxBody = 1 << 22
	var err error
	if m.client, err = fetch.New(o); err != nil {
		t.Fatal(err)
	}
	m.net.HandleFunc("errors.example", http.NotFound)
	m.net.HandleFunc("consent.example", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<title>Before you continue</title>")
	})
	return m
}

func (m *matrix) close() {
	if err := m.client.Close(); err != nil {
		m.t.Error(err)
	}
	if err := m.net.Close(); err != nil {
		m.t.Error(err)
	}
}

// everyName lets the matrix answer for every name that is looked up.
type everyName struct {
	m *matrix
	fetch.Resolver
}

// LookupNetIP implements [fetch.Resolver].
func (n everyName) LookupNetIP(ctx context.Context, network, name string) ([]netip.Addr, error) {
	if !n.m.net.Address(name).IsValid() {
		n.m.net.HandleFunc(name, n.m.serve)
	}
	return n.Resolver.LookupNetIP(ctx, network, name)
}

// serve answers for the endpoint that is being asked.
func (m *matrix) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost { // an app's credentials, exchanged for a token
		_, _ = io.WriteString(w, `{"access_token":"token"}`)
		return
	}
	m.mu.Lock()
	endpoint, id := m.asking, m.asked
	answer, ok := m.all[endpoint]
	if !ok && id == m.ref.ID {
		answer, ok = m.answers[endpoint]
	}
	m.mu.Unlock()
	switch {
	case endpoint == hostItself:
		answer = extract.Response{StatusCode: 200, ContentType: "application/json", Body: []byte(`{"uri":"harbour.example","version":"4.4.3"}`)}
	case !ok:
		answer, _ = m.sample(endpoint, func(r *extract.Rule) bool { return r.Status == post.Live })
	}
	w.Header().Set("Content-Type", answer.ContentType)
	w.WriteHeader(max(answer.StatusCode, 200))
	_, _ = io.WriteString(w, strings.ReplaceAll(string(answer.Body), m.ref.ID, id))
}

// sample returns the first sample of an endpoint's rules that is fit.
func (m *matrix) sample(endpoint string, fit func(*extract.Rule) bool) (extract.Response, bool) {
	for _, r := range m.platform.Rules() {
		if r.Endpoint == endpoint && r.Sample.StatusCode != 0 && fit(&r) {
			return r.Sample, true
		}
	}
	return extract.Response{StatusCode: 503, ContentType: "text/html"}, false
}

// learn takes a platform and asks each of its endpoints once, to learn where
// that is. It returns false where no post of the platform can be asked for by
// its id alone.
func (m *matrix) learn(p archiver.Platform) bool {
	m.t.Helper()
	m.platform, m.name = p, p.Platform()
	for _, id := range candidates(p) {
		m.ref = post.Ref{Platform: m.name, ID: id}
		m.endpoints = nil
		reached := true
		for _, e := range m.overheard() {
			m.endpoints = append(m.endpoints, e.Name())
			m.net.Forget()
			e.Ask(m.t.Context(), []post.Ref{m.ref}, "post")
			var hosts []string
			for _, r := range m.net.Requests() {
				if !slices.Contains(hosts, r.Host) {
					hosts = append(hosts, r.Host)
				}
			}
			m.hosts[e.Name()] = hosts
			reached = reached && len(hosts) > 0
		}
		if reached {
			return true
		}
	}
	m.t.Errorf("asking for posts of %s reaches nobody; add an id to the candidates", m.name)
	return false
}

// overheard are the platform's endpoints and witnesses, of which the matrix
// hears which one is asked.
func (m *matrix) overheard() []archiver.Endpoint {
	var all []archiver.Endpoint
	for _, e := range m.platform.Endpoints() {
		all = append(all, overheard{e, m})
	}
	if w, ok := m.platform.(archiver.WitnessPlatform); ok {
		for _, witness := range w.Witnesses() {
			all = append(all, asEndpoint{overheardWitness{witness, m}})
		}
	}
	return all
}

// witness reports whether a name is that of a witness.
func (m *matrix) witness(name string) bool {
	return slices.Index(m.endpoints, name) >= len(m.platform.Endpoints())
}

func (m *matrix) note(endpoint, id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asking, m.asked = endpoint, id
}

type overheard struct {
	archiver.Endpoint
	m *matrix
}

// Ask notes who is asked for which post.
func (o overheard) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	o.m.note(o.Name(), refs[0].ID)
	if at, ok := o.Endpoint.(archiver.AddressedEndpoint); ok {
		return at.AskAt(ctx, refs[0], addressOfAda(refs[0]), purpose)
	}
	return o.Endpoint.Ask(ctx, refs, purpose)
}

// addressOfAda is the address of a post of Ada's.
func addressOfAda(ref post.Ref) string {
	if ref.Platform == post.Tumblr { // the number alone does not tell it
		return "https://www.tumblr.com/ada/" + ref.ID
	}
	return strings.Replace(PostURL(ref), "/web/statuses/", "/@ada/", 1)
}

type overheardWitness struct {
	archiver.Witness
	m *matrix
}

// AskAccount notes who is asked for which post.
func (o overheardWitness) AskAccount(ctx context.Context, ref post.Ref, author post.Author, purpose string) archiver.Reply {
	o.m.note(o.Name(), ref.ID)
	return o.Witness.AskAccount(ctx, ref, author, purpose)
}

// asEndpoint is a witness that is asked for posts of Ada's.
type asEndpoint struct{ archiver.Witness }

// Batch returns 1.
func (asEndpoint) Batch() int { return 1 }

// Ask asks for a post.
func (a asEndpoint) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	return a.AskAccount(ctx, refs[0], post.Author{Handle: "ada"}, purpose)
}

// behind is an [archiver.Platform] that can be embedded.
type behind interface{ archiver.Platform }

// subject is the platform as the engine gets it.
type subject struct {
	behind
	m *matrix
}

// subject returns the platform as the engine gets it.
func (m *matrix) subject() archiver.Platform {
	s := subject{m.platform, m}
	if hosts, ok := m.platform.(archiver.HostPlatform); ok {
		return onHosts{s, hosts}
	}
	return s
}

// onHosts is a subject whose posts live on many hosts.
type onHosts struct {
	subject
	hosts archiver.HostPlatform
}

// Host names the host of a post.
func (o onHosts) Host(ref post.Ref) string { return o.hosts.Host(ref) }

// hostItself stands for the host where that is asked what it is.
const hostItself = "the host itself"

// CheckHost asks a host what it is: what the story is about is elsewhere.
func (o onHosts) CheckHost(ctx context.Context, host string) ([]store.Exchange, error) {
	o.m.note(hostItself, "")
	return o.hosts.CheckHost(ctx, host)
}

// Endpoints lists the overheard endpoints.
func (s subject) Endpoints() []archiver.Endpoint {
	return s.m.overheard()[:len(s.behind.Endpoints())]
}

// Witnesses lists the overheard witnesses.
func (s subject) Witnesses() []archiver.Witness {
	var all []archiver.Witness
	if w, ok := s.behind.(archiver.WitnessPlatform); ok {
		for _, witness := range w.Witnesses() {
			all = append(all, overheardWitness{witness, s.m})
		}
	}
	return all
}

// Controls are the platform's, or none.
func (s subject) Controls() archiver.Controls {
	if s.m.plain {
		return archiver.Controls{}
	}
	return s.behind.Controls()
}

func (m *matrix) withoutControls() { m.plain = true }
func (m *matrix) withControls()    { m.plain = false }

// controlled reports whether the platform has posts that are known to live.
func (m *matrix) controlled() bool { return !m.plain && len(m.platform.Controls().Live) > 0 }

// clear lets every endpoint show every post.
func (m *matrix) clear() {
	m.net.Heal()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers, m.all = map[string]extract.Response{}, map[string]extract.Response{}
}

// faultAt lets an endpoint's hosts fail.
func (m *matrix) faultAt(endpoint string, f fakenet.Fault) {
	for _, h := range m.hosts[endpoint] {
		m.net.Fault(h, "", f)
	}
}

// troubled lets all endpoints but one answer with an error of the server.
func (m *matrix) troubled(but string) {
	for _, e := range m.endpoints {
		if e != but {
			m.servesEverywhere(e, extract.Response{StatusCode: 503, ContentType: "text/html"})
		}
	}
}

// serves lets an endpoint answer for the post, and servesOf is the same word
// where others answer as they like.
func (m *matrix) serves(endpoint string, r extract.Response) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers[endpoint] = r
}

func (m *matrix) servesOf(endpoint string, r extract.Response) { m.serves(endpoint, r) }

// servesEverywhere lets an endpoint answer the same for every post.
func (m *matrix) servesEverywhere(endpoint string, r extract.Response) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all[endpoint] = r
}

// missed lets all endpoints miss the post without a word, as far as they can,
// and returns the names of those that do; witnesses, which do not know every
// post, say nothing.
func (m *matrix) missed() []string {
	var names []string
	asked := len(m.platform.Endpoints())
	for i, e := range m.endpoints {
		r, ok := m.sample(e, func(r *extract.Rule) bool { return r.Status == post.NotFound && !r.Explicit })
		m.serves(e, r)
		if ok && i < asked && m.controlsShown(e) {
			names = append(names, e)
		}
	}
	return names
}

// ask asks an endpoint as it answers now.
func (m *matrix) ask(endpoint string, ref post.Ref) archiver.Answer {
	e := m.overheard()[slices.Index(m.endpoints, endpoint)]
	reply := e.Ask(m.t.Context(), []post.Ref{ref}, "post")
	return reply.Answers[0]
}

// means reports whether the endpoint makes of the sample, given to all its
// requests, what the rule says: some endpoints make several requests.
func (m *matrix) means(r *extract.Rule) bool {
	m.mu.Lock()
	before := maps.Clone(m.answers)
	m.mu.Unlock()
	m.serves(r.Endpoint, r.Sample)
	a := m.ask(r.Endpoint, m.ref)
	m.mu.Lock()
	m.answers = before
	m.mu.Unlock()
	return a.Err == nil && a.Status == r.Status && a.Explicit == r.Explicit
}

// controlsShown reports whether the samples of an endpoint show the control
// posts as they are.
func (m *matrix) controlsShown(endpoint string) bool {
	for _, ref := range m.platform.Controls().Live {
		if a := m.ask(endpoint, ref); a.Err != nil || a.Status != post.Live {
			return false
		}
	}
	return true
}

// othersShow clears what endpoints answer and reports whether one other than
// but shows the post then.
func (m *matrix) othersShow(but string) bool {
	m.clear()
	for _, e := range m.endpoints {
		if e != but && m.shows(e) {
			return true
		}
	}
	return false
}

// apart reports whether no other endpoint is asked at the same hosts.
func (m *matrix) apart(endpoint string) bool {
	for _, e := range m.endpoints {
		if e != endpoint && slices.ContainsFunc(m.hosts[e], func(h string) bool { return slices.Contains(m.hosts[endpoint], h) }) {
			return false
		}
	}
	return true
}

func (m *matrix) shows(endpoint string) bool {
	a := m.ask(endpoint, m.ref)
	return a.Err == nil && a.Status == post.Live
}

// story is a post that was captured an hour ago, in an archive of its own.
type story struct {
	m       *matrix
	name    string
	archive *store.Archive
	engine  *archiver.Engine
	// began is when the post was captured; all that a test changes happens
	// half an hour later.
	began time.Time
}

// story begins one: everything is well, and the post is captured.
func (m *matrix) story(name string) *story {
	m.t.Helper()
	m.clear()
	time.Sleep(25 * time.Hour) // what hosts asked to wait for is over
	backend := mem.New(mem.Options{Now: time.Now})
	s := &story{m: m, name: name, began: time.Now(), archive: store.NewArchive(store.Parts{Backend: backend, Blobs: backend, Now: time.Now, Random: rand.Reader})}
	s.engine = archiver.New(archiver.Options{Archive: s.archive, Client: m.client, Finder: Finder(), Platforms: []archiver.Platform{m.subject()}, SmallHosts: archiver.SmallHostsSame,
		Policy: archiver.Policy{NoMedia: true, QuoteDepth: -1, ReplyDepth: -1}})
	b := s.archive.Begin()
	id, err := b.Add(m.t.Context(), &store.Capture{Time: s.began, Kind: store.CapturePost, Ref: m.ref, Source: post.SourcePublic, Trigger: "person"})
	if err == nil {
		_, err = b.Add(m.t.Context(), &store.Derivation{Time: s.began, Capture: id, Parser: "test/1", Source: post.SourcePublic, Ref: m.ref,
			Post: post.Post{Platform: m.name, ID: m.ref.ID, URL: addressOfAda(m.ref), Text: "hello", Author: post.Author{Handle: "ada"}}})
	}
	if err == nil {
		payload, _ := json.Marshal(map[string]string{"target": m.ref.String()}) // strings can always be written
		err = b.Enqueue(store.Enqueue{Job: store.Job{Kind: archiver.JobLook, Key: m.ref.String(), Payload: payload, Priority: store.PriorityLook,
			RunAt: s.began.Add(time.Hour)}})
	}
	if err == nil {
		_, err = b.Commit(m.t.Context())
	}
	if err != nil {
		m.t.Fatal(err)
	}
	time.Sleep(time.Hour / 2)
	return s
}

// pass lets the engine work for a time.
func (s *story) pass(d time.Duration) {
	s.m.t.Helper()
	ctx, cancel := context.WithCancel(s.m.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.engine.Run(ctx, archiver.RunOptions{Workers: 1, Poll: time.Hour}) }()
	time.Sleep(d)
	cancel()
	if err := <-done; err != nil {
		s.m.t.Fatalf("%s: %v", s.name, err)
	}
}

func (s *story) history() *store.History {
	s.m.t.Helper()
	h, err := s.archive.History(s.m.t.Context(), s.m.ref)
	if err != nil {
		s.m.t.Fatal(err)
	}
	return h
}

// looked fails the test where the engine did not look as the schedule wants.
func (s *story) looked(h *store.History) {
	s.m.t.Helper()
	rounds := map[store.ID]bool{}
	for _, l := range h.Looks {
		rounds[l.Content.Round] = true
	}
	if len(rounds) < 9 {
		s.m.t.Errorf("%s: the post was looked at %d times", s.name, len(rounds))
	}
}

// wantNoVerdict: nothing was concluded, and no copy was made of what is none.
func (s *story) wantNoVerdict() {
	s.m.t.Helper()
	h := s.history()
	s.looked(h)
	for _, v := range h.Verdicts {
		s.m.t.Errorf("%s: verdict %s confirmed %t: %s", s.name, v.Content.Status, v.Content.Confirmed, v.Content.Reason)
	}
	for _, d := range h.Derivations {
		if d.Content.Post.ID != s.m.ref.ID || strings.Contains(d.Content.Post.Text, "Log in") {
			s.m.t.Errorf("%s: a wrong record: %+v", s.name, d.Content.Post)
		}
	}
}

// wantNotConfirmed: the post was never called gone.
func (s *story) wantNotConfirmed() {
	s.m.t.Helper()
	h := s.history()
	s.looked(h)
	for _, v := range h.Verdicts {
		if v.Content.Confirmed && v.Content.Status.Gone() {
			s.m.t.Errorf("%s: called %s: %s", s.name, v.Content.Status, v.Content.Reason)
		}
	}
}

// wantConfirmed: the first look after the loss missed the post, and within a
// time after it the loss was confirmed, with the right word.
func (s *story) wantConfirmed(word post.Status, within time.Duration) {
	s.m.t.Helper()
	const slack = 90 * time.Minute // the queue is looked at every hour
	state := s.engine.State(s.history())
	missed, confirmed := state.FirstGone.Sub(s.began), state.ConfirmedAt.Sub(s.began)
	if state.Value != word || !state.Confirmed || missed > time.Hour+slack || confirmed > missed+within+slack {
		s.m.t.Errorf("%s: %s confirmed %t, first missed after %v, confirmed after %v (%s); want %s within %v", s.name, state.Value, state.Confirmed,
			missed, confirmed, state.Reason, word, within)
	}
}

// recovers: what was trouble leaves nothing behind.
func (s *story) recovers() {
	s.m.t.Helper()
	s.m.clear()
	if !s.m.shows(s.m.endpoints[0]) {
		return // the samples of this platform do not show it
	}
	time.Sleep(25 * time.Hour)
	r := s.engine.Recheck(s.m.t.Context(), []post.Ref{s.m.ref}, "person")[0]
	if r.Err != nil || r.Result != post.Live || r.Status != post.Live {
		s.m.t.Errorf("%s: after the trouble: %+v", s.name, r)
	}
}

// returns: the post is shown again, and that is noticed.
func (s *story) returns() {
	s.m.t.Helper()
	s.m.clear()
	s.pass(91 * 24 * time.Hour)
	if state := s.engine.State(s.history()); state.Value != post.Live {
		s.m.t.Errorf("%s: after the return: %s", s.name, state.Value)
	}
}
