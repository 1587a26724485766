package twitter

import (
	"bytes"
	"encoding/json"
	"flag"
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

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

// answerJSON is an answer as the golden files have it.
type answerJSON struct {
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

func dumpAnswer(a extract.Answer) answerJSON {
	out := answerJSON{Status: a.Status, Explicit: a.Explicit, Reason: a.Reason, Words: a.Words, Transport: a.Transport, Retry: a.Retry, Refused: a.Refused}
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
	var many map[string]extract.Answer
	switch head["read"] {
	case "syndication":
		return dumpAnswer(ReadSyndication(ids[0], r))
	case "oembed":
		return dumpAnswer(ReadOEmbed(ids[0], r))
	case "v11":
		return dumpAnswer(ReadV11(ids[0], r))
	case "archived":
		return dumpAnswer(ReadArchived(ids[0], r))
	case "v11-lookup":
		many = ReadV11Lookup(ids, r)
	case "v2":
		many = ReadV2(ids, r)
	case "v2-users":
		many = ReadV2Users(ids, r)
	default:
		t.Fatalf("nothing is called %q", head["read"])
	}
	out := map[string]answerJSON{}
	for id, a := range many {
		out[id] = dumpAnswer(a)
	}
	if len(out) != len(ids) {
		t.Errorf("%d answers for %d ids", len(out), len(ids))
	}
	return out
}

// TestAnswers reads the golden files: the comment says what was asked, "body"
// is the response, "want" what it means.
func TestAnswers(t *testing.T) {
	files, err := filepath.Glob("testdata/answers/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
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
