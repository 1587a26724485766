package fakenet

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/digitorus/timestamp"
)

// TSA is an authority of RFC 3161 with a root of its own.
type TSA struct {
	// Roots is its root certificate, in PEM.
	Roots []byte
	net   *Net
	key   *ecdsa.PrivateKey
	cert  *x509.Certificate
	root  *x509.Certificate

	mu sync.Mutex
	// change makes of a right answer another.
	change func(*timestamp.Timestamp)
}

// TSA puts an authority at a host; its address is https://HOST/tsa. It panics
// where the machine has no random bytes.
func (n *Net) TSA(host string) *TSA {
	t := &TSA{net: n}
	now := n.now()
	rootKey, root := certificate(&x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host + " root"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0)}, nil, nil)
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		panic(err)
	}
	t.root = root
	t.key, t.cert = certificate(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host + " time stamps"},
		KeyUsage: x509.KeyUsageDigitalSignature, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(9, 0, 0), BasicConstraintsValid: true,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}}, root, rootKey)
	t.Roots = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})
	n.HandleFunc(host, t.serve)
	return t
}

// certificate makes a key and a certificate, by itself or signed by a parent.
func certificate(c, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		panic(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return key, made
}

// Lie makes of each right answer another; nil is honest again.
func (t *TSA) Lie(change func(*timestamp.Timestamp)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.change = change
}

// Stamp returns the answer for data, without a question.
func (t *TSA) Stamp(data []byte, at time.Time) ([]byte, error) {
	sum := sha256.Sum256(data)
	return t.answer(&timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Time: at})
}

func (t *TSA) answer(s *timestamp.Timestamp) ([]byte, error) {
	s.Policy, s.AddTSACertificate, s.Accuracy = asn1.ObjectIdentifier{1, 2, 3, 4}, true, time.Second
	t.mu.Lock()
	if t.change != nil {
		t.change(s)
	}
	t.mu.Unlock()
	return s.CreateResponseWithOpts(t.cert, t.key, crypto.SHA256)
}

func (t *TSA) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err == nil && r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "not a query", http.StatusUnsupportedMediaType)
		return
	}
	var q *timestamp.Request
	if err == nil {
		q, err = timestamp.ParseRequest(body)
	}
	var out []byte
	if err == nil {
		out, err = t.answer(&timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Nonce: q.Nonce, Time: t.net.now()})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(out)
}

// Calendar is a calendar of OpenTimestamps. What it is told is pending until
// Publish.
type Calendar struct {
	host string

	mu     sync.Mutex
	height uint64
	asked  map[string]bool
	roots  map[uint64][]byte
}

// Calendar puts a calendar at a host.
func (n *Net) Calendar(host string) *Calendar {
	c := &Calendar{host: host, asked: map[string]bool{}, roots: map[uint64][]byte{}}
	n.HandleFunc(host, c.serve)
	return c
}

// Publish lets a block of a height hold all that was asked so far.
func (c *Calendar) Publish(height uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.height = height
}

// Header returns the header of a block of the height in which the last proof
// ended, with a time.
func (c *Calendar) Header(height uint64, at time.Time) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	header := make([]byte, 80)
	copy(header[36:], c.roots[height])
	binary.LittleEndian.PutUint32(header[68:], uint32(at.Unix()))
	return hex.EncodeToString(header)
}

func (c *Calendar) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/digest":
		digest, err := io.ReadAll(io.LimitReader(r.Body, 65))
		if err != nil || len(digest) != sha256.Size {
			http.Error(w, "not a digest", http.StatusBadRequest)
			return
		}
		salt := []byte("calendar")
		sum := sha256.Sum256(append(bytes.Clone(digest), salt...))
		c.asked[hex.EncodeToString(sum[:])] = true
		uri := "https://" + c.host
		out := append([]byte{0xf0, byte(len(salt))}, salt...)
		out = append(out, 0x08, 0x00, 0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e, byte(len(uri)+1), byte(len(uri)))
		_, _ = w.Write(append(out, uri...))
	case strings.HasPrefix(r.URL.Path, "/timestamp/") && c.asked[strings.TrimPrefix(r.URL.Path, "/timestamp/")] && c.height > 0:
		message, err := hex.DecodeString(strings.TrimPrefix(r.URL.Path, "/timestamp/"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		root := sha256.Sum256(message)
		c.roots[c.height] = root[:]
		height := binary.AppendUvarint(nil, c.height)
		out := []byte{0x08, 0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, byte(len(height))}
		_, _ = w.Write(append(out, height...))
	default:
		http.NotFound(w, r)
	}
}
