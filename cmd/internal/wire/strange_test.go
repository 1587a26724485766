package wire

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/store/evidence"
	"stet/store/evidence/bundle"
)

// members returns the gzip members of a file as they are packed.
func (w *evidenceWorld) members(b []byte) [][]byte {
	w.Helper()
	var list [][]byte
	in := bytes.NewReader(b)
	for in.Len() > 0 {
		from := len(b) - in.Len()
		z, err := gzip.NewReader(in)
		w.must(err)
		z.Multistream(false)
		_, err = (&bytes.Buffer{}).ReadFrom(z)
		w.must(err)
		list = append(list, b[from:len(b)-in.Len()])
	}
	return list
}

// packedAs packs a record as this program does.
func packedAs(record string) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write([]byte(record))
	_ = z.Close()
	return out.Bytes()
}

// TestStrangeBundles: what somebody who has the archive's key cannot make of a
// bundle either, and what nobody else can.
func TestStrangeBundles(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	earlier := w.bundle("internal")
	w.now = w.now.Add(time.Minute)
	w.capture(false, "Ada F.", "the bells rang at one")
	w.stamped(w.now)
	b := w.bundle("internal")
	log, err := w.a.Heads.Log()
	w.must(err)
	own, err := log.Key(w.ctx)
	w.must(err)
	const archive, index, pages = "archive/data.warc.gz", "indexes/index.cdx", "pages/pages.jsonl"
	// records changes the records of what was on the wire, unpacked.
	records := func(change func(all []string) []string) func(map[string][]byte) {
		return func(files map[string][]byte) {
			var all []string
			for _, m := range w.members(files[archive]) {
				all = append(all, string(w.unzipped(m)))
			}
			files[archive] = nil
			for _, r := range change(all) {
				files[archive] = append(files[archive], packedAs(r)...)
			}
		}
	}
	first := func(kind, old, with string) func([]string) []string {
		return func(all []string) []string {
			for i, r := range all {
				if strings.Contains(r, "\r\nWARC-Type: "+kind+"\r\n") || strings.HasPrefix(r, "WARC/1.1\r\nWARC-Type: "+kind+"\r\n") {
					all[i] = strings.Replace(r, old, with, 1)
					if all[i] == r {
						t.Errorf("%s: there is no %q in it", kind, old)
					}
					return all
				}
			}
			t.Errorf("there is no %s", kind)
			return all
		}
	}
	swapped := func(name string) func(map[string][]byte) {
		return func(files map[string][]byte) {
			lines := bytes.SplitAfter(files[name], []byte("\n"))
			lines[1], lines[2] = lines[2], lines[1]
			files[name] = bytes.Join(lines, nil)
		}
	}
	proofs := func(files map[string][]byte) []string {
		return slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(n string) bool { return !strings.HasPrefix(n, bundle.Proofs) })
	}
	changes := map[string]func(map[string][]byte){
		"the head of an earlier bundle": func(f map[string][]byte) { f[bundle.Head] = w.entry(earlier, bundle.Head) },
		"the proofs of an earlier bundle": func(f map[string][]byte) {
			for _, name := range proofs(f) {
				if p, err := readEntry(earlier, name); err == nil {
					f[name] = p
				}
			}
		},
		"two proofs in each other's place": func(f map[string][]byte) {
			names := proofs(f)
			f[names[0]], f[names[1]] = f[names[1]], f[names[0]]
		},
		"a proof in other letters": func(f map[string][]byte) {
			name := proofs(f)[0]
			f[name] = bytes.ToUpper(f[name])
		},
		"a proof with more behind it": func(f map[string][]byte) {
			name := proofs(f)[0]
			f[name] = append(bytes.Clone(f[name]), "\n"...)
		},
		"a line of the index that leads to another record": func(f map[string][]byte) {
			lines := strings.SplitAfter(string(f[index]), "\n")
			offset := func(l string) string { return l[strings.Index(l, `"length"`):] }
			x, y := offset(lines[0]), offset(lines[1])
			lines[0], lines[1] = strings.Replace(lines[0], x, y, 1), strings.Replace(lines[1], y, x, 1)
			f[index] = []byte(strings.Join(lines, ""))
		},
		"lines of the index in another order": swapped(index),
		"a line of the index twice": func(f map[string][]byte) {
			f[index] = append(f[index][:bytes.IndexByte(f[index], '\n')+1:bytes.IndexByte(f[index], '\n')+1], f[index]...)
		},
		"a page that is not there": func(f map[string][]byte) {
			f[pages] = append(f[pages], `{"id":"x","url":"https://news.example/other","ts":"2026-03-02T09:00:00Z"}`+"\n"...)
		},
		"a page of another time":         func(f map[string][]byte) { f[pages] = bytes.Replace(f[pages], []byte("T09:0"), []byte("T07:0"), 1) },
		"a status":                       records(first("response", "200 OK", "404 OK")),
		"a header more":                  records(first("response", "Date: Mon", "X-More: 1\r\nDate: Mon")),
		"a header fewer":                 records(first("response", "Date: Mon, 02 Mar 2026 09:00:00 GMT\r\n", "")),
		"an address":                     records(first("response", "WARC-Target-URI: https://", "WARC-Target-URI: http://")),
		"a time":                         records(first("request", "WARC-Date: 2026-03-02T09:00:00Z", "WARC-Date: 2026-03-02T09:00:01Z")),
		"where it came from":             records(first("response", "192.0.2.7", "192.0.2.8")),
		"what was asked":                 records(first("request", "GET /a ", "GET /b ")),
		"a record twice":                 records(func(all []string) []string { return append(all, all[len(all)-1]) }),
		"a record fewer":                 records(func(all []string) []string { return slices.Delete(all, 1, 2) }),
		"an answer that nobody recorded": records(func(all []string) []string { return append(all, strings.Replace(all[2], "urn:uuid:", "urn:uuid:0", 1)) }),
		"a conversion": records(func(all []string) []string {
			return append(all, strings.NewReplacer("WARC-Type: response", "WARC-Type: conversion", "WARC-Type: request", "WARC-Type: conversion").Replace(all[3]))
		}),
		"records in one member": func(f map[string][]byte) {
			f[archive] = packedAs(string(w.unzipped(f[archive])))
		},
		"an empty member in front": func(f map[string][]byte) { f[archive] = append(packedAs(""), f[archive]...) },
		"an empty member behind":   func(f map[string][]byte) { f[archive] = append(f[archive], packedAs("")...) },
		"a record that is longer than it says": records(func(all []string) []string {
			all[2] += "more"
			return all
		}),
	}
	for n, name := range slices.Sorted(maps.Keys(changes)) {
		if raceOn && n%4 != 0 {
			continue
		}
		forged := w.remade(b, own, changes[name])
		if _, counts := w.verify(forged, w.believing()); counts[evidence.Wrong] == 0 {
			t.Errorf("%s, with the archive's key: nothing is wrong", name)
		}
	}
	// Somebody whose key has the name of the archive's.
	other, err := evidence.NewKey(rand.Reader, strings.SplitN(own.Public, "+", 2)[0])
	w.must(err)
	forged := w.remade(b, other, func(f map[string][]byte) { f[bundle.PublicKey] = []byte(other.Public + "\n") })
	if _, counts := w.verify(forged, w.believing()); counts[evidence.Wrong] == 0 {
		t.Error("another key of the same name: nothing is wrong")
	}
}

