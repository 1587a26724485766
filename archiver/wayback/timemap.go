package wayback

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"stet/archiver/fetch"
	"stet/extract"
	"stet/store"
)

// maxTimeMap is the largest list of snapshots that is read, maxLinks the most of
// its links.
const (
	maxTimeMap = 2 << 20
	maxLinks   = 10_000
)

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// tryTimeMaps asks the other web archives that are configured for the post's own
// address. One that fails is passed over: each is one of many.
func (r *recovery) tryTimeMaps(ctx context.Context, handles []string) (bool, error) {
	forms := r.s.forms(r.ref.ID, handles)
	if len(forms) == 0 {
		return false, nil
	}
	for _, base := range r.a.timeMaps {
		resp, err := r.a.client.Do(ctx, fetch.Request{URL: base + "https://" + forms[0], Purpose: "recover", MaxBytes: maxTimeMap,
			Header: http.Header{"Accept": {"application/link-format"}}})
		if resp != nil {
			r.out.Exchanges = append(r.out.Exchanges, resp.Exchanges...)
		}
		if ctx.Err() != nil {
			return false, err
		}
		if err != nil || resp.Status != http.StatusOK {
			continue
		}
		mementos := slices.DeleteFunc(decodeTimeMap(resp.Body), func(m store.Memento) bool { return m.Archive == Host })
		for _, m := range mementos[:min(len(mementos), maxPlayed)] {
			r.found = true
			if done, err := r.show(ctx, m, raw(m.URL)); done || ctx.Err() != nil {
				return done, err
			}
		}
	}
	return false, nil
}

// rawForm finds where an archive's address names the time of the snapshot, for
// those whose software serves it as it was recorded with id_.
var rawForm = regexp.MustCompile(`/([0-9]{14})(?:[a-z]{2}_)?/(https?:)`)

// raw returns the address of a snapshot without the archive's additions.
func raw(address string) string { return rawForm.ReplaceAllString(address, "/${1}id_/${2}") }

// link is one link of a TimeMap: <address>; parameters, of which the values of
// datetime hold commas.
var link = regexp.MustCompile(`<([^<>\s]+)>\s*((?:;\s*[a-zA-Z-]+\s*=\s*(?:"[^"]*"|[^\s",;]+)\s*)*)`)

var parameter = regexp.MustCompile(`;\s*([a-zA-Z-]+)\s*=\s*(?:"([^"]*)"|([^\s",;]+))`)

// decodeTimeMap reads a list of snapshots in application/link-format, oldest
// first.
func decodeTimeMap(body []byte) []store.Memento {
	var all []store.Memento
	for _, m := range link.FindAllSubmatch(body, maxLinks) {
		params := map[string]string{}
		for _, p := range parameter.FindAllSubmatch(m[2], 16) {
			params[strings.ToLower(string(p[1]))] = string(p[2]) + string(p[3])
		}
		at, err := http.ParseTime(params["datetime"])
		u, ok := extract.ParseLink(string(m[1]))
		if err != nil || !ok || !slices.Contains(strings.Fields(params["rel"]), "memento") {
			continue
		}
		all = append(all, store.Memento{Archive: strings.ToLower(u.Hostname()), URL: u.String(), Time: at.UTC()})
	}
	slices.SortStableFunc(all, func(a, b store.Memento) int { return a.Time.Compare(b.Time) })
	return all
}
