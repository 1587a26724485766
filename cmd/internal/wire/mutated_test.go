package wire

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/store/evidence"
	"stet/store/evidence/bundle"
)

// zipped is a ZIP taken apart: what stands before each entry's content, the
// content, and the entry's line of the list at the end.
type zipped struct {
	entries []zipEntry
	end     []byte
	// before stands at the very beginning.
	before []byte
}

type zipEntry struct{ name, local, content, central []byte }

// apart takes a ZIP apart that this program wrote.
func apart(b []byte) *zipped {
	z := &zipped{end: bytes.Clone(b[len(b)-22:])}
	at := binary.LittleEndian.Uint32(z.end[16:])
	for range binary.LittleEndian.Uint16(z.end[10:]) {
		n := 46 + uint32(binary.LittleEndian.Uint16(b[at+28:])) + uint32(binary.LittleEndian.Uint16(b[at+30:]))
		central := bytes.Clone(b[at : at+n])
		off, size := binary.LittleEndian.Uint32(central[42:]), binary.LittleEndian.Uint32(central[20:])
		head := 30 + uint32(binary.LittleEndian.Uint16(b[off+26:])) + uint32(binary.LittleEndian.Uint16(b[off+28:]))
		z.entries = append(z.entries, zipEntry{bytes.Clone(central[46 : 46+binary.LittleEndian.Uint16(central[28:])]), bytes.Clone(b[off : off+head]),
			bytes.Clone(b[off+head : off+head+size]), central})
		at += n
	}
	return z
}

// together puts it together again, with offsets that fit.
func (z *zipped) together() []byte {
	out := bytes.Clone(z.before)
	var list []byte
	for i := range z.entries {
		e := &z.entries[i]
		binary.LittleEndian.PutUint32(e.central[42:], uint32(len(out)))
		list = append(list, e.central...)
		out = append(append(out, e.local...), e.content...)
	}
	binary.LittleEndian.PutUint16(z.end[8:], uint16(len(z.entries)))
	binary.LittleEndian.PutUint16(z.end[10:], uint16(len(z.entries)))
	binary.LittleEndian.PutUint32(z.end[12:], uint32(len(list)))
	binary.LittleEndian.PutUint32(z.end[16:], uint32(len(out)))
	return append(append(out, list...), z.end...)
}

// fill gives an entry another content, with the lengths and checksums that fit.
func (e *zipEntry) fill(content []byte) {
	e.content = content
	sum, size := crc32.ChecksumIEEE(content), uint32(len(content))
	for _, h := range [][]byte{e.local[14:], e.central[16:]} {
		binary.LittleEndian.PutUint32(h, sum)
		binary.LittleEndian.PutUint32(h[4:], size)
		binary.LittleEndian.PutUint32(h[8:], size)
	}
}

// rename gives an entry another name in its head, in the list, or in both.
func (e *zipEntry) rename(local, central bool, name string) {
	if local {
		e.local = append(append(e.local[:30:30], name...), e.local[30+len(e.name):]...)
		binary.LittleEndian.PutUint16(e.local[26:], uint16(len(name)))
	}
	if central {
		e.central = append(append(e.central[:46:46], name...), e.central[46+len(e.name):]...)
		binary.LittleEndian.PutUint16(e.central[28:], uint16(len(name)))
	}
}

// extra puts an extra field behind a name.
func (e *zipEntry) extra(local, central bool, field []byte) {
	if local {
		e.local = append(e.local, field...)
		binary.LittleEndian.PutUint16(e.local[28:], uint16(len(field)))
	}
	if central {
		e.central = append(e.central, field...)
		binary.LittleEndian.PutUint16(e.central[30:], uint16(len(field)))
	}
}

func (e *zipEntry) clone() zipEntry {
	return zipEntry{bytes.Clone(e.name), bytes.Clone(e.local), bytes.Clone(e.content), bytes.Clone(e.central)}
}

