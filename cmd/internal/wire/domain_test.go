package wire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/archiver/fetch"
	"stet/cmd/internal/config"
	"stet/cmd/internal/export"
	"stet/store"
	"stet/store/evidence"
	"stet/store/wacz"
)

// certify makes a certificate for a domain by a root of its own, and returns the
// root in PEM.
func (w *evidenceWorld) certify(c *config.Config, domain string, until time.Time) (root []byte) {
	w.Helper()
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.must(err)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: w.now.Add(-time.Hour), NotAfter: w.now.AddDate(5, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &rootKey.PublicKey, rootKey)
	w.must(err)
	root = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain},
		KeyUsage: x509.KeyUsageDigitalSignature, NotBefore: w.now.Add(-time.Hour), NotAfter: until}
	der, err = x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, rootKey)
	w.must(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	w.must(err)
	dir := w.TempDir()
	c.Export.CertFile, c.Export.KeyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	// What stands before a certificate is for people.
	w.must(os.WriteFile(c.Export.CertFile, append([]byte("the newsroom's\n"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), 0o600))
	w.must(os.WriteFile(c.Export.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	return root
}

// TestSignedForADomain exports with a certificate: the file is verified by who
// trusts its root and that of the authority, and by nobody else. It is made long
// after the newest record.
func TestSignedForADomain(t *testing.T) {
	w := newEvidenceWorld(t)
	net := fakenet.New(fakenet.Options{Now: func() time.Time { return w.now }})
	defer func() { w.must(net.Close()) }()
	tsa := net.TSA("tsa.example")
	c := config.Default()
	c.Evidence.Authorities = []string{"https://silent.example/tsa", "https://tsa.example/tsa"}
	root := w.certify(c, "news.example", w.now.AddDate(0, 3, 0))
	w.now = w.now.Add(30 * 24 * time.Hour)
	with := Options{Now: func() time.Time { return w.now }, Random: rand.Reader, Fetch: func(o *fetch.Options) { *o = net.FetchOptions() }}
	exported := func() ([]byte, error) {
		o := export.Options{Format: export.WACZ, Selection: export.Selection{All: true}, Software: "stet/1"}
		if err := w.a.Exporting(w.ctx, c, with, &o, true); err != nil {
			return nil, err
		}
		var out bytes.Buffer
		_, err := export.Run(w.ctx, o, export.ToWriter(&out))
		return out.Bytes(), err
	}
	b, err := exported()
	w.must(err)
	var trusting Verifying
	trusting.Now = w.now
	trusting.Authorities, err = evidence.Pool(tsa.Roots)
	w.must(err)
	trusting.Roots, err = evidence.Pool(root)
	w.must(err)
	parts, counts := w.verify(b, &trusting)
	if counts[evidence.Wrong]+counts[evidence.Unverifiable] > 0 {
		t.Errorf("%+v", parts)
	}
	if !slices.ContainsFunc(parts, func(p VerifiedPart) bool {
		return p.Name == wacz.PartSignature && p.Why == "signed for news.example and stamped at 2026-04-01T09:00:00Z"
	}) {
		t.Errorf("nobody says who signed: %+v", parts)
	}
	for name, v := range map[string]*Verifying{
		"no root of the domain":    {Believed: trusting.Believed},
		"no root of the authority": {Believed: evidence.Believed{Now: w.now}, Roots: trusting.Roots},
	} {
		if parts, counts := w.verify(b, v); counts[evidence.Wrong] > 0 || counts[evidence.Unverifiable] == 0 || parts[2].Result != evidence.Unverifiable {
			t.Errorf("%s: %+v", name, parts)
		}
	}
	for i := 0; i < len(b); i += 97 {
		changed := slices.Clone(b)
		changed[i] ^= 1
		if _, counts := w.verify(changed, &trusting); counts[evidence.Wrong] == 0 {
			t.Fatalf("byte %d of %d is not found", i, len(b))
		}
	}

	w.now = w.now.AddDate(0, 3, 0)
	if _, err := exported(); !errors.Is(err, store.ErrUsage) {
		t.Errorf("with a certificate that has ended: %v", err)
	}
	c.Export.KeyFile = c.Export.CertFile
	if _, err := ReadDomain(c); !errors.Is(err, store.ErrUsage) {
		t.Errorf("without a key: %v", err)
	}
}
