package fakenet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// authority signs certificates for any host.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
	pem  []byte

	mu    sync.Mutex
	leaf  *ecdsa.PrivateKey
	certs map[string]*tls.Certificate
}

// The validity of certificates: long enough for clocks that tests set, and for
// the beginning of time in a synctest bubble (the year 2000).
func validFrom() time.Time { return time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC) }
func validTo() time.Time   { return time.Date(2049, 12, 31, 0, 0, 0, 0, time.UTC) }

// newAuthority makes an authority. Making keys and certificates of fixed shape
// does not fail.
func newAuthority() *authority {
	a := &authority{key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		leaf: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), certs: map[string]*tls.Certificate{}}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Fake Internet Authority"},
		NotBefore: validFrom(), NotAfter: validTo(),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, t, t, &a.key.PublicKey, a.key))
	a.cert = must(x509.ParseCertificate(der))
	a.pool = x509.NewCertPool()
	a.pool.AddCert(a.cert)
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

// must returns v; it is for calls that cannot fail with the arguments that this
// package gives.
func must[T any](v T, err error) T {
	if err != nil {
		panic("fakenet: " + err.Error())
	}
	return v
}

// certKind says what is wrong with a certificate.
type certKind int

const (
	certGood certKind = iota
	certExpired
	certWrongHost
	certUnknownCA
)

// certificate returns a certificate for name, made once.
func (a *authority) certificate(name string, kind certKind) *tls.Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	id := fmt.Sprint(kind, " ", name)
	if c := a.certs[id]; c != nil {
		return c
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(a.certs) + 2)), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: validFrom(), NotAfter: validTo(),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	parent, key := a.cert, a.key
	switch kind {
	case certExpired:
		t.NotAfter = validFrom().AddDate(0, 0, 90)
	case certWrongHost:
		t.DNSNames = []string{"elsewhere.example"}
	case certUnknownCA:
		other := newAuthority()
		parent, key = other.cert, other.key
	}
	der := must(x509.CreateCertificate(rand.Reader, t, parent, &a.leaf.PublicKey, key))
	c := &tls.Certificate{Certificate: [][]byte{der, parent.Raw}, PrivateKey: a.leaf}
	a.certs[id] = c
	return c
}

// certificate answers a handshake.
func (n *Net) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := hello.ServerName
	if n.host(name) == nil {
		return nil, fmt.Errorf("no host %q", name)
	}
	kind := certGood
	if f := n.fault(name, "", stageTLS); f != nil {
		kind = f.cert
	}
	return n.ca.certificate(name, kind), nil
}
