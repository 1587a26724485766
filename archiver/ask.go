package archiver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/extract"
	"stet/extract/post"
	"stet/store"
)

// sighting is an endpoint's answer for one post with the exchanges that it
// rests on.
type sighting struct {
	endpoint Endpoint
	answer   Answer
	// reply holds the exchanges; several sightings of a batch share it.
	reply *recorded
	// memento is the snapshot that shows the post, where a web archive
	// answered.
	memento store.Memento
	// quarantined is true where the endpoint's control posts gave wrong
	// answers or could not be asked, or where the clocks differ.
	quarantined bool
}

// recorded are the exchanges of a reply and, once they are stored or added to
// a batch, their ids.
type recorded struct {
	exchanges []store.Exchange
	ids       []store.ID
}

// last returns the id of the exchange that decided, zero where there is none.
func (r *recorded) last() store.ID {
	if len(r.ids) == 0 {
		return store.ID{}
	}
	return r.ids[len(r.ids)-1]
}

// when returns the time of the exchange that decided, or now.
func (r *recorded) when(now time.Time) time.Time {
	if n := len(r.exchanges); n > 0 {
		return r.exchanges[n-1].Started
	}
	return now
}

// addTo adds the exchanges to a batch, once.
func (r *recorded) addTo(ctx context.Context, b *store.Builder) error {
	if r.ids != nil {
		return nil
	}
	ids := make([]store.ID, 0, len(r.exchanges))
	for i := range r.exchanges {
		id, err := b.Add(ctx, &r.exchanges[i])
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	r.ids = ids
	return nil
}

// refs notes in every exchange with a body whose words it holds.
func (r *recorded) refs(refs ...post.Ref) {
	for i := range r.exchanges {
		x := &r.exchanges[i]
		for _, ref := range refs {
			if !ref.IsZero() && !slices.Contains(x.Refs, ref) {
				x.Refs = append(x.Refs, ref)
			}
		}
	}
}

// askOne asks an endpoint for one post.
func (e *Engine) askOne(ctx context.Context, ep Endpoint, ref post.Ref, purpose string) sighting {
	all, _ := e.askBatch(ctx, ep, []post.Ref{ref}, purpose) // one alone is looked at for refusals by its capture
	return all[0]
}

// askBatch asks an endpoint for as many posts as it takes at a time. It also
// returns those of which the answer tells that they may not be captured.
func (e *Engine) askBatch(ctx context.Context, ep Endpoint, refs []post.Ref, purpose string) (out []sighting, refused []post.Ref) {
	var reply Reply
	if err := e.spend(ctx, refs[0].Platform, ep.Name(), len(refs)); err != nil {
		reply = overBudget(refs, err)
	} else {
		reply = ep.Ask(ctx, refs, purpose)
	}
	shared := &recorded{exchanges: reply.Exchanges}
	out = make([]sighting, len(refs))
	for i, ref := range refs {
		a := Answer{Ref: ref, Err: fmt.Errorf("%w: %s gave %d answers for %d posts", store.ErrUnexpected, ep.Name(), len(reply.Answers), len(refs))}
		if len(reply.Answers) == len(refs) {
			a = reply.Answers[i]
		}
		if a.Err != nil {
			a.Status = post.Unknown
		}
		shared.refs(ref)
		if p := a.Shown(); p != nil {
			for j := range p.Related {
				shared.refs(p.Related[j].Ref())
			}
		}
		out[i] = sighting{endpoint: ep, answer: a, reply: shared}
	}
	refused, err := e.keepOut(ctx, out)
	for i := range out {
		if err != nil {
			out[i].answer = Answer{Ref: refs[i], Err: err, Answer: extract.Answer{Status: post.Unknown, Transport: true}}
		}
	}
	return out, refused
}

// askMany asks a batching endpoint for many posts and stores the exchanges at
// once, because the captures of several posts will refer to them.
func (e *Engine) askMany(ctx context.Context, ep Endpoint, refs []post.Ref, purpose string) (map[post.Ref]sighting, error) {
	out := make(map[post.Ref]sighting, len(refs))
	for chunk := range slices.Chunk(refs, max(ep.Batch(), 1)) {
		all, refused := e.askBatch(ctx, ep, chunk, purpose)
		if err := e.keepAnswer(ctx, ep, all[0].reply); err != nil {
			return nil, err
		}
		for i, ref := range chunk {
			out[ref] = all[i]
		}
		if len(refused) == 0 || len(refused) == len(chunk) {
			continue
		}
		// The others are asked for again, so that their answer can be kept.
		rest := slices.DeleteFunc(slices.Clone(chunk), func(r post.Ref) bool { return slices.Contains(refused, r) })
		all, _ = e.askBatch(ctx, ep, rest, purpose) // an answer with more of them is without its content
		if err := e.keepAnswer(ctx, ep, all[0].reply); err != nil {
			return nil, err
		}
		for i, ref := range rest {
			out[ref] = all[i]
		}
	}
	return out, nil
}

// keepAnswer commits the exchanges of a reply.
func (e *Engine) keepAnswer(ctx context.Context, ep Endpoint, r *recorded) error {
	b := e.o.Archive.Begin()
	if err := r.addTo(ctx, b); err != nil || b.Len() == 0 {
		return err
	}
	if _, err := b.Commit(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("keeping the answer of %s: %w", ep.Name(), err)
	}
	return nil
}

// controlState is what was last learnt of an endpoint's control posts.
type controlState struct {
	at time.Time
	ok bool
	// wrong is true where a control post was shown otherwise than it is, rather
	// than not to be had.
	wrong bool
	// why is the sentence of a failure.
	why string
}

// believe marks the sightings that say a post is gone, where the clocks differ,
// or the endpoint's control posts give wrong answers at the moment or cannot be
// asked. The
// exchanges with the control posts are returned, to be kept, and what the
// operator should know.
func (e *Engine) believe(ctx context.Context, p Platform, sightings []sighting) (controls []*recorded, incidents []*store.Incident, err error) {
	for i := range sightings {
		s := &sightings[i]
		if !s.answer.Status.Gone() {
			continue
		}
		if why := s.reply.skew(); why != "" {
			s.quarantined, s.answer.Words = true, why
			continue
		}
		host := ""
		if _, ok := p.(HostPlatform); ok {
			host = s.host()
		}
		state, more := e.control(ctx, p, s.endpoint, s.answer.Ref, host)
		controls = append(controls, more...)
		if !state.ok {
			s.quarantined = true
			s.answer.Words = state.why
		}
		incident, err := e.quarantine(ctx, p, s.endpoint, state, host)
		if err != nil {
			return nil, nil, err
		}
		if incident != nil {
			incidents = append(incidents, incident)
		}
	}
	return controls, incidents, nil
}

// quarantine returns the incident that an endpoint's control posts are, nil
// where the operator knows already.
func (e *Engine) quarantine(ctx context.Context, p Platform, ep Endpoint, state controlState, host string) (*store.Incident, error) {
	if !state.ok && !state.wrong {
		return nil, nil
	}
	subject := string(p.Platform()) + "/" + ep.Name()
	if host != "" {
		subject += " at " + host
	}
	page, err := e.o.Archive.List(ctx, store.Query{Term: store.SubjectTerm(subject), Kinds: []store.Kind{store.KindIncident}, Newest: true, Limit: 1})
	if err != nil {
		return nil, err
	}
	known := false
	if len(page.Records) == 1 {
		last, err := store.Decode[store.Incident](&page.Records[0])
		if err != nil {
			return nil, err
		}
		known = last.Event == EventQuarantined
	}
	switch {
	case !state.ok && !known:
		return &store.Incident{Time: state.at, Event: EventQuarantined, Subject: subject,
			Text: "negative answers of " + subject + " are " + state.why + "; looks are recorded as unknown until that changes. If the control post itself is gone, name another in watch.controls"}, nil
	case state.ok && known:
		return &store.Incident{Time: state.at, Event: EventRecovered, Subject: subject, Text: subject + " shows its control posts again"}, nil
	}
	return nil, nil
}

// control asks an endpoint for the platform's control posts, unless that was
// done a short time ago.
func (e *Engine) control(ctx context.Context, p Platform, ep Endpoint, asked post.Ref, host string) (controlState, []*recorded) {
	key := string(p.Platform()) + " " + ep.Name() + " " + host
	now := e.o.Archive.Now()
	if state, ok := e.recentControl(key, now); ok {
		return state, nil
	}
	state := controlState{at: now, ok: true}
	var kept []*recorded
	c := p.Controls()
	if hosts, ok := p.(HostPlatform); ok {
		var more []*recorded
		state, more = e.checkHost(ctx, hosts, p.Platform(), host)
		kept, c = append(kept, more...), c.at(hosts, host)
	}
	check := func(refs []post.Ref, right func(post.Status) bool, want string) {
		for _, ref := range refs {
			if !state.ok || ref == asked {
				continue
			}
			asks := e.controlEndpoint(ctx, p, ep, ref)
			s := e.askOne(ctx, asks, ref, "control")
			kept = append(kept, s.reply)
			if !right(s.answer.Status) || s.answer.Err != nil {
				state.ok, state.wrong = false, s.answer.Err == nil && !s.answer.Transport
				state.why = fmt.Sprintf("not believed, because %s did not show the control post %s as %s (%s)", asks.Name(), ref, want, s.answer.Sentence())
			}
		}
	}
	check(c.Live, func(s post.Status) bool { return s == post.Live }, "live")
	check(c.Gone, post.Status.Gone, "gone")
	e.rememberControl(ctx, key, state)
	return state, kept
}

// looksOf makes the looks that sightings are, all of one round. The first id
// of the round is taken from round, or from the first look where round is
// zero.
func (e *Engine) looksOf(ctx context.Context, b *store.Builder, sightings []sighting, round store.ID, trigger string) ([]Observation, error) {
	var out []Observation
	for i := range sightings {
		s := &sightings[i]
		id, err := b.NewID()
		if err != nil {
			return nil, err
		}
		if round.IsZero() {
			round = id
		}
		look := &store.Look{Time: s.reply.when(e.o.Archive.Now()), Ref: s.answer.Ref, Result: s.answer.Status,
			Explicit: s.answer.Explicit, Endpoint: s.endpoint.Name(), Exchange: s.reply.last(), Reason: s.answer.Sentence(),
			Round: round, Quarantined: s.quarantined, Trigger: trigger}
		if s.quarantined {
			look.Result, look.Explicit = post.Unknown, false
		}
		if err := b.AddAs(ctx, id, look); err != nil {
			return nil, err
		}
		if !s.quarantined {
			out = append(out, Observation{Look: id, Round: round, Time: look.Time, Endpoint: look.Endpoint,
				Result: look.Result, Explicit: look.Explicit, Reason: look.Reason})
		}
	}
	return out, nil
}

// troubleOf returns why none of the sightings shows the post: the error of the
// way where there is one, else what was answered.
func troubleOf(ref post.Ref, sightings []sighting) error {
	var errs []error
	for i := range sightings {
		if err := sightings[i].answer.Err; err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == len(sightings) && len(errs) > 0 {
		return fmt.Errorf("capturing %s: %w", ref, errors.Join(errs...))
	}
	return nil
}
