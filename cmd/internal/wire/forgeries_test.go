package wire

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	mrand "math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/store"
	"stet/store/evidence"
	"stet/store/evidence/bundle"
	"stet/store/warc"
)

// forger has a bundle, others to take parts from, and keys to sign with.
type forger struct {
	*evidenceWorld
	b              []byte
	older          []byte // a head of before
	later          map[string][]byte
	own, other     *evidence.Key
	r              *mrand.Rand
	trusting       *Verifying
	nobody         *Verifying
	attempts, each int
}

func newForger(t *testing.T) *forger {
	f := &forger{evidenceWorld: newEvidenceWorld(t), r: mrand.New(mrand.NewPCG(7, 11)), each: 11}
	switch {
	case os.Getenv("STET_FLIPS") == "all":
		f.each = 1
	case raceOn:
		f.each = 61
	}
	log, err := f.a.Heads.Log()
	f.must(err)
	s, err := log.Checkpoint(f.ctx, "person")
	f.must(err)
	f.older = s.Message
	f.capture(false, "Ada F.", "the bells rang at one")
	f.stamped(f.now.Add(time.Second))
	f.b = f.bundle("internal")
	f.own, err = log.Key(f.ctx)
	f.must(err)
	f.other, err = evidence.NewKey(rand.Reader, f.own.Origin()) // under the same name
	f.must(err)
	f.now = f.now.Add(time.Minute)
	f.capture(false, "Bob G.", "the bells rang at two")
	f.stamped(f.now)
	f.remade(f.bundle("internal"), f.own, func(files map[string][]byte) { f.later = maps.Clone(files) })
	f.trusting = f.believing()
	f.nobody = &Verifying{Software: "stet/1", Believed: evidence.Believed{Now: f.now.Add(time.Hour)}}
	return f
}

// try forges in one way, and signs with the archive's own key and with another's.
// Nobody has to be believed to find out; a part that is called by one of the names
// must be said to be wrong.
func (f *forger) try(what string, change func(map[string][]byte), names ...string) {
	f.Helper()
	if f.attempts++; f.attempts%f.each != 0 {
		return
	}
	for who, key := range map[string]*evidence.Key{"the archive's own key": f.own, "another's key": f.other} {
		forged, same := f.tried(f.b, key, change)
		if same {
			f.Errorf("%s: nothing was changed", what)
			return
		}
		for whom, v := range map[string]*Verifying{"who trusts the archive": f.trusting, "who trusts nobody": f.nobody} {
			parts, counts := f.verify(forged, v)
			if v == f.nobody && slices.Contains(names, bundle.Signer) && counts[evidence.Unverifiable] > 0 {
				continue // it can be by a key that nobody here knows
			}
			if counts[evidence.Wrong] == 0 {
				f.Errorf("%s, signed with %s, to %s: nothing is wrong", what, who, whom)
			} else if !named(parts, names) {
				f.Errorf("%s, signed with %s, to %s: not told by its name: %+v", what, who, whom, wrongOf(parts))
			}
		}
	}
}

func wrongOf(parts []VerifiedPart) (bad []VerifiedPart) {
	for _, p := range parts {
		if p.Result == evidence.Wrong {
			bad = append(bad, p)
		}
	}
	return bad
}

// named reports whether one of the wrong parts is called, or speaks of, one of the
// names.
func named(parts []VerifiedPart, names []string) bool {
	return slices.ContainsFunc(wrongOf(parts), func(p VerifiedPart) bool {
		return slices.ContainsFunc(names, func(name string) bool { return name != "" && strings.Contains(p.Name+" "+p.Why, name) })
	})
}

// namesOf lists what a file can be called by: its name, what it is a proof of, or
// what cannot be without it.
func namesOf(name string) []string {
	base := path.Base(name)
	names := []string{name, base, strings.TrimSuffix(base, path.Ext(base))}
	switch {
	case name == bundle.Records:
		names = append(names, "record ", "the bundle holds no records")
	case name == bundle.Head, name == bundle.PublicKey:
		names = append(names, bundle.Head, bundle.PublicKey, "head")
	case strings.HasPrefix(name, "archive/"), strings.HasPrefix(name, "indexes/"):
		names = append(names, "exchange", "indexes")
	}
	return names
}

