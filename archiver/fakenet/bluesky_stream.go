package fakenet

// blueskyStream is the public stream of events.
type blueskyStream struct {
	listeners map[chan []byte]bool
}

func (b *Bluesky) commit(string, string) {}

func (b *Bluesky) account(string, BlueskyState) {}
