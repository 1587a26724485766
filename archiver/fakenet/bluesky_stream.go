package fakenet

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/coder/websocket"
)

// BlueskyStream is the host of the stream of events.
const BlueskyStream = "jetstream2.us-east.bsky.network"

// blueskyStream is the public stream of events; Bluesky.mu guards it.
type blueskyStream struct {
	// events are all that ever came, of which listeners are told by closing
	// more.
	events []blueskyEvent
	more   chan struct{}
	// cut ends the connections that are open.
	cut chan struct{}
	// last is the time of the last event: no two have the same.
	last int64
}

type blueskyEvent struct {
	time int64
	did  string
	body []byte
}

// commit tells the stream of a change of a post.
func (b *Bluesky) commit(id, operation string) {
	parts := strings.Split(id, "/")
	b.tell(parts[2], obj{"kind": "commit", "commit": obj{"rev": "3l6oveex3ii2l", "operation": operation, "collection": blueskyCollection, "rkey": parts[4]}})
}

// account tells the stream of a change of an account.
func (b *Bluesky) account(did string, s BlueskyState) {
	a := obj{"did": did, "active": s == BlueskyLive, "seq": 1, "time": moment(b.net.now())}
	if s != BlueskyLive {
		a["status"] = string(s)
	}
	b.tell(did, obj{"kind": "account", "account": a})
}

// tell adds an event to the stream.
func (b *Bluesky) tell(did string, event obj) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &b.stream
	s.last = max(s.last+1, b.net.now().UnixMicro())
	event["did"], event["time_us"] = did, s.last
	body, _ := json.Marshal(event) // strings and numbers always encode
	s.events = append(s.events, blueskyEvent{time: s.last, did: did, body: body})
	close(s.more)
	s.more = make(chan struct{})
}

// CutStream ends the connections of those who follow the stream.
func (b *Bluesky) CutStream() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.stream.cut)
	b.stream.cut = make(chan struct{})
}

// follow serves the stream, as the platform's service does: nothing comes
// before the listener has said what it wants, where it asked for that.
func (b *Bluesky) follow(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/subscribe" {
		http.NotFound(w, r)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(10 << 20)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	b.mu.Lock()
	cut, next := b.stream.cut, len(b.stream.events)
	if after, err := strconv.ParseInt(r.URL.Query().Get("cursor"), 10, 64); err == nil {
		next = slices.IndexFunc(b.stream.events, func(e blueskyEvent) bool { return e.time > after })
		if next < 0 {
			next = len(b.stream.events)
		}
	}
	b.mu.Unlock()
	wants := make(chan map[string]bool)
	go func() {
		defer stop()
		for {
			dids, err := readWants(ctx, conn)
			if err != nil {
				return
			}
			select {
			case wants <- dids:
			case <-ctx.Done():
				return
			}
		}
	}()
	var wanted map[string]bool
	ready := r.URL.Query().Get("requireHello") != "true"
	for {
		b.mu.Lock()
		more, events := b.stream.more, b.stream.events
		b.mu.Unlock()
		for ; ready && next < len(events); next++ {
			if e := events[next]; wanted == nil || wanted[e.did] {
				if conn.Write(ctx, websocket.MessageText, e.body) != nil {
					return
				}
			}
		}
		select {
		case <-more:
		case wanted = <-wants:
			ready = true
		case <-cut:
			return
		case <-b.net.closed:
			return
		case <-ctx.Done():
			return
		}
	}
}

// readWants reads which accounts a listener wants; nil is everybody.
func readWants(ctx context.Context, conn *websocket.Conn) (map[string]bool, error) {
	_, body, err := conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	var m struct {
		Payload struct {
			DIDs []string `json:"wantedDids"`
		} `json:"payload"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	if len(m.Payload.DIDs) == 0 {
		return nil, nil
	}
	wanted := map[string]bool{}
	for _, did := range m.Payload.DIDs {
		wanted[did] = true
	}
	return wanted, nil
}
