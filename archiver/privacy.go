package archiver

import (
	"context"
	"slices"

	"stet/store"
)

// Privacy says whether a capture is private: what is private stays out of
// alerts, of the feed and of what is given away, unless it is asked for.
type Privacy string

// The values of [Privacy]. Without one, private is what was fetched with an
// access of the operator's own, read from a file or from standard input, or
// found in what is private itself.
const (
	PrivacyDefault Privacy = ""
	PrivacyPrivate Privacy = "private"
	PrivacyPublic  Privacy = "public"
)

// private says whether something is private that is so or is not by itself.
func (o CaptureOptions) private(itself bool) bool {
	switch o.Privacy {
	case PrivacyPrivate:
		return true
	case PrivacyPublic:
		return false
	}
	return itself
}

// itself reports whether what led to the post is private, but for a decision:
// that is not written into records, so that it can be taken back.
func (w *want) itself() bool { return w.private && !w.decided }

// within returns the options for what was found in something that is private or
// is not.
func (o CaptureOptions) within(private bool) CaptureOptions {
	if private && o.Privacy == PrivacyDefault {
		o.Privacy = PrivacyPrivate
	}
	return o
}

// private reports whether any of the exchanges carried a secret.
func (r *recorded) private() bool {
	return slices.ContainsFunc(r.exchanges, func(x store.Exchange) bool { return x.Private })
}

// accessed reports whether any of the exchanges was made with an access of the
// operator's own. The tokens of a platform's interface are none: what they show
// anybody can see.
func (r *recorded) accessed() bool {
	return slices.ContainsFunc(r.exchanges, func(x store.Exchange) bool { return x.Access != "" })
}

// private reports whether the newest version from the web is private: until a
// person says otherwise, later ones are so too.
func (v articleVersions) private() bool {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i].Content.Origin == "web" {
			return v[i].Content.Private && !v[i].Content.Decided
		}
	}
	return false
}

// settlePrivacy says whether a new version of an article is private: by itself, or
// by a decision.
func (e *Engine) settlePrivacy(ctx context.Context, v *store.ArticleVersion, versions articleVersions, o CaptureOptions) error {
	v.Private = o.private(v.Private || v.Origin == "web" && versions.private())
	decision, err := e.o.Archive.PrivacyOf(ctx, v)
	if decision != nil && !v.Private {
		v.Private, v.Decided = true, true
	}
	return err
}

// IsPrivate reports whether a post is private: because a person decided so;
// else, where stories mention it, that all of them are; else that all captures
// are.
func IsPrivate(h *store.History) bool { return isPrivate(h, Mentions(h)) }

func isPrivate(h *store.History, mentions []EventMention) bool {
	if h.Privacy != nil {
		return true
	}
	if len(mentions) > 0 {
		return !slices.ContainsFunc(mentions, func(m EventMention) bool { return !m.Private })
	}
	return len(h.Captures) > 0 && !slices.ContainsFunc(h.Captures, func(c store.Item[store.Capture]) bool { return !c.Content.Private })
}
