package archiver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"stet/store"
)

// The limits of what people write into cases.
const (
	maxCaseTitle = 300
	maxCaseText  = 50_000
	maxCaseTags  = 50
)

// KeepCase adds one step in the life of a case and returns the case's id. The
// step's Time is set. It errors with store.ErrInvalid where the step says
// nothing, or something that cannot be, and with store.ErrNotFound where there
// is no such case.
func KeepCase(ctx context.Context, a *store.Archive, c store.Case) (store.ID, error) {
	c.Time = a.Now()
	c.Title, c.Text = strings.Join(strings.Fields(c.Title), " "), strings.TrimSpace(c.Text)
	c.Tags = CaseTags(c.Tags)
	if err := checkCase(&c); err != nil {
		return store.ID{}, err
	}
	if !c.Case.IsZero() {
		rec, err := a.Get(ctx, c.Case)
		if err != nil {
			return store.ID{}, err
		}
		if first, err := store.Decode[store.Case](&rec); err != nil || !first.Case.IsZero() {
			return store.ID{}, fmt.Errorf("%w: %s is no case", store.ErrNotFound, c.Case)
		}
	}
	b := a.Begin()
	id, err := b.Add(ctx, &c)
	if err != nil {
		return store.ID{}, err
	}
	if _, err := b.Commit(ctx); err != nil {
		return store.ID{}, fmt.Errorf("keeping the case: %w", err)
	}
	if !c.Case.IsZero() {
		id = c.Case
	}
	return id, nil
}

func checkCase(c *store.Case) error {
	m := c.Member
	several := 0
	for _, set := range []bool{!m.Ref.IsZero(), m.Article != "", m.Page != ""} {
		if set {
			several++
		}
	}
	switch {
	case (c.Act == store.CaseOpen) != c.Case.IsZero():
		return fmt.Errorf("%w: only the first step of a case opens it", store.ErrInvalid)
	case (c.Act == store.CaseOpen || c.Act == store.CaseEdit) && c.Title == "":
		return fmt.Errorf("%w: a case needs a title", store.ErrInvalid)
	case (c.Act == store.CaseAdd || c.Act == store.CaseRemove) && several == 0, several > 1:
		return fmt.Errorf("%w: name one post, article or page", store.ErrInvalid)
	case c.Act == store.CaseNote && c.Text == "":
		return fmt.Errorf("%w: the note is empty", store.ErrInvalid)
	case utf8.RuneCountInString(c.Title) > maxCaseTitle, len(c.Text) > maxCaseText, len(c.Tags) > maxCaseTags:
		return fmt.Errorf("%w: a title has at most %d characters, a text %d bytes, a case %d tags", store.ErrTooLarge, maxCaseTitle, maxCaseText, maxCaseTags)
	}
	return nil
}

// CaseTags tidies tags: in lower case, without #, each once, in order.
func CaseTags(words []string) []string {
	var out []string
	for _, w := range words {
		for _, t := range strings.FieldsFunc(w, func(r rune) bool { return r == ',' || r == '\n' }) {
			if t = strings.Join(strings.Fields(strings.ToLower(strings.TrimPrefix(strings.TrimSpace(t), "#"))), " "); t != "" {
				out = append(out, t)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
