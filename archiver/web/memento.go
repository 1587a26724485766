package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/view"
)

// memento is one moment at which an address was archived (RFC 7089).
type memento struct {
	Time time.Time
	// Capture is the capture of a post or page; Exchange what was answered, for
	// a page or an article.
	Capture  *store.Item[store.Capture]
	Exchange store.ID
	// Status, Type, Digest and Size are those of the answer.
	Status int
	Type   string
	Digest store.Digest
	Size   int64
}

// mementos are those of one address, oldest first, one for each second.
type mementos struct {
	// URL is the address as it was asked for.
	URL string
	// Post is what the audience may see of a post; nil for pages and articles.
	Post *view.Exposed
	List []memento
}

// stamp14 is how times stand in addresses.
const stamp14 = "20060102150405"

// mementosOf finds what the audience may see of an address. It errors with
// ErrNotFound where that is nothing: posts for all, articles and pages inside
// only.
func (a audience) mementosOf(ctx context.Context, address string) (*mementos, error) {
	m := &mementos{URL: address}
	missing := fmt.Errorf("%s: %w", address, store.ErrNotFound)
	if t, _, ok := a.s.o.Finder.Parse(address); ok && !t.Ref.IsZero() {
		if err := a.ofPost(ctx, m, t.Ref); err != nil {
			return nil, err
		}
	} else if !a.public {
		if err := a.ofPages(ctx, m); err != nil {
			return nil, err
		}
	}
	if len(m.List) == 0 {
		return nil, missing
	}
	m.tidy()
	return m, nil
}

