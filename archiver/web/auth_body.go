package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// The limits of what strangers send: a name, a password and where to go on.
const (
	maxStranger  = 16 << 10
	strangerTime = 5 * time.Second
)

// readStranger reads what somebody sends who need not be known, before a place
// among those who are answered is taken: whoever sends it drop by drop keeps
// nobody else out. It answers and returns false where it does not arrive.
func (s *Server) readStranger(w http.ResponseWriter, r *http.Request) bool {
	c := http.NewResponseController(w)
	late := time.AfterFunc(strangerTime, func() {
		// Where that cannot be set, the server's own limit ends it.
		_ = c.SetReadDeadline(time.Unix(1, 0))
	})
	defer late.Stop()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxStranger))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		s.failAs(w, r, http.StatusRequestTimeout, "timeout", "The form took too long to arrive. Send it again.")
	case err != nil:
		s.fail(w, r, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil
}
