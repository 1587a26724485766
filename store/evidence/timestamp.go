package evidence

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // RFC 2634 names certificates so, beside a signature that does not rest on it
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"stet/store"
)

// TimeStamp is the answer of an authority of RFC 3161 whose signature was found
// to fit the certificate that came with it. Whether that certificate is to be
// trusted says [TimeStamp.Trusted].
type TimeStamp struct {
	// Time is when the authority says that it saw the digest.
	Time time.Time
	// Accuracy is how wrong that may be by the authority's own word.
	Accuracy time.Duration
	// Authority names the signer, as its certificate does.
	Authority string
	nonce     *big.Int
	digest    []byte
	hash      crypto.Hash
	signer    *x509.Certificate
	others    []*x509.Certificate
}

// Query returns the question for an authority, about data.
func Query(data []byte, nonce *big.Int) ([]byte, error) {
	sum := sha256.Sum256(data)
	q := timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Certificates: true, Nonce: nonce}
	b, err := q.Marshal()
	if err != nil {
		return nil, fmt.Errorf("asking for a time stamp: %w", err)
	}
	return b, nil
}

// The object identifiers that are looked for.
var (
	oidExtKeyUsage   = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

// ReadTimeStamp reads the answer of an authority (a TimeStampResp, or the token
// alone) and checks it by itself: its form, its one signature, and that the
// certificate is for time stamps and for nothing else. It errors with
// ErrVerification, and with ErrUnexpected where the authority declined.
func ReadTimeStamp(b []byte) (*TimeStamp, error) {
	if err := strictDER(b); err != nil {
		return nil, err
	}
	token, err := tokenOf(b)
	if err != nil {
		return nil, err
	}
	if err := strictToken(token); err != nil {
		return nil, err
	}
	ts, err := timestamp.Parse(token)
	if err != nil {
		return nil, fmt.Errorf("%w: the time stamp: %w", store.ErrVerification, err)
	}
	p7, err := pkcs7.Parse(token)
	if err != nil {
		return nil, fmt.Errorf("%w: the time stamp: %w", store.ErrVerification, err)
	}
	signer := p7.GetOnlySigner()
	if signer == nil {
		return nil, fmt.Errorf("%w: the time stamp does not come with the certificate of its one signer", store.ErrVerification)
	}
	if err := p7.Verify(); err != nil {
		return nil, fmt.Errorf("%w: the signature of the time stamp: %w", store.ErrVerification, err)
	}
	if err := forTimeStamps(p7, signer); err != nil {
		return nil, err
	}
	if ts.Time.Before(signer.NotBefore) || ts.Time.After(signer.NotAfter) {
		return nil, fmt.Errorf("%w: the time stamp is of %s, and the certificate of %s was not valid then", store.ErrVerification, ts.Time.UTC().Format(time.RFC3339), signer.Subject)
	}
	return &TimeStamp{Time: ts.Time.UTC(), Accuracy: ts.Accuracy, Authority: signer.Subject.String(), nonce: ts.Nonce, digest: ts.HashedMessage,
		hash: ts.HashAlgorithm, signer: signer, others: p7.Certificates}, nil
}

// tokenOf takes the token out of an answer.
func tokenOf(b []byte) ([]byte, error) {
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(b, &outer); err != nil || b[0] != tagSequence {
		return nil, fmt.Errorf("%w: the time stamp is no answer of an authority", store.ErrVerification)
	}
	var first asn1.RawValue
	rest, err := asn1.Unmarshal(outer.Bytes, &first)
	if err != nil {
		return nil, fmt.Errorf("%w: the time stamp: %w", store.ErrVerification, err)
	}
	if first.Tag == asn1.TagOID && first.Class == asn1.ClassUniversal {
		return b, nil // a token by itself
	}
	var status int
	if _, err := asn1.Unmarshal(first.Bytes, &status); err != nil || first.FullBytes[0] != tagSequence {
		return nil, fmt.Errorf("%w: the time stamp has no status", store.ErrVerification)
	}
	if status != int(timestamp.Granted) {
		return nil, fmt.Errorf("%w: the authority declined: %s", store.ErrUnexpected, timestamp.Status(status))
	}
	if len(rest) == 0 {
		return nil, fmt.Errorf("%w: the answer holds no time stamp", store.ErrVerification)
	}
	return rest, nil
}

// tagSequence is the tag of a sequence.
const tagSequence = 0x30

// signedData is what of a token the libraries do not look at.
type signedData struct {
	Version    int
	Algorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Encap      struct {
		Type    asn1.ObjectIdentifier
		Content []byte `asn1:"explicit,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	Revoked      asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version    int
	ID         asn1.RawValue
	Algorithm  pkix.AlgorithmIdentifier
	Signed     asn1.RawValue `asn1:"optional,tag:0"`
	Encryption pkix.AlgorithmIdentifier
	Signature  []byte
	Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
}

// strictToken errors with ErrVerification where the token is built otherwise
// than RFC 5652 and RFC 3161 say.
func strictToken(token []byte) error {
	var outer struct {
		Type asn1.ObjectIdentifier
		Data signedData `asn1:"explicit,tag:0"`
	}
	rest, err := asn1.Unmarshal(token, &outer)
	d := &outer.Data
	switch {
	case err != nil || len(rest) > 0:
		return fmt.Errorf("%w: the time stamp is not built as such are", store.ErrVerification)
	case d.Version != 3 || !d.Encap.Type.Equal(oidTSTInfo) || len(d.Signers) != 1:
		return fmt.Errorf("%w: the time stamp holds something else than one signed time", store.ErrVerification)
	}
	s := &d.Signers[0]
	if want := map[byte]int{tagSequence: 1, 0x80: 3}[s.ID.FullBytes[0]]; s.Version != want {
		return fmt.Errorf("%w: the time stamp does not say who signed it", store.ErrVerification)
	}
	for _, a := range d.Algorithms {
		if a.Algorithm.Equal(s.Algorithm.Algorithm) && plain(&a) && plain(&s.Algorithm) {
			return nil
		}
	}
	return fmt.Errorf("%w: the time stamp does not say how it was hashed", store.ErrVerification)
}

// plain reports whether an algorithm has no parameters.
func plain(a *pkix.AlgorithmIdentifier) bool {
	return len(a.Parameters.FullBytes) == 0 || bytes.Equal(a.Parameters.FullBytes, asn1.NullBytes)
}

// forTimeStamps checks what the library does not: that the certificate is one
// for time stamps only, and the one that the signature names.
func forTimeStamps(p7 *pkcs7.PKCS7, signer *x509.Certificate) error {
	critical := false
	for _, e := range signer.Extensions {
		critical = critical || e.Id.Equal(oidExtKeyUsage) && e.Critical
	}
	if !critical || len(signer.ExtKeyUsage) != 1 || signer.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(signer.UnknownExtKeyUsage) > 0 {
		return fmt.Errorf("%w: the certificate of %s is not one for time stamps alone", store.ErrVerification, signer.Subject)
	}
	var kind asn1.ObjectIdentifier
	if err := p7.UnmarshalSignedAttribute(oidContentType, &kind); err != nil || !kind.Equal(oidTSTInfo) {
		return fmt.Errorf("%w: what is signed is no time stamp", store.ErrVerification)
	}
	if !namesSigner(p7, signer) {
		return fmt.Errorf("%w: the time stamp was signed for another certificate than the one that came with it", store.ErrVerification)
	}
	return nil
}

// namesSigner reports whether the signed attributes name the certificate, as
// RFC 3161 and RFC 5816 ask.
func namesSigner(p7 *pkcs7.PKCS7, signer *x509.Certificate) bool {
	type certID struct {
		Hash []byte
		Rest asn1.RawValue `asn1:"optional"`
	}
	var v1 struct {
		Certs []certID
		Rest  asn1.RawValue `asn1:"optional"`
	}
	if err := p7.UnmarshalSignedAttribute(oidSigningCert, &v1); err == nil && len(v1.Certs) > 0 {
		sum := sha1.Sum(signer.Raw) //nolint:gosec // see the import
		return bytes.Equal(v1.Certs[0].Hash, sum[:])
	}
	var v2 struct {
		Certs []asn1.RawValue
		Rest  asn1.RawValue `asn1:"optional"`
	}
	if err := p7.UnmarshalSignedAttribute(oidSigningCertV2, &v2); err != nil || len(v2.Certs) == 0 {
		return false
	}
	hash, rest := crypto.SHA256, v2.Certs[0].Bytes
	var first asn1.RawValue
	rest, err := asn1.Unmarshal(rest, &first)
	if err == nil && first.Tag == asn1.TagSequence { // the algorithm, where it is not SHA-256
		var oid asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(first.Bytes, &oid); err != nil {
			return false
		}
		if hash = hashOf(oid); hash == 0 {
			return false
		}
		_, err = asn1.Unmarshal(rest, &first)
	}
	if err != nil || first.Tag != asn1.TagOctetString {
		return false
	}
	h := hash.New()
	h.Write(signer.Raw)
	return bytes.Equal(first.Bytes, h.Sum(nil))
}

// hashOf returns the hash with an object identifier, 0 where it is not one of
// the family of SHA-2.
func hashOf(oid asn1.ObjectIdentifier) crypto.Hash {
	switch oid.String() {
	case "2.16.840.1.101.3.4.2.1":
		return crypto.SHA256
	case "2.16.840.1.101.3.4.2.2":
		return crypto.SHA384
	case "2.16.840.1.101.3.4.2.3":
		return crypto.SHA512
	}
	return 0
}

// Of errors with ErrVerification where the time stamp is not of data.
func (t *TimeStamp) Of(data []byte) error {
	if t.hash != crypto.SHA256 && t.hash != crypto.SHA384 && t.hash != crypto.SHA512 {
		return fmt.Errorf("%w: the time stamp is of a digest that is no longer safe (%s)", store.ErrVerification, t.hash)
	}
	h := t.hash.New()
	h.Write(data)
	if !bytes.Equal(h.Sum(nil), t.digest) {
		return fmt.Errorf("%w: the time stamp is of something else", store.ErrVerification)
	}
	return nil
}

// Answers errors with ErrVerification where the time stamp does not answer the
// question with the nonce.
func (t *TimeStamp) Answers(nonce *big.Int) error {
	if t.nonce == nil || t.nonce.Cmp(nonce) != 0 {
		return fmt.Errorf("%w: the time stamp answers another question", store.ErrVerification)
	}
	return nil
}

// Trusted errors with ErrVerification where the certificate did not lead to one
// of the roots at the time of the stamp.
func (t *TimeStamp) Trusted(roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range t.others {
		between.AddCert(c)
	}
	chains, err := t.signer.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: t.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	if err != nil {
		return fmt.Errorf("%w: the certificate of %s: %w", store.ErrVerification, t.Authority, err)
	}
	for _, c := range t.others {
		if err := t.belongs(c, chains); err != nil {
			return err
		}
	}
	return nil
}

// Chain returns the certificates that came along, that of the signer first, in
// PEM.
func (t *TimeStamp) Chain() []byte {
	out := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: t.signer.Raw})
	for _, c := range t.others {
		if !c.Equal(t.signer) {
			out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
	}
	return out
}

// belongs looks at a certificate that came along: where it is not part of the
// way to a root, and the one that signed it came along too, it must have done
// so. One whose signer is elsewhere leads to other roots, and is nobody's harm.
func (t *TimeStamp) belongs(c *x509.Certificate, chains [][]*x509.Certificate) error {
	for _, chain := range chains {
		for _, used := range chain {
			if used.Equal(c) {
				return nil
			}
		}
	}
	for _, by := range t.others {
		if bytes.Equal(by.RawSubject, c.RawIssuer) && by.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
			return fmt.Errorf("%w: a certificate that came along, %s, is damaged", store.ErrVerification, c.Subject)
		}
	}
	return nil
}

// ReadCertificates reads the certificates of a PEM file. It errors with
// ErrInvalid where there are none.
func ReadCertificates(b []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for len(list) < 1000 {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: a certificate cannot be read: %w", store.ErrInvalid, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: there is no certificate in PEM", store.ErrInvalid)
	}
	return list, nil
}

// Pool returns a pool of the certificates of a PEM file.
func Pool(b []byte) (*x509.CertPool, error) {
	list, err := ReadCertificates(b)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, c := range list {
		pool.AddCert(c)
	}
	return pool, nil
}
