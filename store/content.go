package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"stet/extract/post"
)

// CaptureKind says what a capture is a snapshot of.
type CaptureKind string

// The kinds of captures.
const (
	// CapturePost is a snapshot of a post; Ref is set.
	CapturePost CaptureKind = "post"
	// CapturePage is a snapshot of a page; URL is set.
	CapturePage CaptureKind = "page"
)

// Capture is one immutable snapshot of a post or page. What the post said is
// in the [Derivation] that was made of it.
type Capture struct {
	// Time is when the source answered; it is the record's time.
	Time time.Time   `json:"-"`
	Kind CaptureKind `json:"kind"`
	Ref  post.Ref    `json:"ref,omitzero"`
	// URL is the address that was captured; for a post its canonical one.
	URL    string      `json:"url,omitempty"`
	Source post.Source `json:"source"`
	// Exchanges are the recorded exchanges that the capture was made from, the
	// one that holds the content first, then its witnesses.
	Exchanges []ID `json:"exchanges,omitempty"`
	// Memento is what a web archive kept, where Source is "archive".
	Memento Memento `json:"memento,omitzero"`
	// Part is where it stands in an imported file, where Source is "import".
	Part ImportPart `json:"part,omitzero"`
	// Media are the files of the post, in its order.
	Media []MediaFile `json:"media,omitempty"`
	// Article is the version of the article that led here; for a capture of
	// source "article" also the one that quotes the words.
	Article ID `json:"article,omitzero"`
	// Round is the capture of the same round of answers that came first; zero
	// for that one itself.
	Round ID `json:"round,omitzero"`
	// Revisit is the earlier capture of a page that showed the same: by the
	// server's word (304), or by its digest.
	Revisit ID `json:"revisit,omitzero"`
	// Via is the post that quotes or answers this one and so led here.
	Via post.Ref `json:"via,omitzero"`
	// Trigger says who asked: person, schedule, import.
	Trigger string `json:"trigger,omitempty"`
	// Operator, Case and Note are what the person said of the capture, Machine
	// the name of the machine that made it. They stand in a field of their own,
	// which can be left out where the capture is given away.
	Operator string `json:"operator,omitempty"`
	Case     string `json:"case,omitempty"`
	Note     string `json:"note,omitempty"`
	Machine  string `json:"machine,omitempty"`
	// Private is true for what was fetched with the newsroom's own access to a
	// host, found in an article that is private, or said to be private.
	Private bool `json:"private,omitempty"`
	// Decided is true where it is private by a decision alone: see [Privacy].
	Decided bool `json:"-"`
	// Software names the version that captured.
	Software string `json:"software,omitempty"`
}

// Memento is one snapshot that a web archive holds.
type Memento struct {
	// Archive names the web archive: its host.
	Archive string `json:"archive"`
	// URL is the address of the snapshot for people, Original that of the page
	// when it was archived.
	URL      string `json:"url"`
	Original string `json:"original,omitempty"`
	// Time is when the archive took it.
	Time time.Time `json:"time"`
	// Digest is that of the archived answer as the archive's index states it.
	Digest string `json:"digest,omitempty"`
}

// IsZero reports whether there is no snapshot.
func (m Memento) IsZero() bool { return m == Memento{} }

