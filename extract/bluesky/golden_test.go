package bluesky

import (
	"path/filepath"
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

// accountAnswer is an answer about an account as the golden files have it.
type accountAnswer struct {
	sitetest.Answer
	DID      string    `json:"did,omitempty"`
	Document *Document `json:"document,omitempty"`
}

// read calls the reader that a golden file names.
func read(t *testing.T, q sitetest.Question) any {
	t.Helper()
	ids, r := q.IDs(), q.Response
	servers := Servers{}
	if did, server, ok := strings.Cut(q.Head["servers"], "="); ok {
		servers[did] = server
	}
	switch q.Head["read"] {
	case "posts":
		return sitetest.DumpMany(t, ids, ReadPosts(ids, r, servers))
	case "thread":
		return sitetest.Dump(ReadThread(ids[0], r, servers))
	case "record":
		d := strings.Fields(q.Head["document"])
		return sitetest.Dump(ReadRecord(ids[0], Document{DID: d[0], Handle: d[1], Server: d[2]}, r))
	case "repo":
		return sitetest.Dump(ReadRepoStatus(ids[0], r))
	case "document":
		doc, a := ReadDocument(ids[0], r)
		return accountAnswer{Answer: sitetest.Dump(a), Document: &doc}
	case "handle":
		did, a := ReadHandle(r)
		return accountAnswer{Answer: sitetest.Dump(a), DID: did}
	}
	t.Fatalf("nothing is called %q", q.Head["read"])
	return extract.Answer{}
}

func TestAnswers(t *testing.T) { sitetest.Golden(t, "testdata/answers", *update, read) }

func answerFiles(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/answers/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatal("no golden files", err)
	}
	return files
}
