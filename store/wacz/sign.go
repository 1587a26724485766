package wacz

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"

	"stet/store"
)

// authVersion is the version of the specification of signatures.
const authVersion = "0.1.0"

// SignedData is the signature of a file, as WACZ Signing and Verification
// writes it.
type SignedData struct {
	Hash      string `json:"hash"`
	Created   string `json:"created"`
	Software  string `json:"software"`
	Version   string `json:"version"`
	Signature string `json:"signature"`
	// PublicKey is set for an anonymous signature: the key as SPKI, in base64.
	PublicKey string `json:"publicKey,omitempty"`
	// The others are set where the signer has a domain: its certificate and
	// those up to the root, the answer of a time-stamp authority over the
	// signature, and that one's certificates.
	Domain          string `json:"domain,omitempty"`
	DomainCert      string `json:"domainCert,omitempty"`
	TimeSignature   string `json:"timeSignature,omitempty"`
	TimestampCert   string `json:"timestampCert,omitempty"`
	CrossSignedCert string `json:"crossSignedCert,omitempty"`
}

// Signer signs files.
type Signer interface {
	// Sign signs hash, a string of the form sha256:hex. It sets the signature
	// and who signed; the other members are the writer's.
	Sign(ctx context.Context, hash string) (SignedData, error)
}

// KeySigner signs with a key that nobody vouches for: whoever knows the key can
// tell. The key is of the curve P-384. The same file has the same signature.
type KeySigner struct {
	Key *ecdsa.PrivateKey
}

// Sign signs hash. It errors with ErrInvalid where the key is of another curve.
func (s KeySigner) Sign(_ context.Context, hash string) (SignedData, error) {
	if s.Key == nil || s.Key.Curve != elliptic.P384() {
		return SignedData{}, fmt.Errorf("%w: the key is not of the curve P-384", store.ErrInvalid)
	}
	der, err := signDER(s.Key, hash)
	if err != nil {
		return SignedData{}, err
	}
	raw, err := rawSignature(der, 48)
	if err != nil {
		return SignedData{}, err
	}
	pub, err := x509.MarshalPKIXPublicKey(s.Key.Public())
	if err != nil {
		return SignedData{}, fmt.Errorf("the public key: %w", err)
	}
	return SignedData{Signature: base64.StdEncoding.EncodeToString(raw), PublicKey: base64.StdEncoding.EncodeToString(pub)}, nil
}

// signDER signs without random numbers (RFC 6979).
func signDER(key *ecdsa.PrivateKey, hash string) ([]byte, error) {
	d := sha256.Sum256([]byte(hash))
	der, err := key.Sign(nil, d[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return der, nil
}

// rawSignature writes the two numbers of a signature one after the other.
func rawSignature(der []byte, size int) ([]byte, error) {
	var n struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &n); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("%w: a signature that is not one", store.ErrCorrupt)
	}
	raw := make([]byte, 2*size)
	n.R.FillBytes(raw[:size])
	n.S.FillBytes(raw[size:])
	return raw, nil
}

// derSignature undoes rawSignature.
func derSignature(raw []byte) ([]byte, error) {
	half := len(raw) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
}

// DomainSigner signs in the name of a domain: its certificate says whose the
// key is, and a time-stamp authority says when.
type DomainSigner struct {
	Key    *ecdsa.PrivateKey
	Domain string
	// Chain is the certificate of the key and those up to the root, in PEM.
	Chain string
	// Stamp asks an authority to stamp data, and returns its answer
	// (TimeStampResp, DER) and its certificates in PEM.
	Stamp func(ctx context.Context, data []byte) (answer []byte, chain string, err error)
}

// Sign signs hash. It errors with ErrInvalid where key and certificate do not
// belong together, and as Stamp does.
func (s DomainSigner) Sign(ctx context.Context, hash string) (SignedData, error) {
	certs, err := parseChain(s.Chain)
	if err != nil {
		return SignedData{}, err
	}
	if pub, ok := certs[0].PublicKey.(*ecdsa.PublicKey); !ok || s.Key == nil || !pub.Equal(s.Key.Public()) {
		return SignedData{}, fmt.Errorf("%w: the certificate of %s is not that of the key", store.ErrInvalid, s.Domain)
	}
	if err := certs[0].VerifyHostname(s.Domain); err != nil {
		return SignedData{}, fmt.Errorf("%w: the certificate is not for %s: %w", store.ErrInvalid, s.Domain, err)
	}
	if !tidyPEM(s.Chain) {
		return SignedData{}, fmt.Errorf("%w: the certificates of %s are not written as PEM alone", store.ErrInvalid, s.Domain)
	}
	der, err := signDER(s.Key, hash)
	if err != nil {
		return SignedData{}, err
	}
	d := SignedData{Signature: base64.StdEncoding.EncodeToString(der), Domain: s.Domain, DomainCert: s.Chain}
	answer, chain, err := s.Stamp(ctx, []byte(d.Signature))
	if err != nil {
		return SignedData{}, fmt.Errorf("having the signature stamped: %w", err)
	}
	d.TimeSignature, d.TimestampCert = base64.StdEncoding.EncodeToString(answer), chain
	return d, nil
}

// KeyName returns how a key is told from others: the SHA-256 of its SPKI, in
// hex.
func KeyName(pub crypto.PublicKey) (string, error) {
	b, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "", fmt.Errorf("the public key: %w", err)
	}
	d := sha256.Sum256(b)
	return hex.EncodeToString(d[:]), nil
}
