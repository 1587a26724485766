package evidence

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"stet/store"
)

// Result is what verifying a part came to.
type Result string

// The results.
const (
	// Verified: it is what it says.
	Verified Result = "verified"
	// Unverifiable: nothing contradicts it, and what would prove it is missing,
	// pending, or not trusted.
	Unverifiable Result = "unverifiable"
	// Wrong: it cannot be what it says.
	Wrong Result = "wrong"
)

// Part is one part of what is verified.
type Part struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	// Why is a sentence.
	Why string `json:"why"`
}

// Believed is whom a verifier believes. Its zero value believes nobody: what
// contradicts itself is found, and nothing is proved to be anybody's.
type Believed struct {
	// Keys are the public keys of logs; nil for none.
	Keys *Trust
	// Authorities are the roots of time-stamp authorities; nil for none.
	Authorities *x509.CertPool
	// Blocks are the headers of blocks of Bitcoin.
	Blocks []*BlockHeader
	// Now is the time of who verifies.
	Now time.Time
}

// Slack is how far clocks may differ before a time counts as impossible.
const Slack = 10 * time.Minute

func part(name string, result Result, format string, args ...any) Part {
	return Part{name, result, fmt.Sprintf(format, args...)}
}

// wrongPart makes a part of an error.
func wrongPart(name string, err error) Part { return Part{name, Wrong, err.Error()} }

// Head judges a signed head. The head is nil where it cannot be read.
func (b *Believed) Head(name string, msg []byte) (*Head, Part) {
	h, n, err := b.Keys.ReadHead(msg)
	if err == nil {
		return &h, part(name, Verified, "the head of %d records of the log %s is signed by %s, which you trust", h.Size, h.Origin, n.Keys[0])
	}
	if !IsStranger(err) {
		return nil, wrongPart(name, err)
	}
	h, bad := UnsignedHead(msg)
	if bad != nil {
		return nil, wrongPart(name, bad)
	}
	if b.Keys.Len() > 0 {
		return &h, part(name, Wrong, "%s: it is signed by another key than you named", err)
	}
	return &h, part(name, Unverifiable, "it says that it is the head of %d records of the log %s; name the key of that log with --key to have the signature verified", h.Size, h.Origin)
}

// under weakens what fits a head by what is known of the head.
func under(head Part, p Part) Part {
	if p.Result == Verified && head.Result != Verified {
		p.Result, p.Why = Unverifiable, p.Why+", and the head is not verified"
	}
	return p
}

// Proof judges the proof for one record.
func (b *Believed) Proof(name string, body []byte) []Part {
	p, err := ParseProof(body)
	if err != nil {
		return []Part{wrongPart(name, err)}
	}
	h, head := b.Head("checkpoint", p.Checkpoint)
	if h == nil {
		return []Part{head}
	}
	facts, err := ParseHeader(p.Header)
	if err == nil {
		err = p.Check(h, p.Leaf())
	}
	if err != nil {
		return []Part{head, wrongPart(name, err)}
	}
	if facts.Time.After(b.Now.Add(Slack)) {
		return []Part{head, part(name, Wrong, "the record is dated %s, which is in the future", facts.Time.Format(time.RFC3339))}
	}
	return []Part{head, under(head, part(name, Verified, "the head covers record %d: the %s %s of %s", p.Index+1, facts.Kind, facts.ID, facts.Time.Format(time.RFC3339)))}
}

// Consistency judges the proof that a head goes on from an older one; without
// the older one it proves nothing.
func (b *Believed) Consistency(name string, body, older []byte) []Part {
	c, err := ParseConsistency(body)
	if err != nil {
		return []Part{wrongPart(name, err)}
	}
	h, head := b.Head("checkpoint", c.Checkpoint)
	if h == nil {
		return []Part{head}
	}
	if older == nil {
		return []Part{head, part(name, Unverifiable, "it says that the head goes on from one of %d records; name the file of that one with --of", c.Old)}
	}
	o, before := b.Head("older checkpoint", older)
	if o == nil {
		return []Part{head, before}
	}
	if err := c.Check(h, o); err != nil {
		return []Part{head, before, wrongPart(name, err)}
	}
	return []Part{head, before, under(before, under(head, part(name, Verified, "the head of %d records goes on from that of %d", h.Size, o.Size)))}
}

// TimeStamp judges the answer of an authority about data, nil where that is not
// at hand. The time is that of the stamp where it is verified, else zero.
func (b *Believed) TimeStamp(name string, body, data []byte) (time.Time, Part) {
	t, err := ReadTimeStamp(body)
	if err != nil {
		return time.Time{}, Part{name, Wrong, err.Error()}
	}
	if data == nil {
		return time.Time{}, part(name, Unverifiable, "a time stamp of %s, of something that is not here; name the file with --of", t.Time.Format(time.RFC3339))
	}
	if err := t.Of(data); err != nil {
		return time.Time{}, wrongPart(name, err)
	}
	if t.Time.After(b.Now.Add(Slack)) {
		return time.Time{}, part(name, Wrong, "it is of %s, which is in the future", t.Time.Format(time.RFC3339))
	}
	if b.Authorities == nil {
		return time.Time{}, part(name, Unverifiable, "%s says that it existed at %s; name the roots of the authorities that you trust with --tsa-roots", t.Authority, t.Time.Format(time.RFC3339))
	}
	err = t.Trusted(b.Authorities)
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown):
		return time.Time{}, part(name, Unverifiable, "%s says that it existed at %s, and its certificate does not lead to a root that you named", t.Authority, t.Time.Format(time.RFC3339))
	case err != nil:
		return time.Time{}, wrongPart(name, err)
	}
	return t.Time, part(name, Verified, "%s says that it existed at %s", t.Authority, t.Time.Format(time.RFC3339))
}

// OTS judges a proof of OpenTimestamps about data, nil where that is not at
// hand. The time is that of a block where it is verified, else zero.
func (b *Believed) OTS(name string, body, data []byte) (time.Time, Part) {
	o, err := ReadOTS(body)
	if err != nil {
		return time.Time{}, wrongPart(name, err)
	}
	if data != nil && o.Digest != store.DigestOf(data) {
		return time.Time{}, part(name, Wrong, "the proof is of something else")
	}
	blocks := o.Blocks()
	if len(blocks) == 0 {
		return time.Time{}, part(name, Unverifiable, "it is pending: no block holds it yet")
	}
	if data == nil {
		return time.Time{}, part(name, Unverifiable, "a proof for %s, which is not here; name the file with --of", o.Digest)
	}
	for _, h := range b.Blocks {
		for i := range blocks {
			if h.Height != blocks[i].Height {
				continue
			}
			if !h.Holds(&blocks[i]) {
				return time.Time{}, part(name, Wrong, "the block %d that you named does not hold it", h.Height)
			}
			return h.Time(), part(name, Verified, "it existed at %s, when the block %d of Bitcoin was made", h.Time().Format(time.RFC3339), h.Height)
		}
	}
	return time.Time{}, part(name, Unverifiable, "it leads to the %s; look that up and name its header with --bitcoin-block", &blocks[0])
}
