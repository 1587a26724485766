package twitter

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"stet/extract"
	"stet/extract/post"

	"golang.org/x/tools/txtar"
)

// addBodies adds the bodies of the golden files whose names begin so.
func addBodies(f *testing.F, prefix string) {
	f.Helper()
	files, err := filepath.Glob("testdata/answers/" + prefix + "*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatal("no golden files", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
}

// checkParsed checks what holds for every post that a parser returns.
func checkParsed(t *testing.T, p *extract.Parsed, size int) {
	t.Helper()
	seen := map[string]bool{}
	for _, one := range append([]post.Post{p.Post}, p.Related...) {
		if one.Platform != post.Twitter || !validID(one.ID) || !one.Ref().Valid() {
			t.Errorf("invalid reference %v", one.Ref())
		}
		if seen[one.ID] {
			t.Errorf("%s twice", one.ID)
		}
		seen[one.ID] = true
		if !utf8.ValidString(one.Text) || len(one.Text) > 512<<10+2*size {
			t.Errorf("text of %d bytes from %d", len(one.Text), size)
		}
		if one.PostedFrom == "" != one.Posted.IsZero() {
			t.Errorf("posted %v from %q", one.Posted, one.PostedFrom)
		}
		if one.Text != strings.TrimSpace(one.Text) {
			t.Errorf("text %q has space around it", one.Text)
		}
		b, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		var again post.Post
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
	}
}

// checkAnswer checks what holds for every answer.
func checkAnswer(t *testing.T, a *extract.Answer, size int) {
	t.Helper()
	switch {
	case !a.Status.Known() || a.Reason == "":
		t.Errorf("no status or no reason: %+v", a)
	case a.Transport && (a.Status != post.Unknown || a.Explicit || a.Parsed != nil):
		t.Errorf("trouble that speaks of the post: %+v", a)
	case a.Status == post.Live && (a.Parsed == nil || !a.Explicit):
		t.Errorf("alive without a post: %+v", a)
	case a.Status.Gone() && a.Parsed != nil:
		t.Errorf("gone with a post: %+v", a)
	case a.Status == post.Unknown && a.Explicit:
		t.Errorf("unknown, explicitly: %+v", a)
	case a.Explicit && a.Status.Gone() && a.Words == "":
		t.Errorf("gone by statement, without words: %+v", a)
	}
	if a.Parsed != nil {
		checkParsed(t, a.Parsed, size)
	}
}

func jsonResponse(body []byte) extract.Response {
	return extract.Response{StatusCode: 200, ContentType: "application/json", Body: body}
}

func FuzzSyndication(f *testing.F) {
	addBodies(f, "syndication")
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := ParseSyndication(body); err == nil {
			checkParsed(t, &p, len(body))
		}
		a := ReadSyndication(someID, jsonResponse(body))
		checkAnswer(t, &a, len(body))
	})
}

func FuzzOEmbed(f *testing.F) {
	addBodies(f, "oembed")
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := ParseOEmbed(body); err == nil {
			checkParsed(t, &p, len(body))
		}
		a := ReadOEmbed(someID, jsonResponse(body))
		checkAnswer(t, &a, len(body))
	})
}

func FuzzV11(f *testing.F) {
	addBodies(f, "v11")
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := ParseV11(body); err == nil {
			checkParsed(t, &p, len(body))
		}
		a := ReadV11(someID, jsonResponse(body))
		checkAnswer(t, &a, len(body))
		for _, a := range ReadV11Lookup([]string{someID, "20"}, jsonResponse(body)) {
			checkAnswer(t, &a, len(body))
		}
	})
}

func FuzzV2(f *testing.F) {
	addBodies(f, "v2")
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := ParseV2("20", body); err == nil {
			checkParsed(t, &p, len(body))
		}
		for _, a := range ReadV2([]string{someID, "20"}, jsonResponse(body)) {
			checkAnswer(t, &a, len(body))
		}
	})
}

func FuzzTimeline(f *testing.F) {
	for _, r := range timelineRules() {
		f.Add(r.Sample.Body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a := ReadTimeline(sampleID, sampleHandle, extract.Response{StatusCode: 200, ContentType: "text/html", Body: body})
		checkAnswer(t, &a, len(body))
		if a.Status != post.Unknown && a.Status != post.Live {
			t.Errorf("a list of posts says %s", a.Status)
		}
	})
}
