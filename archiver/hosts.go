package archiver

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// AddressedEndpoint is an optional ability of an [Endpoint] that needs more than
// the id to ask for a post: the address under which it is known. Ask is for
// those of which no address is known.
type AddressedEndpoint interface {
	// AskAt asks for one post; for the rest it is as [Endpoint].Ask.
	AskAt(ctx context.Context, ref post.Ref, address, purpose string) Reply
}

// HostPlatform is an optional ability of a [Platform] whose posts live on many
// hosts, each of which can be shut, sold or set up anew: what is gone with its
// host is no post that its author deleted.
type HostPlatform interface {
	// Host names the host that answers for a post.
	Host(ref post.Ref) string
	// CheckHost asks whether a host answers as one of the platform's. It returns
	// the exchanges that were made, and an error that says why it does not.
	// Negative answers of a host are believed only where it does, and only
	// control posts of the same host speak for it.
	CheckHost(ctx context.Context, host string) ([]store.Exchange, error)
}

// OwnHostPlatform is an optional ability of a [Platform] of which anybody can
// run a host: an author can see there who looks at a post, and how often.
type OwnHostPlatform interface {
	// AuthorsOwn reports whether whoever wrote a post can also be who runs the
	// hosts that are asked for it. The address is the one under which the post
	// is known; empty where none is.
	AuthorsOwn(ref post.Ref, address string) bool
}

// SmallHosts says how often posts on hosts that can be their author's own are
// looked at again.
type SmallHosts string

// The ways to treat small hosts.
const (
	// SmallHostsRarer looks at them less often and at irregular times. It is
	// the default.
	SmallHostsRarer SmallHosts = "rarer"
	// SmallHostsOff never looks at them by itself. What a person asks for, by
	// a recheck or a watch, is done.
	SmallHostsOff SmallHosts = "off"
	// SmallHostsSame makes no difference.
	SmallHostsSame SmallHosts = "same"
)

// Rarer returns when to look at a post on a small host, for which the schedule
// says at: between twice and three times as long after last, as random, a number
// in [0,1), decides, so that the looks have no rhythm. It is a pure function.
func (s Schedule) Rarer(last, at time.Time, random float64) time.Time {
	wait := time.Duration(float64(at.Sub(last)) * (2 + random))
	return last.Add(max(wait, 1))
}

// small reports whether the hosts that are asked for a post can be its
// author's own.
func (e *Engine) small(h *store.History) bool {
	p, ok := e.platform(h.Ref.Platform).(OwnHostPlatform)
	return ok && p.AuthorsOwn(h.Ref, addressOf(h))
}

// addressOf returns the address under which the archive knows a post: that of
// its best capture, else the one that an article has.
func addressOf(h *store.History) string {
	if best := h.Best(); best != nil && best.Content.Post.URL != "" {
		return best.Content.Post.URL
	}
	for i := len(h.Articles) - 1; i >= 0; i-- {
		for _, m := range h.Articles[i].Content.Mentions {
			if h.Is(m.Ref) && m.URL != "" {
				return m.URL
			}
		}
	}
	return ""
}

// lookAt returns when a post is looked at again by the schedule, given when that
// says; the zero time for never.
func (e *Engine) lookAt(h *store.History, now, at time.Time) time.Time {
	if e.o.SmallHosts == SmallHostsSame || !e.small(h) {
		return at
	}
	if e.o.SmallHosts == SmallHostsOff {
		return time.Time{}
	}
	return e.o.Schedule.Rarer(now, at, e.o.Rand())
}

// unwanted reports whether a look that was scheduled is not to be made any
// more, because looks at small hosts were switched off since.
func (e *Engine) unwanted(ctx context.Context, h *store.History) (bool, error) {
	if e.o.SmallHosts != SmallHostsOff || !e.small(h) {
		return false, nil
	}
	closer, err := e.closerLook(ctx, h, e.o.Archive.Now())
	return closer.IsZero(), err
}