// TestForgedFiles changes every file of a bundle in many ways, puts files of
// another bundle of the same archive in their place, or those of their neighbours,
// and makes all digests fit.
func TestForgedFiles(t *testing.T) {
	f := newForger(t)
	for _, name := range entryNames(f.b) {
		body := f.entry(f.b, name)
		set := func(with []byte) func(map[string][]byte) {
			return func(files map[string][]byte) { files[name] = with }
		}
		n := len(body)
		at := f.r.IntN(n)
		ways := map[string]func(map[string][]byte){
			"removed":                       func(files map[string][]byte) { delete(files, name) },
			"emptied":                       set(nil),
			"cut by a byte":                 set(body[:n-1]),
			"cut in half":                   set(body[:n/2]),
			"with a blank behind":           set(append(bytes.Clone(body), ' ')),
			"with a line end behind":        set(append(bytes.Clone(body), '\n')),
			"with a blank in front":         set(append([]byte{' '}, body...)),
			"with a mark in front":          set(append([]byte("\xef\xbb\xbf"), body...)),
			"twice":                         set(append(bytes.Clone(body), body...)),
			"zeroed":                        set(make([]byte, n)),
			fmt.Sprint("without byte ", at): set(append(bytes.Clone(body[:at]), body[at+1:]...)),
		}
		for range 3 {
			at, bit := f.r.IntN(n), byte(1)<<f.r.IntN(8)
			if digest := bytes.LastIndex(body[:at], []byte(`"recordDigest"`)); digest >= 0 && at-digest < 90 {
				continue // it is for people who hash the record as it is stored
			}
			c := bytes.Clone(body)
			c[at] ^= bit
			ways[fmt.Sprintf("with byte %d changed by %d", at, bit)] = set(c)
		}
		if with := f.later[name]; with != nil && !bytes.Equal(with, body) {
			ways["of a later bundle"] = set(with)
		}
		for _, o := range entryNames(f.b) {
			if o != name && path.Dir(o) == path.Dir(name) && path.Ext(o) == path.Ext(name) && path.Dir(o) != "." {
				ways["of its neighbour"] = set(f.entry(f.b, o))
				break
			}
		}
		for what, way := range ways {
			f.try(name+" "+what, way, namesOf(name)...)
		}
	}
}

