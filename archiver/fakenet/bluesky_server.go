package fakenet

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// blueskyBlob is a file in a repository.
type blueskyBlob struct {
	did, mediaType string
	body           []byte
}

// directory answers for the documents of accounts: plc.directory.
func (b *Bluesky) directory(w http.ResponseWriter, r *http.Request) {
	did := strings.TrimPrefix(r.URL.Path, "/")
	b.mu.Lock()
	defer b.mu.Unlock()
	switch a := b.accounts[did]; {
	case a == nil:
		writeJSON(w, http.StatusNotFound, obj{"message": "DID not registered: " + did})
	case a.state == BlueskyGivenUp:
		writeJSON(w, http.StatusGone, obj{"message": "DID not available: " + did})
	default:
		writeJSON(w, http.StatusOK, a.document())
	}
}

func (a *blueskyAccount) document() obj {
	return obj{"@context": []any{"https://www.w3.org/ns/did/v1"}, "id": a.DID, "alsoKnownAs": []any{"at://" + a.Handle}, "verificationMethod": []any{},
		"service": []any{obj{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://" + a.Server}}}
}

// server is a host that keeps repositories. Of accounts that it does not serve
// it asks the index, as real servers do, so that a record is then not found
// whatever the reason.
func (b *Bluesky) server(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if method(r) == "com.atproto.sync.getBlob" {
		b.serveBlob(w, r)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.URL.Path == "/.well-known/did.json" {
		if a := b.accounts["did:web:"+r.Host]; a != nil {
			writeJSON(w, http.StatusOK, a.document())
			return
		}
		http.NotFound(w, r)
		return
	}
	did := or(q.Get("did"), q.Get("repo"))
	a := b.served(did, r.Host)
	switch method(r) {
	case "com.atproto.repo.getRecord":
		id := blueskyID(did, q.Get("rkey"))
		p := b.posts[id]
		if a == nil || a.state != BlueskyLive || p == nil || p.state == BlueskyDeleted || q.Get("collection") != blueskyCollection {
			xrpcFail(w, http.StatusBadRequest, "RecordNotFound", "Could not locate record: "+id)
			return
		}
		writeJSON(w, http.StatusOK, obj{"uri": id, "cid": p.cid(), "value": b.record(p)})
	case "com.atproto.sync.getRepoStatus":
		switch {
		case a == nil:
			xrpcFail(w, http.StatusBadRequest, "RepoNotFound", "Could not find repo for DID: "+did)
		case a.state == BlueskyLive:
			writeJSON(w, http.StatusOK, obj{"did": did, "active": true, "rev": "3l6oveex3ii2m"})
		default:
			writeJSON(w, http.StatusOK, obj{"did": did, "active": false, "status": string(a.state)})
		}
	default:
		xrpcFail(w, http.StatusNotImplemented, "MethodNotImplemented", "Method Not Implemented")
	}
}

// served returns an account that a host keeps, or nil; b.mu is held.
func (b *Bluesky) served(did, host string) *blueskyAccount {
	if a := b.accounts[did]; a != nil && a.Server == host && a.state != BlueskyGone {
		return a
	}
	return nil
}

func (b *Bluesky) serveBlob(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	a := b.served(r.URL.Query().Get("did"), r.Host)
	blob, ok := b.blobs[r.URL.Query().Get("cid")]
	ok = ok && a != nil && a.state == BlueskyLive && blob.did == a.DID
	b.mu.Unlock()
	if !ok {
		xrpcFail(w, http.StatusBadRequest, "BlobNotFound", "Blob not found")
		return
	}
	w.Header().Set("Content-Type", blob.mediaType)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(blob.body))
}

// RemoveBlob makes the original of a file disappear from its server.
func (b *Bluesky) RemoveBlob(id string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.blobs, b.mustHave(id).Media[n].cid())
}

// SpoilBlob lets the server answer with another picture in the place of the
// original of a file.
func (b *Bluesky) SpoilBlob(id string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	cid := b.mustHave(id).Media[n].cid()
	blob := b.blobs[cid]
	blob.body, blob.mediaType = picture("another", 320, 240), "image/png"
	b.blobs[cid] = blob
}

// copies is the host of the copies of pictures.
func (b *Bluesky) copies(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(picture("copy "+r.URL.Path, 320, 240)) // a client that has gone away is no error
}

// stills is the host of videos in pieces, and of their still pictures.
func (b *Bluesky) stills(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, ".m3u8") {
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		_, _ = io.WriteString(w, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=688540,RESOLUTION=360x640\n360p/video.m3u8\n")
		return
	}
	b.copies(w, r)
}

// record is a post as its author signed it.
func (b *Bluesky) record(p *blueskyPost) obj {
	text, facets := b.facets(p.Text)
	r := obj{"$type": blueskyCollection, "text": text, "createdAt": moment(p.Posted), "langs": []any{p.Lang}}
	if facets != nil {
		r["facets"] = facets
	}
	if p.Answers != "" {
		parent := b.strongRef(p.Answers)
		r["reply"] = obj{"parent": parent, "root": parent}
	}
	if len(p.SelfLabels) > 0 {
		var values []any
		for _, l := range p.SelfLabels {
			values = append(values, obj{"val": l})
		}
		r["labels"] = obj{"$type": "com.atproto.label.defs#selfLabels", "values": values}
	}
	media := p.mediaRecord()
	switch {
	case p.Quotes != "" && media != nil:
		r["embed"] = obj{"$type": "app.bsky.embed.recordWithMedia", "record": obj{"$type": "app.bsky.embed.record", "record": b.strongRef(p.Quotes)}, "media": media}
	case p.Quotes != "":
		r["embed"] = obj{"$type": "app.bsky.embed.record", "record": b.strongRef(p.Quotes)}
	case media != nil:
		r["embed"] = media
	}
	return r
}

func (b *Bluesky) strongRef(id string) obj {
	cid := rawCID([]byte(id))
	if p := b.posts[id]; p != nil {
		cid = p.cid()
	}
	return obj{"uri": id, "cid": cid}
}

func (p *blueskyPost) mediaRecord() obj {
	if c := p.Card; c != nil {
		return obj{"$type": "app.bsky.embed.external", "external": obj{"uri": c.URL, "title": c.Title, "description": c.Description}}
	}
	var images []any
	for i := range p.Media {
		m := &p.Media[i]
		ratio := obj{"width": m.Width, "height": m.Height}
		if m.Kind != "photo" {
			return obj{"$type": "app.bsky.embed.video", "video": m.blobRef(), "alt": m.Alt, "aspectRatio": ratio}
		}
		images = append(images, obj{"alt": m.Alt, "image": m.blobRef(), "aspectRatio": ratio})
	}
	if images == nil {
		return nil
	}
	return obj{"$type": "app.bsky.embed.images", "images": images}
}

// facets marks the addresses and mentions of a text, and shortens the
// addresses as clients do.
func (b *Bluesky) facets(text string) (string, []any) {
	var out strings.Builder
	var facets []any
	for i, word := range strings.Split(text, " ") {
		if i > 0 {
			out.WriteByte(' ')
		}
		start := out.Len()
		var feature obj
		if rest, ok := strings.CutPrefix(word, "https://"); ok {
			feature = obj{"$type": "app.bsky.richtext.facet#link", "uri": word}
			if word = rest; len(word) > 24 {
				word = word[:24] + "..."
			}
		} else if did := b.didOf(strings.TrimPrefix(word, "@")); did != "" && word[0] == '@' {
			feature = obj{"$type": "app.bsky.richtext.facet#mention", "did": did}
		}
		out.WriteString(word)
		if feature != nil {
			facets = append(facets, obj{"index": obj{"byteStart": start, "byteEnd": out.Len()}, "features": []any{feature}})
		}
	}
	return out.String(), facets
}

// original returns the bytes of a file as its author uploaded it.
func (m *Media) original() ([]byte, string) {
	if m.Kind == "photo" {
		return picture(m.Key, m.Width, m.Height), "image/jpeg"
	}
	body, _ := io.ReadAll(newFilm(m.Key, m.Size)) // a film never errors
	return body, "video/mp4"
}

// cid is the name of a file: the hash of its bytes.
func (m *Media) cid() string {
	body, _ := m.original()
	return rawCID(body)
}

func (m *Media) blobRef() obj {
	body, mediaType := m.original()
	return obj{"$type": "blob", "ref": obj{"$link": rawCID(body)}, "mimeType": mediaType, "size": len(body)}
}

// addBlobs serves the files of a post; b.mu is held.
func (b *Bluesky) addBlobs(p *BlueskyPost) {
	for i := range p.Media {
		body, mediaType := p.Media[i].original()
		b.blobs[rawCID(body)] = blueskyBlob{did: p.Author.DID, mediaType: mediaType, body: body}
	}
}

// cid names the version of a post.
func (p *blueskyPost) cid() string {
	body, _ := json.Marshal([]any{p.ID(), p.Text, p.version}) // strings and numbers always encode
	return contentID(0x71, body)
}

// rawCID is the name of bytes in the network: CID version 1, SHA-256.
func rawCID(body []byte) string { return contentID(0x55, body) }

func contentID(codec byte, body []byte) string {
	sum := sha256.Sum256(body)
	return "b" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(append([]byte{1, codec, 0x12, 0x20}, sum[:]...)))
}

// base32Letters is the alphabet of DIDs and record keys.
const base32Letters = "234567abcdefghijklmnopqrstuvwxyz"

// base32Name makes a name of length letters out of text.
func base32Name(text string, length int) string {
	sum := sha256.Sum256([]byte(text))
	out := make([]byte, length)
	for i := range out {
		out[i] = base32Letters[sum[i]&31]
	}
	return string(out)
}

// tid is the record key that clients make of a time.
func tid(at time.Time, clock uint64) string {
	n := uint64(at.UnixMicro())<<10 | clock&1023
	out := make([]byte, 13)
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = base32Letters[n&31]
		n >>= 5
	}
	return string(out)
}