// containerChanges change one entry of a ZIP, i of them, or what stands around
// it.
func containerChanges() map[string]func(z *zipped, i int) {
	xor := func(at int, local bool) func(z *zipped, i int) {
		return func(z *zipped, i int) {
			if local {
				z.entries[i].local[at] ^= 1
			} else {
				z.entries[i].central[at] ^= 1
			}
		}
	}
	other := []byte{0xfe, 0xca, 2, 0, 1, 2}
	zip64 := binary.LittleEndian.AppendUint64([]byte{1, 0, 16, 0}, 7)
	zip64 = binary.LittleEndian.AppendUint64(zip64, 7)
	changes := map[string]func(z *zipped, i int){
		"content flipped": func(z *zipped, i int) {
			if c := z.entries[i].content; len(c) > 0 {
				c[len(c)/2] ^= 4
			}
		},
		"content changed": func(z *zipped, i int) { z.entries[i].fill(append(bytes.Clone(z.entries[i].content), '\n')) },
		"content cut":     func(z *zipped, i int) { z.entries[i].fill(z.entries[i].content[:len(z.entries[i].content)-1]) },
		"content emptied": func(z *zipped, i int) { z.entries[i].fill(nil) },
		"entry removed":   func(z *zipped, i int) { z.entries = slices.Delete(z.entries, i, i+1) },
		"entry twice":     func(z *zipped, i int) { z.entries = append(z.entries, z.entries[i].clone()) },
		"entry moved": func(z *zipped, i int) {
			z.entries = append(slices.Delete(slices.Clone(z.entries), i, i+1), z.entries[i].clone())
			z.entries[0], z.entries[1] = z.entries[1], z.entries[0]
		},
		"contents swapped": func(z *zipped, i int) {
			a, b := &z.entries[i], &z.entries[(i+1)%len(z.entries)]
			x, y := a.content, b.content
			a.fill(y)
			b.fill(x)
		},
		"twice, in other letters": func(z *zipped, i int) {
			e := z.entries[i].clone()
			e.rename(true, true, strings.ToUpper(string(e.name)))
			z.entries = append(z.entries, e)
		},
		"renamed":             func(z *zipped, i int) { z.entries[i].rename(true, true, "x"+string(z.entries[i].name)) },
		"renamed in its head": func(z *zipped, i int) { z.entries[i].rename(true, false, "x"+string(z.entries[i].name)) },
		"renamed in the list": func(z *zipped, i int) { z.entries[i].rename(false, true, "x"+string(z.entries[i].name)) },
		"an unlisted entry": func(z *zipped, i int) {
			e := z.entries[i].clone()
			e.rename(true, true, "more.txt")
			z.entries = append(z.entries, e)
		},
		"an entry of no list": func(z *zipped, i int) {
			e := z.entries[i].clone()
			z.entries[i].content = append(append(z.entries[i].content, e.local...), e.content...)
		},
		"its name in capitals": func(z *zipped, i int) {
			e := z.entries[i].clone()
			e.rename(true, true, strings.ToUpper(string(e.name)))
			z.entries = append(z.entries, e)
		},
		"lengths behind it": func(z *zipped, i int) {
			e := &z.entries[i]
			e.local[6] |= 8
			e.central[8] |= 8
			e.content = append(append(bytes.Clone(e.content), "PK\x07\x08"...), e.central[16:28]...)
			clear(e.local[14:26])
		},
		"a program in front": func(z *zipped, _ int) { z.before = []byte("#!/bin/sh\n") },
		"a ZIP64 end that says otherwise": func(z *zipped, _ int) {
			far := make([]byte, 56+20)
			copy(far, "PK\x06\x06,")
			copy(far[56:], "PK\x06\x07")
			z.end = append(far, z.end...)
		},
		"a second end in a comment": func(z *zipped, _ int) {
			z.end = append(bytes.Clone(z.end), z.end...)
			binary.LittleEndian.PutUint16(z.end[20:], 22)
		},
		"bytes between":              func(z *zipped, i int) { z.entries[i].content = append(z.entries[i].content, "between"...) },
		"bytes in front":             func(z *zipped, _ int) { z.before = []byte("PK\x03\x04in front") },
		"an extra field in its head": func(z *zipped, i int) { z.entries[i].extra(true, false, other) },
		"an extra field in the list": func(z *zipped, i int) { z.entries[i].extra(false, true, other) },
		"extra fields":               func(z *zipped, i int) { z.entries[i].extra(true, true, other) },
		"ZIP64 lies in its head":     func(z *zipped, i int) { z.entries[i].extra(true, false, zip64) },
		"ZIP64 lies in the list":     func(z *zipped, i int) { z.entries[i].extra(false, true, zip64) },
		"a comment of an entry": func(z *zipped, i int) {
			e := &z.entries[i]
			e.central = append(e.central, "hello"...)
			binary.LittleEndian.PutUint16(e.central[32:], 5)
		},
		"a comment": func(z *zipped, _ int) {
			z.end = append(z.end, "hello"...)
			binary.LittleEndian.PutUint16(z.end[20:], 5)
		},
		"bytes behind":                  func(z *zipped, _ int) { z.end = append(z.end, "behind"...) },
		"a second end":                  func(z *zipped, _ int) { z.end = append(bytes.Clone(z.end), z.end...) },
		"the last byte gone":            func(z *zipped, _ int) { z.end = z.end[:len(z.end)-1] },
		"another disk":                  func(z *zipped, _ int) { z.end[4] = 1 },
		"sizes in its head":             xor(18, true),
		"a larger size in its head":     xor(24, true),
		"the checksum in its head":      xor(14, true),
		"the checksum in the list":      xor(16, false),
		"the size in the list":          xor(24, false),
		"the compressed size in a list": xor(20, false),
		"a time in its head":            xor(10, true),
		"a time in the list":            xor(12, false),
		"a method in its head":          xor(8, true),
		"a method in the list":          xor(10, false),
		"encryption in its head":        xor(6, true),
		"encryption in the list":        xor(8, false),
		"the attributes":                xor(38, false),
		"the maker":                     xor(4, false),
	}
	return changes
}

