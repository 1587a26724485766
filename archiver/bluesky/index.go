package bluesky

import (
	"context"
	"net/url"

	"stet/archiver"
	"stet/extract"
	exbluesky "stet/extract/bluesky"
	"stet/extract/post"
	"stet/store"
)

// batchSize is how many posts the index answers for at a time.
const batchSize = 25

// index is the platform's public index.
type index struct {
	client  archiver.Client
	servers *servers
}

// Name returns the word for the endpoint.
func (x *index) Name() string { return exbluesky.EndpointIndex }

// Source returns post.SourcePublic.
func (x *index) Source() post.Source { return post.SourcePublic }

// Batch returns 25.
func (x *index) Batch() int { return batchSize }

// Ask asks for one post with the one that it answers, which says in words that
// a post is not found, or for several in a list, which leaves missing ones out.
func (x *index) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	reply := archiver.Reply{Answers: make([]archiver.Answer, len(refs))}
	ids := make([]string, 0, len(refs))
	for i, ref := range refs {
		if _, _, lasting := exbluesky.Split(ref.ID); !lasting {
			reply.Answers[i] = unnamed(ref)
			continue
		}
		ids = append(ids, ref.ID)
	}
	if len(ids) == 0 {
		return reply
	}
	address := base + "app.bsky.feed.getPosts?" + url.Values{"uris": ids}.Encode()
	if len(refs) == 1 {
		address = base + "app.bsky.feed.getPostThread?" + url.Values{"uri": ids, "depth": {"0"}, "parentHeight": {"1"}}.Encode()
	}
	resp, err := get(ctx, x.client, address, purpose)
	var answers map[string]extract.Answer
	var found []store.Exchange
	if err == nil {
		read := reader(ids, response(resp), len(refs) == 1)
		answers = read(nil)
		// The addresses of the originals are those of the authors' servers.
		var known exbluesky.Servers
		if known, found = x.servers.of(ctx, x.client, authors(answers), purpose); len(known) > 0 {
			answers = read(known)
		}
	}
	// The answer that the posts were read from decides, and comes last.
	reply.Exchanges = append(found, exchanges(resp)...)
	for i, ref := range refs {
		a, ok := answers[ref.ID]
		switch {
		case reply.Answers[i].Err != nil:
		case err != nil:
			reply.Answers[i] = trouble(ref, err)
		case ok:
			reply.Answers[i] = archiver.Answer{Ref: ref, Answer: a, Parser: exbluesky.ViewParser}
		}
	}
	return reply
}

// reader returns what reads the posts of a response, given the servers of their
// authors.
func reader(ids []string, r extract.Response, alone bool) func(exbluesky.Servers) map[string]extract.Answer {
	return func(known exbluesky.Servers) map[string]extract.Answer {
		if alone {
			return map[string]extract.Answer{ids[0]: exbluesky.ReadThread(ids[0], r, known)}
		}
		return exbluesky.ReadPosts(ids, r, known)
	}
}

// authors lists the accounts whose pictures and videos the answers show, each
// once.
func authors(answers map[string]extract.Answer) []string {
	var all []string
	seen := map[string]bool{}
	for _, a := range answers {
		if a.Parsed == nil {
			continue
		}
		for _, p := range append([]post.Post{a.Parsed.Post}, a.Parsed.Related...) {
			if len(p.Media) > 0 && !seen[p.Author.ID] {
				seen[p.Author.ID] = true
				all = append(all, p.Author.ID)
			}
		}
	}
	return all
}
