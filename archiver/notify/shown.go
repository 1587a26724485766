package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"stet/archiver"
)

// maxMentions is the most stories of one post that a message lists.
const maxMentions = 2000

// shown is an event as a target may see it. Its JSON form is what a webhook is
// sent.
type shown struct {
	archiver.Event
	// PrivateMentions counts the stories that are left out because they are
	// private, MoreMentions those that are left out because they are many.
	PrivateMentions int `json:"private_mentions,omitempty"`
	MoreMentions    int `json:"more_mentions,omitempty"`
	// postWithheld and articleWithheld are true where the post or the article
	// that the event is about is private, and left out.
	postWithheld, articleWithheld bool
}

// show returns what of an event leaves the archive. ev is not changed.
func (t *Target) show(ev *archiver.Event) shown {
	s := shown{Event: *ev}
	s.Time = s.Time.UTC()
	s.Mentions = make([]archiver.EventMention, 0, len(ev.Mentions))
	for _, m := range ev.Mentions {
		switch {
		case m.Private && !t.IncludePrivate:
			s.PrivateMentions++
		case len(s.Mentions) >= maxMentions:
			s.MoreMentions++
		default:
			m.Positions = slices.Clone(m.Positions)
			s.Mentions = append(s.Mentions, m)
		}
	}
	if ev.Private && !t.IncludePrivate {
		s.Subject, s.Text, s.articleWithheld = "", "", true
		s.ID = withoutArticle(s.ID)
	}
	if ev.Post != nil {
		p := *ev.Post
		switch {
		case p.Private && !t.IncludePrivate:
			p = archiver.EventPost{Platform: p.Platform, ID: p.ID, Private: true}
			s.postWithheld = true
		case !t.IncludeText:
			p.Text = ""
		}
		p.Posted = p.Posted.UTC()
		s.Post = &p
	}
	if ev.Status != nil {
		st := *ev.Status
		st.LastLive, st.FirstGone, st.ConfirmedAt = st.LastLive.UTC(), st.FirstGone.UTC(), st.ConfirmedAt.UTC()
		s.Status = &st
	}
	return s
}

// withoutArticle replaces what follows the record in an event's id, which can
// name an article, by its digest.
func withoutArticle(id string) string {
	record, rest, ok := strings.Cut(id, "/")
	if !ok {
		return id
	}
	sum := sha256.Sum256([]byte(rest))
	return record + "/" + hex.EncodeToString(sum[:8])
}