// ofPost adds the captures of a post.
func (a audience) ofPost(ctx context.Context, m *mementos, ref post.Ref) error {
	e, err := a.exposed(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || e.Exposure != view.ExposureShown {
		return err
	}
	m.Post = e
	m.List = append(m.List, a.capturesOf(e.History)...)
	return nil
}

// maxMementos is the most captures of one page, and versions of one article,
// that are listed.
const maxMementos = 10_000

// ofPages adds the captures of a page and the versions of an article.
func (a audience) ofPages(ctx context.Context, m *mementos) error {
	h, err := a.s.o.Archive.PageHistory(ctx, m.URL)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil {
		for i := range h.Captures {
			c := &h.Captures[i]
			if len(c.Content.Exchanges) > 0 {
				m.List = append(m.List, memento{Time: c.Content.Time.UTC().Truncate(time.Second), Capture: c, Exchange: c.Content.Exchanges[0]})
			}
		}
	}
	records, err := a.s.o.Archive.ListAll(ctx, store.ArticleTerm(m.URL), maxMementos, store.KindArticle)
	if err != nil {
		return err
	}
	for i := range records {
		v, err := store.Decode[store.ArticleVersion](&records[i])
		if err != nil {
			return err
		}
		if !v.Exchange.IsZero() {
			m.List = append(m.List, memento{Time: v.Time.UTC().Truncate(time.Second), Exchange: v.Exchange})
		}
	}
	return nil
}

// nearest returns the memento that is nearest to a time: before the first one
// the first, after the last one the last.
func (m *mementos) nearest(at time.Time) *memento {
	best := &m.List[0]
	for i := range m.List {
		if distance(m.List[i].Time, at) < distance(best.Time, at) {
			best = &m.List[i]
		}
	}
	return best
}

func distance(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

// address returns where a memento is.
func (a audience) address(r *http.Request, m *mementos, at time.Time) string {
	return a.root(r) + "/memento/" + at.UTC().Format(stamp14) + "/" + m.URL
}

// links are what every answer about an address says in its header Link.
func (a audience) links(r *http.Request, m *mementos) []string {
	root := a.root(r)
	return []string{
		"<" + m.URL + `>; rel="original"`,
		"<" + root + "/timegate/" + m.URL + `>; rel="timegate"`,
		"<" + root + "/timemap/link/" + m.URL + `>; rel="timemap"; type="application/link-format"`,
	}
}

// mementoLink describes a memento among all.
func (a audience) mementoLink(r *http.Request, m *mementos, i int) string {
	rel := "memento"
	if i == 0 {
		rel = "first " + rel
	}
	if i == len(m.List)-1 {
		rel = "last " + rel
	}
	return fmt.Sprintf(`<%s>; rel="%s"; datetime="%s"`, a.address(r, m, m.List[i].Time), rel, m.List[i].Time.Format(http.TimeFormat))
}

// timegate leads to the memento that is nearest to a time.
func (a audience) timegate(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Vary", "Accept-Datetime")
	target, err := nestedURL(r, "/timegate/")
	if err != nil {
		return err
	}
	at := a.s.o.Archive.Now().AddDate(100, 0, 0) // the latest
	if word := r.Header.Get("Accept-Datetime"); word != "" {
		if at, err = http.ParseTime(word); err != nil {
			return fmt.Errorf("%w: Accept-Datetime %.60q is no time as HTTP writes it", store.ErrInvalid, word)
		}
	}
	m, err := a.mementosOf(r.Context(), target)
	if err != nil {
		return err
	}
	w.Header().Set("Vary", "Accept-Datetime")
	w.Header().Set("Link", strings.Join(append(a.links(r, m), a.mementoLink(r, m, 0), a.mementoLink(r, m, len(m.List)-1)), ", "))
	a.cached(w.Header())
	w.Header().Set("Location", a.address(r, m, m.nearest(at).Time))
	w.WriteHeader(http.StatusFound)
	return nil
}

// memento shows an address as it was at a time: /memento/STAMP/URL, and with
// "id_" behind the stamp the bytes as they were sent.
func (a audience) memento(w http.ResponseWriter, r *http.Request) error {
	stamp, _, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/memento/"), "/")
	word, raw := strings.CutSuffix(stamp, "id_")
	at, err := stampOf(word)
	if err != nil {
		return err
	}
	target, err := nestedURL(r, "/memento/"+stamp+"/")
	if err != nil {
		return err
	}
	m, err := a.mementosOf(r.Context(), target)
	if err != nil {
		return err
	}
	o := m.nearest(at)
	if !o.Time.Equal(at) {
		a.cached(w.Header())
		w.Header().Set("Location", a.address(r, m, o.Time))
		w.WriteHeader(http.StatusFound)
		return nil
	}
	h := w.Header()
	i := slices.IndexFunc(m.List, func(x memento) bool { return x.Time.Equal(o.Time) })
	h.Set("Link", strings.Join(append(a.links(r, m), a.mementoLink(r, m, i)), ", "))
	h.Set("Memento-Datetime", o.Time.Format(http.TimeFormat))
	if m.Post != nil && (a.public || !raw) {
		return a.sendCard(w, r, m.Post, o.Capture)
	}
	return a.sendExchange(w, r, o.Exchange, raw)
}

// sendExchange sends what a server answered, as it was or to be saved: an error
// that was archived with the status of an error, and a redirect as one that
// leads on inside the archive.
func (a audience) sendExchange(w http.ResponseWriter, r *http.Request, id store.ID, raw bool) error {
	rec, err := a.s.o.Archive.Get(r.Context(), id)
	if err != nil {
		return err
	}
	x, err := store.Decode[store.Exchange](&rec)
	if err != nil {
		return err
	}
	if x.Status >= 300 && x.Status < 600 && x.Status != http.StatusNotModified {
		if to := a.led(r, x); to != "" {
			w.Header().Set("Location", to)
		}
		archived := &statusWriter{ResponseWriter: w, status: x.Status}
		if err := a.sendBytes(archived, r, id, x, raw); err != nil {
			return err
		}
		archived.WriteHeader(x.Status) // where there was nothing to write
		return nil
	}
	return a.sendBytes(w, r, id, x, raw)
}

func (a audience) sendBytes(w http.ResponseWriter, r *http.Request, id store.ID, x *store.Exchange, raw bool) error {
	if raw {
		r.SetPathValue("exchange", id.String())
		r.SetPathValue("part", "body")
		return a.s.sendPart(w, r)
	}
	return a.s.sendRaw(w, r, x, "'self'")
}

// led returns where an archived redirect leads inside the archive, at the time
// at which it was archived; "" where it leads nowhere.
func (a audience) led(r *http.Request, x *store.Exchange) string {
	location := headValue(x.ResponseHead, "Location")
	from, err := url.Parse(x.URL)
	if err != nil || location == "" || x.Status >= 400 {
		return ""
	}
	to, err := from.Parse(location)
	if err != nil {
		return ""
	}
	target, err := webURL(to.String())
	if err != nil {
		return ""
	}
	return a.root(r) + "/memento/" + x.Started.UTC().Format(stamp14) + "/" + target
}

// statusWriter sends an archived status in the place of 200.
type statusWriter struct {
	http.ResponseWriter
	status int
	begun  bool
}

// WriteHeader sends the status, once.
func (w *statusWriter) WriteHeader(int) {
	if !w.begun {
		w.begun = true
		w.ResponseWriter.WriteHeader(w.status)
	}
}

// Write sends p behind the status.
func (w *statusWriter) Write(p []byte) (int, error) {
	w.WriteHeader(0)
	return w.ResponseWriter.Write(p)
}

// stampOf reads a time as it stands in addresses: one that is cut short is the
// beginning of what it names.
func stampOf(s string) (time.Time, error) {
	if n := len(s); n < 4 || n > 14 || strings.Trim(s, "0123456789") != "" {
		return time.Time{}, fmt.Errorf("%w: %.40q is no time of the form YYYYMMDDhhmmss", store.ErrInvalid, s)
	}
	t, err := time.Parse(stamp14, s+"00000101000000"[len(s):])
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %.40q is no time of the form YYYYMMDDhhmmss", store.ErrInvalid, s)
	}
	return t, nil
}

// timemap lists the mementos of an address: /timemap/link/URL, and as JSON or
// CDXJ.
func (a audience) timemap(w http.ResponseWriter, r *http.Request) error {
	form, _, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/timemap/"), "/")
	if form != "link" && form != "json" && form != "cdxj" {
		return fmt.Errorf("%w: there are /timemap/link/, /timemap/json/ and /timemap/cdxj/", store.ErrNotFound)
	}
	target, err := nestedURL(r, "/timemap/"+form+"/")
	if err != nil {
		return err
	}
	m, err := a.mementosOf(r.Context(), target)
	if err != nil {
		return err
	}
	a.cached(w.Header())
	switch form {
	case "json":
		body, err := marshal(a.mapJSON(r, m))
		if err != nil {
			return err
		}
		return sendBody(w, r, 0, "application/json", append(body, '\n'))
	case "cdxj":
		return sendBody(w, r, 0, "application/cdxj+ors", []byte(a.mapCDXJ(r, m)))
	}
	root, last := a.root(r), len(m.List)-1
	lines := []string{
		"<" + m.URL + `>; rel="original"`,
		"<" + root + "/timegate/" + m.URL + `>; rel="timegate"`,
		fmt.Sprintf(`<%s/timemap/link/%s>; rel="self"; type="application/link-format"; from="%s"; until="%s"`, root, m.URL, m.List[0].Time.Format(http.TimeFormat), m.List[last].Time.Format(http.TimeFormat)),
	}
	for i := range m.List {
		lines = append(lines, a.mementoLink(r, m, i))
	}
	return sendBody(w, r, 0, "application/link-format", []byte(strings.Join(lines, ",\n")+"\n"))
}

// mapJSON is a list of mementos in the form that web archives have agreed on.
func (a audience) mapJSON(r *http.Request, m *mementos) object {
	list := make([]object, len(m.List))
	for i := range m.List {
		list[i] = object{"datetime": m.List[i].Time.Format(time.RFC3339), "uri": a.address(r, m, m.List[i].Time)}
	}
	return object{
		"original_uri": m.URL,
		"self":         a.root(r) + "/timemap/json/" + m.URL,
		"timegate_uri": a.root(r) + "/timegate/" + m.URL,
		"mementos":     object{"first": list[0], "last": list[len(list)-1], "list": list},
	}
}

func (a audience) mapCDXJ(r *http.Request, m *mementos) string {
	var b strings.Builder
	root := a.root(r)
	fmt.Fprintf(&b, "!context [\"http://tools.ietf.org/html/rfc7089\"]\n!id {\"uri\": \"%s/timemap/cdxj/%s\"}\n!keys [\"memento_datetime_YYYYMMDDhhmmss\"]\n", root, m.URL)
	fmt.Fprintf(&b, "!meta {\"original_uri\": \"%s\"}\n!meta {\"timegate_uri\": \"%s/timegate/%s\"}\n", m.URL, root, m.URL)
	for i := range m.List {
		rel := cmp.Or(map[bool]string{i == 0: "first memento", i == len(m.List)-1: "last memento"}[true], "memento")
		fmt.Fprintf(&b, "%s {\"uri\": \"%s\", \"rel\": \"%s\", \"datetime\": \"%s\"}\n", m.List[i].Time.Format(stamp14), a.address(r, m, m.List[i].Time), rel, m.List[i].Time.Format(http.TimeFormat))
	}
	return b.String()
}