// MediaFile is one file of a captured post.
type MediaFile struct {
	// URL is where the file was fetched from.
	URL string `json:"url"`
	// Digest, Size (bytes) and Type describe the stored file; Digest is zero
	// where none is kept and Error says why.
	Digest Digest `json:"digest,omitzero"`
	Size   int64  `json:"size,omitempty"`
	Type   string `json:"type,omitempty"`
	// Role is "poster" for a video's still picture, empty for the file itself.
	Role string `json:"role,omitempty"`
	// Exchange is the download; for a file that an earlier capture had fetched
	// from the same address, that one.
	Exchange ID `json:"exchange,omitzero"`
	// Reused is true where it was not downloaded again.
	Reused bool   `json:"reused,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Derivation is what a parser of a given version made of a capture. It is
// additive: a better parser adds another.
type Derivation struct {
	Time    time.Time `json:"-"`
	Capture ID        `json:"capture"`
	// Parser is name@version.
	Parser string      `json:"parser"`
	Source post.Source `json:"source"`
	// Ref is the post that it is about.
	Ref post.Ref `json:"ref"`
	// Post is what the post said.
	Post post.Post `json:"-"`
	// Notes are the disagreements between sources and the oddities that the
	// parser met, as sentences.
	Notes []string `json:"notes,omitempty"`
	// Redacted is true where it holds what is left of an earlier one, of which
	// something was taken out: see [Redaction].
	Redacted bool `json:"redacted,omitempty"`
}

// Look is one dated answer to "is it still there?".
type Look struct {
	// Time is when the answer came; it is the record's time.
	Time time.Time `json:"-"`
	Ref  post.Ref  `json:"ref"`
	// Result is what the answer means by itself.
	Result post.Status `json:"result"`
	// Explicit is true where the platform states the result in so many words;
	// false for a mere absence.
	Explicit bool `json:"explicit,omitempty"`
	// Endpoint names who answered: syndication, oembed, api-v2, …
	Endpoint string `json:"endpoint"`
	// Exchange is the recorded answer.
	Exchange ID `json:"exchange,omitzero"`
	// Reason is the sentence that says why the result is what it is.
	Reason string `json:"reason,omitempty"`
	// Round is shared by the looks that were made together; it is the id of
	// the first of them.
	Round ID `json:"round,omitzero"`
	// Account is true where the look was at the author's account.
	Account bool `json:"account,omitempty"`
	// Quarantined is true where the platform's control posts gave wrong
	// answers at the time: the look proves nothing.
	Quarantined bool `json:"quarantined,omitempty"`
	// Trigger says who asked: person, schedule.
	Trigger string `json:"trigger,omitempty"`
}

// Verdict is a change of a post's status, with the looks that it rests on.
type Verdict struct {
	Time      time.Time   `json:"-"`
	Ref       post.Ref    `json:"ref"`
	Status    post.Status `json:"status"`
	Confirmed bool        `json:"confirmed"`
	// Event is suspected, gone, hidden or restored.
	Event string `json:"event"`
	// LastLive and FirstGone bound the moment of the change; ConfirmedAt is
	// when it was confirmed.
	LastLive    time.Time `json:"last_live,omitzero"`
	FirstGone   time.Time `json:"first_gone,omitzero"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"`
	// Looks are those that decided.
	Looks []ID `json:"looks,omitempty"`
	// Rules is the version of the rules, and Reason the sentence.
	Rules  int    `json:"rules"`
	Reason string `json:"reason,omitempty"`
}

// ArticleVersion is an article as it was read once: what it says about itself
// and which posts it shows and links.
type ArticleVersion struct {
	Time time.Time `json:"-"`
	// URL is the address that answered, or the name of a local file; empty for
	// standard input. Asked is the address that was asked for, where it led to
	// another.
	URL   string `json:"url,omitempty"`
	Asked string `json:"asked,omitempty"`
	// Key is what versions of one article share: see [ArticleKey].
	Key       string    `json:"key"`
	Canonical string    `json:"canonical_url,omitempty"`
	Title     string    `json:"title,omitempty"`
	SiteName  string    `json:"site_name,omitempty"`
	Authors   []string  `json:"authors,omitempty"`
	Published time.Time `json:"published,omitzero"`
	Modified  time.Time `json:"modified,omitzero"`
	Language  string    `json:"language,omitempty"`
	// Exchange is how it was fetched; zero for local input, whose bytes are
	// then in Content.
	Exchange ID `json:"exchange,omitzero"`
	// Content holds the bytes of local input.
	Content Digest `json:"content,omitzero"`
	// Origin is web, file or stdin.
	Origin string `json:"origin"`
	// Source is the name of the source that led to it; empty where a person
	// asked.
	Source string `json:"source,omitempty"`
	// Private is true for what was fetched with the newsroom's own credentials
	// or read from a file or standard input, unless a person said otherwise,
	// and for what a person said it of.
	Private bool `json:"private,omitempty"`
	// Decided is true where it is private by a decision alone: see [Privacy].
	Decided bool `json:"-"`
	// Mentions are the posts that it shows and links, in order of appearance.
	Mentions []Mention `json:"mentions,omitempty"`
	// Links are its other outward links.
	Links []ArticleLink `json:"links,omitempty"`
	// Warnings are what the finder could not read.
	Warnings []string `json:"warnings,omitempty"`
	// Finder is the version of the finder.
	Finder string `json:"finder"`
	// Text is the readable text.
	Text string `json:"-"`
}

