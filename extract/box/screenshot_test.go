package box_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"stet/extract"
	"stet/extract/box"
)

func TestScreenshot(t *testing.T) {
	for _, tt := range []struct {
		text string
		want extract.Quoted
	}{
		{"Ada Bridge\n@adabridge\n\nThe bridge opens on Monday\n& everybody is welcome.\n\n9:41 AM · Mar 5, 2024 · 12.3K Views\n\n12 Retweets 3 Quotes 340 Likes",
			extract.Quoted{Name: "Ada Bridge", Handle: "adabridge", Date: "2024-03-05", Text: "The bridge opens on Monday\n& everybody is welcome."}},
		{"Ada Bridge @adabridge · 3h\nIt never closes.\n12 45 1.2K", extract.Quoted{Name: "Ada Bridge", Handle: "adabridge", Text: "It never closes.\n12 45 1.2K"}},
		{"The bridge opens.\nIt does.", extract.Quoted{Text: "The bridge opens.\nIt does."}},
		{"Follow\nAda\n@ada@moose.example\nOpen at 9:30 on both sides, says @bram\n", extract.Quoted{Name: "Ada", Handle: "ada@moose.example", Text: "Open at 9:30 on both sides, says @bram"}},
		{"", extract.Quoted{}},
	} {
		if diff := cmp.Diff(tt.want, box.Screenshot(tt.text)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", tt.text, diff)
		}
	}
}
