package archiver

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"stet/extract/post"
	"stet/store"
)

// scanPage is how many references are read at a time.
const scanPage = 1000

// scanWords finds posts by words where the archive has no index of them: it
// reads what every post said. It finds the posts that hold all words of the
// query, as parts of words too; those that hold them in a row come first, then
// those that were captured later.
func (r *Reader) scanWords(ctx context.Context, query string, limit int) ([]post.Ref, map[post.Ref]float64, error) {
	wanted := strings.Fields(fold(query))
	if len(wanted) == 0 {
		return nil, nil, nil
	}
	type match struct {
		ref   post.Ref
		score float64
		seq   uint64
	}
	var found []match
	for after := ""; ; {
		values, err := r.o.Archive.Values(ctx, store.IndexRef, "", after, scanPage)
		if err != nil {
			return nil, nil, err
		}
		if len(values) == 0 {
			break
		}
		after = values[len(values)-1]
		for _, value := range values {
			ref, score, seq, err := r.scanPost(ctx, value, wanted)
			if err != nil {
				return nil, nil, err
			}
			if score > 0 {
				found = append(found, match{ref, score, seq})
			}
		}
	}
	slices.SortFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.seq, a.seq))
	})
	refs, scores := []post.Ref{}, map[post.Ref]float64{}
	for _, m := range found[:min(len(found), limit)] {
		refs, scores[m.ref] = append(refs, m.ref), m.score
	}
	return refs, scores, nil
}

// scanPost scores a post, by its value in the index: 0 where it does not hold
// the words, 1 where it does, 2 where it holds them in a row.
func (r *Reader) scanPost(ctx context.Context, value string, wanted []string) (ref post.Ref, score float64, seq uint64, err error) {
	q := store.Query{Term: store.Term{Index: store.IndexRef, Value: value}, Kinds: []store.Kind{store.KindDerivation}, Newest: true, Limit: scanPage}
	page, err := r.o.Archive.List(ctx, q)
	if err != nil {
		return post.Ref{}, 0, 0, err
	}
	for i := range page.Records {
		d, err := store.Decode[store.Derivation](&page.Records[i])
		if err != nil {
			return post.Ref{}, 0, 0, err
		}
		if d.Ref.String() != value {
			continue // it quotes the post
		}
		if s := scoreWords(&d.Post, wanted); s > score {
			ref, score, seq = d.Ref, s, page.Records[i].Seq
		}
	}
	return ref, score, seq, nil
}

// scoreWords compares a post with the words of a query.
func scoreWords(p *post.Post, wanted []string) float64 {
	text := []string{p.Text, p.Author.Name, p.Author.Handle}
	for _, m := range p.Media {
		text = append(text, m.Alt)
	}
	all := fold(strings.Join(text, " \u2028 "))
	for _, w := range wanted {
		if !strings.Contains(all, w) {
			return 0
		}
	}
	if strings.Contains(all, strings.Join(wanted, " ")) {
		return 2
	}
	return 1
}

// fold writes a text for comparing: in lower case, without marks, and with one
// space for everything that is neither letter nor number.
func fold(s string) string {
	var b strings.Builder
	space := true
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsSymbol(r) && r > unicode.MaxLatin1 || unicode.IsMark(r):
			b.WriteRune(unicode.ToLower(r))
			space = false
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	return strings.TrimSpace(b.String())
}
