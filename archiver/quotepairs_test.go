package archiver

import (
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"stet/extract/post"
	"stet/store"
)

// pairs is how many pairs of each kind are generated.
const pairs = 2000

// generator invents posts, in several scripts.
type generator struct{ r *rand.Rand }

func (g *generator) pick(list []string) string { return list[g.r.IntN(len(list))] }

func (g *generator) word() string {
	return g.pick([]string{"the", "harbour", "opens", "Tuesday", "ferry", "closed", "never", "mayor", "said", "bridge", "Café", "naïve", "Straße", "don’t", "it's",
		"«ouvert»", "Ελλάδα", "мост", "закрыт", "مرحبا", "नमस्ते", "港口", "さくら", "한국어", "we", "will", "not", "vote", "today", "U.S.", "A&E", "co-op", "C++", "e-mail"})
}

func (g *generator) number() string {
	return g.pick([]string{fmt.Sprint(g.r.IntN(900) + 10), fmt.Sprintf("%d.%d", g.r.IntN(90)+1, g.r.IntN(9)+1), fmt.Sprintf("%d%%", g.r.IntN(98)+1), fmt.Sprintf("£%dm", g.r.IntN(90)+1), fmt.Sprintf("-%d", g.r.IntN(30)+1)})
}

// invented is a post in pieces, so that one piece can be changed.
type invented struct {
	pieces []string
	post   post.Post
}

func (g *generator) post() invented {
	var v invented
	n := 6 + g.r.IntN(25)
	for i := range n {
		switch {
		case i == n/2:
			v.pieces = append(v.pieces, g.number())
		case i == n/3:
			v.pieces = append(v.pieces, "@"+g.pick([]string{"bobpier", "HarbourDesk", "city_hall"}))
		case i == n/4:
			v.pieces = append(v.pieces, "#"+g.pick([]string{"tide", "Budget2026", "港"}))
		case i == n-1 && g.r.IntN(3) == 0:
			v.pieces = append(v.pieces, g.pick([]string{"🌉", "❤️", "👩‍👩‍👧", "🇪🇺", "☺️"}))
		default:
			v.pieces = append(v.pieces, g.word())
		}
	}
	v.post = post.Post{Text: strings.Join(v.pieces, " "), Author: post.Author{Name: "Ada Quay", Handle: "adaquay"}}
	if g.r.IntN(2) == 0 {
		v.post.Text += " https://harbour.example/plan?a=1&b=2"
		v.post.Links = []post.Link{{URL: "https://t.co/AbC123dEf4", Expanded: "https://harbour.example/plan?a=1&b=2", Display: "harbour.example/plan?a=1…"}}
	}
	return v
}

// quote is how an article quotes a post when it changes nothing.
func (v *invented) quote() store.Quotation {
	return store.Quotation{Text: v.post.Text, Name: v.post.Author.Name, Handle: v.post.Author.Handle}
}

// innocent are the variations that change no word.
func innocent(g *generator) []func(v *invented, q *store.Quotation) {
	short := func(v *invented) string {
		if len(v.post.Links) == 0 {
			return v.post.Text
		}
		return strings.ReplaceAll(v.post.Text, v.post.Links[0].Expanded, v.post.Links[0].URL)
	}
	return []func(v *invented, q *store.Quotation){
		func(*invented, *store.Quotation) {},
		func(_ *invented, q *store.Quotation) { q.Text = strings.ReplaceAll(q.Text, " ", "\n  ") },
		func(_ *invented, q *store.Quotation) { q.Text = strings.ReplaceAll(q.Text, " ", "\u00a0") },
		func(_ *invented, q *store.Quotation) { q.Text = html.EscapeString(q.Text) },
		func(v *invented, q *store.Quotation) { q.Text = short(v) },
		func(v *invented, q *store.Quotation) {
			if len(v.post.Links) > 0 {
				q.Text = strings.ReplaceAll(q.Text, v.post.Links[0].Expanded, v.post.Links[0].Display)
			}
		},
		func(v *invented, q *store.Quotation) {
			q.Text = strings.Join(v.pieces[:len(v.pieces)-1-g.r.IntN(3)], " ") + g.pick([]string{"…", " …", "...", " [...]", " […]"})
		},
		func(_ *invented, q *store.Quotation) {
			q.Text = strings.NewReplacer("'", "’", "’", "'", "«", "“", "»", "”", "-", "\u2010").Replace(q.Text)
		},
		func(_ *invented, q *store.Quotation) { q.Text = "“" + q.Text + "”" },
		func(_ *invented, q *store.Quotation) { q.Text = strings.ReplaceAll(q.Text, "\ufe0f", "") },
		func(_ *invented, q *store.Quotation) { q.Text = norm.NFD.String(q.Text) },
		func(_ *invented, q *store.Quotation) { q.Text = norm.NFC.String(q.Text) },
		func(_ *invented, q *store.Quotation) { q.Text += " pic.twitter.com/Zz9AbCdE12" },
		func(_ *invented, q *store.Quotation) { q.Text += "pic.twitter.com/Zz9AbCdE12" },
		func(_ *invented, q *store.Quotation) { q.Text += " https://t.co/Zz9AbCdE12" },
		func(_ *invented, q *store.Quotation) { q.Text = "@city_hall @bobpier " + q.Text },
		func(_ *invented, q *store.Quotation) { q.Handle = "@" + strings.ToUpper(q.Handle) },
		func(_ *invented, q *store.Quotation) { q.Name = " Ada  Quay " + g.pick([]string{"", "🌊", "✓"}) },
		func(_ *invented, q *store.Quotation) { q.Name = "" },
		func(_ *invented, q *store.Quotation) { q.Text = "\u200e" + strings.ReplaceAll(q.Text, " ", " \u200b") },
	}
}