// Mention is one post in one version of an article.
type Mention struct {
	// Kind is embed or link.
	Kind string `json:"kind"`
	// Ref is zero where the article does not tell which post it shows; then
	// Platform says whose it is.
	Ref       post.Ref      `json:"ref,omitzero"`
	Platform  post.Platform `json:"platform,omitempty"`
	URL       string        `json:"url,omitempty"`
	Markup    string        `json:"markup,omitempty"`
	Positions []int         `json:"positions,omitempty"`
	Before    string        `json:"before,omitempty"`
	Anchor    string        `json:"anchor,omitempty"`
	// Quoted is what the article itself says of the post.
	Quoted Quotation `json:"quoted,omitzero"`
	// Fragment is the markup, cut to 16 KB.
	Fragment string `json:"fragment,omitempty"`
}

// Quotation is what an article itself quotes of a post: the publisher's copy,
// which can have been altered.
type Quotation struct {
	Text   string   `json:"text,omitempty"`
	Name   string   `json:"name,omitempty"`
	Handle string   `json:"handle,omitempty"`
	Date   string   `json:"date,omitempty"`
	Links  []string `json:"links,omitempty"`
}

// IsZero reports whether nothing is quoted.
func (q Quotation) IsZero() bool {
	return q.Text == "" && q.Name == "" && q.Handle == "" && q.Date == "" && len(q.Links) == 0
}

// ArticleLink is an outward link of an article.
type ArticleLink struct {
	URL       string `json:"url"`
	Anchor    string `json:"anchor,omitempty"`
	Positions []int  `json:"positions,omitempty"`
}

// Resolution names the post that a mention without id shows.
type Resolution struct {
	Time    time.Time `json:"-"`
	Article ID        `json:"article"`
	// Mention is the index of the mention in the article version.
	Mention int `json:"mention"`
	// Ref is zero where it stays unresolved.
	Ref post.Ref `json:"ref,omitzero"`
	// Method is short-link, archive or quotation; Confidence from 0 to 1.
	Method     string  `json:"method"`
	Confidence float64 `json:"confidence"`
	// Candidates are the other posts that were considered.
	Candidates []post.Ref `json:"candidates,omitempty"`
	Exchanges  []ID       `json:"exchanges,omitempty"`
	Reason     string     `json:"reason,omitempty"`
}

// Incident is something that the operator should know: a platform that cannot
// be trusted at the moment, a source that has been failing for too long.
type Incident struct {
	Time time.Time `json:"-"`
	// Event is platform-quarantined, platform-recovered, source-failing or
	// source-recovered.
	Event string `json:"event"`
	// Subject names the platform with its endpoint, or the source.
	Subject string `json:"subject"`
	// Text is a sentence.
	Text string `json:"text"`
}

// Watch asks for closer looks at posts for a time. Exactly one of Ref, Account
// and Source says at which.
type Watch struct {
	Time time.Time `json:"-"`
	Ref  post.Ref  `json:"ref,omitzero"`
	// Account is platform:handle, in lower case.
	Account string `json:"account,omitempty"`
	// Source is the name of a source: the posts of its articles.
	Source string `json:"source,omitempty"`
	// Every is the time between two looks; 0 ends an earlier watch.
	Every time.Duration `json:"every,omitempty"`
	// Until is when it ends by itself.
	Until    time.Time `json:"until,omitzero"`
	Operator string    `json:"operator,omitempty"`
}

