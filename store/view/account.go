package view

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// Account is what an archive knows of one account: only by the posts that it
// keeps.
type Account struct {
	Platform post.Platform
	// ID is the platform's own, empty where no source told it.
	ID string
	// Latest is the account as the newest capture shows it.
	Latest post.Author
	// Handles and Names are those that it had, the latest first.
	Handles, Names []Held
	// Posts are a page of the posts that are kept, the latest captured first,
	// and Next continues it: 0 where nothing more is there.
	Posts []Card
	Next  uint64
	// Partial is true where the account has so many captures that the names
	// are those of the latest ones only.
	Partial bool
	// Hold is why nothing of it may be removed, Refused why nothing more of it is
	// captured; nil where nobody decided so about the account as a whole.
	Hold    *Ruling
	Refused *Ruling
}

// Held is a name that an account had.
type Held struct {
	Word string
	// First and Last are when it was captured first and last.
	First, Last time.Time
}

// maxNames is how many captures of an account are read for its names.
const maxNames = 60

// Account reads what an archive knows of an account: by its handle, with or
// without @, or by "#" and the platform's own id. before continues the list of
// posts, and limit is the most of them (0 is 20). It errors with ErrNotFound
// where no post of the account is kept.
func (r *Reader) Account(ctx context.Context, p post.Platform, name string, before uint64, limit int) (*Account, error) {
	if limit <= 0 {
		limit = 20
	}
	a := &Account{Platform: p}
	term := store.HandleTerm(p, name)
	if id, ok := strings.CutPrefix(name, "#"); ok {
		term = store.AccountTerm(p, id)
	}
	newest, err := r.archive.List(ctx, store.Query{Term: term, Kinds: []store.Kind{store.KindDerivation}, Newest: true, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(newest.Records) == 0 {
		return nil, fmt.Errorf("the account %s of %s: %w", name, p, store.ErrNotFound)
	}
	d, err := store.Decode[store.Derivation](&newest.Records[0])
	if err != nil {
		return nil, err
	}
	if a.ID = d.Post.Author.ID; a.ID != "" {
		term = store.AccountTerm(p, a.ID)
	}
	page, err := r.archive.List(ctx, store.Query{Term: term, Kinds: []store.Kind{store.KindDerivation}, Newest: true, Limit: maxNames})
	if err != nil {
		return nil, err
	}
	if err := names(a, &page); err != nil {
		return nil, err
	}
	if err := r.accountRulings(ctx, a); err != nil {
		return nil, err
	}
	if before != 0 {
		page = store.Page{More: true} // what its names are read from is not what is listed
	}
	return a, r.posts(ctx, a, term, before, limit, page)
}

// names reads the names of an account from what was captured of it last.
func names(a *Account, page *store.Page) error {
	a.Partial = page.More
	for i := range page.Records {
		d, err := store.Decode[store.Derivation](&page.Records[i])
		if err != nil {
			return err
		}
		if d.Source.Secondhand() {
			continue // articles write names as they like, and files may be of any age
		}
		if a.Latest == (post.Author{}) {
			a.Latest = d.Post.Author
		}
		a.Handles = held(a.Handles, d.Post.Author.Handle, d.Time)
		a.Names = held(a.Names, d.Post.Author.Name, d.Time)
	}
	if a.Latest == (post.Author{}) && len(page.Records) > 0 {
		d, err := store.Decode[store.Derivation](&page.Records[0])
		if err != nil {
			return err
		}
		a.Latest = d.Post.Author
	}
	return nil
}

// held notes that a name was captured at a time; times come newest first.
func held(all []Held, word string, at time.Time) []Held {
	if word == "" {
		return all
	}
	at = at.UTC()
	for i := range all {
		if all[i].Word == word {
			all[i].First = at
			return all
		}
	}
	return append(all, Held{word, at, at})
}

// posts reads a page of an account's posts, the first of them from what was read
// already.
func (r *Reader) posts(ctx context.Context, a *Account, term store.Term, before uint64, limit int, page store.Page) error {
	var seen []post.Ref
	for {
		if len(page.Records) == 0 {
			var err error
			if page, err = r.archive.List(ctx, store.Query{Term: term, Kinds: []store.Kind{store.KindDerivation}, Before: before, Newest: true, Limit: 2 * limit}); err != nil {
				return err
			}
		}
		for i := range page.Records {
			before = page.Records[i].Seq
			d, err := store.Decode[store.Derivation](&page.Records[i])
			if err != nil {
				return err
			}
			if slices.Contains(seen, d.Ref) {
				continue
			}
			if len(a.Posts) == limit {
				a.Next = before + 1
				return nil
			}
			newest, err := r.newestOf(ctx, term, d.Ref, before)
			if err != nil {
				return err
			}
			seen = append(seen, d.Ref)
			if !newest {
				continue // a page before showed it
			}
			c, err := r.Card(ctx, d.Ref)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			a.Posts = append(a.Posts, *c)
		}
		if !page.More || len(page.Records) == 0 {
			return nil
		}
		page.Records = nil
	}
}

// newestOf reports whether no later derivation of a post is in a listing.
func (r *Reader) newestOf(ctx context.Context, term store.Term, ref post.Ref, seq uint64) (bool, error) {
	page, err := r.archive.List(ctx, store.Query{Term: store.RefTerm(ref), Kinds: []store.Kind{store.KindDerivation}, After: seq, Limit: 100})
	if err != nil {
		return false, err
	}
	for i := range page.Records {
		d, err := store.Decode[store.Derivation](&page.Records[i])
		if err != nil {
			return false, err
		}
		if d.Ref == ref && slices.Contains(store.TermsOf(d), term) {
			return false, nil
		}
	}
	return true, nil
}
