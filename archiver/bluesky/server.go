package bluesky

import (
	"context"
	"net/url"

	"stet/archiver"
	"stet/extract"
	exbluesky "stet/extract/bluesky"
	"stet/extract/post"
)

// server is the one that keeps the author's repository.
type server struct{ client archiver.Client }

// Name returns the word for the endpoint.
func (s *server) Name() string { return exbluesky.EndpointServer }

// Source returns post.SourcePublic.
func (s *server) Source() post.Source { return post.SourcePublic }

// Batch returns 1.
func (s *server) Batch() int { return 1 }

// Ask asks the directory for the author's server, and the server for the
// record. Where it does not find that, it is asked for the state of the
// repository: only while that is served does a missing record mean anything.
func (s *server) Ask(ctx context.Context, refs []post.Ref, purpose string) archiver.Reply {
	ref := refs[0]
	did, rkey, lasting := exbluesky.Split(ref.ID)
	if !lasting {
		return archiver.Reply{Answers: []archiver.Answer{unnamed(ref)}}
	}
	q := &questions{s: s, purpose: purpose}
	a := q.record(ctx, ref.ID, did, rkey)
	out := archiver.Answer{Ref: ref, Answer: a, Parser: exbluesky.RecordParser}
	if q.err != nil {
		out = trouble(ref, q.err)
	}
	q.reply.Answers = []archiver.Answer{out}
	return q.reply
}

// questions are those of one Ask, with what was answered.
type questions struct {
	s       *server
	purpose string
	reply   archiver.Reply
	// err is trouble on the way that leaves nothing to conclude.
	err error
}

// get asks one question.
func (q *questions) get(ctx context.Context, address string) (extract.Response, error) {
	resp, err := get(ctx, q.s.client, address, q.purpose)
	q.reply.Exchanges = append(q.reply.Exchanges, exchanges(resp)...)
	if err != nil {
		return extract.Response{}, err
	}
	return response(resp), nil
}

func (q *questions) record(ctx context.Context, id, did, rkey string) extract.Answer {
	r, err := q.get(ctx, exbluesky.DocumentURL(did))
	if err != nil {
		q.err = err
		return extract.Answer{}
	}
	doc, a := exbluesky.ReadDocument(did, r)
	if a.Status != post.Live {
		return a
	}
	xrpc := doc.Server + "/xrpc/"
	if r, err = q.get(ctx, xrpc+"com.atproto.repo.getRecord?"+url.Values{"repo": {did}, "collection": {"app.bsky.feed.post"}, "rkey": {rkey}}.Encode()); err != nil {
		q.err = err
		return extract.Answer{}
	}
	record := exbluesky.ReadRecord(id, doc, r)
	if record.Status != post.NotFound {
		return record
	}
	repo := extract.Trouble(extract.ReasonServer, true)
	if r, err = q.get(ctx, xrpc+"com.atproto.sync.getRepoStatus?"+url.Values{"did": {did}}.Encode()); err == nil {
		repo = exbluesky.ReadRepoStatus(did, r)
	}
	return exbluesky.Conclude(record, repo)
}
