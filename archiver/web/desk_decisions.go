package web

import (
	"fmt"
	"net/http"
	"strconv"

	"stet/store"
)

// showDecisions shows the register of what was decided.
func (s *Server) showDecisions(w http.ResponseWriter, r *http.Request) error {
	var before uint64
	if word := r.URL.Query().Get("before"); word != "" {
		var err error
		if before, err = strconv.ParseUint(word, 10, 64); err != nil {
			return fmt.Errorf("%w: before: %.40q is no number", store.ErrInvalid, word)
		}
	}
	page, err := s.o.Reader.Decisions(r.Context(), before, 0)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "decisions", frame{Title: "Decisions", Section: "decisions", Body: page})
}

// actWords says what was decided. A word of a newer version is shown as it is.
func actWords(act string) string {
	switch act {
	case "hold":
		return "Held, nothing of it may be removed"
	case "release":
		return "No longer held"
	case string(store.TakedownRefuse):
		return "Captured no more"
	case string(store.TakedownLift):
		return "May be captured again"
	case "private":
		return "Private"
	case "public":
		return "No longer private by a decision"
	}
	return inWords(act)
}

// listDecisions lists the register for programs.
func (s *Server) listDecisions(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, before, err := placeOf(q)
	if err != nil {
		return nil, err
	}
	page, err := s.o.Reader.Decisions(r.Context(), before, limit)
	if err != nil {
		return nil, err
	}
	return listOf(page.Items, cursor(page.Next)), nil
}
