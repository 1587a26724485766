package bundle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"stet/store"
	"stet/store/evidence"
	"stet/store/warc"
)

// Package is what is read of a bundle, whose files were compared with their
// digests, or are at the same time.
type Package interface {
	// Names lists the files.
	Names() []string
	// Size is the length of a file, and whether it is there.
	Size(name string) (int64, bool)
	// ReadAll returns a file of at most max bytes.
	ReadAll(name string, max int64) ([]byte, error)
	// Lines calls yield for each line of a file.
	Lines(name string, max int, yield func(line []byte) error) error
	Opener
}

// maxSmall is the largest file of evidence that is held in memory.
const maxSmall = 1 << 20

// maxCustody is the largest custody that is read.
const maxCustody = 64 << 20

// verifying is one run of [Verify].
type verifying struct {
	ctx     context.Context //nolint:containedctx // it lives as long as one call of Verify
	p       Package
	b       *evidence.Believed
	digests map[string]store.Digest
	parts   []evidence.Part

	head     *evidence.Head
	headPart evidence.Part
	message  []byte
	// existed is the earliest time at which the head existed, by somebody who is
	// trusted; zero for none.
	existed time.Time
	known   map[string]bool
	// pictures are those that records speak of.
	pictures map[store.Digest]bool
	records  int
	lacking  int // of which content is missing
	// items are the records that were found right, without bodies; facts is the
	// custody as it was read, in custody.
	items   []Item
	facts   Facts
	custody []byte
	// key is the public key that comes with the head.
	key string
	// software is what verifies, as a bundle names what made it.
	software string
	// redacted says what was taken out of posts, as the records do.
	redacted []string
	problem  bool
	// see is told of each record of what was on the wire that was read.
	see func(file string, r *warc.Read)
}

// IsBundle reports whether a package holds evidence of this form, or a part of
// it.
func IsBundle(p Package) bool {
	return slices.ContainsFunc(p.Names(), func(name string) bool { return name == Guide || strings.HasPrefix(name, "evidence/") })
}

// Signers returns the key, in DER, that the bundle's note says signs its package,
// whether a key that is trusted says so, and what is to be said of that note. The
// key is nil where nobody says so who signed the head, or is trusted.
func Signers(p Package, b *evidence.Believed) (der []byte, trusted bool, part evidence.Part) {
	bad := func(name string, err error) ([]byte, bool, evidence.Part) {
		return nil, false, evidence.Part{Name: name, Result: evidence.Wrong, Why: err.Error()}
	}
	trust, err := withHandovers(p, b)
	if err != nil {
		return bad(Handovers, err)
	}
	note, err := p.ReadAll(Signer, maxSmall)
	if err != nil {
		return bad(Signer, err)
	}
	der, n, err := trust.Endorsed(note)
	if err == nil {
		return der, true, evidence.Part{Name: Signer, Result: evidence.Verified, Why: "the key " + n.Keys[0] + " says which key signs packages"}
	}
	if !evidence.IsStranger(err) || b.Keys.Len() > 0 {
		return bad(Signer, err)
	}
	// Nobody is trusted: it can be held against the key that comes with the head.
	part = evidence.Part{Name: Signer, Result: evidence.Unverifiable, Why: "name the key of the archive with --key to have it verified who signed"}
	if der, err = endorsedWithin(p, note); err != nil && !evidence.IsStranger(err) {
		return bad(Signer, err)
	}
	return der, false, part
}

// endorsedWithin returns the key that is endorsed by the key in the bundle, or by
// one that this handed over to.
func endorsedWithin(p Package, note []byte) ([]byte, error) {
	key, err := p.ReadAll(PublicKey, maxSmall)
	if err != nil {
		return nil, err
	}
	own, err := evidence.NewTrust(string(key))
	if err != nil {
		return nil, nil //nolint:nilerr // that is told of the key itself
	}
	if own, err = withHandovers(p, &evidence.Believed{Keys: own}); err != nil {
		return nil, err
	}
	der, _, err := own.Endorsed(note)
	return der, err
}

