package archiver

import (
	"context"
	"fmt"
	"time"

	"stet/extract"
	"stet/store"
)

// PageRecovery is an optional ability of a [Recovery]: it keeps older versions of
// pages, too.
type PageRecovery interface {
	// RecoverPage reads what it holds of a page, the oldest first, at most a few,
	// until show returns true. It returns the exchanges that were made, and the
	// trouble on the way.
	RecoverPage(ctx context.Context, address string, show func(in extract.Input, m store.Memento) bool) ([]store.Exchange, error)
}

// older is what an older version of an article quotes of a post.
type older struct {
	quoted  store.Quotation
	memento store.Memento
	reply   *recorded
}

// askOlder looks for the words of a post in older versions of the article, where
// neither a source nor the article has them any more: scripts and editors blank
// embeds of posts that are gone. A private article is not told.
func (c *capturing) askOlder(ctx context.Context) {
	w := c.w
	archive, ok := c.e.o.Recovery.(PageRecovery)
	if !ok || w.mention == nil || w.ref.IsZero() || w.mention.Quoted.Text != "" || w.article.IsZero() || w.private || w.options.Privacy == PrivacyPrivate ||
		c.best() != nil || c.before.Best() != nil || c.recovered != nil && c.recovered.Shown() != nil || ctx.Err() != nil {
		return
	}
	if len(c.sightings) > 0 && troubleOf(w.ref, c.sightings) != nil {
		return // nobody could be asked: the post may be there
	}
	address, err := c.e.publicArticle(ctx, w.article)
	if err != nil || address == "" {
		return
	}
	found := &older{reply: &recorded{}}
	exchanges, err := archive.RecoverPage(ctx, address, func(in extract.Input, m store.Memento) bool {
		for _, e := range c.e.o.Finder.Find(in).Embeds {
			if e.Ref() == w.ref && e.Quoted.Text != "" {
				found.quoted, found.memento = store.Quotation(e.Quoted), m
				return true
			}
		}
		return false
	})
	found.reply.exchanges = exchanges
	found.reply.refs(w.ref)
	if err != nil {
		c.res.Notes = append(c.res.Notes, "older versions of the article could not be had: "+err.Error())
	}
	w.older = found
}

// publicArticle returns the address of an article version, empty where nobody
// else is to learn it.
func (e *Engine) publicArticle(ctx context.Context, id store.ID) (string, error) {
	r, err := e.o.Archive.Get(ctx, id)
	if err != nil {
		return "", err
	}
	v, err := store.Decode[store.ArticleVersion](&r)
	if err != nil || v.Private || v.Origin != "web" || v.Exchange.IsZero() {
		return "", err
	}
	if r, err = e.o.Archive.Get(ctx, v.Exchange); err != nil {
		return "", err
	}
	x, err := store.Decode[store.Exchange](&r)
	if err != nil || x.Access != "" || x.Private {
		return "", err
	}
	return v.URL, nil
}

// quotation returns the words that an article has of the post: its own, else
// those of an older version.
func (w *want) quotation() store.Quotation {
	switch {
	case w.mention != nil && w.mention.Quoted.Text != "":
		return w.mention.Quoted
	case w.older != nil:
		return w.older.quoted
	}
	return store.Quotation{}
}

// quotedFrom says where the words are from, for people.
func (w *want) quotedFrom() string {
	const altered = "its publisher can have altered them"
	if w.mention.Quoted.Text != "" || w.older == nil {
		return "these are the words of the article that embeds the post; " + altered
	}
	m := w.older.memento
	return fmt.Sprintf("these are the words of an older version of the article, kept by the web archive %s on %s: %s; %s",
		m.Archive, m.Time.UTC().Format(time.RFC3339), m.URL, altered)
}