// TestForgedWords changes what files say, so that they still can be read.
func TestForgedWords(t *testing.T) {
	f := newForger(t)
	replace := func(name, old, with string) {
		t.Helper()
		f.try(fmt.Sprintf("%s says %q for %q", name, with, old), func(files map[string][]byte) {
			files[name] = bytes.Replace(files[name], []byte(old), []byte(with), 1)
		}, name, "the custody", map[string]string{bundle.Custody: bundle.Report, bundle.Head: bundle.PublicKey}[name])
	}
	for _, w := range [][2]string{{`"Ada F."`, `"Eve"`}, {`"the bells rang at one"`, `"the bells fell"`}, {`"riverside"`, `"another"`}, {`"for Monday"`, `"for Tuesday"`}, {`"desk-7"`, `"desk-8"`},
		{`"status": 200`, `"status": 404`}, {`"took_ms": 40`, `"took_ms": 41`}, {`192.0.2.7`, `192.0.2.8`}, {`"handle": "ada"`, `"handle": "eve"`}, {`cdn.example/tweet`, `cdn.example/other`},
		{`"result": "live"`, `"result": "deleted"`}, {`"embed"`, `"link"`}, {`"state": "complete"`, `"state": "pending"`}, {`"by": "https://tsa.example`, `"by": "https://other.example`},
		{`"for": "internal"`, `"for": "court"`}, {`"form": "stet evidence 1"`, `"form": "stet evidence 2"`}, {`"software": "stet/1"`, `"software": "stet/9"`}, {`"created": "2026`, `"created": "2025`},
		{"{\n", "{\n  \"verdict\": \"true\",\n"}, {`"time_from_outside": [`, `"time_from_outside": [ `}, {"\n}\n", "\n}"}} {
		replace(bundle.Custody, w[0], w[1])
	}
	replace(bundle.Report, "the bells rang", "the bells fell")
	replace(bundle.Guide, f.own.Public, f.other.Public)
	replace(bundle.Head, "\n", "\nmore\n")
	replace(bundle.Head, f.own.Origin(), "stet-0000000000000000")
	replace(pagesName, `"title":"Report"`, `"title":"Another"`)
	replace(pagesName, "report.html", "other.html")
	f.try("the list of pages leads to a captured page", func(files map[string][]byte) {
		files[pagesName] = append(files[pagesName], `{"id":"x","url":"https://news.example/story","ts":"2026-03-02T09:00:00Z","title":"Report"}`+"\n"...)
	}, pagesName)
	f.try("records in another order", func(files map[string][]byte) {
		lines := bytes.SplitAfter(files[bundle.Records], []byte("\n"))
		lines[0], lines[1] = lines[1], lines[0]
		files[bundle.Records] = bytes.Join(lines, nil)
	}, "not in its place")
	f.try("a record with a field that means nothing twice", func(files map[string][]byte) {
		files[bundle.Records] = bytes.Replace(files[bundle.Records], []byte(`{"seq":`), []byte(`{"seq":7,"seq":`), 1)
	}, "record ")
	f.try("records written with blanks", func(files map[string][]byte) {
		files[bundle.Records] = bytes.Replace(files[bundle.Records], []byte(`"kind":`), []byte(`"kind": `), 1)
	}, "record ")
	f.try("the head of before", func(files map[string][]byte) { files[bundle.Head] = f.older }, "head")
	f.try("the head of before, with the proofs under it", func(files map[string][]byte) {
		for name, body := range files {
			files[name] = bytes.Replace(body, files[bundle.Head], f.older, 1)
		}
		files[bundle.Head] = f.older
	}, "record ", "head")
}

const pagesName = "pages/pages.jsonl"

// member is a record of a WARC file: its head and its block.
type member struct{ head, block string }

// membersOf takes a file apart.
func (f *forger) membersOf(b []byte) (all []member) {
	r, err := warc.NewReader(bytes.NewReader(b), warc.Limits{})
	f.must(err)
	defer r.Close()
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return all
		}
		f.must(err)
		block, err := io.ReadAll(rec.Block)
		f.must(err)
		var head strings.Builder
		for _, h := range rec.Header {
			if h.Name != "Content-Length" && h.Name != "WARC-Block-Digest" {
				head.WriteString(h.Name + ": " + h.Value + "\r\n")
			}
		}
		all = append(all, member{head.String(), string(block)})
	}
}

// exchanges puts a file together again, with the digests that fit, and an index.
func (f *forger) exchanges(files map[string][]byte, all []member) {
	var out bytes.Buffer
	for _, m := range all {
		if _, body, ok := strings.Cut(m.block, "\r\n\r\n"); strings.Contains(m.head, "application/http") && ok && !strings.Contains(m.head, "WARC-Type: revisit") {
			m.digest(body)
		} else if strings.Contains(m.head, "WARC-Type: resource") {
			m.digest(m.block)
		}
		z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
		f.must(err)
		z.OS = 255
		_, err = fmt.Fprintf(z, "WARC/1.1\r\n%sWARC-Block-Digest: %s\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n", m.head, store.DigestOf([]byte(m.block)), len(m.block), m.block)
		f.must(err)
		f.must(z.Close())
	}
	files["archive/data.warc.gz"] = out.Bytes()
	r, err := warc.NewReader(bytes.NewReader(out.Bytes()), warc.Limits{})
	f.must(err)
	defer r.Close()
	var lines [][]byte
	for {
		rec, err := r.Next()
		if err != nil {
			break // its end, or what was made so
		}
		if f.must(r.Finish()); !slices.Contains([]warc.Type{warc.TypeResponse, warc.TypeRevisit, warc.TypeResource}, rec.Type()) {
			continue
		}
		at, _ := time.Parse(time.RFC3339Nano, rec.Header.Get("WARC-Date")) // perhaps it was made another
		e := warc.Entry{URL: rec.Header.Get("WARC-Target-URI"), Time: at, Digest: rec.Header.Get("WARC-Payload-Digest"), MIME: "text/html", Status: 200, Filename: "data.warc.gz",
			Location: warc.Location{Offset: rec.Offset, Length: rec.Length, Digest: store.DigestOf(out.Bytes()[rec.Offset : rec.Offset+rec.Length])}}
		if rec.Type() == warc.TypeRevisit {
			e.MIME = "warc/revisit"
		}
		lines = append(lines, append(e.Line(), '\n'))
	}
	slices.SortFunc(lines, bytes.Compare)
	files["indexes/index.cdx"] = bytes.Join(lines, nil)
}

