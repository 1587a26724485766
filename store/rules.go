package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
)

// Hold says that nothing of a post, or of all posts of an account, may be
// removed, or takes that back: the newest one of each holds. Exactly one of Ref
// and Accounts says of what.
type Hold struct {
	Time time.Time `json:"-"`
	Ref  post.Ref  `json:"ref,omitzero"`
	// Accounts are the names of one account: platform:handle in lower case, and
	// platform:#id with the platform's own id of it.
	Accounts []string `json:"accounts,omitempty"`
	Released bool     `json:"released,omitempty"`
	// Operator and Reason are who decided, and why.
	Operator string `json:"operator,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// TakedownAct says what was decided.
type TakedownAct string

// The acts. Acts that this version does not know forbid capturing too.
const (
	// TakedownRefuse: nothing more is captured; what is kept stays.
	TakedownRefuse TakedownAct = "refuse"
	// TakedownSeal: what is kept is sealed besides, TakedownDestroy: it is
	// destroyed.
	TakedownSeal    TakedownAct = "seal"
	TakedownDestroy TakedownAct = "destroy"
	// TakedownLift takes back what was decided before.
	TakedownLift TakedownAct = "lift"
)

// Takedown says what somebody who may demand it, or the law, forbids of a post
// or of all posts of an account: the newest one of each holds. Exactly one of
// Ref and Accounts says of what. It holds no words of a post.
type Takedown struct {
	Time time.Time `json:"-"`
	Ref  post.Ref  `json:"ref,omitzero"`
	// Accounts are as in [Hold].
	Accounts []string    `json:"accounts,omitempty"`
	Act      TakedownAct `json:"act"`
	// Operator is who decided, Reason why, and Basis by what law, order or rule.
	Operator string `json:"operator,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Basis    string `json:"basis,omitempty"`
	// Received is when somebody asked for it, and Deadline by when it had to be
	// decided.
	Received time.Time `json:"received,omitzero"`
	Deadline time.Time `json:"deadline,omitzero"`
	// Posts is how many posts it concerned, and KeepQuotes is true where what
	// others publish of them stays.
	Posts      int  `json:"posts,omitempty"`
	KeepQuotes bool `json:"keep_quotes,omitempty"`
}

// Forbids reports whether it forbids to capture.
func (t *Takedown) Forbids() bool { return t.Act != TakedownLift }

func (*Hold) kind() Kind     { return KindHold }
func (*Takedown) kind() Kind { return KindTakedown }

func (h *Hold) when() time.Time     { return h.Time }
func (t *Takedown) when() time.Time { return t.Time }

func (h *Hold) encode() ([]Field, error) { return meta(h) }
func (h *Hold) decode(r *Record) error {
	h.Time = r.Time
	return decodeField(r, fieldMeta, h)
}

func (t *Takedown) encode() ([]Field, error) { return meta(t) }
func (t *Takedown) decode(r *Record) error {
	t.Time = r.Time
	return decodeField(r, fieldMeta, t)
}

func (h *Hold) terms() []Term     { return ruleTerms(h.Ref, h.Accounts, HoldsTerm()) }
func (t *Takedown) terms() []Term { return ruleTerms(t.Ref, t.Accounts, TakedownsTerm()) }

func ruleTerms(ref post.Ref, accounts []string, all Term) []Term {
	terms := append(refTerms(ref), all)
	for _, a := range accounts {
		terms = append(terms, accountWordTerm(a))
	}
	return terms
}

// HoldsTerm is the term of all holds.
func HoldsTerm() Term { return newTerm(IndexSubject, "holds") }

// TakedownsTerm is the term of all takedowns: their register.
func TakedownsTerm() Term { return newTerm(IndexSubject, "takedowns") }

// Subject is a post as rules are looked up for it: under every reference that
// it is known by, and whose it is.
type Subject struct {
	Refs    []post.Ref
	Authors []Account
}

