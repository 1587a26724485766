package store

import (
	"fmt"
	"slices"
	"time"
)

// Kind says what a record is.
type Kind string

// The kinds of records. The number of a kind in [Kinds] is stored: kinds are
// only ever appended.
const (
	// KindExchange is one request and its response: [Exchange].
	KindExchange Kind = "exchange"
	// KindCapture is one snapshot: [Capture].
	KindCapture Kind = "capture"
	// KindDerivation is what a parser made of a capture: [Derivation].
	KindDerivation Kind = "derivation"
	// KindLook is one answer to "is it still there?": [Look].
	KindLook Kind = "look"
	// KindVerdict is a change of a post's status: [Verdict].
	KindVerdict Kind = "verdict"
	// KindArticle is one version of an article: [ArticleVersion].
	KindArticle Kind = "article"
	// KindResolution names the post that an embed without id shows:
	// [Resolution].
	KindResolution Kind = "resolution"
	// KindHold says that nothing of something may be removed: [Hold].
	KindHold Kind = "hold"
	// KindTakedown says what may not be captured: [Takedown].
	KindTakedown Kind = "takedown"
	// KindRedaction says what was taken out of records: [Redaction].
	KindRedaction Kind = "redaction"
	// KindNote is an act of archivists. Such records are kept and carried by
	// every version; this one does not write them.
	KindNote Kind = "note"
	// KindImport is a file that was given to the archive: [Import].
	KindImport Kind = "import"
	// KindIncident is something that the operator should know: [Incident].
	KindIncident Kind = "incident"
	// KindWatch asks for closer looks for a time: [Watch].
	KindWatch Kind = "watch"
	// KindDiscovery says that a source named an article: [Discovery].
	KindDiscovery Kind = "discovery"
	// KindPage is what was made of the capture of a page: [PageReading].
	KindPage Kind = "page"
	// KindPageLook is one answer to "is the page still there?": [PageLook].
	KindPageLook Kind = "page-look"
	// KindDrawing is how a page looked: [Drawing].
	KindDrawing Kind = "drawing"
	// KindStamp is a signed head of the evidence tree, or what somebody outside
	// said of one: [Stamp].
	KindStamp Kind = "stamp"
	// KindSubmission is what was handed to a web archive.
	KindSubmission Kind = "submission"
	// KindCase is a step in the life of a case: [Case].
	KindCase Kind = "case"
	// KindApproval says what the public may be shown: [Approval].
	KindApproval Kind = "approval"
	// KindAudit says who did what: [Audit].
	KindAudit Kind = "audit"
	// KindPrivacy says what is private from then on: [Privacy].
	KindPrivacy Kind = "privacy"
	// KindRetention says what was removed because of how long things are kept:
	// [Retention].
	KindRetention Kind = "retention"
)

// Kinds lists the kinds; a kind's index plus one is its number on disk.
func Kinds() []Kind {
	return []Kind{KindExchange, KindCapture, KindDerivation, KindLook, KindVerdict, KindArticle,
		KindResolution, KindHold, KindRedaction, KindTakedown, KindImport, KindNote, KindIncident, KindWatch, KindDiscovery,
		KindPage, KindPageLook, KindDrawing, KindStamp, KindCase, KindApproval, KindSubmission, KindAudit, KindPrivacy, KindRetention}
}

// Number returns the number of k on disk, 0 where this version does not know
// k.
func (k Kind) Number() byte { return byte(slices.Index(Kinds(), k) + 1) }

// KindOf returns the kind with the number n, and false where this version does
// not know it.
func KindOf(n byte) (Kind, bool) {
	kinds := Kinds()
	if n == 0 || int(n) > len(kinds) {
		return "", false
	}
	return kinds[n-1], true
}

// SchemaVersion is the version of the records' bodies that this version
// writes. A reader accepts every version from 1 up to it.
const SchemaVersion = 1

// Record is one addition to the archive: an envelope that every backend stores
// in the same way, whatever its content. Build one with [NewRecord] and read
// its content with [Decode].
type Record struct {
	// Seq is the journal number, 0 until the record is stored.
	Seq  uint64
	ID   ID
	Kind Kind
	// Schema is the version of the content.
	Schema int
	// Time is when the thing happened, in UTC, to the microsecond.
	Time time.Time
	// Salt is the secret from which the fields' salts are derived; zero once
	// a field was removed.
	Salt Salt
	// Fields are the content.
	Fields []Field
	// Terms are the index entries, as [TermsOf] derives them from the content.
	// They are set on records that are added; reading leaves them nil, but where
	// content was removed: then they do not follow from the rest. They are not
	// part of the leaf.
	Terms []Term
	// Hidden is true where a decision makes the record private: see [Privacy].
	// The [Archive] says so of what it reads; it is neither stored nor part of
	// the leaf.
	Hidden bool
}

// Field is one named part of a record's content. Each can be removed by
// itself.
type Field struct {
	// Name is a short word of lower-case letters and dashes.
	Name string
	// Value is the content. Structured content is JSON.
	Value []byte
	// Salt is the field's own salt where the record's was destroyed; zero
	// where it is derived.
	Salt Salt
	// Removed is the commitment that remains of a removed field; Value and
	// Salt are then empty.
	Removed *Hash
}