// withHandovers returns the keys that are trusted, and those to which they
// handed over by the notes in the bundle.
func withHandovers(p Package, b *evidence.Believed) (*evidence.Trust, error) {
	var keys []string
	if b.Keys != nil {
		keys = b.Keys.Keys()
	}
	trust, err := evidence.NewTrust(keys...)
	if err != nil {
		return nil, err
	}
	for _, name := range p.Names() { // in their order
		if !strings.HasPrefix(name, Handovers) {
			continue
		}
		note, err := p.ReadAll(name, maxSmall)
		if err != nil {
			return nil, err
		}
		if err := trust.Follow(note); err != nil && !evidence.IsStranger(err) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return trust, nil
}

// Verify judges the evidence of a bundle: the head, that it covers each record,
// the stamps, and that what was on the wire is what the records say. Digests are
// those of the package's list. See is told of each record of WARC that was read
// to its end. Software names what verifies: of a bundle that the same version made,
// the report and the guide are made again. It errors where ctx ends or the bundle
// cannot be read; what is wrong with it is in the parts.
func Verify(ctx context.Context, p Package, b evidence.Believed, software string, digests map[string]store.Digest, see func(file string, r *warc.Read)) ([]evidence.Part, error) {
	trust, err := withHandovers(p, &b)
	if err != nil {
		return []evidence.Part{{Name: Handovers, Result: evidence.Wrong, Why: err.Error()}}, nil
	}
	b.Keys = trust
	v := &verifying{ctx: ctx, p: p, b: &b, software: software, digests: digests, known: map[string]bool{}, pictures: map[store.Digest]bool{}, see: see}
	for _, name := range always() {
		v.known[name] = true
	}
	v.handovers()
	w := newWire()
	for _, step := range []func() error{v.readHead, v.readCustody, v.stamps, func() error { return v.lines(w) }, v.judgeCustody, func() error { return w.read(v) }, v.strays} {
		err := step()
		if errors.Is(err, store.ErrVerification) || errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrTooLarge) {
			v.say("evidence", evidence.Wrong, "%s", err)
			return v.parts, nil
		}
		if err != nil {
			return v.parts, err
		}
	}
	return v.parts, nil
}

func (v *verifying) say(name string, r evidence.Result, format string, args ...any) {
	v.parts = append(v.parts, evidence.Part{Name: name, Result: r, Why: fmt.Sprintf(format, args...)})
	v.problem = v.problem || r == evidence.Wrong
}

// handovers says of each note by which a key hands over whether a key that is
// trusted has signed it.
func (v *verifying) handovers() {
	for _, name := range v.p.Names() {
		if !strings.HasPrefix(name, Handovers) {
			continue
		}
		note, err := v.p.ReadAll(name, maxSmall)
		if err == nil {
			_, err = v.b.Keys.OpenNote(note)
		}
		switch {
		case err == nil:
			v.say(name, evidence.Verified, "a key that you trust hands over by it")
		case evidence.IsStranger(err):
			v.say(name, evidence.Unverifiable, "none of the keys that you trust hands over by it")
		default:
			v.say(name, evidence.Wrong, "%s", err)
		}
	}
}

func (v *verifying) readHead() (err error) {
	if v.message, err = v.p.ReadAll(Head, maxSmall); err != nil {
		return err
	}
	v.head, v.headPart = v.b.Head(Head, v.message)
	v.parts = append(v.parts, v.headPart)
	if v.head == nil {
		return fmt.Errorf("%w: without the head nothing else can be verified", store.ErrVerification)
	}
	key, err := v.p.ReadAll(PublicKey, maxSmall)
	if err != nil {
		return err
	}
	v.key = strings.TrimSuffix(string(key), "\n")
	own, err := evidence.NewTrust(v.key)
	if err == nil {
		_, _, err = own.ReadHead(v.message)
	}
	if err != nil {
		v.say(PublicKey, evidence.Wrong, "it is not the key that signed the head: %s", err)
	} else if string(key) != v.key+"\n" {
		v.say(PublicKey, evidence.Wrong, "it has bytes that mean nothing")
	}
	return nil
}

// stamps judges what others said of the head.
func (v *verifying) stamps() error {
	found := false
	for _, name := range v.p.Names() {
		if !strings.HasPrefix(name, Stamps) {
			continue
		}
		found, v.known[name] = true, true
		body, err := v.p.ReadAll(name, maxSmall)
		if err != nil {
			return err
		}
		var at time.Time
		var part evidence.Part
		switch path.Ext(name) {
		case ".tsr":
			at, part = v.b.TimeStamp(name, body, v.message)
		case ".ots":
			at, part = v.b.OTS(name, body, v.message)
		default:
			part = evidence.Part{Name: name, Result: evidence.Wrong, Why: "it is no stamp"}
		}
		v.parts = append(v.parts, part)
		if !at.IsZero() && (v.existed.IsZero() || at.Before(v.existed)) {
			v.existed = at
		}
	}
	if !found {
		v.say("time", evidence.Unverifiable, "nobody outside vouches for any time in this bundle")
	}
	return nil
}