// address returns the address under which the post is known: from what was
// answered just now, else from the archive, else from whoever asks.
func (c *capturing) address() string {
	if best := c.best(); best != nil && best.answer.Parsed.Post.URL != "" {
		return best.answer.Parsed.Post.URL
	}
	if address := addressOf(c.before); address != "" {
		return address
	}
	return c.w.url
}

// askEndpoint asks an endpoint for the post.
func (c *capturing) askEndpoint(ctx context.Context, ep Endpoint, purpose string) sighting {
	if at, ok := ep.(AddressedEndpoint); ok {
		if address := c.address(); address != "" {
			s := c.e.askOne(ctx, addressed{ep, at, address}, c.w.ref, purpose)
			s.endpoint = ep
			return s
		}
	}
	return c.e.askOne(ctx, ep, c.w.ref, purpose)
}

// controlEndpoint returns what a control post is asked for at: the endpoint
// itself, or, where that needs an address and none is known, the first of the
// platform that does not.
func (e *Engine) controlEndpoint(ctx context.Context, p Platform, ep Endpoint, ref post.Ref) Endpoint {
	at, ok := ep.(AddressedEndpoint)
	if !ok {
		return ep
	}
	if h, err := e.history(ctx, ref); err == nil && addressOf(h) != "" {
		return addressed{ep, at, addressOf(h)}
	}
	for _, other := range p.Endpoints() {
		if _, needs := other.(AddressedEndpoint); !needs {
			return other
		}
	}
	return ep
}

// addressed is an endpoint for one post with its address.
type addressed struct {
	Endpoint
	at      AddressedEndpoint
	address string
}

// Batch returns 1.
func (a addressed) Batch() int { return 1 }

// Ask asks for the post at its address.
func (a addressed) Ask(ctx context.Context, refs []post.Ref, purpose string) Reply {
	return a.at.AskAt(ctx, refs[0], a.address, purpose)
}

// host returns the host that gave the answer that decided; empty where there
// is none.
func (s *sighting) host() string {
	if len(s.reply.exchanges) == 0 {
		return ""
	}
	u, err := url.Parse(s.reply.exchanges[len(s.reply.exchanges)-1].URL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// checkHost asks whether a host is what it was, unless that was done a short
// time ago.
func (e *Engine) checkHost(ctx context.Context, p HostPlatform, platform post.Platform, host string) (controlState, []*recorded) {
	key := string(platform) + " at " + host
	now := e.o.Archive.Now()
	if state, ok := e.recentControl(key, now); ok {
		return state, nil
	}
	exchanges, err := p.CheckHost(ctx, host)
	state := controlState{at: now, ok: err == nil}
	if err != nil {
		state.why = fmt.Sprintf("not believed, because %s: %s", host, err)
	}
	e.rememberControl(ctx, key, state)
	return state, []*recorded{{exchanges: exchanges}}
}

// at returns the controls that are posts of a host.
func (c Controls) at(p HostPlatform, host string) Controls {
	pick := func(refs []post.Ref) []post.Ref {
		var own []post.Ref
		for _, r := range refs {
			if p.Host(r) == host {
				own = append(own, r)
			}
		}
		return own
	}
	return Controls{Live: pick(c.Live), Gone: pick(c.Gone)}
}

// recentControl returns what was learnt a short time ago.
func (e *Engine) recentControl(key string, now time.Time) (controlState, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	state, known := e.controls[key]
	return state, known && now.Sub(state.at) < controlTime && !now.Before(state.at)
}

// rememberControl keeps what was learnt, and drops what is too old to count.
func (e *Engine) rememberControl(ctx context.Context, key string, state controlState) {
	if ctx.Err() != nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.controls) >= maxControls {
		for k, old := range e.controls {
			if state.at.Sub(old.at) >= controlTime {
				delete(e.controls, k)
			}
		}
	}
	e.controls[key] = state
}

// maxControls is how many hosts' answers are remembered before old ones are
// dropped.
const maxControls = 1000
