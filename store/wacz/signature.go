package wacz

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"stet/store"
)

// maxCerts is the most certificates of a chain.
const maxCerts = 20

// drift is how far the time of a stamp may lie from when the file says that it
// was made: what the specification says.
const drift = 10 * time.Minute

// checkSignature verifies the signature of the list.
func (d *Description) checkSignature(t Trust) Part {
	s := d.Signed
	if s == nil {
		return Part{PartSignature, Unverifiable, "the file is not signed: whoever changed it could have changed its digests too"}
	}
	why, err := d.verifySignature(s, t)
	switch {
	case err == nil:
		return Part{PartSignature, Verified, why}
	case errors.Is(err, store.ErrNotFound):
		return Part{PartSignature, Unverifiable, why}
	}
	return Part{PartSignature, Wrong, err.Error()}
}

// verifySignature says what the signature proves. It errors with
// ErrVerification where it is wrong, and with ErrNotFound where it is right and
// nothing says whose it is.
func (d *Description) verifySignature(s *SignedData, t Trust) (string, error) {
	wrong := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf("%w: "+format, append([]any{store.ErrVerification}, args...)...)
	}
	switch {
	case s.Hash != store.DigestOf(d.raw).String():
		return wrong("the signature is of another list of entries")
	case s.Created != d.Created:
		return wrong("the signature is of %.40q, and the file of %.40q", s.Created, d.Created)
	case d.ours() && (s.Software != d.Software || s.Version != authVersion):
		return wrong("the signature names another program than the file")
	case (s.PublicKey == "") == (s.DomainCert == ""):
		return wrong("the signature names neither a key nor a certificate, or both")
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(s.Signature)
	if err != nil {
		return wrong("the signature is not in base64")
	}
	if s.PublicKey != "" {
		return s.verifyKey(sig, t)
	}
	return s.verifyDomain(sig, t)
}

// verifyKey verifies an anonymous signature.
func (s *SignedData) verifyKey(sig []byte, t Trust) (string, error) {
	spki, err := base64.StdEncoding.Strict().DecodeString(s.PublicKey)
	if err != nil {
		return "", fmt.Errorf("%w: the key is not in base64", store.ErrVerification)
	}
	pub, err := x509.ParsePKIXPublicKey(spki)
	key, ok := pub.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return "", fmt.Errorf("%w: the key is none of ECDSA", store.ErrVerification)
	}
	if len(sig) == 2*((key.Curve.Params().BitSize+7)/8) {
		if sig, err = derSignature(sig); err != nil {
			return "", fmt.Errorf("%w: the signature is none", store.ErrVerification)
		}
	}
	if !verifies(key, s.Hash, sig) {
		return "", fmt.Errorf("%w: the signature is not one of the key over the list of entries", store.ErrVerification)
	}
	name, err := KeyName(key)
	if err != nil {
		return "", err
	}
	if !slices.Contains(t.Keys, name) {
		return "signed with the key " + name + ", of which nothing here says whose it is", store.ErrNotFound
	}
	return "signed with the key " + name + ", which you trust", nil
}

// verifies reports whether sig (DER) is a signature over hash.
func verifies(key *ecdsa.PublicKey, hash string, sig []byte) bool {
	d := sha256.Sum256([]byte(hash))
	return ecdsa.VerifyASN1(key, d[:], sig)
}

// verifyDomain verifies a signature in the name of a domain, as of the time
// that the stamp states: certificates end long before evidence does.
func (s *SignedData) verifyDomain(sig []byte, t Trust) (string, error) {
	wrong := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf("%w: "+format, append([]any{store.ErrVerification}, args...)...)
	}
	chain, err := parseChain(s.DomainCert)
	if err != nil {
		return wrong("the certificate of the domain: %v", err)
	}
	key, ok := chain[0].PublicKey.(*ecdsa.PublicKey)
	if !ok || !verifies(key, s.Hash, sig) {
		return wrong("the signature is not one of the certificate's key over the list of entries")
	}
	if err := chain[0].VerifyHostname(s.Domain); err != nil {
		return wrong("the certificate is not for %.80q", s.Domain)
	}
	answer, err := base64.StdEncoding.Strict().DecodeString(s.TimeSignature)
	if err != nil {
		return wrong("the time stamp is not in base64")
	}
	stampers, err := parseChain(s.TimestampCert)
	if err != nil {
		return wrong("the certificate of the time stamp: %v", err)
	}
	if t.Stamp == nil {
		return "signed for " + s.Domain + ", at a time that nobody whom you trust states", store.ErrNotFound
	}
	when, err := t.Stamp(answer, []byte(s.Signature), stampers)
	if errors.Is(err, store.ErrNotFound) {
		return "signed for " + s.Domain + ", with a time stamp of an authority that you did not say you trust", err
	}
	if err != nil {
		return wrong("the time stamp: %v", err)
	}
	created, err := time.Parse(time.RFC3339, s.Created)
	if err != nil || when.Sub(created).Abs() > drift {
		return wrong("the file says that it was made at %.40q, and was stamped at %s", s.Created, when.UTC().Format(time.RFC3339))
	}
	return s.verifyChain(chain, when, t)
}

// verifyChain follows the certificate of the domain to a root.
func (s *SignedData) verifyChain(chain []*x509.Certificate, when time.Time, t Trust) (string, error) {
	at := when.UTC().Format(time.RFC3339)
	if t.Roots == nil {
		return "signed for " + s.Domain + ", stamped at " + at + ", with a certificate of an authority that you did not say you trust", store.ErrNotFound
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{DNSName: s.Domain, Roots: t.Roots, Intermediates: between, CurrentTime: when,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return "signed for " + s.Domain + ", stamped at " + at + ", with a certificate of an authority that you did not say you trust", store.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("%w: the certificate of %s: %w", store.ErrVerification, s.Domain, err)
	}
	return "signed for " + s.Domain + " and stamped at " + at, nil
}

// parseChain reads certificates in PEM, and nothing beside them.
func parseChain(s string) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for rest := bytes.TrimSpace([]byte(s)); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		block, more := pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" || len(certs) == maxCerts || !bytes.HasPrefix(rest, []byte("-----BEGIN")) {
			return nil, fmt.Errorf("%w: it is not a list of certificates in PEM", store.ErrInvalid)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", store.ErrInvalid, err)
		}
		certs, rest = append(certs, c), more
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("%w: it is empty", store.ErrInvalid)
	}
	return certs, nil
}

// tidyPEM reports whether a list of certificates is written as encoders write
// it, without a byte that could be another.
func tidyPEM(s string) bool {
	if s == "" {
		return true
	}
	certs, err := parseChain(s)
	if err != nil {
		return false
	}
	var b bytes.Buffer
	for _, c := range certs {
		if err := pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			return false
		}
	}
	return b.String() == s
}
