package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"stet/extract/post"
)

// RedactionAct says what was done to the content of records.
type RedactionAct string

// The acts.
const (
	// RedactionRemove: content was taken out of records and is in no other
	// place of the archive.
	RedactionRemove RedactionAct = "remove"
	// RedactionSeal: content was taken out of records and is kept encrypted, so
	// that it can be put back.
	RedactionSeal RedactionAct = "seal"
	// RedactionUnseal: what was sealed was put back.
	RedactionUnseal RedactionAct = "unseal"
	// RedactionDone: all that a takedown asks for is done, and the files that
	// keep what was removed were written anew. It names no records.
	RedactionDone RedactionAct = "done"
)

// Redaction says what was taken out of records, or put back into them, and why.
// It is committed together with the change itself, so that a record without
// content for which none stands is damaged: see [Redactor]. It holds no words
// of what is gone.
type Redaction struct {
	Time time.Time    `json:"-"`
	Act  RedactionAct `json:"act"`
	// Takedown is the decision that it carries out, a [Takedown] or a [Retention];
	// zero where a person redacted, or another rule.
	Takedown ID `json:"takedown,omitzero"`
	// Records are those that were changed.
	Records []RedactedRecord `json:"records"`
	// Refs are the posts of which something was taken out or put back, and URLs
	// the articles: what follows the journal reads them anew.
	Refs []post.Ref `json:"refs,omitempty"`
	URLs []string   `json:"urls,omitempty"`
	// Order names the decision that parts of a post are taken out, as it stands in
	// the list beside the archive; zero where there is none.
	Order ID `json:"order,omitzero"`
	// Part is true where only parts of a post were taken out, and What says
	// which, without a word of them. Left are the records that hold what is left:
	// they came in the same commit, or, where there are very many, in later ones.
	Part bool     `json:"part,omitempty"`
	What []string `json:"what,omitempty"`
	Left []ID     `json:"left,omitempty"`
	// Operator and Reason are who decided, and why.
	Operator string `json:"operator,omitempty"`
	Reason   string `json:"reason,omitempty"`

	// Sealed are the blobs that hold, encrypted, what was sealed: first the
	// records, then their blobs. They stand in a field of their own, which is
	// removed when the content is destroyed.
	Sealed []Digest `json:"-"`
}

// RedactedRecord is a record of which fields were taken out.
type RedactedRecord struct {
	ID     ID       `json:"id"`
	Fields []string `json:"fields"`
}

// MaxRedacted is the most records that one [Redaction] names: each is an index
// entry of it.
const MaxRedacted = 1000

// fieldSealed is the field of a redaction that names the blobs.
const fieldSealed = "sealed"

func (*Redaction) kind() Kind        { return KindRedaction }
func (r *Redaction) when() time.Time { return r.Time }

func (r *Redaction) encode() ([]Field, error) {
	fields, err := meta(r)
	if err != nil || len(r.Sealed) == 0 {
		return fields, err
	}
	f, err := jsonField(fieldSealed, r.Sealed)
	return append(fields, f), err
}

func (r *Redaction) decode(rec *Record) error {
	r.Time = rec.Time
	if err := decodeField(rec, fieldMeta, r); err != nil || !rec.has(fieldSealed) {
		return err
	}
	return decodeField(rec, fieldSealed, &r.Sealed)
}

func (r *Redaction) terms() []Term {
	terms := blobTerms(append(refTerms(r.Refs...), RedactionsTerm()), r.Sealed...)
	for _, id := range []ID{r.Takedown, r.Order} {
		if !id.IsZero() {
			terms = append(terms, RecordTerm(id))
		}
	}
	for i := range r.Records {
		terms = append(terms, RecordTerm(r.Records[i].ID))
	}
	return terms
}