// digest gives a record the digest of its payload.
func (m *member) digest(payload string) {
	before, rest, ok := strings.Cut(m.head, "WARC-Payload-Digest: ")
	if _, after, more := strings.Cut(rest, "\r\n"); ok && more {
		m.head = before + "WARC-Payload-Digest: " + store.DigestOf([]byte(payload)).String() + "\r\n" + after
	}
}

// TestForgedExchanges changes every record of what was on the wire, in its head
// and in its block, and makes digests and index fit.
func TestForgedExchanges(t *testing.T) {
	f := newForger(t)
	whole := f.membersOf(f.entry(f.b, "archive/data.warc.gz"))
	if forged, _ := f.tried(f.b, f.own, func(files map[string][]byte) { f.exchanges(files, whole) }); true {
		if parts, counts := f.verify(forged, f.trusting); counts[evidence.Wrong] > 0 {
			t.Fatalf("put together again it is wrong: %+v", wrongOf(parts))
		}
	}
	with := func(i int, m ...member) func(map[string][]byte) {
		return func(files map[string][]byte) { f.exchanges(files, slices.Concat(whole[:i], m, whole[i+1:])) }
	}
	names := []string{"archive/data.warc.gz", "exchange", "index", "media", bundle.Report}
	for i, m := range whole {
		kind, _, _ := strings.Cut(strings.TrimPrefix(m.head, "WARC-Type: "), "\r\n")
		what := fmt.Sprintf("record %d, a %s, ", i, kind)
		f.try(what+"removed", with(i), names...)
		f.try(what+"twice", with(i, m, m), names...)
		f.try(what+"with a field more", with(i, member{m.head + "WARC-Remark: true\r\n", m.block}), names...)
		for line := range strings.SplitAfterSeq(m.head, "\r\n") {
			name, value, ok := strings.Cut(strings.TrimSuffix(line, "\r\n"), ": ")
			if !ok || name == "WARC-Payload-Digest" {
				continue
			}
			f.try(what+"without "+name, with(i, member{strings.Replace(m.head, line, "", 1), m.block}), names...)
			changed := value[:len(value)-1] + map[bool]string{true: "1", false: "2"}[value[len(value)-1] != '1']
			switch {
			case strings.HasSuffix(name, "-Date"):
				changed = "2026-03-01T09:00:00Z"
			case strings.HasSuffix(value, ">"):
				changed = strings.Replace(value, ">", "0>", 1)
			case name == "WARC-Type":
				changed = map[bool]string{true: "metadata", false: "resource"}[kind != "metadata"]
			}
			f.try(what+name+" "+changed, with(i, member{strings.Replace(m.head, line, name+": "+changed+"\r\n", 1), m.block}), names...)
		}
		if m.block != "" {
			at := f.r.IntN(len(m.block))
			c := []byte(m.block)
			c[at] ^= 1
			f.try(what+fmt.Sprint("with byte ", at, " changed"), with(i, member{m.head, string(c)}), names...)
			f.try(what+"with a byte more", with(i, member{m.head, m.block + "x"}), names...)
		}
	}
	f.try("the record that describes the file at its end", func(files map[string][]byte) { f.exchanges(files, append(slices.Clone(whole[1:]), whole[0])) }, names...)
	slices.Reverse(whole)
	f.try("the records in reverse", func(files map[string][]byte) { f.exchanges(files, whole) }, names...)
}

