package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"stet/archiver/fetch"
	"stet/cmd/internal/config"
	"stet/extract/post"
	"stet/extract/repair"
	"stet/store"
)

// askedAtOnce is how many posts the public listener is asked for at a time.
const askedAtOnce = 50

// PublicCopies asks a public listener, at its address, which of some posts are
// to be shown as copies.
func PublicCopies(ctx context.Context, c *config.Config, o Options, base string, refs []post.Ref) (_ map[post.Ref]repair.Copy, err error) {
	own := o.withDefaults()
	own.Fetch = func(f *fetch.Options) {
		if o.Fetch != nil {
			o.Fetch(f)
		}
		f.AllowPrivate = true // the operator named the address
		f.Access = nil
	}
	client, err := Client(c, own)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	found := map[post.Ref]repair.Copy{}
	for chunk := range slices.Chunk(refs, askedAtOnce) {
		q := url.Values{}
		for _, ref := range chunk {
			q.Add("u", ref.String())
		}
		resp, err := client.Do(ctx, fetch.Request{URL: base + "/repair?" + q.Encode(), Purpose: "repair"})
		if err != nil {
			return nil, fmt.Errorf("asking %s which posts are gone: %w", base, err)
		}
		var answer struct {
			Posts *[]struct {
				Asked   string `json:"u"`
				Card    string `json:"card"`
				Title   string `json:"title"`
				Height  int    `json:"height"`
				Version string `json:"version"`
				Date    string `json:"date"`
			} `json:"posts"`
		}
		if err := json.Unmarshal(resp.Body, &answer); err != nil || resp.Status != 200 || answer.Posts == nil {
			return nil, fmt.Errorf("%w: %s is no public listener of stet (it answers %d); name the address of serve.public_listen", store.ErrUnexpected, base, resp.Status)
		}
		for _, p := range *answer.Posts {
			ref, err := post.ParseRef(p.Asked)
			if err != nil || !slices.Contains(chunk, ref) || p.Version == "" || !strings.HasPrefix(p.Card, "http") || !strings.HasPrefix(p.Version, "http") {
				continue
			}
			found[ref] = repair.Copy{Card: p.Card, Title: p.Title, Height: p.Height, Version: p.Version, Date: p.Date}
		}
	}
	return found, nil
}