// planted are the changes of one thing that a reader is deceived by.
func planted(g *generator) map[string]func(v *invented, q *store.Quotation) {
	at := func(v *invented, want func(string) bool) int {
		for {
			i := g.r.IntN(len(v.pieces))
			if want(v.pieces[i]) {
				return i
			}
		}
	}
	plain := func(s string) bool { return !strings.HasPrefix(s, "@") && !strings.HasPrefix(s, "#") }
	join := func(v *invented, q *store.Quotation, pieces []string) {
		text := strings.Join(pieces, " ")
		if strings.HasPrefix(v.post.Text, strings.Join(v.pieces, " ")) {
			text += strings.TrimPrefix(v.post.Text, strings.Join(v.pieces, " "))
		}
		q.Text = text
	}
	change := func(v *invented, q *store.Quotation, i int, to string) {
		pieces := append([]string(nil), v.pieces...)
		pieces[i] = to
		join(v, q, pieces)
	}
	return map[string]func(v *invented, q *store.Quotation){
		"word": func(v *invented, q *store.Quotation) { change(v, q, at(v, plain), "herring") },
		"number": func(v *invented, q *store.Quotation) {
			change(v, q, len(v.pieces)/2, g.pick([]string{"7", "1000", "3.14"}))
		},
		"sign": func(v *invented, q *store.Quotation) {
			v.pieces[len(v.pieces)/2], v.post.Text = "-17", strings.Replace(v.post.Text, " "+v.pieces[len(v.pieces)/2]+" ", " -17 ", 1)
			change(v, q, len(v.pieces)/2, "17")
		},
		"point": func(v *invented, q *store.Quotation) {
			v.post.Text = strings.Replace(v.post.Text, " "+v.pieces[len(v.pieces)/2]+" ", " 1.5 ", 1)
			v.pieces[len(v.pieces)/2] = "1.5"
			change(v, q, len(v.pieces)/2, "15")
		},
		"percent": func(v *invented, q *store.Quotation) {
			v.post.Text = strings.Replace(v.post.Text, " "+v.pieces[len(v.pieces)/2]+" ", " 15% ", 1)
			v.pieces[len(v.pieces)/2] = "15%"
			change(v, q, len(v.pieces)/2, "15")
		},
		"currency": func(v *invented, q *store.Quotation) {
			v.post.Text = strings.Replace(v.post.Text, " "+v.pieces[len(v.pieces)/2]+" ", " £15 ", 1)
			v.pieces[len(v.pieces)/2] = "£15"
			change(v, q, len(v.pieces)/2, "$15")
		},
		"mention": func(v *invented, q *store.Quotation) { change(v, q, len(v.pieces)/3, "@bobpiers") },
		"topic":   func(v *invented, q *store.Quotation) { change(v, q, len(v.pieces)/4, "#tides") },
		"left out": func(v *invented, q *store.Quotation) {
			i := at(v, plain)
			join(v, q, append(append([]string(nil), v.pieces[:i]...), v.pieces[i+1:]...))
		},
		"added":  func(v *invented, q *store.Quotation) { change(v, q, len(v.pieces)/2, v.pieces[len(v.pieces)/2]+" not") },
		"handle": func(_ *invented, q *store.Quotation) { q.Handle = "adaquays" },
		"name":   func(_ *invented, q *store.Quotation) { q.Name = "Ida Quay" },
		"before a cut": func(v *invented, q *store.Quotation) {
			change(v, q, 1, "herring")
			q.Text = strings.Join(strings.Fields(q.Text)[:4], " ") + "…"
		},
	}
}

// TestQuotePairs: every planted change of one word, number, name or handle is
// found, and no innocent variation is taken for one.
func TestQuotePairs(t *testing.T) {
	g := &generator{rand.New(rand.NewPCG(7, 5))}
	variations := innocent(g)
	alarms := 0
	for i := range pairs {
		v := g.post()
		q := v.quote()
		variations[i%len(variations)](&v, &q)
		if got := CheckQuote(q, &v.post); got != QuoteMatch {
			if alarms++; alarms < 20 {
				t.Errorf("variation %d: %s\n  post  %q\n  quote %q %q %q", i%len(variations), got, v.post.Text, q.Text, q.Name, q.Handle)
			}
		}
	}
	changes := planted(g)
	names := slices.Sorted(maps.Keys(changes))
	missed := map[string]int{}
	for i := range pairs {
		name := names[i%len(names)]
		v := g.post()
		q := v.quote()
		changes[name](&v, &q)
		if got := CheckQuote(q, &v.post); got != QuoteMismatch {
			if missed[name]++; missed[name] < 4 {
				t.Errorf("%s: %s\n  post  %q\n  quote %q %q %q", name, got, v.post.Text, q.Text, q.Name, q.Handle)
			}
		}
	}
	t.Logf("%d innocent variations, %d false alarms; %d planted changes, missed %v", pairs, alarms, pairs, missed)
}
