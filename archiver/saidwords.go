package archiver

import (
	"fmt"
	"strings"
	"time"
)

// sentence says what was found and what was looked through. It never says, and
// never sounds as if it said, that something was not said: an archive holds what
// somebody captured.
func (s *Said) sentence() string {
	var b strings.Builder
	who := "somebody"
	if s.Quote.Handle != "" {
		who = "@" + handleOnly(s.Quote.Handle)
	}
	switch s.Answer {
	case SaidSame:
		b.WriteString("A post that is kept here says so, word for word.")
	case SaidPart:
		b.WriteString("The words stand in a post that is kept here, which says more.")
	case SaidNear:
		b.WriteString("A post that is kept here says nearly that; see where it differs.")
	default:
		if len(s.Near) > 0 {
			fmt.Fprintf(&b, "Nothing near these words is kept here of %s, but of other accounts.", who)
		} else {
			b.WriteString("Nothing near these words is kept in this archive.")
		}
	}
	b.WriteString(" " + s.searched(who))
	if s.Searched.Behind > 0 {
		fmt.Fprintf(&b, " The index of words has not read the last %d records of the archive yet; ask again later.", s.Searched.Behind)
	}
	if s.Answer == SaidNone {
		fmt.Fprintf(&b, " This does not tell whether %s said it: the archive holds only posts that were captured, and what was deleted before is not among them.", who)
	}
	return b.String()
}

// searched says what was looked through.
func (s *Said) searched(who string) string {
	dates := ""
	if s.Searched.First != nil {
		dates = fmt.Sprintf(", published from %s to %s", s.Searched.First.Format(time.DateOnly), s.Searched.Last.Format(time.DateOnly))
	}
	var text string
	switch {
	case s.Searched.Account == 0:
		text = fmt.Sprintf("The archive keeps no post of %s at all; %s of other accounts were searched", who, posts(s.Searched.Posts))
	case s.Searched.Account > 0:
		text = fmt.Sprintf("Searched: %s of %s%s, and %s of other accounts", posts(s.Searched.Account), who, dates, posts(s.Searched.Posts-s.Searched.Account))
	default:
		text = fmt.Sprintf("Searched: %s of all accounts%s", posts(s.Searched.Posts), dates)
	}
	if s.Searched.Day >= 0 {
		of := ""
		if s.Searched.Account >= 0 {
			of = " of " + who
		}
		text += fmt.Sprintf("; %s%s about %s", posts(s.Searched.Day), of, s.Quote.Date)
	}
	return text + ", those included that are gone."
}

func posts(n int) string {
	switch n {
	case 0:
		return "no post"
	case 1:
		return "1 post"
	}
	return fmt.Sprintf("%d posts", n)
}

// handleOnly returns the handle of platform:@handle.
func handleOnly(handle string) string {
	if _, after, ok := strings.Cut(handle, ":"); ok {
		handle = after
	}
	return strings.TrimPrefix(handle, "@")
}
