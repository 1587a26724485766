package store

import (
	"strings"
	"time"

	"stet/extract/post"
)

// Approval says that the public may be shown what a post said once it is gone,
// or takes that back: the newest one holds. Exactly one of Ref and Account says
// of what.
type Approval struct {
	Time time.Time `json:"-"`
	Ref  post.Ref  `json:"ref,omitzero"`
	// Account is platform:handle in lower case, or platform:#id with the
	// platform's own id of the account: all of its posts.
	Account string `json:"account,omitempty"`
	Revoked bool   `json:"revoked,omitempty"`
	// Operator and Note are who decided, and what they said of it.
	Operator string `json:"operator,omitempty"`
	Note     string `json:"note,omitempty"`
}

// Audit says who did what: captured, looked, gave away, approved, let in. What
// people look up is never among it.
type Audit struct {
	Time time.Time `json:"-"`
	// Actor is the name of the user or the token, of the system's user for a
	// command, empty for whoever sat at the machine; How is here, session, token
	// or command.
	Actor string `json:"actor,omitempty"`
	How   string `json:"how,omitempty"`
	// Operator is who the command line says it was done by or for, where it says
	// so: a word of theirs, not a proof.
	Operator string `json:"operator,omitempty"`
	// Action is a word: capture, recheck, export, approve, revoke, user, ….
	Action string `json:"action"`
	// Targets are the references and addresses that it was done to, in the
	// order in which they were named.
	Targets []string `json:"targets,omitempty"`
	// Jobs are those that were to do it, one for each target, zero for one that
	// was refused.
	Jobs   []ID   `json:"jobs,omitempty"`
	Reason string `json:"reason,omitempty"`
}

func (*Approval) kind() Kind { return KindApproval }
func (*Audit) kind() Kind    { return KindAudit }

func (a *Approval) when() time.Time { return a.Time }
func (a *Audit) when() time.Time    { return a.Time }

func (a *Approval) encode() ([]Field, error) { return meta(a) }
func (a *Approval) decode(r *Record) error {
	a.Time = r.Time
	return decodeField(r, fieldMeta, a)
}

func (a *Audit) encode() ([]Field, error) { return meta(a) }
func (a *Audit) decode(r *Record) error {
	a.Time = r.Time
	return decodeField(r, fieldMeta, a)
}

func (a *Approval) terms() []Term {
	terms := append(refTerms(a.Ref), ApprovalsTerm())
	if a.Account != "" {
		terms = append(terms, accountWordTerm(a.Account))
	}
	return terms
}

func (a *Audit) terms() []Term { return []Term{AuditTerm()} }

// accountWordTerm is the term of platform:handle or platform:#id.
func accountWordTerm(word string) Term {
	platform, name, _ := strings.Cut(word, ":")
	if id, ok := strings.CutPrefix(name, "#"); ok {
		return AccountTerm(post.Platform(platform), id)
	}
	return HandleTerm(post.Platform(platform), name)
}

// ApprovalsTerm is the term of all approvals, and AuditTerm that of all that was
// done.
func ApprovalsTerm() Term { return newTerm(IndexSubject, "approvals") }

// AuditTerm is the term of the records of who did what.
func AuditTerm() Term { return newTerm(IndexSubject, "audit") }