// TestMutatedContainers changes the container around every entry of a bundle in
// every way that comes to mind. Nobody has to be believed to find that.
func TestMutatedContainers(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	b := w.bundle("internal")
	if again := apart(b).together(); !bytes.Equal(again, b) {
		t.Fatal("taken apart and put together, the bundle is another")
	}
	nobody := &Verifying{Believed: evidence.Believed{Now: w.now}}
	n := len(apart(b).entries)
	changes := containerChanges()
	turn := 0
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		turn++
		for i := range n {
			if raceOn && (i+turn)%22 != 0 {
				continue
			}
			z := apart(b)
			entry := string(z.entries[i].name)
			changes[name](z, i)
			changed := z.together()
			if bytes.Equal(changed, b) {
				t.Errorf("%s, %s: nothing was changed", name, entry)
				continue
			}
			if _, counts := w.verify(changed, nobody); counts[evidence.Wrong] == 0 {
				t.Errorf("%s, %s: nothing is wrong", name, entry)
			}
		}
	}
}

// TestMutatedContents changes every file of a bundle and makes all digests fit.
// Signed by a stranger it is found by whoever names the archive's key, and is
// said to be unverifiable to others. Signed with the archive's own key, what the
// log covers is found, too, and what leads to it.
func TestMutatedContents(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now.Add(time.Second))
	b := w.bundle("internal")
	other, err := evidence.NewKey(rand.Reader, "stet-6666666666666666")
	w.must(err)
	log, err := w.a.Heads.Log()
	w.must(err)
	own, err := log.Key(w.ctx)
	w.must(err)
	nobody := &Verifying{Believed: evidence.Believed{Now: w.now}}
	// What the archive says in its own words, the log does not cover.
	uncovered := func(name, what string) bool {
		return what != "removed" && (name == bundle.Custody || name == bundle.Guide)
	}
	for n, name := range entryNames(b) {
		for what, change := range contentChanges() {
			if raceOn && (n+len(what))%15 != 0 {
				continue
			}
			mutate := func(files map[string][]byte) { change(files, name) }
			for _, key := range []*evidence.Key{other, own} {
				forged, skip := w.tried(b, key, mutate)
				if skip {
					continue
				}
				_, counts := w.verify(forged, w.believing())
				switch {
				case counts[evidence.Wrong] > 0 || key == own && uncovered(name, what):
				case key == own && what == "removed" && strings.HasPrefix(name, bundle.Stamps) && counts[evidence.Unverifiable] > 0:
					// Without a stamp it is a bundle without one.
				default:
					t.Errorf("%s %s, signed by a stranger: %v: nothing is wrong", name, what, key == other)
				}
				if _, counts = w.verify(forged, nobody); counts[evidence.Wrong]+counts[evidence.Unverifiable] == 0 {
					t.Errorf("%s %s, while nobody is believed: all is verified", name, what)
				}
			}
		}
	}
}

// tried is remade; skip is true where the change changed nothing.
func (w *evidenceWorld) tried(b []byte, key *evidence.Key, change func(map[string][]byte)) (forged []byte, skip bool) {
	w.Helper()
	forged = w.remade(b, key, func(files map[string][]byte) {
		before := maps.Clone(files)
		change(files)
		skip = maps.EqualFunc(before, files, bytes.Equal)
	})
	return forged, skip
}

// entryNames lists the files of a bundle that are not about the package.
func entryNames(b []byte) []string {
	var names []string
	for _, e := range apart(b).entries {
		if name := string(e.name); !strings.HasPrefix(name, "datapackage") {
			names = append(names, name)
		}
	}
	return names
}

// contentChanges change a file of a bundle.
func contentChanges() map[string]func(files map[string][]byte, name string) {
	return map[string]func(map[string][]byte, string){
		"removed": func(f map[string][]byte, name string) { delete(f, name) },
		"emptied": func(f map[string][]byte, name string) { f[name] = nil },
		"longer":  func(f map[string][]byte, name string) { f[name] = append(bytes.Clone(f[name]), "more\n"...) },
		"flipped": func(f map[string][]byte, name string) {
			c := bytes.Clone(f[name])
			c[len(c)/2] ^= 2
			f[name] = c
		},
		"doubled": func(f map[string][]byte, name string) { f[name] = append(bytes.Clone(f[name]), f[name]...) },
		"under another name": func(f map[string][]byte, name string) {
			if strings.HasPrefix(name, "evidence/") {
				f[strings.Replace(name, "evidence/", "evidence/more/", 1)] = f[name]
			} else {
				f["more/"+name] = f[name]
			}
		},
	}
}
