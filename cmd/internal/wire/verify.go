package wire

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"stet/store"
	"stet/store/evidence"
	"stet/store/evidence/bundle"
	"stet/store/wacz"
	"stet/store/warc"
)

// Verifying says whom somebody believes who verifies a file.
type Verifying struct {
	evidence.Believed
	// Of is what a stamp is of, or the older head of a proof of consistency; nil
	// where it was not named.
	Of []byte
	// PackageKeys are names of keys that sign packages anonymously: the SHA-256
	// of the key in hex.
	PackageKeys []string
	// Software is what verifies, as bundles name what made them.
	Software string
	// Roots vouch for the certificates of domains; nil for none.
	Roots *x509.CertPool
}

// VerifiedPart is one part of a file with what verifying it came to.
type VerifiedPart = evidence.Part

// maxText is the largest file that is no package and no WARC.
const maxText = 1 << 20

// VerifyFile judges a file, whatever of what this program and its kin write it
// is. It opens nothing else, and knows no archive. What is wrong with the file
// is in the parts; the error is for what kept it from looking.
func VerifyFile(ctx context.Context, r io.ReaderAt, size int64, v *Verifying) ([]VerifiedPart, error) {
	begin := make([]byte, min(size, 64))
	if _, err := r.ReadAt(begin, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	switch {
	case bytes.HasPrefix(begin, []byte("PK")):
		return verifyPackage(ctx, r, size, v)
	case bytes.HasPrefix(begin, []byte{0x1f, 0x8b}), bytes.HasPrefix(begin, []byte("WARC/")), bytes.HasPrefix(begin, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return verifyWARC(ctx, r, size)
	case size > maxText:
		return []VerifiedPart{{Name: "file", Result: evidence.Wrong, Why: "it is neither a package nor a WARC file, and too large for anything else that can be verified"}}, nil
	}
	body := make([]byte, size)
	if _, err := r.ReadAt(body, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	return verifyText(body, v), nil
}

// verifyText judges heads, proofs and stamps.
func verifyText(body []byte, v *Verifying) []VerifiedPart {
	switch {
	case evidence.IsProof(body):
		return v.Proof("proof", body)
	case evidence.IsConsistency(body):
		return v.Consistency("proof", body, v.Of)
	case evidence.IsOTS(body):
		_, p := v.OTS("time stamp", body, v.Of)
		return []VerifiedPart{p}
	case evidence.IsHandover(body):
		return []VerifiedPart{verifyHandover(body, v)}
	case len(body) > 0 && body[0] == 0x30:
		_, p := v.TimeStamp("time stamp", body, v.Of)
		return []VerifiedPart{p}
	case bytes.Contains(body, []byte("\n\n")):
		_, p := v.Head("checkpoint", body)
		return []VerifiedPart{p}
	}
	return []VerifiedPart{{Name: "file", Result: evidence.Wrong, Why: "it is nothing that can be verified: a package (WACZ), a WARC file, a checkpoint, a proof or a time stamp"}}
}

func verifyHandover(body []byte, v *Verifying) VerifiedPart {
	p := VerifiedPart{Name: "handover", Result: evidence.Verified, Why: "a key that you trust hands over to the next"}
	trust := v.Keys
	if trust == nil {
		trust = &evidence.Trust{}
	}
	err := trust.Follow(body)
	switch {
	case evidence.IsStranger(err) && trust.Len() == 0:
		p.Result, p.Why = evidence.Unverifiable, "name the key that hands over with --key"
	case err != nil:
		p.Result, p.Why = evidence.Wrong, err.Error()
	}
	return p
}

// judged reports whether an error says something about the file, and not about
// reading it.
func judged(err error) bool {
	for _, class := range []error{store.ErrCorrupt, store.ErrRefused, store.ErrTooLarge, store.ErrVerification, store.ErrNotFound} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}

// verifyPackage judges a WACZ, and the evidence in it where it is a bundle. The
// digests of the entries are taken while what they hold is looked at.
func verifyPackage(ctx context.Context, r io.ReaderAt, size int64, v *Verifying) ([]VerifiedPart, error) {
	in, err := wacz.NewReader(r, size, wacz.Limits{})
	var d *wacz.Description
	if err == nil {
		d, err = in.Describe()
	}
	if err != nil {
		if judged(err) {
			return []VerifiedPart{{Name: "file", Result: evidence.Wrong, Why: err.Error()}}, nil
		}
		return nil, err
	}
	trust := wacz.Trust{Keys: v.PackageKeys, Roots: v.Roots, Stamp: v.stamp}
	p := wacz.NewSummed(in)
	seen := newPlaces(p, bundle.IsBundle(p) || strings.HasPrefix(d.Software, "stet"))
	look := func() ([]VerifiedPart, error) { return verifyArchives(ctx, p, seen.see) }
	var signer *VerifiedPart
	if bundle.IsBundle(p) {
		der, trusted, part := bundle.Signers(p, &v.Believed)
		signer = &part
		if sum := sha256.Sum256(der); trusted {
			trust.Keys = append([]string{hex.EncodeToString(sum[:])}, trust.Keys...)
		} else if der != nil && (d.Signed == nil || d.Signed.PublicKey != base64.StdEncoding.EncodeToString(der)) {
			part.Result, part.Why = evidence.Wrong, "the key in the bundle says that another key signs packages than the one that signed this"
		}
		look = func() ([]VerifiedPart, error) {
			return bundle.Verify(ctx, p, v.Believed, v.Software, digestsOf(d), seen.see)
		}
		trust.Strict = true
	}
	more, err := look()
	if err != nil {
		return nil, err
	}
	listed, err := seen.compare(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := wacz.Verify(ctx, p, trust)
	if err != nil {
		return nil, err
	}
	var all []VerifiedPart
	for _, q := range parts {
		all = append(all, VerifiedPart{Name: q.Name, Result: evidence.Result(q.Result), Why: q.Why})
	}
	if signer != nil {
		all = append(all, *signer)
		frame, err := bundleFrame(p, d)
		if err != nil {
			return nil, err
		}
		all = append(all, frame...)
		all[2] = ofArchive(all[2], v.Keys)
	}
	return slices.Concat(all, more, listed), nil
}

// bundleFrame compares how a bundle describes itself, and its list of pages, with
// what every bundle has there.
func bundleFrame(p *wacz.Summed, d *wacz.Description) ([]VerifiedPart, error) {
	var parts []VerifiedPart
	bad := func(name, why string) {
		parts = append(parts, VerifiedPart{Name: name, Result: evidence.Wrong, Why: why})
	}
	at, err := time.Parse(time.RFC3339, d.Created)
	if err != nil {
		bad(wacz.NamePackage, "it does not say when the bundle was made")
		return parts, nil
	}
	want, err := bundlePackage(d.Software, at)
	if err != nil {
		return nil, err
	}
	if !d.Describes(&want) {
		bad(wacz.NamePackage, "it describes the bundle otherwise than bundles are, or leads to another page than the report")
	}
	var facts struct{ Software, Created string }
	custody, err := p.ReadAll(bundle.Custody, wacz.DefaultPackage)
	if err == nil && json.Unmarshal(custody, &facts) == nil && (facts.Software != d.Software || facts.Created != d.Created) {
		bad(wacz.NamePackage, "it says otherwise than the custody what made the bundle, and when")
	}
	pages, err := bundlePages(at)
	if err != nil {
		return nil, err
	}
	if got, err := p.ReadAll(wacz.NamePages, maxText); err != nil && !judged(err) {
		return nil, err
	} else if err == nil && !bytes.Equal(got, pages) {
		bad(wacz.NamePages, "it lists something else than the report")
	}
	return parts, nil
}

// ofArchive judges the signature of a bundle's package: where the archive's key
// was named, that one must have said whose the signature is.
func ofArchive(signature VerifiedPart, named *evidence.Trust) VerifiedPart {
	if signature.Name == wacz.PartSignature && signature.Result == evidence.Unverifiable && named.Len() > 0 {
		signature.Result, signature.Why = evidence.Wrong, signature.Why+"; the key that you named does not say that it signs packages"
	}
	return signature
}

// digestsOf returns the digests of the package's list.
func digestsOf(d *wacz.Description) map[string]store.Digest {
	m := make(map[string]store.Digest, len(d.Resources))
	for _, r := range d.Resources {
		if digest, err := store.ParseDigest(r.Hash); err == nil {
			m[r.Path] = digest
		}
	}
	return m
}

// stamp judges the time stamp of a domain's signature.
func (v *Verifying) stamp(answer, data []byte, _ []*x509.Certificate) (time.Time, error) {
	at, p := v.TimeStamp("", answer, data)
	switch p.Result {
	case evidence.Verified:
		return at, nil
	case evidence.Unverifiable:
		return time.Time{}, fmt.Errorf("%w: %s", store.ErrNotFound, p.Why)
	}
	return time.Time{}, fmt.Errorf("%w: %s", store.ErrVerification, p.Why)
}

// verifyArchives holds the WARC files of a package against the standard.
func verifyArchives(ctx context.Context, p *wacz.Summed, see func(string, *warc.Read)) ([]VerifiedPart, error) {
	var parts []VerifiedPart
	for _, name := range p.Archives() {
		f, err := p.Open(name)
		if err == nil {
			var more []VerifiedPart
			more, err = validate(ctx, name, f, func(r *warc.Read) { see(name, r) })
			parts = append(parts, more...)
			err = errors.Join(err, f.Close())
		}
		if err != nil && !judged(err) {
			return nil, err
		}
		if err != nil {
			parts = append(parts, VerifiedPart{Name: name, Result: evidence.Wrong, Why: err.Error()})
		}
	}
	return parts, nil
}

// maxTold is how many departures from the standard are told of one file.
const maxTold = 100

// validate holds a WARC file against the standard.
func validate(ctx context.Context, name string, r io.Reader, see func(*warc.Read)) ([]VerifiedPart, error) {
	report, err := warc.ValidateEach(ctx, r, warc.Limits{}, see)
	if err != nil {
		return nil, err
	}
	var parts []VerifiedPart
	for i, p := range report.Problems {
		if i == maxTold {
			parts = append(parts, VerifiedPart{Name: name, Result: evidence.Wrong, Why: fmt.Sprintf("and %d more", report.Found-maxTold)})
			break
		}
		why := p.What
		if p.Offset >= 0 {
			why = fmt.Sprintf("the record at %d: %s", p.Offset, p.What)
		}
		parts = append(parts, VerifiedPart{Name: name, Result: evidence.Wrong, Why: why})
	}
	if len(parts) == 0 && report.Bare > 0 {
		return []VerifiedPart{{Name: name + " records", Result: evidence.Unverifiable,
			Why: fmt.Sprintf("%d records are whole, and %d of them state no digest of what they hold", report.Records, report.Bare)}}, nil
	}
	if len(parts) == 0 {
		parts = append(parts, VerifiedPart{Name: name + " records", Result: evidence.Verified, Why: fmt.Sprintf("%d records are whole, and their digests fit", report.Records)})
	}
	return parts, nil
}

// verifyWARC judges a WARC file, which nobody signs.
func verifyWARC(ctx context.Context, r io.ReaderAt, size int64) ([]VerifiedPart, error) {
	heads := &memberHeads{}
	parts, err := validate(ctx, "warc", io.NewSectionReader(r, 0, size), heads.see)
	if err != nil && !judged(err) {
		return nil, err
	} else if err != nil {
		return []VerifiedPart{{Name: "warc", Result: evidence.Wrong, Why: err.Error()}}, nil
	}
	if heads.wrong != "" {
		parts = append(parts, VerifiedPart{Name: "compression", Result: evidence.Wrong, Why: heads.wrong})
	}
	return append(parts, VerifiedPart{Name: wacz.PartSignature, Result: evidence.Unverifiable,
		Why: "a WARC file is not signed: its digests cover what its records hold and not what is said of them, and whoever changed it could have changed its digests too"}), nil
}

// memberHeads compares the heads of a file's gzip members with each other: no
// digest covers them, and one program writes all alike.
type memberHeads struct {
	first []byte
	wrong string
}

func (m *memberHeads) see(r *warc.Read) {
	switch {
	case r.Member == nil || m.wrong != "":
	case m.first == nil:
		m.first = r.Member
	case !bytes.Equal(m.first, r.Member):
		m.wrong = fmt.Sprintf("the compressed record at %d is written by another program than the first, or changed: %x, not %x", r.Offset, r.Member, m.first)
	}
}