func readEntry(b []byte, name string) ([]byte, error) {
	z := apart(b)
	for i := range z.entries {
		if string(z.entries[i].name) == name {
			return z.entries[i].content, nil
		}
	}
	return nil, fmt.Errorf("there is no %s", name)
}

// TestCutBundles cuts a bundle at each of its boundaries, and beside them.
func TestCutBundles(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	b := w.bundle("internal")
	z := apart(b)
	var at []int
	n := 0
	for i := range z.entries {
		at = append(at, n, n+len(z.entries[i].local))
		n += len(z.entries[i].local) + len(z.entries[i].content)
	}
	for i := range z.entries {
		at = append(at, n)
		n += len(z.entries[i].central)
	}
	for i, at := range append(at, n, n+22) {
		if raceOn && i%9 != 0 {
			continue
		}
		for _, cut := range []int{at - 1, at, at + 1} {
			if cut < 0 || cut >= len(b) {
				continue
			}
			if _, counts := w.verify(b[:cut], w.believing()); counts[evidence.Wrong] == 0 {
				t.Errorf("cut at %d of %d: nothing is wrong", cut, len(b))
			}
			if _, counts := w.verify(b[cut:], w.believing()); cut > 0 && counts[evidence.Wrong] == 0 {
				t.Errorf("without the first %d: nothing is wrong", cut)
			}
		}
	}
}

// TestCutProofs cuts heads, proofs and stamps anywhere, and changes any byte of
// them: nothing of that is verified any more.
func TestCutProofs(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	b := w.bundle("internal")
	v := w.believing()
	v.Of = w.entry(b, bundle.Head)
	for _, name := range entryNames(b) {
		if !strings.HasPrefix(name, bundle.Proofs) && !strings.HasPrefix(name, bundle.Stamps) && name != bundle.Head {
			continue
		}
		body := w.entry(b, name)
		if _, counts := w.verify(body, v); counts[evidence.Wrong] > 0 || counts[evidence.Verified] == 0 {
			t.Fatalf("%s is not verified: %v", name, counts)
		}
		step := 1 + len(body)/200
		if raceOn {
			step *= 16
		}
		for i := 0; i < len(body); i += step {
			if _, counts := w.verify(body[:i], v); counts[evidence.Wrong] == 0 {
				t.Errorf("%s, cut at %d of %d: %v", name, i, len(body), counts)
			}
			changed := bytes.Clone(body)
			changed[i] ^= 1 << (i % 8)
			if _, counts := w.verify(changed, v); counts[evidence.Wrong] == 0 && counts[evidence.Unverifiable] == 0 {
				t.Errorf("%s, changed at %d of %d: %v", name, i, len(body), counts)
			}
		}
		if strings.HasPrefix(name, bundle.Proofs) {
			break // one is like the other
		}
	}
}

// TestStrangeWARC: of a file that nobody signed it is not said that its digests
// fit where it states none, and nothing hides between its members.
func TestStrangeWARC(t *testing.T) {
	w := newEvidenceWorld(t)
	b := w.entry(w.bundle("internal"), "archive/data.warc.gz")
	v := w.believing()
	bare := bytes.ReplaceAll(bytes.ReplaceAll(w.unzipped(b), []byte("WARC-Block-Digest"), []byte("X-Block")), []byte("WARC-Payload-Digest"), []byte("X-Payload"))
	bare = bytes.ReplaceAll(bare, []byte("the bells rang at noon"), []byte("the bells rang at nine"))
	parts, counts := w.verify(bare, v)
	if counts[evidence.Verified] > 0 {
		t.Errorf("without digests: %+v", parts)
	}
	secret := func() []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Comment = "what nobody reads"
		w.must(z.Close())
		return out.Bytes()
	}()
	members := w.members(b)
	for i := range len(members) + 1 {
		if _, counts := w.verify(slices.Concat(slices.Insert(slices.Clone(members), i, secret)...), v); counts[evidence.Wrong] == 0 {
			t.Errorf("an empty member before the record %d: nothing is wrong", i)
		}
	}
}
