package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"stet/store"
)

// encrypted serves TLS where the configuration names a certificate.
func (s *service) encrypted(l net.Listener) (net.Listener, error) {
	if l == nil || s.c.Serve.CertFile == "" {
		return l, nil
	}
	c := &certificate{cert: s.c.Serve.CertFile, key: s.c.Serve.KeyFile, failed: func(err error) { s.log.Warn("certificate", "error", err.Error()) }}
	if _, err := c.get(nil); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: serve.cert_file and serve.key_file: %w", store.ErrUsage, err), l.Close())
	}
	return tls.NewListener(l, &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}), nil
}

// certificate is read again when its files change: others renew it.
type certificate struct {
	cert, key string
	// failed is told why a new one cannot be used; the old one is meanwhile.
	failed func(error)

	mu      sync.Mutex
	changed [2]time.Time
	loaded  *tls.Certificate
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var changed [2]time.Time
	for i, path := range []string{c.cert, c.key} {
		if info, err := os.Stat(path); err == nil {
			changed[i] = info.ModTime()
		}
	}
	if c.loaded != nil && changed == c.changed {
		return c.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	switch {
	case err == nil:
		c.loaded, c.changed = &pair, changed
	case c.loaded == nil:
		return nil, err
	default:
		c.changed = changed // told once, until the files change again
		c.failed(err)
	}
	return c.loaded, nil
}
