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
	var err error
	v.Hold, v.Refused, err = r.Rulings(ctx, store.SubjectOf(v.History))
	if p := v.History.Privacy; p != nil {
		v.Privacy = &Ruling{Time: p.Time.UTC(), Operator: p.Operator, Reason: p.Reason}
	}
	return err
}

// Rulings reads what stands of what was decided about a post or an account:
// nil for nothing.
func (r *Reader) Rulings(ctx context.Context, s store.Subject) (hold, refused *Ruling, err error) {
	h, err := r.archive.HoldOf(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	if h != nil {
		hold = &Ruling{Time: h.Time.UTC(), Operator: h.Operator, Reason: h.Reason}
	}
	t, err := r.archive.TakedownOf(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	if t != nil {
		refused = &Ruling{Time: t.Time.UTC(), Operator: t.Operator, Reason: t.Reason, Basis: t.Basis}
	}
	return hold, refused, nil
}
