package bluesky

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/tools/txtar"
)

// sampleDocument is that of the author of the sample answers.
func sampleDocument() Document {
	return Document{DID: sampleDID, Handle: "ada.example", Server: "https://own.example"}
}

// Each rule that people are shown is what the readers make of its sample.
func TestRulesAreTrue(t *testing.T) {
	missing := ReadRecord(sampleID, sampleDocument(), errorAnswer(400, "RecordNotFound", "Could not locate record"))
	for _, r := range Rules() {
		var a extract.Answer
		switch {
		case r.Endpoint == EndpointIndex && strings.HasPrefix(r.Answer, "left out"):
			a = ReadPosts([]string{sampleID}, r.Sample, nil)[sampleID]
		case r.Endpoint == EndpointIndex:
			a = ReadThread(sampleID, r.Sample, nil)
		case strings.HasPrefix(r.Answer, "RecordNotFound, and"):
			a = Conclude(missing, ReadRepoStatus(sampleDID, r.Sample))
		case strings.HasPrefix(r.Answer, "the directory"):
			_, a = ReadDocument(sampleDID, r.Sample)
		default:
			a = ReadRecord(sampleID, sampleDocument(), r.Sample)
		}
		if a.Status != r.Status || a.Explicit != r.Explicit || a.Transport != r.Transport {
			t.Errorf("%s, %s: the reader says %s explicit %t transport %t (%s), the rule %s %t %t",
				r.Endpoint, r.Answer, a.Status, a.Explicit, a.Transport, a.Reason, r.Status, r.Explicit, r.Transport)
		}
	}
}

