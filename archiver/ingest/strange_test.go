package ingest

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"stet/extract"
	"stet/extract/sites"
	"stet/store"
)

// gzipOf packs b as members that end at the places.
func gzipOf(b []byte, at ...int) []byte {
	var out bytes.Buffer
	from := 0
	for _, to := range append(at, len(b)) {
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b[from:to])
		_ = z.Close()
		from = to
	}
	return out.Bytes()
}

// TestStrangeWARC imports web archives that lie, each with a sound record before
// the strange one: that is kept, and of the other it is said why it is not.
func TestStrangeWARC(t *testing.T) {
	const cdn = "https://cdn.syndication.twimg.com/tweet-result?id=1590000000000000001"
	good := recorded{address: "https://api.twitter.com/1.1/statuses/show.json", head: asJSON, body: status(1590000000000000002, "sound")}
	one := recorded{address: cdn, head: asJSON, body: syndicated}
	sound, record := good.bytes(), string(one.bytes())
	length := fmt.Sprintf("Content-Length: %d\r\n", len("HTTP/1.1 200 X\r\n"+asJSON+"\r\n"+syndicated))
	lies := func(with string) []byte {
		return []byte(strings.Replace(record, length, fmt.Sprintf("Content-Length: %s\r\n", with), 1))
	}
	bomb, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	skippable := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 0x184D2A5E), 0xffffffff)
	for name, tt := range map[string]struct {
		// file follows the sound record, plain or packed as it is.
		file   []byte
		packed bool
		// kept is how many posts are, reason why not more.
		kept   int
		reason string
	}{
		"length is short":            {lies("100"), false, 1, "its length is not where it ends"},
		"length is long":             {lies("4000"), false, 1, "ends"},
		"length is longer than all":  {lies("9223372036854775807"), false, 1, "too large"},
		"length has a sign":          {lies("+100"), false, 1, "its length is"},
		"length is a float":          {lies("1e3"), false, 1, "its length is"},
		"length of the next":         {append(lies("4000"), sound...), false, 1, "ends"},
		"no digests":                 {[]byte(strings.ReplaceAll(strings.ReplaceAll(record, "WARC-Block-Digest", "X-A"), "WARC-Payload-Digest", "X-B")), false, 2, ""},
		"the digest of nothing":      {[]byte(strings.Replace(record, "sha256:", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ", 1)), false, 1, "digest"},
		"a folded head":              {[]byte(strings.Replace(record, "WARC-Target-URI: ", "WARC-Target-URI:\r\n ", 1)), false, 2, ""},
		"a head with LF alone":       {[]byte(strings.ReplaceAll(record[:strings.Index(record, "\r\n\r\n")], "\r\n", "\n") + "\n\n" + record[strings.Index(record, "\r\n\r\n")+4:]), false, 2, ""},
		"a huge head":                {[]byte(strings.Replace(record, "WARC-Date", "X-Long: "+strings.Repeat("a", 300_000)+"\r\nWARC-Date", 1)), false, 1, "head has more than"},
		"a huge head of HTTP":        {(&recorded{address: cdn, head: "X-Long: " + strings.Repeat("a", 300_000) + "\r\n" + asJSON, body: syndicated}).bytes(), false, 1, "no answer that can be read"},
		"no type":                    {[]byte(strings.Replace(record, "WARC-Type: response\r\n", "", 1)), false, 1, ""},
		"two types":                  {[]byte(strings.Replace(record, "WARC-Type: response\r\n", "WARC-Type: request\r\nWARC-Type: response\r\n", 1)), false, 1, ""},
		"NUL in the address":         {[]byte(strings.Replace(record, cdn, cdn+"\x00", 1)), false, 1, "address"},
		"an address that is HTML":    {[]byte(strings.Replace(record, cdn, "https://x.example/<script>alert(1)</script>", 1)), false, 1, "data of no platform"},
		"a revisit to nothing":       {[]byte(strings.Replace(record, "WARC-Type: response\r\n", "WARC-Type: revisit\r\nWARC-Refers-To: <urn:uuid:0>\r\n", 1)), false, 1, "repeats another record"},
		"chunks that do not end":     {(&recorded{address: cdn, head: asJSON + "Transfer-Encoding: chunked\r\n", body: fmt.Sprintf("%x\r\n%s", len(syndicated)+9, syndicated)}).bytes(), false, 2, ""},
		"chunks without an end":      {(&recorded{address: cdn, head: asJSON + "Transfer-Encoding: chunked\r\n", body: "ffffffffffffffff\r\n" + syndicated}).bytes(), false, 1, "not what the interfaces"},
		"gzip in chunks that is cut": {(&recorded{address: cdn, head: asJSON + "Content-Encoding: gzip\r\n", body: string(packed("gzip", syndicated)[:60])}).bytes(), false, 1, ""},
		"a bomb in an answer":        {(&recorded{address: cdn, head: asJSON + "Content-Encoding: gzip\r\n", body: string(packed("gzip", strings.Repeat("[", 5_000_000)))}).bytes(), false, 1, ""},
		"deep data":                  {(&recorded{address: cdn, head: asJSON, body: strings.Repeat("[", 200_000)}).bytes(), false, 1, ""},
		"deep objects":               {(&recorded{address: cdn, head: asJSON, body: strings.Repeat(`{"a":`, 60_000)}).bytes(), false, 1, ""},
		"a deep page":                {(&recorded{address: "https://gazette.example/", head: asHTML, body: strings.Repeat("<div>", 20_000)}).bytes(), false, 1, ""},
		"a record in two members":    {gzipOf([]byte(record), len(record)/2), true, 1, "damaged or cut"},
		"a head in two members":      {gzipOf([]byte(record), 40), true, 1, "damaged or cut"},
		"an empty member":            {append(gzipOf(nil), gzipOf([]byte(record))...), true, 2, ""},
		"junk behind a member":       {append(gzipOf([]byte(record)), "junk"...), true, 2, "gzip member does not begin"},
		"zeros behind a member":      {append(gzipOf([]byte(record)), make([]byte, 512)...), true, 2, "gzip member does not begin"},
		"a zstd frame among gzip":    {bomb.EncodeAll([]byte(record), nil), true, 1, "gzip member does not begin"},
	} {
		a := newArchive(t)
		a.o.Finder = extract.NewFinder(sites.All())
		file := append(bytes.Clone(sound), tt.file...)
		if tt.packed {
			file = append(gzipOf(sound), tt.file...)
		}
		err := a.give(t, "strange.warc", file)
		if a.count(Kept) != tt.kept {
			t.Errorf("%s: %d are kept: %v, %+v", name, a.count(Kept), err, a.items)
		}
		said := fmt.Sprint(err)
		for _, i := range a.items {
			said += " " + i.Reason
		}
		if !strings.Contains(said, tt.reason) {
			t.Errorf("%s: it is said: %.300s", name, said)
		}
	}
	for name, file := range map[string][]byte{
		"a frame of 4 GB":        append(bytes.Clone(skippable), "more"...),
		"a dictionary of 4 GB":   append(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 0x184D2A5D), 0xfffffff0), make([]byte, 100)...),
		"a window of 2 GB":       append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x04, 0xa8}, make([]byte, 100)...),
		"frames that hold none":  bytes.Repeat([]byte{0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0}, 20_000),
		"members that hold none": bytes.Repeat(gzipOf(nil), 20_000),
	} {
		a := newArchive(t)
		err := a.give(t, "strange.warc.zst", file)
		if a.count(Kept) != 0 {
			t.Errorf("%s: %v, %+v", name, err, a.items)
		}
		if err == nil {
			t.Errorf("%s: nothing is said", name)
		}
	}
}

// TestWrongChecksum: a web archive whose compression has another checksum is no
// fault of the archive.
func TestWrongChecksum(t *testing.T) {
	one := recorded{address: "https://gazette.example/boats", head: asHTML, body: story}
	text := one.bytes()
	whole := gzipOf(text[:len(text)-40])
	whole[len(whole)-6] ^= 1
	a := newArchive(t)
	if err := a.give(t, "a.warc.gz", whole); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("got %v, want a file that cannot be read", err)
	}
}
