package wire

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"stet/store"
	"stet/store/evidence"
	"stet/store/warc"
)

// foreign makes a package as crawlers of others do: deflated entries with
// lengths behind them, a compressed index with one of its own, thousandths in its
// times, numbers that are numbers, further lists of pages.
func (w *evidenceWorld) foreign(change func(lines []string) []string, pages string) []byte {
	w.Helper()
	bundle := w.bundle("internal")
	archive := w.entry(bundle, "archive/data.warc.gz")
	var lines []string
	for line := range strings.Lines(string(w.entry(bundle, "indexes/index.cdx"))) {
		e, err := warc.ParseLine([]byte(strings.TrimSpace(line)))
		w.must(err)
		lines = append(lines, fmt.Sprintf(`%s %s000 {"url":%q,"mime":%q,"status":%d,"digest":%q,"length":%d,"offset":%d,"filename":%q}`,
			warc.SURT(e.URL), warc.Timestamp(e.Time), e.URL, e.MIME, e.Status, e.Digest, e.Location.Length, e.Location.Offset, e.Filename))
	}
	var index bytes.Buffer
	for _, half := range []string{strings.Join(change(lines)[:2], "\n") + "\n", strings.Join(change(lines)[2:], "\n") + "\n"} {
		z := gzip.NewWriter(&index)
		_, err := z.Write([]byte(half))
		w.must(err)
		w.must(z.Close())
	}
	files := map[string][]byte{"archive/data.warc.gz": archive, "indexes/index.cdx.gz": index.Bytes(),
		"indexes/index.idx":      []byte(`!meta 0 {"format":"cdxj-gzip-1.0","filename":"index.cdx.gz"}` + "\n"),
		"pages/pages.jsonl":      []byte(`{"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": "true"}` + "\n" + pages + "\n"),
		"pages/extraPages.jsonl": []byte(`{"format": "json-pages-1.0", "id": "extra-pages", "title": "Others"}` + "\n")}
	type resource struct {
		Name  string `json:"name"`
		Path  string `json:"path"`
		Hash  string `json:"hash"`
		Bytes int    `json:"bytes"`
	}
	var list []resource
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name string, body []byte) {
		f, err := z.Create(name)
		w.must(err)
		_, err = f.Write(body)
		w.must(err)
	}
	for name, body := range files {
		add(name, body)
		list = append(list, resource{strings.ToLower(name[strings.LastIndex(name, "/")+1:]), name, store.DigestOf(body).String(), len(body)})
	}
	described, err := json.Marshal(map[string]any{"profile": "data-package", "wacz_version": "1.1.1", "software": "Another Crawler 1.4", "created": "2026-03-02T10:00:00.123Z", "resources": list})
	w.must(err)
	add("datapackage.json", described)
	digest, err := json.Marshal(map[string]string{"path": "datapackage.json", "hash": store.DigestOf(described).String()})
	w.must(err)
	add("datapackage-digest.json", digest)
	w.must(z.Close())
	return out.Bytes()
}

// TestForeignPackage: of a package that another program wrote the indexes and
// pages are followed, too. What leads nowhere is told, and damns nothing.
func TestForeignPackage(t *testing.T) {
	w := newEvidenceWorld(t)
	w.stamped(w.now)
	same := func(lines []string) []string { return lines }
	page := `{"id": "1", "url": "https://news.example/story", "ts": "2026-03-02T09:00:00.000Z", "title": "Bells"}`
	result := func(b []byte, name string) (r evidence.Result) {
		t.Helper()
		parts, counts := w.verify(b, &Verifying{})
		if counts[evidence.Wrong] > 0 {
			t.Errorf("%+v", parts)
		}
		for _, p := range parts {
			if p.Name == name {
				r = p.Result
			}
		}
		return r
	}
	const index, pages = "indexes/index.cdx.gz lines", "pages/pages.jsonl lines"
	b := w.foreign(same, page)
	if i, p := result(b, index), result(b, pages); i != evidence.Verified || p != evidence.Verified {
		t.Errorf("a sound one: the index is %s, the pages are %s", i, p)
	}
	for name, change := range map[string]func([]string) []string{
		"another place": func(l []string) []string {
			return append([]string{strings.Replace(l[0], `"offset":`, `"offset":1`, 1)}, l[1:]...)
		},
		"another address": func(l []string) []string {
			return append([]string{strings.Replace(l[0], `"url":"https://`, `"url":"https://other.`, 1)}, l[1:]...)
		},
		"the place of another": func(l []string) []string {
			_, one, _ := strings.Cut(l[len(l)-1], `"length"`)
			first, _, _ := strings.Cut(l[0], `"length"`)
			return append([]string{first + `"length"` + one}, l[1:]...)
		},
		"no line": func(l []string) []string { return append([]string{"com,example)/"}, l[1:]...) },
	} {
		if r := result(w.foreign(change, page), index); r != evidence.Unverifiable {
			t.Errorf("%s: the index is %q", name, r)
		}
	}
	if r := result(w.foreign(same, strings.Replace(page, "story", "other", 1)), pages); r != evidence.Unverifiable {
		t.Errorf("a page that is not there: the pages are %q", r)
	}
}
