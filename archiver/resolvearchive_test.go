package archiver_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"stet/archiver/fakenet"
	"stet/extract/post"
	"stet/store/storetest"
)

// flattened is an embed as it stands in a page that was saved as text.
func flattened(handle, text string, day time.Time) string {
	return fmt.Sprintf("<p>%s</p><p>&mdash; Ada Quay (@%s) %s</p>", text, handle, day.Format("January 2, 2006"))
}

// sentence makes words.
func sentence(r *rand.Rand) string {
	all := strings.Fields("the harbour ferry gate council river bridge opens closes early late today tomorrow morning evening tide boats people wait for rain wind mayor says plan cost money school road works begin end again never always new old small great")
	out := make([]string, 7+r.IntN(12))
	for i := range out {
		out[i] = all[r.IntN(len(all))]
	}
	return strings.Join(out, " ")
}

// TestFlattenedEmbedsInArchive resolves embeds without id and without short
// links among the author's posts in a web archive: each beside forty others of
// the same days, of which some say nearly the same. Some are not archived at
// all, and must not be taken for another.
func TestFlattenedEmbedsInArchive(t *testing.T) {
	embeds := 30
	if storetest.Thorough() {
		embeds = 300
	}
	rng := rand.New(rand.NewPCG(7, 7))
	right, wrong, archived := 0, 0, 0
	for n := range embeds {
		inWorld(t, settings{wayback: true}, func(w *world) {
			handle, text := fmt.Sprintf("ada%d", n), sentence(rng)
			posted := begin().Add(-time.Duration(2000+n) * time.Hour)
			p := fakenet.PostID(posted, 1)
			kept := n%10 != 9
			if kept {
				archived++
				w.archived(p, handle, text, 24*time.Hour)
			}
			for i := range 40 {
				other := sentence(rng)
				switch i % 8 {
				case 0: // the same words but one
					words := strings.Fields(text)
					words[rng.IntN(len(words))] = fmt.Sprint("number", i)
					other = strings.Join(words, " ")
				case 1: // more words
					other = text + " " + other
				case 2: // fewer
					other = strings.Join(strings.Fields(text)[2:], " ")
				}
				w.archived(fakenet.PostID(posted.Add(time.Duration(i-20)*20*time.Minute), 2+i), handle, other, 24*time.Hour)
			}
			// The day is that of the reader's zone, and the words as pages write them.
			day := posted.Add(time.Duration(rng.IntN(24)-12) * time.Hour)
			quoted := strings.ToUpper(text[:1]) + text[1:]
			if n%3 == 0 {
				quoted = strings.Replace(text, " ", "&nbsp; ", 1)
			}
			res := w.capture(w.page("news.example", "/a", article(flattened(handle, quoted, day))))
			if len(res.Posts) != 1 {
				t.Fatalf("embed %d: %+v", n, res)
			}
			got := res.Posts[0]
			switch {
			case got.ID == p && kept:
				right++
				if got.ResolvedBy != "archive" || got.Source != post.SourceArchive || got.Text != text || got.Confidence < 0.8 {
					t.Errorf("embed %d: %+v", n, got)
				}
			case got.ID != "":
				wrong++
				t.Logf("embed %d: %q was taken for %q", n, text, got.Text)
			default:
				if got.Source != post.SourceArticle || got.ResolvedBy != "quotation" {
					t.Errorf("embed %d: %+v", n, got)
				}
			}
		})
	}
	precision, recall := float64(right)/float64(max(right+wrong, 1)), float64(right)/float64(archived)
	t.Logf("%d embeds, %d of them archived: %d right, %d wrong: precision %.3f, recall %.3f", embeds, archived, right, wrong, precision, recall)
	if precision < 0.995 || recall < 0.95 {
		t.Errorf("precision %.3f, recall %.3f", precision, recall)
	}
}
