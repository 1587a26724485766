package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strings"
)

// jsonEntry is an entry of a JSON Feed (jsonfeed.org, version 1.1). Programs
// write numbers and null where words belong, hence the raw members.
type jsonEntry struct {
	ID        json.RawMessage `json:"id"`
	URL       json.RawMessage `json:"url"`
	External  json.RawMessage `json:"external_url"`
	Title     json.RawMessage `json:"title"`
	Published json.RawMessage `json:"date_published"`
	Modified  json.RawMessage `json:"date_modified"`
}

// readJSONFeed reads a JSON Feed, entry by entry, so that one that breaks off
// still gives the entries before. It returns false for JSON that is no feed.
func readJSONFeed(t *text, address string, limit int) (feed, bool) {
	var f feed
	base := parseBase(address)
	d := json.NewDecoder(t)
	version, items := "", false
	outside := 0
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return f, false
	}
	var broken error
	for d.More() && broken == nil {
		tok, err := d.Token()
		key, ok := tok.(string)
		if err != nil || !ok {
			broken = cause(err)
			break
		}
		if key == "items" && !items {
			items = true
			broken = f.jsonItems(d, limit, func(e *jsonEntry) { outside += f.jsonItem(e, base) })
			if f.cut {
				break
			}
			continue
		}
		var v json.RawMessage
		if broken = d.Decode(&v); broken != nil {
			break
		}
		switch key {
		case "version":
			version = jsonWord(v)
		case "title":
			f.title = plainWords(jsonWord(v), maxTitle)
		case "next_url":
			f.next, _ = webLink(jsonWord(v), base)
		}
	}
	if !items || version == "" && len(f.items) == 0 || version != "" && !strings.Contains(version, "jsonfeed.org") {
		return f, false
	}
	if broken == nil && !f.cut {
		_, broken = d.Token() // the end of the object
	}
	f.warnings = t.warnings()
	if broken != nil {
		f.warnings = append(f.warnings, "the feed breaks off: entries at its end may be missing")
	}
	if outside > 0 {
		f.warnings = append(f.warnings, plural(outside, "entry has", "entries have")+" no address of a page")
	}
	return f, true
}

func cause(err error) error {
	if err == nil {
		return errors.New("not a member")
	}
	return err
}

// jsonItems reads the array of entries.
func (f *feed) jsonItems(d *json.Decoder, limit int, take func(*jsonEntry)) error {
	if tok, err := d.Token(); err != nil || tok != json.Delim('[') {
		return cause(err)
	}
	for d.More() {
		if f.entries >= limit {
			f.cut = true
			return nil
		}
		f.entries++
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return err
		}
		var e jsonEntry
		if json.Unmarshal(raw, &e) == nil {
			take(&e)
			continue
		}
		take(&jsonEntry{}) // no object
	}
	_, err := d.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// jsonItem takes an entry. It returns 1 where that has no address.
func (f *feed) jsonItem(e *jsonEntry, base *url.URL) int {
	it := Item{ID: cut(jsonWord(e.ID), maxID), Title: plainWords(jsonWord(e.Title), maxTitle)}
	it.Published, _ = parseTime(jsonWord(e.Published))
	it.Modified, _ = parseTime(jsonWord(e.Modified))
	id := it.ID
	if !strings.Contains(id, "://") {
		id = ""
	}
	for _, link := range []string{jsonWord(e.URL), jsonWord(e.External), id} {
		if address, ok := webLink(link, base); ok {
			it.URL = address
			f.items = append(f.items, it)
			return 0
		}
	}
	return 1
}

// jsonWord returns a string, or a number as it stands; "" for anything else.
func jsonWord(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	var s string
	if len(raw) > 0 && raw[0] == '"' {
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return strings.TrimSpace(s)
	}
	if len(raw) > 0 && len(raw) < 40 && (isDigit(raw[0]) || raw[0] == '-') {
		return string(raw)
	}
	return ""
}