// A record that is not found is a deletion only while the repository is there.
func TestConclude(t *testing.T) {
	missing := extract.Answer{Status: post.NotFound, Reason: extract.ReasonCode, Words: "RecordNotFound: x"}
	trouble := extract.Trouble(extract.ReasonServer, true)
	for name, tt := range map[string]struct {
		record, repo extract.Answer
		status       post.Status
		explicit     bool
	}{
		"active":            {missing, extract.Answer{Status: post.Live, Explicit: true}, post.Deleted, true},
		"suspended":         {missing, extract.Answer{Status: post.AccountSuspended, Explicit: true}, post.AccountSuspended, true},
		"nobody says":       {missing, trouble, post.NotFound, false},
		"the record there":  {extract.Answer{Status: post.Live, Explicit: true}, trouble, post.Live, true},
		"trouble before it": {trouble, extract.Answer{Status: post.Live, Explicit: true}, post.Unknown, false},
	} {
		if a := Conclude(tt.record, tt.repo); a.Status != tt.status || a.Explicit != tt.explicit {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestShowText(t *testing.T) {
	link := func(start, end int64, uri string) facet {
		var f facet
		f.Index.Start, f.Index.End = num{start, true}, num{end, true}
		f.Features = append(f.Features, struct {
			Type str `json:"$type"`
			URI  str `json:"uri"`
			DID  str `json:"did"`
		}{"app.bsky.richtext.facet#link", str(uri), ""})
		return f
	}
	for _, tt := range []struct {
		text   string
		facets []facet
		want   string
		links  int
	}{
		{"see a.example/lon... now", []facet{link(4, 20, "https://a.example/long/way")}, "see https://a.example/long/way now", 1},
		{"see a.example now", []facet{link(4, 13, "https://www.a.example/")}, "see https://www.a.example/ now", 1},
		{"read this", []facet{link(5, 9, "https://a.example/")}, "read this", 1},
		{"a.example is not where it leads", []facet{link(0, 9, "https://b.example/")}, "a.example is not where it leads", 1},
		{"...", []facet{link(0, 3, "https://a.example/")}, "...", 1},
		{"é", []facet{link(1, 2, "https://a.example/")}, "é", 0},
		{"ab", []facet{link(0, 2, "https://a.example/"), link(1, 2, "https://b.example/")}, "ab", 1},
		{"ab", []facet{link(-1, 2, "https://a.example/"), link(1, 1, "https://b.example/"), link(0, 3, "https://c.example/")}, "ab", 0},
		{"  ab\n", nil, "ab", 0},
	} {
		got, links := showText(tt.text, tt.facets)
		if got != tt.want || len(links) != tt.links {
			t.Errorf("%q: %q and %d links, want %q and %d", tt.text, got, len(links), tt.want, tt.links)
		}
	}
}

func TestParseEvent(t *testing.T) {
	const head = `{"did":"` + did + `","time_us":1748337302123456,`
	commit := func(op, where, key string) string {
		return head + `"kind":"commit","commit":{"rev":"3","operation":"` + op + `","collection":"` + where + `","rkey":"` + key + `","cid":"x"}}`
	}
	for _, tt := range []struct {
		in       string
		relevant bool
		id       string
	}{
		{commit("delete", collection, "3kabcdefghijk"), true, uri + "3kabcdefghijk"},
		{commit("update", collection, "3kabcdefghijk"), true, uri + "3kabcdefghijk"},
		{commit("create", collection, "3kabcdefghijk"), false, ""},
		{commit("delete", "app.bsky.feed.like", "3kabcdefghijk"), false, ""},
		{commit("delete", collection, "a/b"), false, ""},
		{head + `"kind":"account","account":{"active":false,"did":"` + did + `","seq":1,"status":"deactivated"}}`, true, ""},
		{head + `"kind":"identity","identity":{"did":"` + did + `","handle":"ada.example"}}`, false, ""},
		{head + `"kind":"something-new"}`, false, ""},
	} {
		e, relevant, err := ParseEvent([]byte(tt.in))
		if err != nil || relevant != tt.relevant || e.Ref.ID != tt.id || e.Cursor != 1748337302123456 || e.DID != did {
			t.Errorf("%s: %+v, %t, %v", tt.in, e, relevant, err)
		}
	}
	for _, in := range []string{"", "[]", "{}", `{"did":"x","time_us":5}`, `{"did":"` + did + `","time_us":-5}`} {
		if e, _, err := ParseEvent([]byte(in)); err == nil {
			t.Errorf("%s: %+v", in, e)
		}
	}
}

// checkAnswer checks what holds for every answer.
func checkAnswer(t *testing.T, a *extract.Answer) {
	t.Helper()
	switch {
	case !a.Status.Known() || a.Reason == "":
		t.Errorf("no status or no reason: %+v", a)
	case a.Transport && (a.Status != post.Unknown || a.Explicit || a.Parsed != nil):
		t.Errorf("trouble that speaks of the post: %+v", a)
	case a.Status.Gone() && a.Parsed != nil:
		t.Errorf("gone with a post: %+v", a)
	case a.Status == post.Unknown && a.Explicit:
		t.Errorf("unknown, explicitly: %+v", a)
	case a.Explicit && a.Status.Gone() && a.Words == "":
		t.Errorf("gone by statement, without words: %+v", a)
	}
	if a.Parsed == nil {
		return
	}
	seen := map[string]bool{}
	for _, p := range append([]post.Post{a.Parsed.Post}, a.Parsed.Related...) {
		if _, _, lasting := Split(p.ID); !lasting || Ref(p.ID) != p.Ref() || seen[p.ID] {
			t.Errorf("the reference %v, seen %t", p.Ref(), seen[p.ID])
		}
		seen[p.ID] = true
		if !utf8.ValidString(p.Text) || p.Text != strings.TrimSpace(p.Text) {
			t.Errorf("text %q", p.Text)
		}
		for _, alias := range p.Aliases {
			if Ref(alias.ID) != alias || alias == p.Ref() {
				t.Errorf("alias %v of %v", alias, p.Ref())
			}
		}
		for _, m := range p.Media {
			if m.URL == "" && m.Error == "" {
				t.Errorf("a file without address or reason: %+v", m)
			}
		}
		b, err := json.Marshal(p)
		var again post.Post
		if err != nil || json.Unmarshal(b, &again) != nil {
			t.Fatalf("%v in %s", err, b)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	for _, file := range answerFiles(f) {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	const id, owner = "at://did:plc:adaadaadaadaadaadaadaada/app.bsky.feed.post/3lq2abcdefg2a", "did:plc:adaadaadaadaadaadaadaada"
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, status := range []int{200, 400} {
			r := extract.Response{StatusCode: status, ContentType: "application/json", Body: body}
			all := []extract.Answer{ReadThread(id, r, Servers{owner: "https://own.example"}), ReadRepoStatus(owner, r),
				ReadRecord(id, Document{DID: owner, Server: "https://own.example"}, r)}
			for _, a := range ReadPosts([]string{id, sampleID}, r, nil) {
				all = append(all, a)
			}
			doc, a := ReadDocument(owner, r)
			if doc.Server != "" && !strings.HasPrefix(doc.Server, "https://") {
				t.Errorf("the server %q", doc.Server)
			}
			all = append(all, a)
			for i := range all {
				checkAnswer(t, &all[i])
			}
		}
		if e, relevant, err := ParseEvent(body); err == nil && relevant && e.Ref.IsZero() && e.DID == "" {
			t.Errorf("an event about nothing: %+v", e)
		}
	})
}
