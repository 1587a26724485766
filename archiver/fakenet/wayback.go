package fakenet

import (
	"crypto/sha1"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memento is one capture of a page in the web archive.
type Memento struct {
	URL  string
	Time time.Time
	// Status is 200 where it is 0, Type text/html.
	Status int
	Type   string
	Header http.Header
	Body   []byte
}

// Wayback is an invented Wayback Machine at web.archive.org: its CDX server and
// raw playback.
type Wayback struct {
	mu       sync.Mutex
	mementos []Memento // in the order of their keys, then of their times
	excluded map[string]bool
	now      func() time.Time
	saves    saves
}

// Wayback returns the web archive of this internet, which it sets up with the
// first call.
func (n *Net) Wayback() *Wayback {
	n.mu.Lock()
	b := n.wayback
	if b == nil {
		b = &Wayback{excluded: map[string]bool{}, now: n.now}
		n.wayback = b
	}
	n.mu.Unlock()
	if n.host("web.archive.org") == nil {
		n.HandleFunc("web.archive.org", b.serve)
	}
	return b
}

// Store adds mementos.
func (b *Wayback) Store(mementos ...Memento) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range mementos {
		m.Status = or(m.Status, http.StatusOK)
		m.Type = or(m.Type, "text/html")
		b.mementos = append(b.mementos, m)
	}
	slices.SortStableFunc(b.mementos, func(a, b Memento) int {
		if c := strings.Compare(surt(a.URL), surt(b.URL)); c != 0 {
			return c
		}
		return a.Time.Compare(b.Time)
	})
}

// Exclude hides a host, as its owner can ask for.
func (b *Wayback) Exclude(host string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.excluded[host] = true
}

// stamp writes a time as the archive does.
func stamp(t time.Time) string { return t.UTC().Format("20060102150405") }

// surt is the key by which the archive sorts: the host reversed, lower case,
// without scheme, www, port and trailing slash.
func surt(raw string) string {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		return strings.ToLower(raw)
	}
	labels := strings.Split(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), ".")
	slices.Reverse(labels)
	rest := strings.ToLower(strings.TrimSuffix(u.EscapedPath(), "/"))
	if rest == "" {
		rest = "/"
	}
	if u.RawQuery != "" {
		params := strings.Split(strings.ToLower(u.RawQuery), "&")
		slices.Sort(params)
		rest += "?" + strings.Join(params, "&")
	}
	return strings.Join(labels, ",") + ")" + rest
}

func (b *Wayback) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/cdx/search/cdx" || r.URL.Path == "/cdx":
		b.cdx(w, r.URL.Query())
	case r.URL.Path == "/save":
		b.save(w, r)
	case strings.HasPrefix(r.URL.Path, "/save/status/"):
		b.saveStatus(w, r)
	case strings.HasPrefix(r.URL.Path, "/web/"):
		// What follows is an address whose double slash must survive.
		b.play(w, strings.TrimPrefix(r.URL.RequestURI(), "/web/"))
	default:
		http.NotFound(w, r)
	}
}

