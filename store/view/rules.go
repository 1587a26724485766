package view

import (
	"context"
	"time"

	"stet/store"
)

// Ruling is a decision of the newsroom about a post or its author.
type Ruling struct {
	Time     time.Time `json:"time"`
	Operator string    `json:"operator,omitempty"`
	Reason   string    `json:"reason"`
	// Basis is the law, order or rule that it rests on.
	Basis string `json:"basis,omitempty"`
}

// rulings reads what was decided about a post.
func (r *Reader) rulings(ctx context.Context, v *Post) error {
	s := store.SubjectOf(v.History)
	h, err := r.archive.HoldOf(ctx, s)
	if err != nil {
		return err
	}
	if h != nil {
		v.Hold = &Ruling{Time: h.Time.UTC(), Operator: h.Operator, Reason: h.Reason}
	}
	t, err := r.archive.TakedownOf(ctx, s)
	if err != nil {
		return err
	}
	if t != nil {
		v.Refused = &Ruling{Time: t.Time.UTC(), Operator: t.Operator, Reason: t.Reason, Basis: t.Basis}
	}
	return nil
}
