package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"stet/extract/post"
	"stet/extract/twitter"
	"stet/store"
)

// account is whose archive is read, as its file account.js says; zero where that
// is not known.
type account struct {
	ID, Handle, Name string
	// long are the whole words of its long posts, by the second of their time.
	long map[int64][]string
}

// header is what stands before the list of a file of an account's archive.
func header() *regexp.Regexp {
	return regexp.MustCompile(`^(?:\x{feff})?\s*window\.YTD\.([a-z_]{1,40})\.part[0-9]{1,6}\s*=\s*$`)
}

// list returns the reader behind the header of a file of an account's archive,
// what the file is, and where its list begins.
func list(r io.Reader) (io.Reader, string, int64, error) {
	head := make([]byte, 256)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, "", 0, fmt.Errorf("reading the first line: %w", err)
	}
	head = head[:n]
	i := bytes.IndexByte(head, '[')
	if i < 0 {
		return nil, "", 0, fmt.Errorf("%w: there is no list behind the first line", store.ErrInvalid)
	}
	m := header().FindSubmatch(head[:i])
	if m == nil {
		return nil, "", 0, fmt.Errorf("%w: the first line is not that of a file of an account's archive", store.ErrInvalid)
	}
	return io.MultiReader(bytes.NewReader(head[i:]), r), string(m[1]), int64(i), nil
}

// entry is an item of tweets.js or deleted-tweets.js.
type entry struct {
	Tweet json.RawMessage `json:"tweet"`
}

// readAccount reads the posts of one file of an account's archive.
func (k *keeper) readAccount(ctx context.Context, r io.Reader) error {
	r, kind, base, err := list(r)
	if err != nil {
		return err
	}
	parse := func(raw []byte) []piece { return accountItem(raw, &k.account, false) }
	switch kind {
	case "tweets", "tweet", "community_tweet", "community_tweets":
	case "deleted_tweets", "deleted_tweet":
		parse = func(raw []byte) []piece { return accountItem(raw, &k.account, true) }
	case "note_tweet", "note_tweets":
		parse = func([]byte) []piece { return none("", "the whole words of a long post, which are put into the post") }
	default:
		return fmt.Errorf("%w: the file holds %s, not posts", store.ErrInvalid, kind)
	}
	p := pool{parse: parse, take: k.take}
	err = items(ctx, r, base, func(at span, raw []byte) error { return p.add(ctx, at, raw) })
	return errors.Join(err, p.end(context.WithoutCancel(ctx)))
}

// items calls f with each item of a JSON list.
func items(ctx context.Context, r io.Reader, base int64, f func(at span, raw []byte) error) error {
	in := &pacer{r: r}
	in.next()
	d := json.NewDecoder(in)
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return fmt.Errorf("%w: there is no list", store.ErrInvalid)
	}
	for d.More() {
		if err := ctx.Err(); err != nil {
			return err
		}
		in.next()
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("%w: behind byte %d: %w; what stands before was imported", store.ErrInvalid, base+d.InputOffset(), err)
		}
		if err := f(span{offset: base + d.InputOffset() - int64(len(raw)), length: int64(len(raw))}, raw); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("%w: the list does not end; what stands before was imported", store.ErrInvalid)
	}
	return nil
}

// accountItem reads one item of the archive of an account.
func accountItem(raw []byte, who *account, deleted bool) []piece {
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return none("", "the item is not a post: "+err.Error())
	}
	if e.Tweet == nil {
		e.Tweet = raw // as the first archives had them
	}
	parsed, err := twitter.ParseV11(e.Tweet)
	if err != nil {
		return none("", "the item is not a post: "+err.Error())
	}
	notes := []string{"from the archive of an account that X gave to its owner"}
	if a := &parsed.Post.Author; *a == (post.Author{}) && who.ID+who.Handle+who.Name != "" {
		a.ID, a.Handle, a.Name = who.ID, who.Handle, who.Name
		parsed.Post.URL = twitter.PostURL(a.Handle, parsed.Post.ID)
		notes = append(notes, "the author is whose archive it is")
	}
	if whole := who.whole(&parsed.Post); whole != "" {
		parsed.Post.Text = whole
		notes = append(notes, "its words are cut there; the whole are from note-tweet.js of the same archive")
	}
	if deleted {
		notes = append(notes, "the owner had deleted it"+deletedAt(e.Tweet))
	}
	return shown(twitter.V11Parser, &parsed, notes)
}

func deletedAt(tweet []byte) string {
	var t struct {
		At string `json:"deleted_at"`
	}
	if json.Unmarshal(tweet, &t) != nil || t.At == "" {
		return ", as the archive says"
	}
	return " on " + clip(t.At) + ", as the archive says"
}

// maxAccount is the largest account.js.
const maxAccount = 1 << 20

// whose reads account.js; what else is in it is the owner's own affair and not
// kept.
func whose(r io.Reader) account {
	body, _, _, err := list(io.LimitReader(r, maxAccount))
	if err != nil {
		return account{}
	}
	var all []struct {
		Account struct {
			ID     string `json:"accountId"`
			Handle string `json:"username"`
			Name   string `json:"accountDisplayName"`
		} `json:"account"`
	}
	if err := json.NewDecoder(body).Decode(&all); err != nil || len(all) != 1 {
		return account{}
	}
	a := all[0].Account
	if _, err := twitter.ParseID(a.ID); err != nil {
		a.ID = ""
	}
	return account{ID: a.ID, Handle: clip(a.Handle), Name: clip(a.Name)}
}