// cdx answers a search: url, matchType, from, to, limit, filter, collapse, fl,
// output, showResumeKey, resumeKey.
func (b *Wayback) cdx(w http.ResponseWriter, q url.Values) {
	if b.isExcluded(q.Get("url")) {
		w.Header().Set("X-Archive-Wayback-Runtime-Error", "AdministrativeAccessControlException: Blocked Site Error")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintln(w, "org.archive.util.io.RuntimeIOException: org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error")
		return
	}
	fields := strings.Split(or(q.Get("fl"), "urlkey,timestamp,original,mimetype,statuscode,digest,length"), ",")
	rows, next, err := b.search(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if q.Get("showResumeKey") != "true" {
		next = ""
	}
	out := [][]string{}
	for _, row := range rows {
		var line []string
		for _, f := range fields {
			line = append(line, row[f])
		}
		out = append(out, line)
	}
	if q.Get("output") == "json" {
		if len(out) > 0 {
			out = append([][]string{fields}, out...)
		}
		if next != "" {
			out = append(out, []string{}, []string{next})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	for _, line := range out {
		fmt.Fprintln(w, strings.Join(line, " "))
	}
	if next != "" {
		fmt.Fprintf(w, "\n%s\n", next)
	}
}

// search returns the rows that match a query, and the key with which the rest
// can be had; empty where there is none.
func (b *Wayback) search(q url.Values) (rows []map[string]string, next string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	match := matcher(q.Get("url"), q.Get("matchType"))
	from, _ := url.QueryUnescape(q.Get("resumeKey"))
	last := ""
	for _, m := range b.mementos {
		row := m.row(surt(m.URL))
		ok := match(row["urlkey"]) && row["urlkey"]+" "+row["timestamp"] >= from && inRange(row["timestamp"], q.Get("from"), q.Get("to"))
		for _, f := range q["filter"] {
			pass, err := filter(row, f)
			if err != nil {
				return nil, "", err
			}
			ok = ok && pass
		}
		if !ok {
			continue
		}
		if c := q.Get("collapse"); c != "" {
			v := collapseKey(row, c)
			if v == last {
				continue
			}
			last = v
		}
		rows = append(rows, row)
	}
	if n, err := strconv.Atoi(q.Get("limit")); err == nil {
		if n < 0 {
			rows = rows[max(len(rows)+n, 0):]
		} else if n < len(rows) {
			next = url.QueryEscape(rows[n]["urlkey"] + " " + rows[n]["timestamp"])
			rows = rows[:n]
		}
	}
	return rows, next, nil
}

// matcher returns what decides whether a key belongs to an address.
func matcher(address, matchType string) func(key string) bool {
	if rest, ok := strings.CutSuffix(address, "*"); ok {
		address, matchType = rest, "prefix"
	}
	wanted := surt(address)
	host, _, _ := strings.Cut(wanted, ")")
	return func(key string) bool {
		switch matchType {
		case "prefix":
			return strings.HasPrefix(key, wanted)
		case "host":
			return strings.HasPrefix(key, host+")")
		case "domain":
			return strings.HasPrefix(key, host+")") || strings.HasPrefix(key, host+",")
		}
		return key == wanted
	}
}

// row is a memento as the index has it.
func (m *Memento) row(key string) map[string]string {
	sum := sha1.Sum(m.Body)
	return map[string]string{"urlkey": key, "timestamp": stamp(m.Time), "original": m.URL, "mimetype": m.Type,
		"statuscode": strconv.Itoa(m.Status), "digest": base32.StdEncoding.EncodeToString(sum[:]), "length": strconv.Itoa(len(m.Body) + 400)}
}

// inRange compares timestamps of which the bounds may be shortened.
func inRange(ts, from, to string) bool {
	return (from == "" || ts[:min(len(ts), len(from))] >= from) && (to == "" || ts[:min(len(ts), len(to))] <= to)
}

// filter applies [!]field:regex, which must match the whole field.
func filter(row map[string]string, f string) (bool, error) {
	f, not := strings.CutPrefix(f, "!")
	field, pattern, _ := strings.Cut(f, ":")
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if err != nil {
		return false, fmt.Errorf("filter %q: %w", f, err)
	}
	return re.MatchString(row[field]) != not, nil
}

// collapseKey is what neighbouring rows must share to be one: field[:length].
func collapseKey(row map[string]string, c string) string {
	field, length, ok := strings.Cut(c, ":")
	v := row[field]
	if n, err := strconv.Atoi(length); ok && err == nil {
		v = v[:min(max(n, 0), len(v))]
	}
	return row["urlkey"] + " " + v
}

func (b *Wayback) isExcluded(address string) bool {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	b.mu.Lock()
	defer b.mu.Unlock()
	return err == nil && b.excluded[strings.TrimPrefix(u.Hostname(), "www.")]
}

// play serves TIMESTAMP[flag]/URL: the memento of that very time, or a redirect
// to the nearest one.
func (b *Wayback) play(w http.ResponseWriter, rest string) {
	when, address, _ := strings.Cut(rest, "/")
	flag := strings.TrimLeft(when, "0123456789")
	when = strings.TrimSuffix(when, flag)
	if b.isExcluded(address) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>Internet Archive Wayback Machine</title><p>This URL has been excluded from the Wayback Machine.</p>")
		return
	}
	m, ok := b.nearest(address, when)
	if !ok {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<!doctype html><title>Wayback Machine</title><p>The Wayback Machine has not archived that URL.</p>")
		return
	}
	if ts := stamp(m.Time); ts != when {
		w.Header().Set("X-Archive-Redirect-Reason", "found capture at "+ts)
		w.Header().Set("Location", "https://web.archive.org/web/"+ts+flag+"/"+m.URL)
		w.WriteHeader(http.StatusFound)
		return
	}
	for name, values := range m.Header {
		w.Header()["X-Archive-Orig-"+http.CanonicalHeaderKey(name)] = values
	}
	w.Header().Set("Memento-Datetime", m.Time.UTC().Format(http.TimeFormat))
	w.Header().Set("Link", fmt.Sprintf("<%s>; rel=\"original\", <https://web.archive.org/web/timemap/link/%s>; rel=\"timemap\"; type=\"application/link-format\"", m.URL, m.URL))
	w.Header().Set("X-Archive-Src", "fakenet-"+stamp(m.Time)[:8]+"/fakenet.warc.gz")
	w.Header().Set("Content-Type", m.Type)
	w.WriteHeader(m.Status)
	_, _ = w.Write(m.Body)
}

// nearest returns the memento of an address that is nearest to a timestamp.
func (b *Wayback) nearest(address, when string) (Memento, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	full := (when + "00000101000000"[min(len(when), 14):])
	t, err := time.Parse("20060102150405", full)
	if err != nil {
		t = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) // the newest
	}
	var best Memento
	found := false
	for _, m := range b.mementos {
		if surt(m.URL) != surt(address) {
			continue
		}
		if !found || m.Time.Sub(t).Abs() < best.Time.Sub(t).Abs() {
			best, found = m, true
		}
	}
	return best, found
}