// Account is whose a post is.
type Account struct {
	Platform post.Platform
	// ID is the platform's own id of the account, Handle its name at the time;
	// either can be empty.
	ID, Handle string
}

// SubjectOf returns a post with what its history tells. Whose post it is, an
// article or a file does not tell: they can write any name.
func SubjectOf(h *History) Subject {
	s := Subject{Refs: append([]post.Ref{h.Ref}, h.Aliases...)}
	for i := range h.Derivations {
		if d := h.Derivations[i].Content; !d.Source.Secondhand() {
			s.Add(&d.Post)
		}
	}
	return s
}

// Add adds what a version of the post tells.
func (s *Subject) Add(p *post.Post) {
	for _, ref := range append([]post.Ref{p.Ref()}, p.Aliases...) {
		if !ref.IsZero() && !slices.Contains(s.Refs, ref) {
			s.Refs = append(s.Refs, ref)
		}
	}
	if a := (Account{p.Platform, p.Author.ID, strings.ToLower(p.Author.Handle)}); (a.ID != "" || a.Handle != "") && !slices.Contains(s.Authors, a) {
		s.Authors = append(s.Authors, a)
	}
}

// HoldOf returns the hold on a post, nil where there is none: what was decided
// about the post itself stands above what was decided about its author.
func (a *Archive) HoldOf(ctx context.Context, s Subject) (*Hold, error) {
	h, err := ruling[Hold](ctx, a, HoldsTerm(), s, func(h *Hold) []string { return h.Accounts })
	if err != nil || h == nil || h.Released {
		return nil, err
	}
	return h, nil
}

// TakedownOf returns the takedown that a post is under, nil where it is under
// none: what was decided about the post itself stands above what was decided
// about its author.
func (a *Archive) TakedownOf(ctx context.Context, s Subject) (*Takedown, error) {
	t, err := ruling[Takedown](ctx, a, TakedownsTerm(), s, func(t *Takedown) []string { return t.Accounts })
	if err != nil || t == nil || !t.Forbids() {
		return nil, err
	}
	return t, nil
}

// ruling returns the newest decision about a post, else that about its author;
// nil where there is none. all is the term of every decision of the kind:
// archives mostly have none, and one look tells.
func ruling[T any, P interface {
	*T
	Content
}](ctx context.Context, a *Archive, all Term, s Subject, accounts func(*T) []string) (*T, error) {
	kind := P(new(T)).kind()
	any, err := a.List(ctx, Query{Term: all, Limit: 1})
	if err != nil || len(any.Records) == 0 {
		return nil, err
	}
	found, seq := (*T)(nil), uint64(0)
	take := func(t Term, fits func(*T) bool) error {
		page, err := a.List(ctx, Query{Term: t, Kinds: []Kind{kind}, Newest: true, Limit: 1})
		if err != nil || len(page.Records) == 0 || page.Records[0].Seq <= seq {
			return err
		}
		v, err := Decode[T, P](&page.Records[0])
		if err == nil && fits(v) {
			found, seq = v, page.Records[0].Seq
		}
		return err
	}
	for _, ref := range s.Refs {
		if err := take(RefTerm(ref), func(*T) bool { return true }); err != nil {
			return nil, err
		}
	}
	if found != nil {
		return found, nil
	}
	for _, who := range s.Authors {
		if who.ID != "" {
			if err := take(AccountTerm(who.Platform, who.ID), func(*T) bool { return true }); err != nil {
				return nil, err
			}
		}
		if who.Handle == "" {
			continue
		}
		// A handle can have passed to somebody else: where both say whose it is
		// by the platform's id, the id decides.
		if err := take(HandleTerm(who.Platform, who.Handle), func(v *T) bool {
			return who.ID == "" || !slices.ContainsFunc(accounts(v), func(w string) bool { return strings.Contains(w, ":#") })
		}); err != nil {
			return nil, err
		}
	}
	return found, nil
}
