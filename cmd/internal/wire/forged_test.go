package wire

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/store/evidence"
	"stet/store/evidence/bundle"
	"stet/store/wacz"
)

// remade unpacks a bundle, lets change do what it wants with the files, and
// packs and signs it again with a key: all digests fit.
func (w *evidenceWorld) remade(b []byte, key *evidence.Key, change func(files map[string][]byte)) []byte {
	w.Helper()
	r, err := wacz.NewReader(bytes.NewReader(b), int64(len(b)), wacz.Limits{})
	w.must(err)
	d, err := r.Describe()
	w.must(err)
	files := map[string][]byte{}
	var names []string
	for _, name := range r.Names() {
		if strings.HasPrefix(name, "datapackage") {
			continue
		}
		names = append(names, name)
		files[name], err = r.ReadAll(name, 1<<30)
		w.must(err)
	}
	change(files)
	created, err := time.Parse(time.RFC3339, d.Created)
	w.must(err)
	for name := range files {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var out bytes.Buffer
	z := wacz.NewWriter(&out, wacz.Package{Title: d.Title, Software: d.Software, Created: created, Extras: d.Extras,
		MainPage: d.MainPage, MainPageDate: created})
	for _, name := range names {
		body, there := files[name]
		if !there {
			continue
		}
		c := wacz.Bytes(body)
		switch base := name[strings.LastIndex(name, "/")+1:]; {
		case strings.HasPrefix(name, "archive/"):
			w.must(z.AddArchive(base, c))
		case strings.HasPrefix(name, "indexes/"):
			w.must(z.AddIndex(base, c))
		case strings.HasPrefix(name, "pages/"):
			w.must(z.AddPages(c))
		default:
			w.must(z.AddResource(name, c))
		}
	}
	packages, err := key.Packages()
	w.must(err)
	w.must(z.Close(w.ctx, wacz.KeySigner{Key: packages}))
	return out.Bytes()
}

// edit changes a line of the records.
func edit(old, with string) func(map[string][]byte) {
	return func(files map[string][]byte) {
		files[bundle.Records] = bytes.Replace(files[bundle.Records], []byte(old), []byte(with), 1)
	}
}

// TestForgedBundles: somebody changes a bundle and makes everything fit that can
// be made to fit without the archive's key; and somebody who has the key changes
// what the log covers.
func TestForgedBundles(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	b := w.bundle("internal")
	other, err := evidence.NewKey(rand.Reader, "stet-6666666666666666")
	w.must(err)
	log, err := w.a.Heads.Log()
	w.must(err)
	own, err := log.Key(w.ctx)
	w.must(err)
	w.now = w.now.Add(time.Minute)
	w.capture(false, "Ada F.", "the bells rang at one")
	w.stamped(w.now)
	later := w.bundle("internal")
	proofOf := func(files map[string][]byte, n int) string {
		r, err := bundle.Parse(bytes.Split(files[bundle.Records], []byte("\n"))[n])
		w.must(err)
		return bundle.Proofs + r.ID.String() + ".tlog-proof"
	}
	changes := map[string]func(map[string][]byte){
		"other words":      edit("the bells rang at noon", "the bells rang at nine"),
		"another operator": edit("Ada F.", "Eve F."),
		"another time":     edit(`"time":"2026-03-02T09:00:00Z"`, `"time":"2026-03-02T08:00:00Z"`),
		"another number":   edit(`"seq":3,`, `"seq":30,`),
		"another salt":     edit(`"salt":"`, `"salt":"AAAA`),
		"a field fewer":    edit(`{"name":"meta"`, `{"name":"mote"`),
		"a record fewer": func(f map[string][]byte) {
			f[bundle.Records] = f[bundle.Records][bytes.IndexByte(f[bundle.Records], '\n')+1:]
		},
		"a record twice": func(f map[string][]byte) {
			i := bytes.IndexByte(f[bundle.Records], '\n') + 1
			f[bundle.Records] = append(bytes.Clone(f[bundle.Records][:i]), f[bundle.Records]...)
		},
		"no records":             func(f map[string][]byte) { f[bundle.Records] = nil },
		"no proof":               func(f map[string][]byte) { delete(f, proofOf(f, 2)) },
		"another record's proof": func(f map[string][]byte) { f[proofOf(f, 1)] = f[proofOf(f, 2)] },
		"another head": func(f map[string][]byte) {
			f[bundle.Head] = bytes.Replace(f[bundle.Head], []byte("\n8\n"), []byte("\n9\n"), 1)
		},
		"another public key": func(f map[string][]byte) { f[bundle.PublicKey] = []byte(other.Public + "\n") },
		"no head":            func(f map[string][]byte) { delete(f, bundle.Head) },
		"no signer":          func(f map[string][]byte) { delete(f, bundle.Signer) },
		"no exchanges":       func(f map[string][]byte) { delete(f, "archive/data.warc.gz") },
		"a stamp of another head": func(f map[string][]byte) {
			f[bundle.Stamps+"01-tsa.example.tsr"] = w.entry(later, bundle.Stamps+"01-tsa.example.tsr")
		},
		"a stamp of nothing":  func(f map[string][]byte) { f[bundle.Stamps+"02-x.tsr"] = []byte("0") },
		"a stray file":        func(f map[string][]byte) { f["evidence/more.json"] = []byte("{}") },
		"another's exchanges": func(f map[string][]byte) { f["archive/data.warc.gz"] = w.entry(later, "archive/data.warc.gz") },
		"a cut-off archive": func(f map[string][]byte) {
			f["archive/data.warc.gz"] = f["archive/data.warc.gz"][:len(f["archive/data.warc.gz"])/2]
		},
		"another picture": func(f map[string][]byte) {
			for name := range f {
				if strings.HasPrefix(name, bundle.Media) {
					f[name] = append(f[name], 'x')
				}
			}
		},
	}
	for name, change := range changes {
		// With the archive's own key, all signatures fit: what is left is the log.
		forged := w.remade(b, own, change)
		if _, counts := w.verify(forged, w.believing()); counts[evidence.Wrong] == 0 {
			t.Errorf("%s, with the archive's key: nothing is wrong", name)
		}
		forged = w.remade(b, other, change)
		if _, counts := w.verify(forged, &Verifying{Believed: evidence.Believed{Now: w.now}}); counts[evidence.Wrong] == 0 {
			t.Errorf("%s, while nobody is believed: nothing is wrong", name)
		}
	}
	// The same content under another's signature.
	resigned := w.remade(b, other, func(map[string][]byte) {})
	if _, counts := w.verify(resigned, w.believing()); counts[evidence.Wrong] == 0 {
		t.Error("a bundle that another key signed: nothing is wrong")
	}
	if _, counts := w.verify(resigned, &Verifying{Believed: evidence.Believed{Now: w.now}}); counts[evidence.Wrong] == 0 {
		t.Error("the same, while nobody is believed, and the key in it says that another signs packages: nothing is wrong")
	}
	v := w.believing()
	v.Keys, err = evidence.NewTrust(other.Public)
	w.must(err)
	if _, counts := w.verify(b, v); counts[evidence.Wrong] == 0 {
		t.Error("another key is believed: nothing is wrong")
	}
	v = w.believing()
	v.Now = w.now.Add(-48 * time.Hour)
	if _, counts := w.verify(b, v); counts[evidence.Wrong] == 0 {
		t.Error("a bundle of the day after tomorrow: nothing is wrong")
	}
}

// entry returns a file of a bundle.
func (w *evidenceWorld) entry(b []byte, name string) []byte {
	w.Helper()
	r, err := wacz.NewReader(bytes.NewReader(b), int64(len(b)), wacz.Limits{})
	w.must(err)
	body, err := r.ReadAll(name, 1<<30)
	w.must(err)
	return body
}

// TestRecordsAfterTheStamp: what is dated after the stamp of the head that
// covers it cannot be.
func TestRecordsAfterTheStamp(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(-time.Hour))
	if _, counts := w.verify(w.bundle("internal"), w.believing()); counts[evidence.Wrong] == 0 {
		t.Error("records that are younger than their stamp: nothing is wrong")
	}
}

