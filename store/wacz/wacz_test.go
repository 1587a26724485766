package wacz

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"strings"
	"testing"
	"time"

	"stet/store"
	"stet/store/warc"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 250000000, time.UTC)

// testKey is always the same.
func testKey(t testing.TB, n byte) *ecdsa.PrivateKey {
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P384(), append(make([]byte, 47), n))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func build(t testing.TB, s Signer, more func(*Writer)) []byte {
	t.Helper()
	var out, file bytes.Buffer
	var lines []string
	x := warc.NewExporter(warc.NewWriter(&file, 0), nil, "a.warc.gz", func(e *warc.Entry) error {
		lines = append(lines, string(e.Line())+"\n")
		return nil
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(x.Info(noon, []warc.Field{{Name: "software", Value: "stet test"}}))
	page := "urn:x-stet:post:twitter:20"
	must(x.Resource(&warc.Resource{ID: warc.DigestID(store.DigestOf(nil), "a"), URI: page, Date: noon, Type: "text/html", Data: []byte("<p>words")}))
	w := NewWriter(&out, Package{Title: "A post & more", Software: "stet test", Created: noon, MainPage: page, MainPageDate: noon, Extras: []byte(`{"a":1}`)})
	head, err := PagesHeader("All pages")
	must(err)
	line, err := Page{ID: "1", URL: page, Time: noon, Title: "A <post>"}.Line()
	must(err)
	must(w.AddArchive("a.warc.gz", Bytes(file.Bytes())))
	must(w.AddIndex("index.cdx", Bytes([]byte(strings.Join(lines, "")))))
	must(w.AddPages(Bytes(append(head, line...))))
	must(w.AddResource("evidence/Custody 1.json", Bytes([]byte("{}"))))
	if more != nil {
		more(w)
	}
	must(w.Close(t.Context(), s))
	return out.Bytes()
}

func verify(t testing.TB, b []byte, trust Trust) ([]Part, error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(b), int64(len(b)), Limits{})
	if err != nil {
		return nil, err
	}
	return Verify(t.Context(), NewSummed(r), trust)
}

// worst returns the worst result and its reason.
func worst(parts []Part) (Result, string) {
	result, why := Verified, ""
	for _, p := range parts {
		// That nobody who is trusted signed the list says the signature itself.
		follows := strings.HasSuffix(p.Why, "which nobody signed whom you trust")
		if p.Result == Wrong || p.Result == Unverifiable && result == Verified && !follows {
			result, why = p.Result, p.Name+": "+p.Why
		}
	}
	return result, why
}

func trustIn(t testing.TB, k *ecdsa.PrivateKey) Trust {
	name, err := KeyName(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	return Trust{Keys: []string{name}}
}

// What is written is read again, and verifies for who knows the key.
func TestWriter(t *testing.T) {
	key := testKey(t, 7)
	b := build(t, KeySigner{key}, nil)
	if !bytes.Equal(b, build(t, KeySigner{key}, nil)) {
		t.Error("the same input gives other bytes")
	}
	parts, err := verify(t, b, trustIn(t, key))
	if r, why := worst(parts); err != nil || r != Verified || len(parts) != 7 {
		t.Errorf("%d parts: %s (%s), %v", len(parts), r, why, err)
	}
	parts, err = verify(t, b, trustIn(t, testKey(t, 8)))
	if r, why := worst(parts); err != nil || r != Unverifiable {
		t.Errorf("for who trusts another key: %s (%s), %v", r, why, err)
	}
	parts, err = verify(t, build(t, nil, nil), Trust{})
	if r, why := worst(parts); err != nil || r != Unverifiable || !strings.Contains(why, "not signed") {
		t.Errorf("without signature: %s (%s), %v", r, why, err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) != 6 {
		t.Fatalf("%v", err)
	}
	for _, f := range z.File {
		if f.Method != zip.Store || len(f.Extra) > 0 || f.Flags&8 != 0 || !f.Modified.Equal(noon.Truncate(time.Second)) {
			t.Errorf("%s: method %d, extra %x, flags %x, %s", f.Name, f.Method, f.Extra, f.Flags, f.Modified)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// Whichever byte is changed, it is found.
func TestEveryByte(t *testing.T) {
	key := testKey(t, 7)
	for name, s := range map[string]Signer{"key": KeySigner{key}, "domain": testDomain(t, noon).signer} {
		t.Run(name, func(t *testing.T) {
			b := build(t, s, nil)
			trust := trustIn(t, key)
			trust.Roots, trust.Stamp = testDomain(t, noon).roots, readStamp
			if parts, err := verify(t, b, trust); err != nil {
				t.Fatal(err)
			} else if r, why := worst(parts); r != Verified {
				t.Fatalf("as it is: %s %s", r, why)
			}
			// Each takes a verification of elliptic curves: all of them take a
			// minute. No part of the file is as short as a step.
			step := 13
			if name == "domain" {
				step = 53
			}
			for i := 0; i < len(b); i += step {
				bad := bytes.Clone(b)
				bad[i] ^= 1 << (i % 8)
				parts, err := verify(t, bad, trust)
				if r, _ := worst(parts); err == nil && r != Wrong {
					t.Fatalf("byte %d (%q): %s", i, b[max(0, i-20):min(len(b), i+20)], r)
				}
			}
			for _, bad := range [][]byte{append(bytes.Clone(b), 0), append([]byte{0}, b...), b[:len(b)-1]} {
				parts, err := verify(t, bad, trust)
				if r, _ := worst(parts); err == nil && r != Wrong {
					t.Errorf("%d bytes more: %s", len(bad)-len(b), r)
				}
			}
		})
	}
}

// A forger who corrects every digest is left with the signature.
func TestForged(t *testing.T) {
	key := testKey(t, 7)
	b := build(t, KeySigner{key}, nil)
	other := build(t, nil, func(w *Writer) {
		if err := w.AddResource("evidence/more.txt", Bytes([]byte("forged"))); err != nil {
			t.Fatal(err)
		}
	})
	r, err := NewReader(bytes.NewReader(b), int64(len(b)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := r.Describe()
	if err != nil {
		t.Fatal(err)
	}
	forged := resign(t, other, d.Signed)
	parts, err := verify(t, forged, trustIn(t, key))
	if r, why := worst(parts); err != nil || r != Wrong || !strings.Contains(why, "another list") {
		t.Errorf("%s (%s), %v", r, why, err)
	}
	forged = resign(t, other, nil)
	parts, err = verify(t, forged, trustIn(t, key))
	if r, why := worst(parts); err != nil || r != Wrong || !strings.Contains(why, "not one of the key") {
		t.Errorf("with the hash corrected too: %s (%s), %v", r, why, err)
	}
}

// resign copies a file and signs it with a signature that is not its own; for
// nil, one of a key over something else.
func resign(t *testing.T, b []byte, s *SignedData) []byte {
	r, err := NewReader(bytes.NewReader(b), int64(len(b)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := NewWriter(&out, Package{})
	w.at = stampOf(noon)
	for _, n := range r.Names() {
		c, err := r.ReadAll(n, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if n == NameDigest {
			d, err := r.Describe()
			if err != nil {
				t.Fatal(err)
			}
			d.digest.Signed = s
			if s == nil {
				signed, err := KeySigner{testKey(t, 7)}.Sign(t.Context(), "sha256:00")
				if err != nil {
					t.Fatal(err)
				}
				signed.Hash, signed.Created, signed.Software, signed.Version = d.digest.Hash, d.Created, d.Software, authVersion
				d.digest.Signed = &signed
			}
			if c, err = encode(d.digest, "  "); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.write(n, Bytes(c)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.directory(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type domain struct {
	signer DomainSigner
	roots  *x509.CertPool
}

// testDomain is a domain with a certificate, and an authority that stamps at
// the time at.
func testDomain(t testing.TB, at time.Time) domain {
	ca, leaf := testKey(t, 1), mustKey(t)
	make := func(of, by *x509.Certificate, pub, key any) []byte {
		der, err := x509.CreateCertificate(rand.Reader, of, by, pub, key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootDER := make(root, root, ca.Public(), ca)
	leafDER := make(&x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"news.example"}, NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour)}, root, leaf.Public(), ca)
	parsed, err := x509.ParseCertificate(rootDER)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	pemOf := func(der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	return domain{DomainSigner{Key: leaf, Domain: "news.example", Chain: pemOf(leafDER) + pemOf(rootDER),
		Stamp: func(_ context.Context, data []byte) ([]byte, string, error) {
			return []byte(at.Format(time.RFC3339) + " " + string(data)), pemOf(rootDER), nil
		}}, pool}
}

func mustKey(t testing.TB) *ecdsa.PrivateKey {
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), append(make([]byte, 31), 9))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// readStamp reads what the authority of testDomain says.
func readStamp(answer, data []byte, _ []*x509.Certificate) (time.Time, error) {
	at, rest, _ := strings.Cut(string(answer), " ")
	if rest != string(data) {
		return time.Time{}, fmt.Errorf("%w: it is over something else", store.ErrVerification)
	}
	return time.Parse(time.RFC3339, at)
}

// A signature of a domain is verified as of the time of its stamp.
func TestDomain(t *testing.T) {
	d := testDomain(t, noon.Add(time.Minute))
	b := build(t, d.signer, nil)
	for name, tt := range map[string]struct {
		file  []byte
		trust Trust
		want  Result
		why   string
	}{
		"trusted":              {b, Trust{Roots: d.roots, Stamp: readStamp}, Verified, ""},
		"unknown root":         {b, Trust{Roots: x509.NewCertPool(), Stamp: readStamp}, Unverifiable, "did not say you trust"},
		"no roots":             {b, Trust{Stamp: readStamp}, Unverifiable, "did not say you trust"},
		"no authority of time": {b, Trust{Roots: d.roots}, Unverifiable, "at a time that nobody"},
		"stamped late":         {build(t, testDomain(t, noon.Add(time.Hour)).signer, nil), Trust{Roots: d.roots, Stamp: readStamp}, Wrong, "was stamped at"},
		"stamp wrong": {b, Trust{Roots: d.roots, Stamp: func([]byte, []byte, []*x509.Certificate) (time.Time, error) {
			return time.Time{}, fmt.Errorf("%w: no", store.ErrVerification)
		}}, Wrong, "the time stamp"},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := verify(t, tt.file, tt.trust)
			if r, why := worst(parts); err != nil || r != tt.want || !strings.Contains(why, tt.why) {
				t.Errorf("%s (%s), %v; want %s", r, why, err, tt.want)
			}
		})
	}
	d.signer.Domain = "other.example"
	if _, err := d.signer.Sign(t.Context(), "sha256:00"); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("a certificate of another domain: %v", err)
	}
}

// Names that lead elsewhere are neither written nor read.
func TestNames(t *testing.T) {
	for _, bad := range []string{"", "/a", "../a", "a/../b", "a//b", "./a", "a/.", "a\\b", "C:a", "a\x00", "a\n", "a/", "nul", "a/COM1.txt", "a.", "a ", "a\xff", strings.Repeat("a", 2000), "a\u0085b"} {
		if err := CheckName(bad); !errors.Is(err, store.ErrRefused) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"a", "archive/a.warc.gz", "evidence/Custody ä 1.json", "company/x", "..a/b"} {
		if err := CheckName(good); err != nil {
			t.Error(err)
		}
	}
	w := NewWriter(io.Discard, Package{Created: noon})
	for name, want := range map[string]error{"archive/x": store.ErrRefused, "DataPackage.json": store.ErrRefused, "../x": store.ErrRefused, "x": nil} {
		if err := w.AddResource(name, Bytes(nil)); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.AddResource("X", Bytes(nil)); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a name that differs in case only: %v", err)
	}
}

// A content that changes between being described and being written is found.
func TestChanged(t *testing.T) {
	c := Bytes([]byte("words"))
	c.Open = Bytes([]byte("wordz")).Open
	if err := NewWriter(io.Discard, Package{}).AddResource("a", c); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("%v", err)
	}
}

// zipOf makes a file as others make it.
func zipOf(t testing.TB, add func(*zip.Writer)) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	add(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostile(t *testing.T) {
	file := func(h zip.FileHeader, content string) []byte {
		return zipOf(t, func(w *zip.Writer) {
			f, err := w.CreateHeader(&h)
			if err != nil {
				t.Fatal(err)
			}
			f.Write([]byte(content))
		})
	}
	link := zip.FileHeader{Name: "a"}
	link.SetMode(fs.ModeSymlink | 0o777)
	for name, tt := range map[string]struct {
		file []byte
		want error
	}{
		"traversal": {file(zip.FileHeader{Name: "../../etc/passwd"}, ""), store.ErrRefused},
		"backslash": {file(zip.FileHeader{Name: `..\a`}, ""), store.ErrRefused},
		"folder":    {file(zip.FileHeader{Name: "../a/"}, ""), store.ErrRefused},
		"link":      {file(link, "/etc/passwd"), store.ErrRefused},
		"encrypted": {flagged(file(zip.FileHeader{Name: "a"}, "words"), 1), store.ErrRefused},
		"method":    {file(zip.FileHeader{Name: "a", Method: zip.Deflate}, "")[:0], store.ErrCorrupt},
		"bomb":      {file(zip.FileHeader{Name: "a", Method: zip.Deflate}, strings.Repeat("\x00", 16<<20)), store.ErrTooLarge},
		"twice": {zipOf(t, func(w *zip.Writer) {
			for range 2 {
				if _, err := w.Create("a"); err != nil {
					t.Fatal(err)
				}
			}
		}), store.ErrRefused},
		"twice, in other letters":    {named(t, "evidence/A.txt", "evidence/a.TXT"), store.ErrRefused},
		"twice, in letters of Greek": {named(t, "\u03a3.txt", "\u03c2.txt"), store.ErrRefused},
		"twice, with marks":          {named(t, "caf\u00e9", "cafe\u0301"), store.ErrRefused},
		"not twice":                  {named(t, "caf\u00e9", "cafe", "a", "\u0430"), nil},
		"overlapping":                {overlapping(t), store.ErrRefused},
		"no zip":                     {[]byte(strings.Repeat("words ", 100)), store.ErrCorrupt},
		"many":                       {manyEntries(t, 50), store.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewReader(bytes.NewReader(tt.file), int64(len(tt.file)), Limits{Entries: 40})
			if !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

// flagged sets flags of the only entry.
func flagged(b []byte, flags byte) []byte {
	at := bytes.Index(b, u32(nil, sigCentral))
	b[at+8] |= flags
	return b
}

// overlapping holds two entries of the same bytes.
func overlapping(t testing.TB) []byte {
	at := stampOf(noon)
	one, two := entry{name: "a", size: 5, crc: 1}, entry{name: "b", size: 5, crc: 1}
	b := append(one.local(at), "words"...)
	start := int64(len(b))
	list := append(one.central(at), two.central(at)...)
	return append(append(b, list...), end(2, start, int64(len(list)))...)
}

func named(t testing.TB, names ...string) []byte {
	return zipOf(t, func(w *zip.Writer) {
		for _, name := range names {
			if _, err := w.Create(name); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func manyEntries(t testing.TB, n int) []byte {
	return zipOf(t, func(w *zip.Writer) {
		for i := range n {
			if _, err := w.Create(fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Large files have their numbers where other readers look for them.
func TestLarge(t *testing.T) {
	at := stampOf(noon)
	e := entry{name: "archive/a.warc.gz", size: 5 << 30, crc: 1}
	f := entry{name: "b", size: 1, crc: 2, offset: int64(len(e.local(at))) + e.size}
	start := f.offset + int64(len(f.local(at))) + 1
	list := append(e.central(at), f.central(at)...)
	tail := append(list, end(2, start, int64(len(list)))...)
	r := &sparse{size: start + int64(len(tail)), parts: map[int64][]byte{0: e.local(at), f.offset: f.local(at), start: tail}}
	z, err := zip.NewReader(r, r.size)
	if err != nil || len(z.File) != 2 || int64(z.File[0].UncompressedSize64) != e.size {
		t.Fatalf("%+v, %v", z, err)
	}
	if off, err := z.File[1].DataOffset(); err != nil || off != start-1 {
		t.Errorf("the second entry stands at %d, want %d: %v", off, start-1, err)
	}
	got, err := NewReader(r, r.size, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if why := got.strays(&Description{Created: instant(noon)}); why != "" {
		t.Error(why)
	}
}

// sparse is a large file of zeros with some parts.
type sparse struct {
	size  int64
	parts map[int64][]byte
}

func (s *sparse) ReadAt(p []byte, at int64) (int, error) {
	if at >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), s.size-at))
	clear(p[:n])
	for off, b := range s.parts {
		if off+int64(len(b)) <= at || off >= at+int64(n) {
			continue
		}
		if off >= at {
			copy(p[off-at:n], b)
		} else {
			copy(p[:n], b[at-off:])
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Whatever a file holds, reading and verifying it ends within its limits, and
// what is verified is what the list says.
func FuzzReader(f *testing.F) {
	f.Add(build(f, KeySigner{testKey(f, 7)}, nil))
	f.Add(zipOf(f, func(w *zip.Writer) {
		e, err := w.Create(NamePackage)
		if err != nil {
			f.Fatal(err)
		}
		io.WriteString(e, `{"resources":[{"name":"a","path":"a","hash":"sha256:00","bytes":1}]}`)
	}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewReader(bytes.NewReader(b), int64(len(b)), Limits{Total: 1 << 20})
		if err != nil {
			return
		}
		for _, n := range r.Names() {
			if CheckName(n) != nil {
				t.Fatalf("the unsafe name %q was let through", n)
			}
			if c, err := r.ReadAll(n, 1<<20); err == nil {
				if size, _ := r.Size(n); int64(len(c)) != size {
					t.Fatalf("%s has %d bytes, %d were read", n, size, len(c))
				}
			}
		}
		if _, err := Verify(t.Context(), NewSummed(r), Trust{}); err != nil {
			t.Fatal(err)
		}
	})
}
