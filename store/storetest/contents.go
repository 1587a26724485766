package storetest

import (
	"fmt"
	"strings"

	"stet/extract/post"
	"stet/store"
)

// ref returns the reference of an invented post.
func ref(n int) post.Ref {
	return post.Ref{Platform: post.Twitter, ID: fmt.Sprint(1_200_000_000_000_000_000 + n)}
}

func (e *env) look(r post.Ref) *store.Look {
	return &store.Look{Time: e.clock.Now(), Ref: r, Result: post.Live, Endpoint: "syndication"}
}

func (e *env) exchange(body string, refs ...post.Ref) *store.Exchange {
	x := &store.Exchange{
		Started: e.clock.Now(), Method: "GET", URL: "https://cdn.example/tweet-result", Purpose: "post",
		Address: "192.0.2.7:443", Protocol: "http/1.1", Status: 200, Refs: refs,
		RequestHead:  []byte("GET /tweet-result HTTP/1.1\r\nHost: cdn.example\r\n\r\n"),
		ResponseHead: []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"),
		Body:         store.Body{Size: int64(len(body)), Type: "application/json", Inline: []byte(body)},
	}
	if body != "" {
		x.Body.Digest = store.DigestOf([]byte(body))
	}
	return x
}

func (e *env) capture(r post.Ref, exchanges ...store.ID) *store.Capture {
	return &store.Capture{Time: e.clock.Now(), Kind: store.CapturePost, Ref: r, URL: "https://x.com/i/status/" + r.ID,
		Source: post.SourcePublic, Exchanges: exchanges, Trigger: "person"}
}

func (e *env) withMedia(r post.Ref, blobs ...store.BlobInfo) *store.Capture {
	c := e.capture(r)
	for i, b := range blobs {
		c.Media = append(c.Media, store.MediaFile{URL: fmt.Sprintf("https://pic.example/%d.jpg", i),
			Digest: b.Digest, Size: b.Size, Type: "image/jpeg"})
	}
	return c
}

func (e *env) derivation(r post.Ref, capture store.ID, handle string) *store.Derivation {
	return &store.Derivation{Time: e.clock.Now(), Capture: capture, Parser: "twitter@1", Source: post.SourcePublic, Ref: r,
		Post: post.Post{Platform: r.Platform, ID: r.ID, Text: "The bridge stays open. 🌉",
			Author: post.Author{ID: "77", Name: "Ada Fenwick", Handle: handle}}}
}

func (e *env) article(key string, mentions ...post.Ref) *store.ArticleVersion {
	a := &store.ArticleVersion{Time: e.clock.Now(), Key: key, Origin: "file", Finder: "1", Text: "Ein Absatz.\n\nNoch einer."}
	for i, r := range mentions {
		a.Mentions = append(a.Mentions, store.Mention{Kind: "embed", Ref: r, Markup: "blockquote", Positions: []int{i + 1}})
	}
	return a
}

// bodyWithDigest returns a body whose digest begins with a byte.
func bodyWithDigest(first byte) string {
	for i := 0; ; i++ {
		body := fmt.Sprintf("{%q:%d}", strings.Repeat("n", 3), i)
		if d := store.DigestOf([]byte(body)); d[0] == first {
			return body
		}
	}
}