// TestPrivateIsNotForThePublic: a post of which all is private has no public
// bundle, and a public one holds no word of it.
func TestPrivateIsNotForThePublic(t *testing.T) {
	w := newEvidenceWorld(t)
	w.capture(true, "Bob", "only for us")
	b := w.bundle("public")
	if bytes.Contains(b, []byte("only for us")) || !bytes.Contains(b, []byte("the bells rang")) {
		t.Error("the public bundle does not hold what it should")
	}
	if bytes.Contains(w.bundle("internal"), []byte("only for us")) == false {
		t.Error("the internal bundle lacks the private capture")
	}
}

// TestDamagedContainers: what is no digest's business.
func TestDamagedContainers(t *testing.T) {
	w := newEvidenceWorld(t)
	b := w.bundle("internal")
	v := w.believing()
	rezip := func(change func(*zip.Writer, *zip.Reader)) []byte {
		r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		w.must(err)
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for _, f := range r.File {
			w.must(z.Copy(f))
		}
		change(z, r)
		w.must(z.Close())
		return out.Bytes()
	}
	add := func(z *zip.Writer, h *zip.FileHeader, body string) {
		f, err := z.CreateHeader(h)
		w.must(err)
		_, err = io.WriteString(f, body)
		w.must(err)
	}
	for name, damaged := range map[string][]byte{
		"trailing bytes": append(bytes.Clone(b), "more"...), "cut off": b[:len(b)-30], "half": b[:len(b)/2], "bytes before": append([]byte("PK\x03\x04"), b...),
		"a comment":      rezip(func(z *zip.Writer, _ *zip.Reader) { w.must(z.SetComment("hello")) }),
		"an entry twice": rezip(func(z *zip.Writer, r *zip.Reader) { w.must(z.Copy(r.File[0])) }),
		"unlisted":       rezip(func(z *zip.Writer, _ *zip.Reader) { add(z, &zip.FileHeader{Name: "evidence/x.txt"}, "x") }),
		"traversal":      rezip(func(z *zip.Writer, _ *zip.Reader) { add(z, &zip.FileHeader{Name: "../x.txt"}, "x") }),
		"a symlink": rezip(func(z *zip.Writer, _ *zip.Reader) {
			h := &zip.FileHeader{Name: "link"}
			h.SetMode(0o777 | 1<<27)
			add(z, h, "/etc/passwd")
		}),
		"encrypted": rezip(func(z *zip.Writer, _ *zip.Reader) { add(z, &zip.FileHeader{Name: "e.txt", Flags: 1}, "x") }),
		"a bomb": rezip(func(z *zip.Writer, _ *zip.Reader) {
			add(z, &zip.FileHeader{Name: "bomb.txt", Method: zip.Deflate}, strings.Repeat("\x00", 64<<20))
		}),
		"nothing": nil, "a word": []byte("PK"),
	} {
		if _, counts := w.verify(damaged, v); counts[evidence.Wrong] == 0 {
			t.Errorf("%s: nothing is wrong", name)
		}
	}
}

