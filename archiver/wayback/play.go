package wayback

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"stet/archiver/fetch"
	"stet/extract"
	"stet/store"
)

// maxMemento is the largest archived answer that is read.
const maxMemento = 16 << 20

// played is what playing a snapshot back gave.
type played struct {
	// response is the archived answer; content is false where the archive
	// itself answered instead.
	response extract.Response
	content  bool
	memento  store.Memento
	// excluded is true where the archive does not show the site.
	excluded bool
}

// play fetches the archived answer of a snapshot as it was recorded.
func (a *Archive) play(ctx context.Context, m store.Memento, address string, keep *[]store.Exchange) (played, error) {
	for range 2 {
		resp, err := a.client.Do(ctx, fetch.Request{URL: address, Purpose: "recover", MaxBytes: maxMemento, MaxRedirects: -1})
		if resp != nil {
			*keep = append(*keep, resp.Exchanges...)
		}
		if err != nil {
			return played{}, err
		}
		out := played{memento: m, response: extract.Response{StatusCode: resp.Status, ContentType: resp.Header.Get("Content-Type"), Body: unpack(resp.Body)}}
		// Only an archived answer carries this header, whatever its status; all
		// else are the archive's own pages, also with 200.
		if at, err := http.ParseTime(resp.Header.Get("Memento-Datetime")); err == nil {
			out.content, out.memento.Time = true, at.UTC()
			return out, nil
		}
		switch next := resp.Header.Get("Location"); {
		case resp.Status/100 == 3 && nearby(m.Time, next):
			address = next // to the snapshot that is nearest
			continue
		case resp.Status == http.StatusForbidden, resp.Status == http.StatusOK && bytes.Contains(resp.Body, excludedWords):
			out.excluded = true
			return out, nil
		case resp.Status == http.StatusOK, resp.Status/100 == 3, resp.Status == http.StatusNotFound:
			return out, nil
		}
		return out, fmt.Errorf("%w: the web archive answered %d", store.ErrUnexpected, resp.Status)
	}
	return played{memento: m}, nil
}

// excludedWords are what the archive says in place of a snapshot of a site whose
// owner does not want it shown.
var excludedWords = []byte("excluded from the Wayback Machine")

// maxDistance is how far from the time that was asked for a snapshot may lie to
// which the archive leads on.
const maxDistance = 24 * time.Hour

// nearby reports whether an address is that of a snapshot, raw, of about a time.
func nearby(t time.Time, address string) bool {
	rest, ok := strings.CutPrefix(address, "https://"+Host+"/web/")
	if !ok || len(rest) < len(stampLayout) || !strings.HasPrefix(rest[len(stampLayout):], "id_/") {
		return false
	}
	at, err := time.Parse(stampLayout, rest[:len(stampLayout)])
	return err == nil && at.Sub(t).Abs() <= maxDistance
}

// unpack undoes a compression that the archive recorded and does not declare.
func unpack(body []byte) []byte {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body
	}
	out, err := io.ReadAll(io.LimitReader(z, maxMemento))
	if err != nil {
		return body
	}
	return out
}
