package warc

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

// Each departure from the standard is found, and said in words.
func TestValidate(t *testing.T) {
	e := answer("https://a.example/", "HTTP/1.1 200 OK\nContent-Type: text/html", strings.Repeat("words ", 900))
	plain := func() string {
		var b bytes.Buffer
		x := NewExporter(NewPlainWriter(&b, 0), kept{}, "a.warc", func(*Entry) error { return nil })
		if err := x.Info(noon, []Field{{"software", "stet test"}}); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if err := x.Exchange(t.Context(), id(byte(i)), e); err != nil {
				t.Fatal(err)
			}
		}
		return b.String()
	}()
	mustBeValid(t, []byte(plain))
	response := RecordID(id(0), "response")
	for name, tt := range map[string]struct{ from, to, want string }{
		"a flipped byte":        {"words words", "words wordz", "the block has another digest"},
		"a forged payload":      {"WARC-Payload-Digest: sha256:", "WARC-Payload-Digest: sha256:00", "is not one"},
		"a date of a zone":      {"WARC-Date: 2026-03-04T12:00:00.25Z", "WARC-Date: 2026-03-04T12:00:00+02:00", "not a time in UTC"},
		"no date":               {"WARC-Date: ", "X-Date: ", "warc-date is missing"},
		"an address with space": {"WARC-Target-URI: https://a.example/", "WARC-Target-URI: https://a.example/a b", "not an address"},
		"an address in angles":  {"WARC-Target-URI: https://a.example/", "WARC-Target-URI: <https://a.example/>", "not an address"},
		"no brackets":           {"WARC-Concurrent-To: <", "WARC-Concurrent-To: ", "not <uri>"},
		"a name twice":          {"WARC-Record-ID: <" + RecordID(id(1), "request"), "WARC-Record-ID: <" + RecordID(id(0), "request"), "stands twice"},
		"a reference to nobody": {"WARC-Refers-To: <" + response, "WARC-Refers-To: <urn:uuid:00000000-0000-8000-8000-000000000000", "does not hold"},
		"an info with address":  {"WARC-Filename: a.warc", "WARC-Target-URI: https://a.example/", "shall not be used on a warcinfo"},
		"a field twice":         {"WARC-Filename: a.warc", "WARC-Filename: a.warc\r\nWARC-Filename: b.warc", "is repeated"},
		"another version":       {"WARC/1.1", "WARC/1.0", `of version "1.0"`},
		"an unknown type":       {"WARC-Type: request", "WARC-Type: requests", "is not known"},
		"a revisit of nothing":  {"WARC-Refers-To-Target-URI: https://a.example/\r\n", "", ""},
		"another profile":       {ProfileIdentical, ProfileIdentical + "s", "the profile of a revisit"},
		"another protocol":      {"HTTP/1.1 200 OK", "HTTP/2.0 200 OK", "not a status line"},
		"a chunked head":        {"Content-Type: text/html\r\n\r\nwords", "Transfer-Encoding: chunked\r\n\r\nwords", "is chunked, and it is not"},
		"another length":        {"Content-Type: text/html\r\n\r\nwords", "Content-Length: 7\r\n\r\nwords", "has 7 bytes"},
		"an empty type":         {"Content-Type: application/http;msgtype=response", "Content-Type: text/html", "not of the type application/http"},
		"line feeds":            {"WARC/1.1\r\nWARC-Type: request\r\n", "WARC/1.1\nWARC-Type: request\n", "does not end with CR LF"},
		"an address of words":   {"WARC-IP-Address: 192.0.2.7", "WARC-IP-Address: news.example", "WARC-IP-Address"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(plain, tt.from, tt.to, 1)
			if bad == plain {
				t.Fatal("nothing was changed")
			}
			bad = lengthen(bad)
			report, err := Validate(t.Context(), strings.NewReader(bad), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, p := range report.Problems {
				all = append(all, p.What)
			}
			if got := strings.Join(all, "\n"); (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("found:\n%s\nwant %q", got, tt.want)
			}
		})
	}
}

// lengthen corrects the lengths of records whose blocks a test changed.
func lengthen(s string) string {
	parts := strings.Split(s, "WARC/1.")
	for i, p := range parts {
		head, rest, ok := strings.Cut(p, "\r\n\r\n")
		at := strings.Index(head, "Content-Length: ")
		if !ok || at < 0 {
			continue
		}
		block := strings.TrimSuffix(rest, "\r\n\r\n")
		parts[i] = head[:at] + "Content-Length: " + strconv.Itoa(len(block)) + "\r\n\r\n" + rest
	}
	return strings.Join(parts, "WARC/1.")
}

func TestValidateEmpty(t *testing.T) {
	report, err := Validate(t.Context(), strings.NewReader(""), Limits{})
	if err != nil || len(report.Problems) != 1 {
		t.Errorf("an empty file: %+v, %v", report, err)
	}
}

// TestNameKey: names that are other names have other keys, however they are
// written.
func TestNameKey(t *testing.T) {
	const id = "<urn:uuid:01234567-89ab-cdef-0123-456789abcdef>"
	seen := map[[16]byte]string{}
	for _, name := range []string{id, strings.ToUpper(id), strings.Replace(id, "a", "A", 1), strings.Replace(id, "0", "1", 1), strings.ReplaceAll(id, "-", "0"),
		strings.Replace(id, "-", "", 1), strings.Replace(id, "ef>", "f->", 1), id[1 : len(id)-1], strings.Replace(id, "f>", "g>", 1), "<urn:uuid:>", ""} {
		k := nameKey(name)
		if other, there := seen[k]; there {
			t.Errorf("%q and %q have the same key", name, other)
		}
		seen[k] = name
	}
	if nameKey(id) != nameKey(strings.Clone(id)) {
		t.Error("a name has two keys")
	}
}