// Touches notes what a record that loses content is about, for those that read
// it anew: its post, and the address of an article.
func (r *Redaction) Touches(rec *Record) error {
	c, err := DecodeAny(rec)
	if err != nil {
		return err
	}
	switch c := c.(type) {
	case *Derivation:
		if !c.Ref.IsZero() && !slices.Contains(r.Refs, c.Ref) {
			r.Refs = append(slices.Clone(r.Refs), c.Ref)
		}
	case *ArticleVersion:
		r.touches(c.URL)
	case *PageReading:
		r.touches(c.URL)
		r.touches(c.Final)
	}
	return nil
}

func (r *Redaction) touches(address string) {
	if address != "" && !slices.Contains(r.URLs, address) {
		r.URLs = append(r.URLs, address)
	}
}

// RedactionsTerm is the term of all redactions.
func RedactionsTerm() Term { return newTerm(IndexSubject, "redactions") }

// Redactor takes the content of records away, and puts it back. Every backend
// implements it.
type Redactor interface {
	// Redact commits a batch as [Records.Append] does and, in the same commit,
	// puts each of changed in the place of the stored record with its id: with
	// its fields and its index entries. Journal numbers and leaves stay.
	//
	// It errors with ErrNotFound where one of changed is not stored, and with
	// ErrInvalid where it has another leaf than the stored one, stands twice,
	// or refers to a blob that is not stored. Where Batch.Key was used before
	// nothing is changed. What was taken out can stay readable in the store's
	// files until it is compacted: see [Compacter].
	Redact(ctx context.Context, b Batch, changed []Record) (Receipt, error)
}

// Whole reports whether nothing of r was removed.
func (r *Record) Whole() bool {
	return !slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Removed != nil })
}

// Lacks reports whether r has the field and its content was removed.
func (r *Record) Lacks(name string) bool {
	return slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Name == name && f.Removed != nil })
}

// Without returns r without the content of the named fields, and with the index
// entries that stay: those that the rest of the content asks for. Where the
// rest does not say any more what the record is about, the post itself stays,
// and nothing else: what has no content is not an answer to who asks for an
// article, a page or a drawing. It errors with [ErrInvalid] where that was
// removed before, and more is to be.
func Without(r *Record, names ...string) (Record, error) {
	whole, err := DecodeAny(r)
	if err != nil {
		return Record{}, err
	}
	c := r.Remove(names...)
	c.Seq = r.Seq
	rest, err := DecodeAny(&c)
	switch {
	case err != nil:
		return Record{}, err
	case rest == nil:
		c.Terms = nil
	case !c.Lacks(fieldMeta):
		c.Terms = TermsOf(rest)
	case !r.Lacks(fieldMeta):
		c.Terms = subjectTerms(whole)
	default:
		return Record{}, fmt.Errorf("%w: record %s does not say any more what it is about", ErrInvalid, r.ID)
	}
	return c, nil
}

// subjectTerms are the index entries of what a record is about.
func subjectTerms(c Content) []Term {
	var terms []Term
	switch c := c.(type) {
	case *Exchange:
		terms = refTerms(c.Refs...)
	case *Capture:
		terms = refTerms(c.Ref)
	case *Derivation:
		terms = refTerms(append([]post.Ref{c.Ref}, c.Post.Aliases...)...)
	case *Look:
		terms = refTerms(c.Ref)
	case *Verdict:
		terms = refTerms(c.Ref)
	}
	return sortedTerms(terms)
}

// RedactionsOf returns the redactions that changed a record, oldest first.
func (a *Archive) RedactionsOf(ctx context.Context, id ID) ([]Item[Redaction], error) {
	records, err := a.ListAll(ctx, RecordTerm(id), MaxHistory, KindRedaction)
	if err != nil {
		return nil, err
	}
	items := make([]Item[Redaction], 0, len(records))
	for i := range records {
		r, err := Decode[Redaction](&records[i])
		if err != nil {
			return nil, err
		}
		items = append(items, Item[Redaction]{records[i].Seq, records[i].ID, r})
	}
	return items, nil
}

// RedactionNote says what a derivation says of the part that was taken out of
// it, empty where none was.
func (d *Derivation) RedactionNote() string {
	if !d.Redacted || len(d.Notes) == 0 {
		return ""
	}
	return d.Notes[len(d.Notes)-1]
}

