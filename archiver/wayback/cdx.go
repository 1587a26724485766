package wayback

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"stet/archiver/fetch"
	"stet/store"
)

// row is one snapshot as the index lists it.
type row struct {
	Time     time.Time
	Original string
	Type     string
	// Status is the archived HTTP status, 0 for a revisit, of which the index
	// does not tell it.
	Status int
	Digest string
}

// address returns where the snapshot is played back, raw or for people.
func (r *row) address(flag string) string {
	return "https://" + Host + "/web/" + r.Time.Format(stampLayout) + flag + "/" + r.Original
}

// memento describes the snapshot for the record.
func (r *row) memento() store.Memento {
	m := store.Memento{Archive: Host, URL: r.address(""), Original: r.Original, Time: r.Time}
	if r.Digest != "" {
		m.Digest = "sha1:" + r.Digest
	}
	return m
}

const (
	stampLayout = "20060102150405"
	// pageSize and maxPages bound what is read of the index for one beginning
	// of an address.
	pageSize = 1000
	maxPages = 5
	// maxIndex is the largest page of the index that is read.
	maxIndex = 4 << 20
)

// excludedError says that the archive does not show a site.
type excludedError struct{ address string }

// Error names the address.
func (e *excludedError) Error() string {
	return "the web archive does not show " + e.address + ", on demand of the site's owner"
}

// index lists the snapshots of all addresses that begin with a form, oldest
// first within each address. more is true where there are more than were read.
func (a *Archive) index(ctx context.Context, form string, keep *[]store.Exchange) (rows []row, more bool, err error) {
	return a.indexOf(ctx, form, "prefix", keep)
}

// indexOf lists the snapshots of the addresses that match a form: prefix, exact.
func (a *Archive) indexOf(ctx context.Context, form, match string, keep *[]store.Exchange) (rows []row, more bool, err error) {
	key := ""
	for range maxPages {
		q := url.Values{"url": {form}, "matchType": {match}, "output": {"json"}, "fl": {"timestamp,original,mimetype,statuscode,digest"},
			// Redirects lead to log-ins; of the archived errors, 404 tells when
			// the post was missing.
			"filter": {"!statuscode:(3|5|40[^4]|4[^0]).*"}, "collapse": {"digest"}, "limit": {strconv.Itoa(pageSize)}, "showResumeKey": {"true"}}
		if key != "" {
			q.Set("resumeKey", key)
		}
		var page []row
		if page, key, err = a.indexPage(ctx, "https://"+Host+"/cdx/search/cdx?"+q.Encode(), form, keep); err != nil {
			return rows, false, err
		}
		if rows = append(rows, page...); key == "" {
			return rows, false, nil
		}
	}
	return rows, true, nil
}

func (a *Archive) indexPage(ctx context.Context, address, form string, keep *[]store.Exchange) ([]row, string, error) {
	if err := a.limit.acquire(ctx); err != nil {
		return nil, "", err
	}
	resp, err := a.client.Do(ctx, fetch.Request{URL: address, Purpose: "recover", MaxBytes: maxIndex, Header: http.Header{"Accept": {"application/json"}}})
	if resp != nil {
		*keep = append(*keep, resp.Exchanges...)
	}
	switch {
	case err != nil:
		return nil, "", err
	case resp.Status == http.StatusForbidden && strings.Contains(resp.Header.Get("X-Archive-Wayback-Runtime-Error"), "AccessControl"):
		return nil, "", &excludedError{form}
	case resp.Status != http.StatusOK:
		return nil, "", fmt.Errorf("%w: the index of the web archive answered %d", store.ErrUnexpected, resp.Status)
	}
	return decodeIndex(resp.Body)
}

// decodeIndex reads a page of the index: a list of rows, the first of which
// names the columns, and, after an empty one, the key of the next page.
func decodeIndex(body []byte) (rows []row, key string, err error) {
	var lines [][]string
	if err := json.Unmarshal(body, &lines); err != nil {
		return nil, "", fmt.Errorf("%w: the index of the web archive answered with something else than rows", store.ErrUnexpected)
	}
	if len(lines) == 0 {
		return nil, "", nil
	}
	head := lines[0]
	for i, line := range lines[1:] {
		if len(line) == 0 {
			if rest := lines[i+2:]; len(rest) == 1 && len(rest[0]) == 1 {
				key = rest[0][0]
			}
			break
		}
		at := func(name string) string {
			if n := slices.Index(head, name); n >= 0 && n < len(line) {
				return line[n]
			}
			return ""
		}
		t, err := time.Parse(stampLayout, at("timestamp"))
		if err != nil || at("original") == "" {
			continue // a row that cannot be played back
		}
		status, _ := strconv.Atoi(at("statuscode"))
		rows = append(rows, row{Time: t, Original: at("original"), Type: at("mimetype"), Status: status, Digest: at("digest")})
	}
	return rows, key, nil
}