// TestForgedStamps puts other stamps in the place of the one that there is.
func TestForgedStamps(t *testing.T) {
	f := newForger(t)
	const name = bundle.Stamps + "01-tsa.example.tsr"
	head := f.entry(f.b, bundle.Head)
	net := fakenet.New(fakenet.Options{Now: func() time.Time { return f.now }})
	t.Cleanup(func() { f.must(net.Close()) })
	stamp := func(tsa *fakenet.TSA, of []byte, at time.Time) []byte {
		body, err := tsa.Stamp(of, at)
		f.must(err)
		return body
	}
	at := f.now.Add(-time.Minute).Add(time.Second)
	for what, body := range map[string][]byte{"of another head": stamp(f.tsa, f.older, at), "of a time when its certificate was not valid": stamp(f.tsa, head, time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)),
		"of the future": stamp(f.tsa, head, f.now.Add(30*24*time.Hour)), "of before the records": stamp(f.tsa, head, at.Add(-time.Hour)), "of another time": stamp(f.tsa, head, at.Add(5*time.Second)),
		"of OpenTimestamps, of another head": func() []byte { o, _ := evidence.NewOTS(f.older, []byte("nonce")); return o.Bytes() }()} {
		f.try("a stamp "+what, func(files map[string][]byte) { files[name] = body }, name)
	}
	// Who has the same name and another root is a stranger.
	b, _ := f.tried(f.b, f.own, func(files map[string][]byte) { files[name] = stamp(net.TSA("tsa.example"), head, at) })
	parts, counts := f.verify(b, f.trusting)
	if i := slices.IndexFunc(parts, func(p VerifiedPart) bool { return p.Name == name && p.Result == evidence.Unverifiable }); i < 0 || counts[evidence.Wrong] > 0 {
		t.Errorf("a stamp of a stranger of the same name: %+v", parts)
	}
}

// TestForgedLog makes everything anew under a key of the same name: who names the
// archive's key is told, and nobody is told that anything of it is verified.
func TestForgedLog(t *testing.T) {
	f := newForger(t)
	head := f.entry(f.b, bundle.Head)
	text, _, _ := strings.Cut(string(head), "\n\n")
	forgedHead, err := f.other.Sign(text + "\n")
	f.must(err)
	packages, err := f.other.Packages()
	f.must(err)
	signer, err := f.other.Endorse(publicDER(t, packages))
	f.must(err)
	b, _ := f.tried(f.b, f.other, func(files map[string][]byte) {
		for name, body := range files {
			body = bytes.ReplaceAll(body, head, forgedHead)
			if name != bundle.Records && name != "archive/data.warc.gz" {
				body = bytes.ReplaceAll(body, []byte(f.own.Public), []byte(f.other.Public))
			}
			files[name] = body
		}
		files[bundle.Signer] = signer
		for name := range files { // of the true head
			if strings.HasPrefix(name, bundle.Stamps) {
				delete(files, name)
			}
		}
	})
	if _, counts := f.verify(b, f.trusting); counts[evidence.Wrong] == 0 {
		t.Error("to who trusts the archive nothing is wrong")
	}
	parts, _ := f.verify(b, f.nobody)
	for _, p := range parts {
		if p.Result == evidence.Verified && slices.Contains([]string{bundle.Head, bundle.Signer, bundle.Records, "exchanges", "custody", "signature"}, p.Name) {
			t.Errorf("to who trusts nobody: %+v", p)
		}
	}
}