// Discovery says that a source named an article: it is handed out once,
// whatever becomes of it.
type Discovery struct {
	Time   time.Time `json:"-"`
	Source string    `json:"source"`
	URL    string    `json:"url"`
	Title  string    `json:"title,omitempty"`
	// Published and Modified are as the source states them.
	Published time.Time `json:"published,omitzero"`
	Modified  time.Time `json:"modified,omitzero"`
	// Beside is true where the article was known already, and was not handed out.
	Beside bool `json:"beside,omitempty"`
}

// The names of fields.
const (
	fieldMeta         = "meta"
	fieldBodyInfo     = "body-info"
	fieldRequestHead  = "request-head"
	fieldRequestBody  = "request-body"
	fieldResponseHead = "response-head"
	fieldBody         = "body"
	fieldPost         = "post"
	fieldText         = "text"
	// FieldCustody says who made a capture, and why.
	FieldCustody = "custody"
)

func (*Exchange) kind() Kind       { return KindExchange }
func (*Capture) kind() Kind        { return KindCapture }
func (*Derivation) kind() Kind     { return KindDerivation }
func (*Look) kind() Kind           { return KindLook }
func (*Verdict) kind() Kind        { return KindVerdict }
func (*ArticleVersion) kind() Kind { return KindArticle }
func (*Resolution) kind() Kind     { return KindResolution }
func (*Incident) kind() Kind       { return KindIncident }
func (*Watch) kind() Kind          { return KindWatch }
func (*Discovery) kind() Kind      { return KindDiscovery }

func (e *Exchange) when() time.Time       { return e.Started }
func (c *Capture) when() time.Time        { return c.Time }
func (d *Derivation) when() time.Time     { return d.Time }
func (l *Look) when() time.Time           { return l.Time }
func (v *Verdict) when() time.Time        { return v.Time }
func (a *ArticleVersion) when() time.Time { return a.Time }
func (r *Resolution) when() time.Time     { return r.Time }
func (i *Incident) when() time.Time       { return i.Time }
func (w *Watch) when() time.Time          { return w.Time }
func (d *Discovery) when() time.Time      { return d.Time }

// jsonField encodes v without escaping HTML.
func jsonField(name string, v any) (Field, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return Field{}, err
	}
	return Field{Name: name, Value: bytes.TrimSuffix(buf.Bytes(), []byte("\n"))}, nil
}

// meta encodes v as the only field.
func meta(v any) ([]Field, error) {
	f, err := jsonField(fieldMeta, v)
	return []Field{f}, err
}

// decodeField decodes a JSON field into v; a removed field leaves v as it is.
func decodeField(r *Record, name string, v any) error {
	for i := range r.Fields {
		if r.Fields[i].Name != name {
			continue
		}
		if r.Fields[i].Removed != nil {
			return nil
		}
		if u, ok := v.(json.Unmarshaler); ok {
			return u.UnmarshalJSON(r.Fields[i].Value) // or its JSON would be scanned twice before
		}
		return json.Unmarshal(r.Fields[i].Value, v)
	}
	return errors.New("it has no field " + name)
}

func (e *Exchange) encode() ([]Field, error) {
	m, err := jsonField(fieldMeta, e)
	if err != nil {
		return nil, err
	}
	info, err := jsonField(fieldBodyInfo, e.Body)
	if err != nil {
		return nil, err
	}
	fields := []Field{m, info}
	for _, f := range []Field{{Name: fieldRequestHead, Value: e.RequestHead}, {Name: fieldRequestBody, Value: e.RequestBody},
		{Name: fieldResponseHead, Value: e.ResponseHead}, {Name: fieldBody, Value: e.Body.Inline}} {
		if len(f.Value) > 0 {
			fields = append(fields, f)
		}
	}
	return fields, nil
}

