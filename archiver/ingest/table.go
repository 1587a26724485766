package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/extract/twitter"
	"stet/store"
)

// tableParser names what reads posts out of the columns of a table.
const tableParser = "ingest.table/1"

// maxRow is the longest row of a table: rows with the whole answer of the
// platform in a cell have some 30 KB.
const maxRow = 1 << 20

// column is what stands in a column of a table.
type column string

const (
	columnID       column = "id"
	columnAddress  column = "address"
	columnText     column = "text"
	columnTitle    column = "title"
	columnHandle   column = "handle"
	columnName     column = "name"
	columnAccount  column = "account"
	columnPosted   column = "posted"
	columnDeleted  column = "deleted"
	columnRaw      column = "raw"
	columnStatus   column = "status"
	columnMetadata column = "metadata"
)

// columns lists the names under which each column is known, in lower case with
// blanks for underscores: those of Politwoops and of what was made of it, of the
// sheets of auto-archiver, and of its own table.
func columns() map[column][]string {
	return map[column][]string{
		columnID:       {"tweet id", "status id", "id str", "tweetid", "id"},
		columnAddress:  {"url", "link", "tweet url", "permalink"},
		columnText:     {"content", "full text", "tweet text", "text", "textual content"},
		columnTitle:    {"upload title", "title"},
		columnHandle:   {"user name", "screen name", "username", "handle", "user screen name", "author.username"},
		columnName:     {"politician", "full name", "display name", "author.name", "name"},
		columnAccount:  {"user id", "author id", "twitter id"},
		columnPosted:   {"created", "created at", "posted", "upload timestamp"},
		columnDeleted:  {"deleted at", "deleted on", "deletion date", "modified"},
		columnRaw:      {"tweet", "json", "raw"},
		columnStatus:   {"archive status", "status"},
		columnMetadata: {"metadata"},
	}
}

// table says which column stands where.
type table struct {
	at    map[column]int
	comma rune
	// saved is true for lists of what somebody saved to read: what stands beside
	// an address is no word of a post.
	saved bool
}

// tableOf reads the first row of a table. It returns false where no post could
// be found in its rows.
func tableOf(head []byte) (table, bool) {
	line, _, _ := bytes.Cut(bytes.TrimPrefix(head, []byte("\ufeff")), []byte("\n"))
	for _, comma := range []rune{',', ';', '\t'} {
		r := csv.NewReader(bytes.NewReader(line))
		r.Comma, r.LazyQuotes = comma, true
		names, err := r.Read()
		if err != nil || len(names) < 2 {
			continue
		}
		t := table{at: map[column]int{}, comma: comma}
		for i := range names {
			names[i] = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(names[i])), "_", " ")
		}
		for c, known := range columns() {
			for _, name := range known {
				if i := slices.Index(names, name); i >= 0 {
					t.at[c] = i
					break
				}
			}
		}
		// Pocket, Instapaper and Raindrop, as they export.
		for _, pair := range [][2]string{{"time added", "tags"}, {"selection", "folder"}, {"excerpt", "cover"}} {
			t.saved = t.saved || slices.Contains(names, pair[0]) && slices.Contains(names, pair[1])
		}
		if t.useful() {
			return t, true
		}
	}
	return table{}, false
}

// useful reports whether rows tell which post they are of.
func (t *table) useful() bool {
	has := func(c column) bool { _, ok := t.at[c]; return ok }
	return has(columnAddress) || has(columnID) && (has(columnText) || has(columnRaw)) || has(columnMetadata) && has(columnStatus)
}

// readTable reads the rows of a table.
func (k *keeper) readTable(ctx context.Context, r io.Reader) error {
	in := &pacer{r: r, most: maxRow}
	in.next()
	head := make([]byte, maxHead)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	t, ok := tableOf(head[:n])
	if !ok {
		return fmt.Errorf("%w: the first row names no columns that are known", store.ErrInvalid)
	}
	rows := csv.NewReader(io.MultiReader(bytes.NewReader(head[:n]), in))
	rows.Comma, rows.LazyQuotes, rows.FieldsPerRecord, rows.ReuseRecord = t.comma, true, -1, true
	var at int64
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return err
		}
		in.next()
		cells, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: behind byte %d: %w; what stands before was imported", store.ErrInvalid, at, err)
		}
		here := span{offset: at, length: rows.InputOffset() - at}
		if at = rows.InputOffset(); first {
			continue
		}
		if err := k.row(ctx, here, &t, cells); err != nil {
			return err
		}
	}
}

