package archiver

import (
	"testing"

	"stet/extract/post"
	"stet/store"
)

func TestCheckQuote(t *testing.T) {
	p := &post.Post{Text: "Tomorrow we open 3 bridges & the old gate 🌉 https://harbour.example/plan", Author: post.Author{Handle: "harbourdesk"},
		Links: []post.Link{{URL: "https://t.co/a1", Expanded: "https://harbour.example/plan", Display: "harbour.example/plan"}}}
	tests := []struct {
		name string
		q    store.Quotation
		want string
	}{
		{"nothing quoted", store.Quotation{Handle: "harbourdesk"}, QuoteNone},
		{"verbatim with short link", store.Quotation{Text: "Tomorrow we open 3 bridges & the old gate 🌉 https://t.co/a1", Handle: "HarbourDesk"}, QuoteMatch},
		{"entities and spaces", store.Quotation{Text: "Tomorrow  we open 3 bridges &amp; the\nold gate 🌉"}, QuoteMatch},
		{"shown form of the link", store.Quotation{Text: "Tomorrow we open 3 bridges & the old gate 🌉 harbour.example/plan"}, QuoteMatch},
		{"picture glued", store.Quotation{Text: "Tomorrow we open 3 bridges & the old gate 🌉pic.twitter.com/Zz9"}, QuoteMatch},
		{"leading mention", store.Quotation{Text: "@mayor @press Tomorrow we open 3 bridges & the old gate 🌉"}, QuoteMatch},
		{"marked cut", store.Quotation{Text: "Tomorrow we open 3 bridges…"}, QuoteMatch},
		{"unmarked cut", store.Quotation{Text: "Tomorrow we open 3 bridges"}, QuoteMismatch},
		{"one number", store.Quotation{Text: "Tomorrow we open 4 bridges & the old gate 🌉"}, QuoteMismatch},
		{"one word", store.Quotation{Text: "Tomorrow we close 3 bridges & the old gate 🌉"}, QuoteMismatch},
		{"emoji dropped", store.Quotation{Text: "Tomorrow we open 3 bridges & the old gate"}, QuoteMismatch},
		{"another author", store.Quotation{Text: "Tomorrow we open 3 bridges & the old gate 🌉", Handle: "harbordesk"}, QuoteMismatch},
	}
	for _, tt := range tests {
		if got := CheckQuote(tt.q, p); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	cut := &post.Post{Text: "A long post begins", Incomplete: true}
	if got := CheckQuote(store.Quotation{Text: "A long post begins and goes on"}, cut); got != QuoteMatch {
		t.Errorf("cut capture: %s", got)
	}
	if got := CheckQuote(store.Quotation{Text: "x"}, nil); got != QuoteNone {
		t.Errorf("no capture: %s", got)
	}
}
