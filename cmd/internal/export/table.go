package export

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"stet/store/view"
)

// lines writes a file of posts, one after the other, and marks where an
// interrupted export can go on.
func (x *exporter) lines(ctx context.Context, head []byte, line func(*view.Post) ([]byte, error)) error {
	if err := x.out.File(""); err != nil {
		return err
	}
	offset, since := x.o.From.Offset, int64(0)
	var held bytes.Buffer
	flush := func() error {
		_, err := x.out.Write(held.Bytes())
		held.Reset()
		return err
	}
	if offset == 0 {
		held.Write(head)
		offset = int64(len(head))
	}
	err := x.posts(ctx, x.o.From.After, func(v *view.Post) error {
		b, err := line(v)
		if err != nil {
			return err
		}
		held.Write(b)
		offset += int64(len(b))
		x.report("writing posts", 0)
		since += int64(len(b))
		if since < x.o.sizes.mark && held.Len() < 256<<10 {
			return nil
		}
		if err := flush(); err != nil || since < x.o.sizes.mark {
			return err
		}
		since = 0
		return x.out.Mark(x.mark(Mark{Offset: offset, After: v.History.Ref.String()}))
	})
	if err != nil {
		return err
	}
	return flush()
}

// jsonl writes one line for each post, as `stet show --json` prints it.
func (x *exporter) jsonl(ctx context.Context) error {
	return x.lines(ctx, nil, func(v *view.Post) ([]byte, error) {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		err := enc.Encode(v)
		return b.Bytes(), err
	})
}

// columns are those of a table of posts.
func columns() []string {
	return []string{"platform", "id", "url", "author_name", "author_handle", "author_id", "text", "posted", "language", "status", "confirmed",
		"last_live", "first_gone", "confirmed_at", "source", "captures", "first_captured", "last_captured", "looks", "mentions", "articles", "media", "media_digests", "quoted", "parent"}
}

// csv writes a table with one row for each post.
func (x *exporter) csv(ctx context.Context) error {
	row := func(cells []string) ([]byte, error) {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		for i := range cells {
			cells[i] = safeCell(cells[i])
		}
		if err := w.Write(cells); err != nil {
			return nil, err
		}
		w.Flush()
		return b.Bytes(), w.Error()
	}
	head, err := row(columns())
	if err != nil {
		return err
	}
	return x.lines(ctx, head, func(v *view.Post) ([]byte, error) { return row(cells(v)) })
}

// cells returns the row of a post.
func cells(v *view.Post) []string {
	p := &v.Post
	var articles, media, digests []string
	for _, m := range v.Mentions {
		articles = append(articles, m.Article)
	}
	for _, m := range p.Media {
		media = append(media, m.URL)
		if m.Digest != "" {
			digests = append(digests, m.Digest)
		}
	}
	first, last := "", ""
	if n := len(v.Captures); n > 0 {
		first, last = cellTime(&v.Captures[0].Time), cellTime(&v.Captures[n-1].Time)
	}
	ref := v.History.Ref
	return []string{string(ref.Platform), ref.ID, p.URL, p.Author.Name, p.Author.Handle, p.Author.ID, p.Text, cellTime(&p.Posted), p.Language,
		string(v.Status.Value), strconv.FormatBool(v.Status.Confirmed), cellTime(v.Status.LastLive), cellTime(v.Status.FirstGone), cellTime(v.Status.ConfirmedAt),
		string(v.Source), strconv.Itoa(len(v.Captures)), first, last, strconv.Itoa(len(v.Looks)), strconv.Itoa(len(v.Mentions)),
		strings.Join(articles, " "), strings.Join(media, " "), strings.Join(digests, " "), p.Quoted.String(), p.Parent.String()}
}

func cellTime(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// safeCell makes sure that no program for tables takes a cell for a formula: one
// that begins as formulas do gets an apostrophe before it, which programs show
// as the sign of text. Control characters but line ends become spaces.
func safeCell(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n"))
	trimmed := strings.TrimLeftFunc(s, func(r rune) bool { return r <= ' ' || r == 0xa0 || r == 0xfeff || r == 0x200b || r == 0x3000 })
	if trimmed != "" && strings.ContainsRune("=+-@|%＝＋－＠", []rune(trimmed)[0]) {
		return "'" + s
	}
	return s
}