// Field returns the value of the field name, nil where the record has none or
// it was removed.
func (r *Record) Field(name string) []byte {
	for i := range r.Fields {
		if r.Fields[i].Name == name {
			return r.Fields[i].Value
		}
	}
	return nil
}

// has reports whether r has the field, removed or not.
func (r *Record) has(name string) bool {
	return slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Name == name })
}

// Content is the typed content of a record: *[Exchange], *[Capture],
// *[Derivation], *[Look], *[Verdict], *[ArticleVersion], *[Resolution],
// *[Incident], *[Watch], *[Discovery], *[PageReading], *[PageLook],
// *[Drawing], *[Case], *[Approval], *[Audit],
// *[Submission], *[Stamp], *[Import], *[Hold], *[Takedown], *[Redaction],
// *[Privacy] or *[Retention]. The
// methods are for this package: others use [NewRecord], [Decode] and
// [TermsOf].
type Content interface {
	kind() Kind
	when() time.Time
	encode() ([]Field, error)
	decode(*Record) error
	terms() []Term
}

// newContent returns an empty content of a kind, nil for kinds without one.
func newContent(k Kind) Content {
	switch k {
	case KindExchange:
		return new(Exchange)
	case KindCapture:
		return new(Capture)
	case KindDerivation:
		return new(Derivation)
	case KindLook:
		return new(Look)
	case KindVerdict:
		return new(Verdict)
	case KindArticle:
		return new(ArticleVersion)
	case KindResolution:
		return new(Resolution)
	case KindIncident:
		return new(Incident)
	case KindWatch:
		return new(Watch)
	case KindDiscovery:
		return new(Discovery)
	case KindPage:
		return new(PageReading)
	case KindPageLook:
		return new(PageLook)
	case KindDrawing:
		return new(Drawing)
	case KindCase:
		return new(Case)
	case KindHold:
		return new(Hold)
	case KindTakedown:
		return new(Takedown)
	case KindApproval:
		return new(Approval)
	case KindAudit:
		return new(Audit)
	case KindPrivacy:
		return new(Privacy)
	case KindRetention:
		return new(Retention)
	case KindStamp:
		return new(Stamp)
	case KindSubmission:
		return new(Submission)
	case KindImport:
		return new(Import)
	case KindRedaction:
		return new(Redaction)
	}
	return nil
}

// NewRecord makes the record that holds content under the name id. The salt
// must be fresh and random. It errors with [ErrInvalid] where the content
// cannot be encoded, or names a post by a reference that is not one: what it
// returns can be decoded again, and has the same index entries then.
func NewRecord(id ID, salt Salt, content Content) (Record, error) {
	for _, r := range refsOf(content) {
		if !r.IsZero() && !r.Valid() {
			return Record{}, fmt.Errorf("%w: a %s names the post %q, which is not a reference", ErrInvalid, content.kind(), r)
		}
	}
	fields, err := undecided(content).encode()
	if err != nil {
		return Record{}, fmt.Errorf("%w: encoding a %s: %w", ErrInvalid, content.kind(), err)
	}
	return Record{
		ID: id, Kind: content.kind(), Schema: SchemaVersion, Salt: salt,
		Time: content.when().UTC().Truncate(time.Microsecond), Fields: fields, Terms: TermsOf(content),
	}, nil
}

// Decode reads the content of r as a T. It errors with [ErrInvalid] where r is
// of another kind, with [ErrVersion] where r was written by a newer version,
// and with [ErrCorrupt] where its content is not what its kind asks for. The
// content of removed fields is zero.
func Decode[T any, P interface {
	*T
	Content
}](r *Record) (*T, error) {
	v := P(new(T))
	if r.Kind != v.kind() {
		return nil, fmt.Errorf("%w: record %s is of kind %s, not %s", ErrInvalid, r.ID, r.Kind, v.kind())
	}
	if err := decodeInto(r, v); err != nil {
		return nil, err
	}
	return (*T)(v), nil
}

func decodeInto(r *Record, v Content) error {
	if r.Schema > SchemaVersion {
		return fmt.Errorf("%w: record %s has schema %d, this version reads up to %d", ErrVersion, r.ID, r.Schema, SchemaVersion)
	}
	if err := v.decode(r); err != nil {
		return fmt.Errorf("%w: decoding %s %s: %w", ErrCorrupt, r.Kind, r.ID, err)
	}
	if r.Hidden {
		hideContent(v)
	}
	return nil
}

// DecodeAny reads the content of r, whatever its kind: nil for a kind without
// typed content. It errors as [Decode] does.
func DecodeAny(r *Record) (Content, error) {
	v := newContent(r.Kind)
	if v == nil {
		return nil, nil
	}
	if err := decodeInto(r, v); err != nil {
		return nil, err
	}
	return v, nil
}

// Typed reports whether records of the kind have typed content, which
// [DecodeAny] reads and from which their index entries follow.
func (k Kind) Typed() bool { return newContent(k) != nil }