// PartRedactions returns, oldest first, the redactions that took parts out of
// posts and stand: all of them under [RedactionsTerm], those of a post under its
// [RefTerm].
func (a *Archive) PartRedactions(ctx context.Context, t Term) ([]Item[Redaction], error) {
	records, err := a.ListAll(ctx, t, MaxHistory, KindRedaction)
	if err != nil {
		return nil, err
	}
	var items []Item[Redaction]
	for i := range records {
		r, err := Decode[Redaction](&records[i])
		if err != nil {
			return nil, err
		}
		if !r.Part || r.Act != RedactionSeal {
			continue
		}
		items = append(items, Item[Redaction]{records[i].Seq, records[i].ID, r})
	}
	return a.Standing(ctx, items)
}

// Standing returns those of some redactions that nobody has put back.
func (a *Archive) Standing(ctx context.Context, acts []Item[Redaction]) ([]Item[Redaction], error) {
	var standing []Item[Redaction]
	for _, act := range acts {
		stands, err := a.stands(ctx, act.ID, act.Content)
		if err != nil {
			return nil, err
		}
		if stands {
			standing = append(standing, act)
		}
	}
	return standing, nil
}

// stands reports whether a record lacks content because of a redaction still, or
// what is left of one is there.
func (a *Archive) stands(ctx context.Context, id ID, r *Redaction) (bool, error) {
	for i := range r.Records {
		lacks, err := a.LacksBy(ctx, r.Records[i].ID, id)
		if err != nil || lacks {
			return lacks, err
		}
	}
	for _, id := range r.Left {
		rec, err := a.Get(ctx, id)
		if err != nil || len(ContentFields(&rec)) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// LacksBy reports whether a record lacks content, and a redaction is the last that
// took some of it and was not undone: those that put content back undo the last
// one before them.
func (a *Archive) LacksBy(ctx context.Context, record, redaction ID) (bool, error) {
	rec, err := a.Get(ctx, record)
	if err != nil || rec.Whole() {
		return false, err
	}
	acts, err := a.RedactionsOf(ctx, record)
	if err != nil {
		return false, err
	}
	var took []ID
	for i := range acts {
		switch acts[i].Content.Act {
		case RedactionRemove, RedactionSeal:
			took = append(took, acts[i].ID)
		case RedactionUnseal:
			took = took[:max(0, len(took)-1)]
		}
	}
	return len(took) > 0 && took[len(took)-1] == redaction, nil
}

// Emptied errors with ErrNotFound, and says when and why, where a record does not
// say any more what it is about, because its content was removed or sealed.
func (a *Archive) Emptied(ctx context.Context, r *Record) error {
	if !r.Lacks(fieldMeta) {
		return nil
	}
	acts, err := a.RedactionsOf(ctx, r.ID)
	if err != nil {
		return err
	}
	why := ""
	if n := len(acts); n > 0 {
		act, word := acts[n-1].Content, "removed"
		if act.Act == RedactionSeal {
			word = "sealed"
		}
		why = fmt.Sprintf(" was %s by the archive on %s", word, act.Time.UTC().Format(time.DateOnly))
		if act.Reason != "" {
			why += ": " + act.Reason
		}
	}
	return fmt.Errorf("%w: the content of this %s of %s%s; that it was made, and leaf %d of the evidence tree, remain", ErrNotFound, r.Kind,
		r.Time.UTC().Format(time.DateOnly), cmp.Or(why, " is gone"), r.Seq-1)
}

// Replace puts a changed record, of [Without] or as it was before, in the place
// of the stored one when the builder commits. The commit must also add a
// [Redaction] that names it.
func (b *Builder) Replace(r Record) { b.changed = append(b.changed, r) }

// redact commits a batch that changes records.
func (a *Archive) redact(ctx context.Context, b Batch, changed []Record) (Receipt, error) {
	receipt, err := a.redacted(ctx, &b, changed)
	if err != nil {
		return Receipt{}, fmt.Errorf("changing the content of %d records: %w", len(changed), err)
	}
	return receipt, nil
}

func (a *Archive) redacted(ctx context.Context, b *Batch, changed []Record) (Receipt, error) {
	redactor, ok := a.backend.(Redactor)
	if !ok {
		return Receipt{}, fmt.Errorf("%w: this backend removes nothing", ErrInvalid)
	}
	if err := a.checkBatch(b, true); err != nil {
		return Receipt{}, err
	}
	named := map[ID]bool{}
	for i := range b.Records {
		if b.Records[i].Kind != KindRedaction {
			continue
		}
		r, err := Decode[Redaction](&b.Records[i])
		if err != nil {
			return Receipt{}, err
		}
		if len(r.Records) > MaxRedacted {
			return Receipt{}, fmt.Errorf("%w: a redaction names at most %d records", ErrTooLarge, MaxRedacted)
		}
		for j := range r.Records {
			named[r.Records[j].ID] = true
		}
	}
	latest := a.Now().Add(ClockSlack)
	for i := range changed {
		r := &changed[i]
		if !named[r.ID] {
			return Receipt{}, fmt.Errorf("%w: no redaction of the batch names record %s", ErrInvalid, r.ID)
		}
		if _, err := checkRecord(r, latest, false); err != nil {
			return Receipt{}, err
		}
	}
	return redactor.Redact(ctx, *b, changed)
}

// CheckReplacement errors with ErrInvalid where a record cannot take the place
// of the stored one: backends ask it before they change anything.
func CheckReplacement(stored, changed *Record) error {
	if stored.ID != changed.ID || stored.Kind != changed.Kind || stored.Leaf() != changed.Leaf() {
		return fmt.Errorf("%w: what is to take the place of record %s has another leaf", ErrInvalid, stored.ID)
	}
	return nil
}

// StoredTerms returns the index entries of a record as it came from the codec
// or the journal: those that are kept with it, or those that its content asks
// for.
func StoredTerms(r *Record) ([]Term, error) {
	if !r.Kind.Typed() || !r.Whole() {
		return r.Terms, nil
	}
	c, err := DecodeAny(r)
	if err != nil {
		return nil, err
	}
	return TermsOf(c), nil
}

// Bare is a record whose content was removed so far that it does not say any
// more what it said.
type Bare struct {
	Seq  uint64
	ID   ID
	Kind Kind
	Time time.Time
}

// bare returns what remains of a record of a post's history, false where it
// still says what it is.
func bare(r *Record) (Bare, bool) {
	gone := r.Lacks(fieldMeta) || r.Kind == KindDerivation && r.Lacks(fieldPost)
	return Bare{r.Seq, r.ID, r.Kind, r.Time}, gone
}

// ContentFields are the fields of a record that hold what somebody published,
// or a digest by which a guess at it could be confirmed, as far as they are
// there. The rest says that something was done, when, and with what.
func ContentFields(r *Record) []string {
	var names []string
	switch r.Kind {
	case KindExchange:
		// The answer's head can carry digests of its body.
		names = []string{fieldBodyInfo, fieldBody, fieldRequestBody, fieldResponseHead}
	case KindDerivation:
		names = []string{fieldPost, fieldMeta}
	case KindArticle:
		names = []string{fieldMeta, fieldText}
	case KindPage:
		names = []string{fieldMeta, fieldText}
	case KindCapture, KindDrawing, KindImport:
		names = []string{fieldMeta}
	case KindRedaction:
		names = []string{fieldSealed}
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return !slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Name == name && f.Removed == nil })
	})
}

// NoRedaction is what a check says of a record without content that no
// redaction names.
const NoRedaction = "content of it is missing, and no redaction says why"

// sortedTerms brings terms to the order in which records carry them.
func sortedTerms(terms []Term) []Term {
	terms = slices.DeleteFunc(terms, func(t Term) bool { return t.Value == "" })
	slices.SortFunc(terms, compareTerms)
	return slices.Compact(terms)
}

func compareTerms(a, b Term) int {
	return cmp.Or(cmp.Compare(a.Index.Number(), b.Index.Number()), cmp.Compare(a.Value, b.Value))
}
