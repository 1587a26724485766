package view

import (
	"context"
	"time"

	"stet/store"
)

// Removed says that the archive removed content of a post.
type Removed struct {
	// Time is when, Act seal or remove, and Reason and Basis why.
	Time   time.Time          `json:"time"`
	Act    store.RedactionAct `json:"act"`
	Reason string             `json:"reason,omitempty"`
	Basis  string             `json:"basis,omitempty"`
	// Remains are the records without their content.
	Remains []Remains `json:"remains"`
}

// Remains is what is left of a record: that it was made, and its leaf in the
// evidence tree.
type Remains struct {
	ID   store.ID   `json:"id"`
	Kind store.Kind `json:"kind"`
	Time time.Time  `json:"time"`
	Seq  uint64     `json:"seq"`
	Leaf string     `json:"leaf"`
}

// removed says what was removed of a post, nil where nothing was.
func (r *Reader) removed(ctx context.Context, h *store.History) (*Removed, error) {
	if len(h.Bare) == 0 {
		return nil, nil
	}
	var v Removed
	for _, b := range h.Bare {
		rec, err := r.archive.Get(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		v.Remains = append(v.Remains, Remains{ID: b.ID, Kind: b.Kind, Time: b.Time.UTC(), Seq: b.Seq, Leaf: "sha256:" + rec.Leaf().String()})
	}
	acts, err := r.archive.RedactionsOf(ctx, h.Bare[len(h.Bare)-1].ID)
	if err != nil {
		return nil, err
	}
	for i := range acts {
		act := acts[i].Content
		v.Time, v.Act, v.Reason, v.Basis = act.Time.UTC(), act.Act, act.Reason, ""
		if act.Takedown.IsZero() {
			continue
		}
		rec, err := r.archive.Get(ctx, act.Takedown)
		if err != nil {
			return nil, err
		}
		t, err := store.Decode[store.Takedown](&rec)
		if err != nil {
			return nil, err
		}
		v.Basis = t.Basis
	}
	return &v, nil
}