// lines judges each record.
func (v *verifying) lines(w *wire) error {
	var last uint64
	var size int64
	seen := map[store.ID]bool{}
	err := v.p.Lines(Records, MaxLine, func(line []byte) error {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		size += int64(len(line)) + 1
		r, err := Parse(line)
		if err != nil {
			return err
		}
		if v.records++; v.records > MaxRecords {
			return fmt.Errorf("%w: more than %d records", store.ErrTooLarge, MaxRecords)
		}
		if r.Seq <= last || seen[r.ID] {
			return fmt.Errorf("%w: the record %s stands twice, or not in its place", store.ErrVerification, r.ID)
		}
		last, seen[r.ID] = r.Seq, true
		if !r.Whole() {
			v.lacking++
		}
		if err := v.record(r); err != nil {
			v.say("record "+r.ID.String(), evidence.Wrong, "%s", err)
			return nil
		}
		again, err := Format(r)
		if err != nil || !bytes.Equal(again, append(bytes.Clone(line), '\n')) {
			v.say("record "+r.ID.String(), evidence.Wrong, "its line has bytes that mean nothing")
		}
		return w.expect(v, r)
	})
	if err != nil {
		return err
	}
	if n, _ := v.p.Size(Records); n != size {
		v.say(Records, evidence.Wrong, "its lines end otherwise than they should")
	}
	if v.records == 0 {
		return fmt.Errorf("%w: the bundle holds no records", store.ErrVerification)
	}
	if !v.problem {
		result, more := evidence.Verified, ""
		if v.headPart.Result != evidence.Verified {
			result, more = evidence.Unverifiable, ", which is not verified"
		}
		if v.lacking > 0 {
			more += fmt.Sprintf("; content of %d of them was left out, sealed or removed, and its commitment stands in its place", v.lacking)
		}
		for _, note := range v.redacted {
			more += "; " + note
		}
		v.say(Records, result, "each of the %d records is covered by the head%s", v.records, more)
	}
	return nil
}

// record judges one record.
func (v *verifying) record(r *store.Record) error {
	name := Proofs + r.ID.String() + ".tlog-proof"
	v.known[name] = true
	body, err := v.p.ReadAll(name, maxSmall)
	if err != nil {
		return err
	}
	p, err := evidence.ParseProof(body)
	if err != nil {
		return err
	}
	switch {
	case !bytes.Equal(p.Checkpoint, v.message):
		return fmt.Errorf("%w: its proof is under another head", store.ErrVerification)
	case p.Index != int64(r.Seq)-1:
		return fmt.Errorf("%w: its proof is that of another number", store.ErrVerification)
	case !bytes.Equal(p.Header, r.Header()):
		return fmt.Errorf("%w: its content is not what was recorded: the leaf is another", store.ErrVerification)
	case r.Time.After(v.b.Now.Add(evidence.Slack)):
		return fmt.Errorf("%w: it is dated %s, which is in the future", store.ErrVerification, r.Time.Format(time.RFC3339))
	case !v.existed.IsZero() && r.Time.After(v.existed.Add(evidence.Slack)):
		return fmt.Errorf("%w: it is dated %s, after the head that covers it was stamped", store.ErrVerification, r.Time.Format(time.RFC3339))
	}
	if err := p.Check(v.head, p.Leaf()); err != nil {
		return err
	}
	_, err = store.DecodeAny(r)
	return err
}

// always lists the files that every bundle has.
func always() []string {
	return []string{Records, Head, PublicKey, Signer, Custody, Report, Guide, "indexes/index.cdx", "pages/pages.jsonl", "datapackage.json", "datapackage-digest.json"}
}

// strays looks for files that are missing, for such that nothing speaks of, and
// for such that are named by another digest than theirs.
func (v *verifying) strays() error {
	names := v.p.Names()
	for _, name := range always() {
		if !slices.Contains(names, name) {
			v.say(name, evidence.Wrong, "it is missing, and every bundle has it")
		}
	}
	for _, name := range names {
		switch folder := path.Dir(name) + "/"; {
		case folder == Media || folder == Drawings:
			want := "sha256:" + strings.TrimSuffix(path.Base(name), path.Ext(name))
			if d := v.digests[name]; d.String() != want {
				v.say(name, evidence.Wrong, "it is named by another digest than its own")
			} else if !v.pictures[d] {
				v.say(name, evidence.Wrong, "no record speaks of it")
			}
		case !v.known[name] && folder != Handovers && !strings.HasPrefix(name, archivePrefix):
			v.say(name, evidence.Wrong, "no record speaks of it")
		}
	}
	return nil
}
