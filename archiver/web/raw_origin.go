package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"stet/store"
)

// rawTime is how long the address of archived bytes in their own origin holds:
// that origin knows nobody, so whoever has the address may read.
const rawTime = 10 * time.Minute

// rawSite is what the origin of archived bytes offers.
func (s *Server) rawSite() *site {
	return newSite([]route{
		{pattern: "GET /raw/{exchange}", handle: s.rawSigned},
		{pattern: "GET /robots.txt", handle: robots},
	})
}

// Raw returns the handler of the listener on which archived bytes have an origin
// of their own, without cookies, pages or interfaces.
func (s *Server) Raw() http.Handler {
	raw := s.rawSite()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		commonHeaders(w.Header())
		w.Header().Set("Content-Security-Policy", nothing)
		w.Header().Set("Cross-Origin-Resource-Policy", "same-site")
		w.Header().Set("Cache-Control", "private, no-store")
		s.serve(raw, w, r)
	})
}

// SetRaw says where archived bytes have an origin of their own: the whole
// address, or only its port, for the host by which the desk is asked.
func (s *Server) SetRaw(where string) { s.rawAt.Store(&where) }

// rawOrigin returns that origin for who asks, "" where there is none.
func (s *Server) rawOrigin(r *http.Request) string {
	where := s.rawAt.Load()
	if where == nil || *where == "" {
		return ""
	}
	if strings.Contains(*where, "://") {
		return strings.TrimSuffix(*where, "/")
	}
	scheme, _, _ := strings.Cut(base(r), ":")
	return scheme + "://" + net.JoinHostPort(hostOf(r.Host), *where)
}

// signRaw returns the query by which the origin of archived bytes knows that the
// desk sent the reader.
func (s *Server) signRaw(id store.ID) string {
	until := s.o.Archive.Now().Add(rawTime).Unix()
	return fmt.Sprintf("until=%d&sign=%s", until, s.rawSign(id, until))
}

func (s *Server) rawSign(id store.ID, until int64) string {
	mac := hmac.New(sha256.New, s.sessions.key[:])
	fmt.Fprintf(mac, "raw %s %d", id, until) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil))
}

// rawSigned sends archived bytes to a reader whom the desk sent.
func (s *Server) rawSigned(w http.ResponseWriter, r *http.Request) error {
	rec, x, err := s.exchange(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	until, err := strconv.ParseInt(q.Get("until"), 10, 64)
	if err != nil || !hmac.Equal([]byte(q.Get("sign")), []byte(s.rawSign(rec.ID, until))) || s.o.Archive.Now().Unix() > until {
		return fmt.Errorf("%w: the address has expired; open it from the desk again", store.ErrRefused)
	}
	// Only the desk frames it; which host that is, the reader's browser knows
	// and this origin need not.
	return s.sendRaw(w, r, x, "*")
}