func (e *Exchange) decode(r *Record) error {
	if err := decodeField(r, fieldMeta, e); err != nil {
		return err
	}
	if err := decodeField(r, fieldBodyInfo, &e.Body); err != nil {
		return err
	}
	e.Started = r.Time
	e.Body.Removed = slices.ContainsFunc(r.Fields, func(f Field) bool {
		return f.Removed != nil && (f.Name == fieldBody || f.Name == fieldBodyInfo)
	})
	e.RequestHead, e.RequestBody = r.Field(fieldRequestHead), r.Field(fieldRequestBody)
	e.ResponseHead, e.Body.Inline = r.Field(fieldResponseHead), r.Field(fieldBody)
	return nil
}

// custody is the field of a capture that says who made it.
type custody struct {
	Operator string `json:"operator,omitempty"`
	Case     string `json:"case,omitempty"`
	Note     string `json:"note,omitempty"`
	Machine  string `json:"machine,omitempty"`
}

func (c *Capture) encode() ([]Field, error) {
	open := *c
	open.Operator, open.Case, open.Note, open.Machine = "", "", "", ""
	fields, err := meta(&open)
	who := custody{c.Operator, c.Case, c.Note, c.Machine}
	if err != nil || who == (custody{}) {
		return fields, err
	}
	f, err := jsonField(FieldCustody, who)
	return append(fields, f), err
}

func (c *Capture) decode(r *Record) error {
	c.Time = r.Time
	if err := decodeField(r, fieldMeta, c); err != nil || !r.has(FieldCustody) {
		return err // records of before have it in meta
	}
	var who custody
	err := decodeField(r, FieldCustody, &who)
	c.Operator, c.Case, c.Note, c.Machine = who.Operator, who.Case, who.Note, who.Machine
	return err
}

func (d *Derivation) encode() ([]Field, error) {
	m, err := jsonField(fieldMeta, d)
	if err != nil {
		return nil, err
	}
	p, err := d.Post.MarshalJSON() // what an encoder of JSON would return too, after looking at it twice
	return []Field{m, {Name: fieldPost, Value: p}}, err
}

func (d *Derivation) decode(r *Record) error {
	d.Time = r.Time
	if err := decodeField(r, fieldMeta, d); err != nil {
		return err
	}
	return decodeField(r, fieldPost, &d.Post)
}

func (l *Look) encode() ([]Field, error) { return meta(l) }
func (l *Look) decode(r *Record) error {
	l.Time = r.Time
	return decodeField(r, fieldMeta, l)
}

func (v *Verdict) encode() ([]Field, error) { return meta(v) }
func (v *Verdict) decode(r *Record) error {
	v.Time = r.Time
	return decodeField(r, fieldMeta, v)
}

func (a *ArticleVersion) encode() ([]Field, error) {
	m, err := jsonField(fieldMeta, a)
	if err != nil {
		return nil, err
	}
	fields := []Field{m}
	if a.Text != "" {
		fields = append(fields, Field{Name: fieldText, Value: []byte(a.Text)})
	}
	return fields, nil
}

func (a *ArticleVersion) decode(r *Record) error {
	a.Time = r.Time
	a.Text = string(r.Field(fieldText))
	return decodeField(r, fieldMeta, a)
}

func (r *Resolution) encode() ([]Field, error) { return meta(r) }
func (r *Resolution) decode(rec *Record) error {
	r.Time = rec.Time
	return decodeField(rec, fieldMeta, r)
}

func (i *Incident) encode() ([]Field, error) { return meta(i) }
func (i *Incident) decode(r *Record) error {
	i.Time = r.Time
	return decodeField(r, fieldMeta, i)
}

func (w *Watch) encode() ([]Field, error) { return meta(w) }
func (w *Watch) decode(r *Record) error {
	w.Time = r.Time
	return decodeField(r, fieldMeta, w)
}

func (d *Discovery) encode() ([]Field, error) { return meta(d) }
func (d *Discovery) decode(r *Record) error {
	d.Time = r.Time
	return decodeField(r, fieldMeta, d)
}
