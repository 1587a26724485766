package twitter

import (
	"flag"
	"testing"

	"stet/extract/sitetest"
)

var update = flag.Bool("update", false, "write the wanted parts of the golden files anew")

// read calls the reader that a golden file names.
func read(t *testing.T, q sitetest.Question) any {
	t.Helper()
	ids, r := q.IDs(), q.Response
	switch q.Head["read"] {
	case "syndication":
		return sitetest.Dump(ReadSyndication(ids[0], r))
	case "oembed":
		return sitetest.Dump(ReadOEmbed(ids[0], r))
	case "v11":
		return sitetest.Dump(ReadV11(ids[0], r))
	case "archived":
		return sitetest.Dump(ReadArchived(ids[0], r))
	case "v11-lookup":
		return sitetest.DumpMany(t, ids, ReadV11Lookup(ids, r))
	case "v2":
		return sitetest.DumpMany(t, ids, ReadV2(ids, r))
	case "v2-users":
		return sitetest.DumpMany(t, ids, ReadV2Users(ids, r))
	}
	t.Fatalf("nothing is called %q", q.Head["read"])
	return nil
}

func TestAnswers(t *testing.T) { sitetest.Golden(t, "testdata/answers", *update, read) }
