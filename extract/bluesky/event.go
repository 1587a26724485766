package bluesky

import (
	"fmt"

	"stet/extract"
	"stet/extract/post"
)

// Event is a piece of news of the network's public stream that can concern a
// post that is kept: that it was deleted or overwritten, or that something
// became of its account.
type Event struct {
	// Cursor is the event's place in the stream: microseconds since 1970.
	Cursor uint64
	// Ref is the post that was deleted or overwritten; zero where the event is
	// about an account.
	Ref post.Ref
	// DID is the account.
	DID string
}

// ParseEvent reads an event of the stream in its JSON form. relevant is false
// for events that change nothing that is kept: new posts, other records. It
// errors with [extract.ErrShape].
func ParseEvent(body []byte) (e Event, relevant bool, err error) {
	var v struct {
		DID    str `json:"did"`
		Time   num `json:"time_us"`
		Kind   str `json:"kind"`
		Commit opt[struct {
			Operation  str `json:"operation"`
			Collection str `json:"collection"`
			Key        str `json:"rkey"`
		}] `json:"commit"`
	}
	if err := extract.DecodeJSON(body, &v); err != nil {
		return Event{}, false, err
	}
	if !v.Time.Set || v.Time.V <= 0 || !validDID(string(v.DID)) {
		return Event{}, false, fmt.Errorf("%w: an event without time or account", extract.ErrShape)
	}
	e = Event{Cursor: uint64(v.Time.V), DID: string(v.DID)}
	switch c := &v.Commit.V; {
	case v.Kind == "account":
		return e, true, nil
	case v.Kind != "commit" || c.Collection != collection || c.Operation != "delete" && c.Operation != "update":
		return e, false, nil
	default:
		e.Ref = Ref("at://" + e.DID + "/" + collection + "/" + string(c.Key))
		return e, !e.Ref.IsZero(), nil
	}
}