func publicDER(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestMalformedProofs writes a proof otherwise than C2SP has it.
func TestMalformedProofs(t *testing.T) {
	f := newForger(t)
	var proof string
	for _, name := range entryNames(f.b) {
		if strings.HasPrefix(name, bundle.Proofs) {
			proof = string(f.entry(f.b, name))
		}
	}
	if parts, counts := f.verify([]byte(proof), f.trusting); counts[evidence.Verified] != 2 || counts[evidence.Wrong] > 0 {
		t.Fatalf("a sound proof: %+v", parts)
	}
	_, index, _ := strings.Cut(proof, "\nindex ")
	index, _, _ = strings.Cut("index "+index, "\n")
	first := strings.Index(proof, "\n\n") - 1
	hash := proof[strings.LastIndex(proof[:first], "\n")+1 : first+1]
	for what, forged := range map[string]string{
		"an index with a zero":      strings.Replace(proof, index, strings.Replace(index, " ", " 0", 1), 1),
		"an index with a sign":      strings.Replace(proof, index, strings.Replace(index, " ", " +", 1), 1),
		"a negative index":          strings.Replace(proof, index, strings.Replace(index, " ", " -", 1), 1),
		"an index in hexadecimal":   strings.Replace(proof, index, strings.Replace(index, " ", " 0x", 1), 1),
		"an index with a blank":     strings.Replace(proof, index, index+" ", 1),
		"an index beyond the tree":  strings.Replace(proof, index, "index 99999", 1),
		"an index beyond numbers":   strings.Replace(proof, index, "index 99999999999999999999", 1),
		"another index":             strings.Replace(proof, index, "index 1", 1),
		"two indexes":               strings.Replace(proof, index, index+"\n"+index, 1),
		"no index":                  strings.Replace(proof, index+"\n", "", 1),
		"another version":           strings.Replace(proof, "@v1", "@v2", 1),
		"a hash more":               strings.Replace(proof, hash, hash+"\n"+hash, 1),
		"a hash fewer":              strings.Replace(proof, hash+"\n", "", 1),
		"a hash without its end":    strings.Replace(proof, hash, strings.TrimRight(hash, "="), 1),
		"a hash that is cut":        strings.Replace(proof, hash, hash[:20], 1),
		"a hash in another base":    strings.Replace(proof, hash, strings.Repeat("ab", 32), 1),
		"line ends of Windows":      strings.ReplaceAll(proof, "\n", "\r\n"),
		"a blank behind a hash":     strings.Replace(proof, hash, hash+" ", 1),
		"no line between":           strings.Replace(proof, "\n\n", "\n", 1),
		"two lines between":         strings.Replace(proof, "\n\n", "\n\n\n", 1),
		"no extra data":             withoutLine(proof, "extra "),
		"extra data twice":          strings.Replace(proof, "extra ", "extra AAAA\nextra ", 1),
		"other extra data":          strings.Replace(proof, "extra AR", "extra AS", 1) + "x",
		"something behind":          proof + "more\n",
		"a signature fewer":         proof[:strings.Index(proof, "\n— ")+1],
		"a signature that is cut":   proof[:len(proof)-8] + "\n",
		"the head of another":       strings.Replace(proof, f.own.Origin()+"\n", "stet-0000000000000000\n", 1),
		"a larger tree":             strings.Replace(proof, "\n16\n", "\n17\n", 1) + " ",
		"nothing but its beginning": "c2sp.org/tlog-proof@v1\n",
	} {
		if _, counts := f.verify([]byte(forged), f.trusting); counts[evidence.Wrong] == 0 {
			t.Errorf("%s: nothing is wrong", what)
		}
	}
	for range 2000 / f.each {
		c := []byte(proof)
		c[f.r.IntN(len(c))] ^= 1 << f.r.IntN(8)
		if parts, counts := f.verify(c, f.trusting); counts[evidence.Wrong] == 0 {
			t.Errorf("a changed byte: %q: %+v", c, parts)
		}
	}
}

// withoutLine removes the line that begins so.
func withoutLine(s, begin string) string {
	before, rest, _ := strings.Cut(s, begin)
	_, after, _ := strings.Cut(rest, "\n")
	return before + after
}
