package wire

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"stet/archiver/stamp"
	"stet/cmd/internal/config"
	"stet/store"
	"stet/store/wacz"
)

// Domain is the certificate in whose name packages are signed.
type Domain struct {
	Name string
	// Until is when the certificate ends.
	Until time.Time

	key   *ecdsa.PrivateKey
	chain string
}

// ReadDomain reads the certificate and the key that export.cert_file and
// export.key_file name; nil where they name none. It errors with ErrUsage where
// nothing can be signed with them.
func ReadDomain(c *config.Config) (*Domain, error) {
	if c.Export.CertFile == "" {
		return nil, nil
	}
	bad := func(err error) (*Domain, error) {
		return nil, fmt.Errorf("%w: export.cert_file and export.key_file: %w", store.ErrUsage, err)
	}
	pair, err := tls.LoadX509KeyPair(c.Export.CertFile, c.Export.KeyFile)
	if err != nil {
		return bad(err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return bad(errors.New("the key is none of ECDSA, which the form of the files asks for"))
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return bad(err)
	}
	if len(cert.DNSNames) == 0 {
		return bad(errors.New("the certificate is not for a domain"))
	}
	var chain bytes.Buffer
	for _, der := range pair.Certificate {
		if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			return bad(err)
		}
	}
	return &Domain{Name: cert.DNSNames[0], Until: cert.NotAfter, key: key, chain: chain.String()}, nil
}

// domainSigner returns who signs in the name of the domain that is configured.
func (a *Archive) domainSigner(c *config.Config, o Options) (wacz.Signer, error) {
	d, err := ReadDomain(c)
	if err != nil {
		return nil, err
	}
	if now := o.Now(); now.After(d.Until) {
		return nil, fmt.Errorf("%w: export.cert_file: the certificate of %s ended on %s", store.ErrUsage, d.Name, d.Until.UTC().Format(time.DateOnly))
	}
	roots, err := authorityRoots(c)
	if err != nil {
		return nil, err
	}
	return wacz.DomainSigner{Key: d.key, Domain: d.Name, Chain: d.chain, Stamp: func(ctx context.Context, data []byte) (_ []byte, _ string, err error) {
		client, err := operators(c, o)
		if err != nil {
			return nil, "", err
		}
		defer func() { err = errors.Join(err, client.Close()) }()
		return stamp.Asking{Client: client, Random: o.Random, Roots: roots, Now: o.Now}.Once(ctx, data, c.Evidence.Authorities)
	}}, nil
}
