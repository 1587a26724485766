package sitetest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"stet/extract"
	"stet/extract/post"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// Readers are the readers of a platform's endpoints, by the endpoints' names.
// Each is given the id that was asked for.
type Readers map[string]func(id string, r extract.Response) extract.Answer

// Answer is an answer as the golden files have it.
type Answer struct {
	Status    post.Status `json:"status"`
	Explicit  bool        `json:"explicit,omitempty"`
	Reason    string      `json:"reason"`
	Words     string      `json:"words,omitempty"`
	Transport bool        `json:"transport,omitempty"`
	Retry     bool        `json:"retry,omitempty"`
	Refused   bool        `json:"refused,omitempty"`
	Post      *post.Post  `json:"post,omitempty"`
	Related   []post.Post `json:"related,omitempty"`
	Notes     []string    `json:"notes,omitempty"`
}

// Dump returns an answer as the golden files have it.
func Dump(a extract.Answer) Answer {
	out := Answer{Status: a.Status, Explicit: a.Explicit, Reason: a.Reason, Words: a.Words, Transport: a.Transport, Retry: a.Retry, Refused: a.Refused}
	if a.Parsed != nil {
		out.Post, out.Related, out.Notes = &a.Parsed.Post, a.Parsed.Related, a.Parsed.Notes
	}
	return out
}

// DumpMany returns the answers for ids as the golden files have them. There must
// be one for each.
func DumpMany(t *testing.T, ids []string, all map[string]extract.Answer) map[string]Answer {
	t.Helper()
	out := map[string]Answer{}
	for id := range all {
		out[id] = Dump(all[id])
	}
	if len(out) != len(ids) {
		t.Errorf("%d answers for %d ids", len(out), len(ids))
	}
	return out
}

// Answers reads the golden files of a folder as [Golden] does: the comment of
// each says which endpoint was asked (read), and for which id.
func Answers(t *testing.T, readers Readers, dir string, update bool) {
	t.Helper()
	Golden(t, dir, update, func(t *testing.T, q Question) any {
		t.Helper()
		read := readers[q.Head["read"]]
		if read == nil {
			t.Fatalf("no endpoint is called %q", q.Head["read"])
		}
		return Dump(read(q.Head["id"], q.Response))
	})
}

// Question is what a golden file says was asked and answered.
type Question struct {
	// Head are the lines of its comment, name: value.
	Head map[string]string
	// Response is what the comment and the first file say.
	Response extract.Response
	// More are the files between the first and the last.
	More []txtar.File
}

// IDs are those that the comment names.
func (q *Question) IDs() []string { return strings.Fields(q.Head["id"]) }

// Golden reads the golden files of a folder: the comment of each says what was
// asked, and the status, type and address of the answer where they are not the
// usual ones; its first file is the body, its last, "want", what read makes of it.
// With update the last is written anew.
func Golden(t *testing.T, dir string, update bool, read func(t *testing.T, q Question) any) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			golden(t, file, update, read)
		})
	}
}

func golden(t *testing.T, file string, update bool, read func(t *testing.T, q Question) any) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	last := len(a.Files) - 1
	if a.Files[last].Name != "want" {
		a.Files = append(a.Files, txtar.File{Name: "want"})
		last++
	}
	q := question(t, a)
	q.More = a.Files[1:last]
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(read(t, q)); err != nil {
		t.Fatal(err)
	}
	if update {
		a.Files[last].Data = buf.Bytes()
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(a.Files[last].Data), buf.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// question returns what a golden file's comment says was asked and answered.
func question(t testing.TB, a *txtar.Archive) Question {
	t.Helper()
	body := a.Files[0]
	head := map[string]string{"status": "200", "type": "application/json; charset=utf-8"}
	if strings.HasSuffix(body.Name, ".html") {
		head["type"] = "text/html; charset=utf-8"
	}
	for line := range strings.Lines(string(a.Comment)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			head[k] = v
		}
	}
	status, err := strconv.Atoi(head["status"])
	if err != nil {
		t.Fatal(err)
	}
	return Question{Head: head, Response: extract.Response{URL: head["url"], StatusCode: status, ContentType: head["type"], Body: body.Data}}
}

// Rules holds each rule against what the reader of its endpoint makes of its
// sample, and demands that every endpoint has rules: what shows a post, and what
// says nothing. Then it does what [Hostile] does.
func Rules(t *testing.T, rules []extract.Rule, id string, readers Readers) {
	t.Helper()
	shows, silent := map[string]bool{}, map[string]bool{}
	for i := range rules {
		r := &rules[i]
		read := readers[r.Endpoint]
		if read == nil {
			t.Errorf("the rule %q is of %s, which nothing reads", r.Answer, r.Endpoint)
			continue
		}
		a := read(id, r.Sample)
		if a.Status != r.Status || a.Explicit != r.Explicit || a.Transport != r.Transport {
			t.Errorf("%s, %s: the reader says %s explicit %t transport %t (%s), the rule %s %t %t",
				r.Endpoint, r.Answer, a.Status, a.Explicit, a.Transport, a.Reason, r.Status, r.Explicit, r.Transport)
		}
		shows[r.Endpoint] = shows[r.Endpoint] || r.Status == post.Live
		silent[r.Endpoint] = silent[r.Endpoint] || r.Transport
	}
	for endpoint := range readers {
		if !shows[endpoint] || !silent[endpoint] {
			t.Errorf("%s lacks the rule for a post that is shown, or for an answer that says nothing", endpoint)
		}
	}
	Hostile(t, rules, id, readers)
}

// FuzzAnswers feeds readers with what the golden files hold and what comes of
// it. Whatever arrives, no reader panics; only a post that was asked for is
// shown; trouble on the way says nothing about a post; and only a page or
// payload that arrived whole can say that a post is gone.
func FuzzAnswers(f *testing.F, readers Readers, dir, id string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		q := question(f, a)
		f.Add(q.Response.StatusCode, q.Response.ContentType, q.Head["id"], q.Response.Body)
	}
	f.Add(200, "text/html", id, []byte("<!doctype html><title>Log in</title>"))
	f.Fuzz(func(t *testing.T, status int, contentType, id string, body []byte) {
		for endpoint, read := range readers {
			a := read(id, extract.Response{StatusCode: status, ContentType: contentType, Body: body})
			if why := absurd(&a, id); why != "" {
				t.Errorf("%s: %s: %+v", endpoint, why, a)
			}
		}
	})
}

// absurd says what is wrong with an answer, empty where nothing is.
func absurd(a *extract.Answer, id string) string {
	switch {
	case !a.Status.Known():
		return "no status"
	case a.Reason == "":
		return "no reason"
	case a.Transport && (a.Status != post.Unknown || a.Explicit || a.Parsed != nil):
		return "trouble that tells something"
	case a.Status == post.Unknown && a.Explicit:
		return "a statement of nothing"
	case a.Reason == extract.ReasonThere && (a.Parsed != nil || a.Words != ""):
		return "a witness of whose answer more than the outcome is kept"
	case a.Status == post.Live && a.Parsed == nil && a.Reason != extract.ReasonThere:
		return "a living post that is not shown"
	case a.Status.Gone() && a.Parsed != nil:
		return "a post that is gone and shown"
	case a.Parsed == nil:
		return ""
	case a.Parsed.Post.ID != id:
		return "another post"
	case !utf8.ValidString(a.Parsed.Post.Text):
		return "no UTF-8"
	}
	if _, err := json.Marshal(a.Parsed.Post); err != nil {
		return "it cannot be written: " + err.Error()
	}
	return ""
}
