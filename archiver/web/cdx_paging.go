package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"stet/store"
)

// blockRows is how many rows a block has, and pageBlocks how many blocks a page:
// those who ask count in the blocks of the compressed index that the two
// programs keep.
const (
	blockRows  = 3000
	pageBlocks = 1
)

// indexPaging says which part of an answer is asked for: a page of so many
// blocks, or what stands behind a key.
type indexPaging struct {
	// page is -1 where no page is asked for.
	page, size int
	// count asks how many pages there are.
	count bool
	// resume is the key to go on behind; showKey asks for the next one, which is
	// next, empty where nothing more is there.
	resume  string
	showKey bool
	next    string
	parts   indexParts
}

// indexParts are the parts in which the posts of a whole platform are answered,
// where they are more than one question looks at: so many posts each, in the
// order of their references.
type indexParts struct {
	// allowed is true where whoever asks can go on, and asks for no order of all
	// rows; on where the answer is a part.
	allowed, on bool
	// after is the reference behind which the part begins, last the one that it
	// ends with, empty where nothing is behind it.
	after, last string
}

// partPosts is how many posts a part looks at.
const partPosts = 2000

// partKey leads to what stands behind a row of the part that begins behind a
// reference, and without a row to the beginning of that part. No key of a row
// begins like it.
func partKey(after, row string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("\x00" + after + "\x00" + row))
}

func (q *indexQuery) readPaging(v url.Values, d dialect) error {
	p := indexPaging{page: -1, size: pageBlocks, count: v.Get("showNumPages") == "true", showKey: v.Get("showResumeKey") == "true"}
	for name, into := range map[string]*int{"page": &p.page, "pageSize": &p.size} {
		if word := v.Get(name); word != "" {
			n, err := strconv.Atoi(word)
			if err != nil || name == "pageSize" && (n < 1 || n > maxIndex) {
				return fmt.Errorf("%w: %s %.20q is no number", store.ErrInvalid, name, word)
			}
			*into = n
		}
	}
	resume, err := base64.RawURLEncoding.DecodeString(v.Get("resumeKey"))
	if err != nil {
		return errResume
	}
	p.resume = string(resume)
	if key, ok := strings.CutPrefix(p.resume, "\x00"); ok {
		p.parts.after, p.resume, p.parts.on = "", "", true
		if p.parts.after, p.resume, ok = strings.Cut(key, "\x00"); !ok {
			return errResume
		}
	}
	p.parts.allowed = p.showKey && !p.count && p.page < 0 && q.offset == 0 && q.limit >= 0 && !q.reverse && q.closest == "" && (d == wayback || q.output == "text")
	if p.parts.on && !p.parts.allowed {
		return fmt.Errorf("%w: a resumeKey of a part goes with showResumeKey=true, and without sort, closest, page, offset and a negative limit", store.ErrInvalid)
	}
	q.paging = p
	return nil
}

// errResume is the answer to a key that leads nowhere.
var errResume = fmt.Errorf("%w: the resumeKey is none that was given for this question", store.ErrInvalid)

func (p *indexPaging) pages(rows int) int {
	return max((rows+p.size*blockRows-1)/(p.size*blockRows), 1)
}

// countPages says how many pages there are.
func (p *indexPaging) countPages(d dialect, rows int) (kind string, body []byte) {
	if d == wayback {
		return "text/plain; charset=utf-8", []byte(strconv.Itoa(p.pages(rows)) + "\n")
	}
	body, err := json.Marshal(map[string]int{"blocks": (rows + blockRows - 1) / blockRows, "pages": p.pages(rows), "pageSize": p.size})
	if err != nil {
		return "application/json", nil
	}
	return "application/json", append(body, '\n')
}

// resumeKey is the key of a row: whoever asks with it goes on behind that row.
func resumeKey(r *indexRow) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(r[:3], " ")))
}

// behind returns the rows behind that of a key. Where it is gone since, they are
// those behind where it would stand.
func (q *indexQuery) behind(rows []indexRow, key string) ([]indexRow, error) {
	i := slices.IndexFunc(rows, func(r indexRow) bool { return strings.Join(r[:3], " ") == key })
	if i >= 0 {
		return rows[i+1:], nil
	}
	if q.reverse || q.closest != "" {
		return nil, errResume
	}
	i = slices.IndexFunc(rows, func(r indexRow) bool { return strings.Join(r[:3], " ") > key })
	if i < 0 {
		return nil, nil
	}
	return rows[i:], nil
}

// turn takes the part of the rows that is asked for. It errors with ErrInvalid
// for a page that is not there where the dialect has that as an error.
func (q *indexQuery) turn(d dialect, rows []indexRow) ([]indexRow, error) {
	p := &q.paging
	if p.page >= 0 {
		if n := p.pages(len(rows)); d == pywb && p.page >= n {
			return nil, fmt.Errorf("%w: page %d of %d", store.ErrInvalid, p.page, n)
		}
		of := p.size * blockRows
		rows = rows[min(p.page*of, len(rows)):]
		rows = rows[:min(of, len(rows))]
	}
	if p.resume != "" {
		var err error
		if rows, err = q.behind(rows, p.resume); err != nil {
			return nil, err
		}
	}
	rows = rows[min(q.offset, len(rows)):]
	switch {
	case q.limit > 0 && q.limit < len(rows):
		rows = rows[:q.limit]
		if last := &rows[len(rows)-1]; p.parts.on {
			p.next = partKey(p.parts.after, strings.Join(last[:3], " "))
		} else if p.showKey {
			p.next = resumeKey(last)
		}
	case p.parts.last != "":
		p.next = partKey(p.parts.last, "")
	case q.limit < 0:
		rows = rows[max(len(rows)+q.limit, 0):]
	}
	return rows, nil
}