// FuzzVerifyFile: no file makes the verifier fail or find what is not there.
func FuzzVerifyFile(f *testing.F) {
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Add([]byte("WARC/1.1\r\nWARC-Type: warcinfo\r\n\r\n"))
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\n"))
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff})
	f.Add([]byte("stet evidence key\nnew a\nold b\n\n— a AAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		parts, err := VerifyFile(context.Background(), bytes.NewReader(b), int64(len(b)), &Verifying{})
		if err != nil || len(parts) == 0 {
			t.Errorf("%d parts, %v", len(parts), err)
		}
		for _, p := range parts {
			if p.Name == wacz.PartSignature && p.Result == evidence.Verified {
				t.Errorf("nobody is believed, and %+v", p)
			}
		}
	})
}

func (w *evidenceWorld) unzipped(b []byte) []byte {
	w.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	w.must(err)
	out, err := io.ReadAll(z)
	w.must(err)
	return out
}

// TestChangedWARC: a compressed WARC file by itself, which nobody signed, is
// found changed by its own checksums; what is said of it stays unverifiable.
func TestChangedWARC(t *testing.T) {
	w := newEvidenceWorld(t)
	b := w.entry(w.bundle("internal"), "archive/data.warc.gz")
	v := w.believing()
	if parts, counts := w.verify(b, v); counts[evidence.Wrong] > 0 || counts[evidence.Verified] != 1 || counts[evidence.Unverifiable] != 1 {
		t.Errorf("a sound file: %+v", parts)
	}
	step := 13
	if raceOn {
		step = 211
	}
	missed, tried := 0, 0
	for i := 0; i < len(b); i += step {
		tried++
		c := slices.Clone(b)
		c[i] ^= 1 << (i % 8)
		// The last byte of a compressed stream has bits that mean nothing.
		if _, counts := w.verify(c, v); counts[evidence.Wrong] == 0 && !bytes.Equal(w.unzipped(c), w.unzipped(b)) {
			missed++
		}
	}
	if missed > 0 {
		t.Errorf("%d of %d changed bytes are not found", missed, tried)
	}
	for i := range 10 { // the head of the first member
		c := slices.Clone(b)
		c[i] ^= 1
		if _, counts := w.verify(c, v); counts[evidence.Wrong] == 0 {
			t.Errorf("byte %d of the first head is not found", i)
		}
	}
	for name, damaged := range map[string][]byte{"cut off": b[:len(b)-5], "more": append(bytes.Clone(b), 'x'), "half": b[:len(b)/2]} {
		if _, counts := w.verify(damaged, v); counts[evidence.Wrong] == 0 {
			t.Errorf("%s: nothing is wrong", name)
		}
	}
}