// row keeps the post of a row, or lets its address be captured where the row has
// no words.
func (k *keeper) row(ctx context.Context, at span, t *table, cells []string) error {
	cell := func(c column) string {
		if i, ok := t.at[c]; ok && i < len(cells) {
			// What keeps a spreadsheet from calculating is no part of a cell.
			return strings.TrimPrefix(strings.TrimSpace(cells[i]), "'")
		}
		return ""
	}
	if t.saved {
		return k.address(ctx, at, cell(columnAddress))
	}
	s := statement{address: cell(columnAddress), text: cell(columnText), title: cell(columnTitle), id: cell(columnID), posted: cell(columnPosted),
		author: post.Author{ID: cell(columnAccount), Handle: strings.TrimPrefix(cell(columnHandle), "@"), Name: cell(columnName)}}
	if m := cell(columnMetadata); m != "" {
		s.address, s.title, s.text = literal(m, "url"), literal(m, "title"), literal(m, "content")
	}
	if when := cell(columnDeleted); when != "" {
		s.notes = append(s.notes, "deleted at "+clip(when)+", as the file says")
	}
	if status := cell(columnStatus); status != "" && s.address != "" {
		s.notes = append(s.notes, "archived by others: "+clip(status))
	}
	if raw := cell(columnRaw); strings.HasPrefix(raw, "{") {
		if parsed, err := twitter.ParseV11([]byte(raw)); err == nil {
			return k.take(ctx, at, shown(twitter.V11Parser, &parsed, s.notes))
		}
	}
	return k.stated(ctx, at, &s)
}

// minID is the shortest id of a post that is believed without an address: those
// of before the end of 2010 are shorter.
const minID = 15

// statement is what a table or an index says of a post.
type statement struct {
	address, id, text, title, posted string
	author                           post.Author
	notes                            []string
	stored                           []storedFile
}

// stated keeps what is said of a post, or lets its address be captured.
func (k *keeper) stated(ctx context.Context, at span, s *statement) error {
	t, _, ok := k.o.Finder.Parse(s.address)
	if !ok || !t.Ref.Valid() {
		if s.address != "" {
			return k.address(ctx, at, s.address)
		}
		id, err := twitter.ParseID(s.id)
		if err != nil || len(id) < minID {
			return k.skip(ctx, at, "", "it has no usable id: spreadsheets round long numbers, and short ones can be those of rows")
		}
		if t, ok = k.o.Finder.ByID(string(post.Twitter), id); !ok {
			return k.skip(ctx, at, "", "it has no usable id")
		}
	}
	text := s.text
	if text == "" || strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		text = s.title // some put the platform's whole answer there
	}
	if text == "" {
		if s.address == "" {
			return k.skip(ctx, at, t.Ref.String(), "it has no words")
		}
		return k.address(ctx, at, s.address)
	}
	p := &post.Post{Platform: t.Ref.Platform, ID: t.Ref.ID, URL: t.URL, Text: text, Author: s.author, Media: []post.Media{}}
	if p.Author.Handle == "" {
		p.Author.Handle = t.Handle
	}
	if p.Platform == post.Twitter {
		p.URL = twitter.PostURL(p.Author.Handle, p.ID)
	}
	if when, err := time.Parse(time.RFC3339, s.posted); err == nil {
		p.Posted, p.PostedFrom = when.UTC(), "stated"
	} else if !t.Posted.IsZero() {
		p.Posted, p.PostedFrom = t.Posted, "derived"
	}
	notes := append([]string{"as a list states it; nobody but the list says so"}, s.notes...)
	if s.posted != "" && p.PostedFrom != "stated" {
		notes = append(notes, "published at "+clip(s.posted)+", as the file says, without a time zone")
	}
	return k.take(ctx, at, []piece{piece{post: p, parser: tableParser, notes: notes, stored: s.stored}.written()})
}

// literal returns the string that a key has in a dictionary as Python writes it,
// which is how the table of auto-archiver holds one; empty where it has none.
func literal(dict, key string) string {
	for _, quote := range []string{"'", `"`} {
		_, rest, ok := strings.Cut(dict, "'"+key+"': "+quote)
		if !ok {
			continue
		}
		var out strings.Builder
		for i := 0; i < len(rest); i++ {
			switch {
			case rest[i] == quote[0]:
				return out.String()
			case rest[i] != '\\' || i+1 == len(rest):
				out.WriteByte(rest[i])
			default:
				i++
				out.WriteString(unescaped(rest[i]))
			}
		}
	}
	return ""
}

// unescaped returns what a letter behind a backslash stands for.
func unescaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return ""
	case '\\', '\'', '"':
		return string(c)
	}
	return "\\" + string(c)
}
