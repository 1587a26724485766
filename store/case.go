package store

import (
	"slices"
	"time"

	"stet/extract/post"
)

// CaseAct says what a record of a case does.
type CaseAct string

// The acts. What a case is follows from all of its records in their order:
// nothing is changed in place.
const (
	// CaseOpen opens a case; its record's id is that of the case. Title and
	// Text are set.
	CaseOpen CaseAct = "open"
	// CaseEdit gives the title Title and the description Text.
	CaseEdit CaseAct = "edit"
	// CaseAdd adds Member, with Text as what somebody says of it; CaseRemove
	// takes it out. Adding it again replaces the text.
	CaseAdd    CaseAct = "add"
	CaseRemove CaseAct = "remove"
	// CaseNote adds the note Text: to the case, or to Member where that is set.
	CaseNote CaseAct = "note"
	// CaseTag sets Tags in the place of those before.
	CaseTag CaseAct = "tag"
	// CaseVisit says that By has seen what the journal held up to Seen.
	CaseVisit CaseAct = "visit"
	// CaseClose puts the case away, CaseReopen takes it out again.
	CaseClose  CaseAct = "close"
	CaseReopen CaseAct = "reopen"
)

// Case is one step in the life of a case: a fact-checker's folder of posts,
// articles and pages.
type Case struct {
	Time time.Time `json:"-"`
	// Case is the id of the record that opened the case; zero in that record
	// itself.
	Case ID      `json:"case,omitzero"`
	Act  CaseAct `json:"act"`
	// Title and Text are words of the person.
	Title  string     `json:"title,omitempty"`
	Text   string     `json:"text,omitempty"`
	Member CaseMember `json:"member,omitzero"`
	Tags   []string   `json:"tags,omitempty"`
	// Seen is a journal number.
	Seen uint64 `json:"seen,omitempty"`
	// By is who did it, empty for whoever sits at the machine.
	By string `json:"by,omitempty"`
}

// CaseMember is something in a case. Exactly one of Ref, Article and Page is
// set.
type CaseMember struct {
	Ref post.Ref `json:"ref,omitzero"`
	// Article and Page are addresses.
	Article string `json:"article,omitempty"`
	Page    string `json:"page,omitempty"`
}

// IsZero reports whether the member is nothing.
func (m CaseMember) IsZero() bool { return m == CaseMember{} }

// Same reports whether two members are the same thing, whatever the form of
// the address.
func (m CaseMember) Same(o CaseMember) bool { return slices.Equal(memberTerms(m), memberTerms(o)) }

// CasesTerm is the term of the records that open cases.
func CasesTerm() Term { return newTerm(IndexSubject, "case") }

// CaseTerm is the term of the records of a case after its first.
func CaseTerm(id ID) Term { return RecordTerm(id) }

// MemberTerm is the term of the records that put a thing into a case or take
// it out; the zero Term for no member.
func MemberTerm(m CaseMember) Term {
	if terms := memberTerms(m); len(terms) > 0 {
		return terms[0]
	}
	return Term{}
}

func memberTerms(m CaseMember) []Term {
	switch {
	case !m.Ref.IsZero():
		return refTerms(m.Ref)
	case m.Article != "":
		return []Term{newTerm(IndexSubject, "case article "+ArticleKey(m.Article))}
	case m.Page != "":
		return []Term{newTerm(IndexSubject, "case page "+ArticleKey(m.Page))}
	}
	return nil
}

func (*Case) kind() Kind                 { return KindCase }
func (c *Case) when() time.Time          { return c.Time }
func (c *Case) encode() ([]Field, error) { return meta(c) }

func (c *Case) decode(r *Record) error {
	c.Time = r.Time
	return decodeField(r, fieldMeta, c)
}

func (c *Case) terms() []Term {
	terms := memberTerms(c.Member)
	if c.Case.IsZero() {
		return append(terms, CasesTerm())
	}
	return append(terms, CaseTerm(c.Case))
}
