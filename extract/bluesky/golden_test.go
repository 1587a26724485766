package bluesky

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/post"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// answerJSON is an answer as the golden files have it.
type answerJSON struct {
	Status    post.Status `json:"status"`
	Explicit  bool        `json:"explicit,omitempty"`
	Reason    string      `json:"reason"`
	Words     string      `json:"words,omitempty"`
	Transport bool        `json:"transport,omitempty"`
	Retry     bool        `json:"retry,omitempty"`
	DID       string      `json:"did,omitempty"`
	Document  *Document   `json:"document,omitempty"`
	Post      *post.Post  `json:"post,omitempty"`
	Related   []post.Post `json:"related,omitempty"`
	Notes     []string    `json:"notes,omitempty"`
}

func dumpAnswer(a extract.Answer) answerJSON {
	out := answerJSON{Status: a.Status, Explicit: a.Explicit, Reason: a.Reason, Words: a.Words, Transport: a.Transport, Retry: a.Retry}
	if a.Parsed != nil {
		out.Post, out.Related, out.Notes = &a.Parsed.Post, a.Parsed.Related, a.Parsed.Notes
	}
	return out
}

// read calls the reader that the comment of a golden file names.
func read(t *testing.T, head map[string]string, body []byte) any {
	t.Helper()
	status, err := strconv.Atoi(head["status"])
	if err != nil {
		t.Fatal(err)
	}
	ids := strings.Fields(head["id"])
	r := extract.Response{StatusCode: status, ContentType: head["type"], Body: body}
	servers := Servers{}
	if did, server, ok := strings.Cut(head["servers"], "="); ok {
		servers[did] = server
	}
	switch head["read"] {
	case "posts":
		out := map[string]answerJSON{}
		for id, a := range ReadPosts(ids, r, servers) {
			out[id] = dumpAnswer(a)
		}
		if len(out) != len(ids) {
			t.Errorf("%d answers for %d ids", len(out), len(ids))
		}
		return out
	case "thread":
		return dumpAnswer(ReadThread(ids[0], r, servers))
	case "record":
		d := strings.Fields(head["document"])
		return dumpAnswer(ReadRecord(ids[0], Document{DID: d[0], Handle: d[1], Server: d[2]}, r))
	case "repo":
		return dumpAnswer(ReadRepoStatus(ids[0], r))
	case "document":
		doc, a := ReadDocument(ids[0], r)
		out := dumpAnswer(a)
		out.Document = &doc
		return out
	case "handle":
		did, a := ReadHandle(r)
		out := dumpAnswer(a)
		out.DID = did
		return out
	}
	t.Fatalf("nothing is called %q", head["read"])
	return nil
}

// TestAnswers reads the golden files: the comment says what was asked, "body"
// is the response, "want" what it means.
func TestAnswers(t *testing.T) {
	for _, file := range answerFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			head := map[string]string{"status": "200", "type": "application/json; charset=utf-8"}
			for line := range strings.Lines(string(a.Comment)) {
				if k, v, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
					head[k] = v
				}
			}
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(read(t, head, a.Files[0].Data)); err != nil {
				t.Fatal(err)
			}
			if *update {
				a.Files = append(a.Files[:1], txtar.File{Name: "want", Data: buf.Bytes()})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(a.Files) != 2 {
				t.Fatal("the golden file has no wanted part")
			}
			if diff := cmp.Diff(string(a.Files[1].Data), buf.String()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func answerFiles(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/answers/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatal("no golden files", err)
	}
	return files
}
