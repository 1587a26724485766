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

// Redacted says that a part of a post was taken out, and what remains of the
// records that held it.
type Redacted struct {
	Time   time.Time `json:"time"`
	Reason string    `json:"reason,omitempty"`
	// What says what was taken out: words, a field, a file.
	What    []string  `json:"what"`
	Remains []Remains `json:"remains"`

	order store.ID // the decision, which can have been carried out in several commits
}

// removed says what was removed of a post, nil where nothing was, and what parts
// were taken out.
func (r *Reader) removed(ctx context.Context, h *store.History) (*Removed, []Redacted, error) {
	var v *Removed
	var parts []Redacted
	for _, b := range h.Bare {
		rec, err := r.archive.Get(ctx, b.ID)
		if err != nil {
			return nil, nil, err
		}
		remains := Remains{ID: b.ID, Kind: b.Kind, Time: b.Time.UTC(), Seq: b.Seq, Leaf: "sha256:" + rec.Leaf().String()}
		acts, err := r.archive.RedactionsOf(ctx, b.ID)
		if err != nil {
			return nil, nil, err
		}
		if n := len(acts); n > 0 && acts[n-1].Content.Part {
			parts = addPart(parts, acts[n-1].Content, remains)
			continue
		}
		if v == nil {
			v = &Removed{}
		}
		v.Remains = append(v.Remains, remains)
		if err := r.because(ctx, v, acts); err != nil {
			return nil, nil, err
		}
	}
	return v, parts, nil
}

// addPart adds what a redaction took out; what was put back is told no more.
func addPart(parts []Redacted, act *store.Redaction, remains Remains) []Redacted {
	if act.Act != store.RedactionSeal {
		return parts
	}
	for i := range parts {
		if parts[i].Time.Equal(act.Time) || !act.Order.IsZero() && parts[i].order == act.Order {
			parts[i].Remains = append(parts[i].Remains, remains)
			return parts
		}
	}
	return append(parts, Redacted{Time: act.Time.UTC(), Reason: act.Reason, What: act.What, Remains: []Remains{remains}, order: act.Order})
}

// because says why content was removed: by the last of the acts.
func (r *Reader) because(ctx context.Context, v *Removed, acts []store.Item[store.Redaction]) error {
	for i := range acts {
		act := acts[i].Content
		v.Time, v.Act, v.Reason, v.Basis = act.Time.UTC(), act.Act, act.Reason, ""
		if act.Takedown.IsZero() {
			continue
		}
		rec, err := r.archive.Get(ctx, act.Takedown)
		if err != nil {
			return err
		}
		if rec.Kind == store.KindRetention {
			continue // the reason says by which rule
		}
		t, err := store.Decode[store.Takedown](&rec)
		if err != nil {
			return err
		}
		v.Basis = t.Basis
	}
	return nil
}
