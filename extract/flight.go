package extract

import (
	"strconv"
	"strings"
)

// joinRows puts the rows of the data that Next.js streams together: texts are
// rows of their own, and so are the names of components; others refer to them by
// number, "$1f" and "$L1f". A row is
//
//	1f:["$","$L20",null,{…}]      data, to the end of the line
//	1f:T2a,…                      a text of so many bytes
//	20:I[1234,["chunk"],"Tweet"]  a component
func joinRows(flight string) string {
	rows := splitRows(flight)
	texts, names := map[string]string{}, map[string]string{}
	for _, r := range rows {
		switch r.tag {
		case 'T':
			texts[r.id] = r.body
		case 'I':
			if name := lastString(r.body); name != "" && name != "default" {
				names[r.id] = name
			}
		}
	}
	if len(texts) == 0 && len(names) == 0 {
		return flight
	}
	var b strings.Builder
	left := maxPayloads
	for _, r := range rows {
		if r.tag == 0 {
			putRow(&b, r.body, texts, names, &left)
			b.WriteByte('\n')
		}
	}
	for _, r := range rows {
		if r.tag == 'T' && texts[r.id] != "" {
			b.WriteString(quoteJSON(r.body))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// flightRow is one row. tag is 0 for data.
type flightRow struct {
	id, body string
	tag      byte
}

// splitRows divides data into its rows. What is none is left out.
func splitRows(s string) []flightRow {
	var rows []flightRow
	for s != "" {
		n := 0
		for n < len(s) && n < 8 && isHex(s[n]) {
			n++
		}
		if n >= len(s) || s[n] != ':' {
			_, s, _ = strings.Cut(s, "\n")
			continue
		}
		r := flightRow{id: s[:n]}
		s = s[n+1:]
		if size, text, ok := sizedRow(s); ok {
			if s[0] == 'T' {
				r.tag, r.body = 'T', text[:size]
				rows = append(rows, r)
			}
			s = text[size:]
			continue
		}
		r.body, s, _ = strings.Cut(s, "\n")
		switch {
		case r.body == "":
			continue
		case r.body[0] == 'I':
			r.tag = 'I'
		case r.body[0] >= 'A' && r.body[0] <= 'Z':
			// Hints, errors, notes for developers.
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

// sizedRow reads the head of a row that tells its length: a letter, the number
// of bytes, a comma.
func sizedRow(s string) (size int, rest string, ok bool) {
	n := 1
	for n < len(s) && n < 9 && isHex(s[n]) {
		n++
	}
	if n < 2 || n >= len(s) || s[n] != ',' || s[0] < 'A' || s[0] > 'Z' && s[0] < 'a' {
		return 0, "", false
	}
	v, err := strconv.ParseInt(s[1:n], 16, 32)
	rest = s[n+1:]
	return int(v), rest, err == nil && int(v) <= len(rest)
}

// lastString returns the last string in a row.
func lastString(s string) string {
	end := strings.LastIndexByte(s, '"')
	if end < 0 {
		return ""
	}
	return s[strings.LastIndexByte(s[:end], '"')+1 : end]
}

// putRow writes a row of data with the texts and names that it refers to. Every
// text is written once.
func putRow(b *strings.Builder, row string, texts, names map[string]string, left *int) {
	for {
		i := strings.Index(row, `"$`)
		if i < 0 {
			b.WriteString(row)
			return
		}
		b.WriteString(row[:i])
		row = row[i:]
		end := strings.IndexByte(row[2:], '"')
		if end < 0 {
			b.WriteString(row)
			return
		}
		id := row[2 : 2+end]
		name := names[strings.TrimPrefix(id, "L")]
		switch text := texts[id]; {
		case text != "" && len(text) <= *left:
			*left -= len(text)
			texts[id] = ""
			b.WriteString(quoteJSON(text))
		case name != "" && id[0] == 'L':
			b.WriteString(`"$` + name + `"`)
		default:
			b.WriteString(row[:2+end+1])
		}
		row = row[2+end+1:]
	}
}

// quoteJSON returns s as a string of JSON.
func quoteJSON(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(s) + `"`
}
