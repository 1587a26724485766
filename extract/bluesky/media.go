package bluesky

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"net/url"
	"strings"

	"stet/extract/post"
)

// Servers are the addresses of the servers that keep accounts' repositories, by
// the DIDs of the accounts. The originals of pictures and videos are there; the
// platform's own hosts have copies that were made from them.
type Servers map[string]string

// blobURL returns the address of an original, empty where the account's server
// is not known.
func (s Servers) blobURL(did, cid string) string {
	server := s[did]
	if server == "" || cid == "" {
		return ""
	}
	return server + "/xrpc/com.atproto.sync.getBlob?did=" + url.QueryEscape(did) + "&cid=" + url.QueryEscape(cid)
}

// BlobDigest returns the SHA-256 of the original that an address names: the names
// of files are made of it (a CID of version 1, of raw bytes). It returns false for
// addresses of copies and for names of another kind.
func BlobDigest(address string) (sum [sha256.Size]byte, ok bool) {
	u, err := url.Parse(address)
	if err != nil || !strings.HasSuffix(u.Path, "/xrpc/com.atproto.sync.getBlob") {
		return sum, false
	}
	name, ok := strings.CutPrefix(u.Query().Get("cid"), "b")
	if !ok || name != strings.ToLower(name) {
		return sum, false
	}
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(name))
	// Version 1, raw bytes, SHA-256, of 32 bytes.
	digest, ok := bytes.CutPrefix(raw, []byte{1, 0x55, 0x12, sha256.Size})
	if err != nil || !ok || len(digest) != sha256.Size {
		return sum, false
	}
	return [sha256.Size]byte(digest), true
}

// copyURL is the address of the platform's copy of a picture.
func copyURL(did, cid string) string {
	return "https://cdn.bsky.app/img/feed_fullsize/plain/" + did + "/" + cid + "@jpeg"
}

// cidOf returns the name of the original that an address of a copy holds.
func cidOf(address, did string) string {
	_, rest, ok := strings.Cut(address, "/"+did+"/")
	if !ok {
		_, rest, ok = strings.Cut(address, "/"+url.QueryEscape(did)+"/")
	}
	if !ok {
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789", r) })
	if end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// mediaOf returns the pictures and videos of a post: those that the author
// signed, with the addresses of the copies where the index shows them.
func mediaOf(did string, e *embed, v *embedView, servers Servers) []post.Media {
	if e != nil && e.Media.Set && e.Media.V != nil {
		e = e.Media.V
	}
	if v != nil && v.Media.Set && v.Media.V != nil {
		v = v.Media.V
	}
	if e == nil {
		e = &embed{}
	}
	if v == nil {
		v = &embedView{}
	}
	all := pictures(did, append(e.Images, e.Items...), append(v.Images, v.Items...), servers)
	if e.Video.Set || v.Playlist != "" {
		all = append(all, video(did, e, v, servers))
	}
	return all
}

// pictures returns the pictures of a post. Where the record and the view do not
// have as many, what they are is told by the view alone.
func pictures(did string, signed []image, shown []imageView, servers Servers) []post.Media {
	if len(signed) == 0 || len(shown) > len(signed) {
		signed = make([]image, len(shown))
	}
	var all []post.Media
	for i := range signed {
		s := &signed[i]
		m := post.Media{Kind: "photo", Alt: string(s.Alt), Width: s.AspectRatio.Width.size(), Height: s.AspectRatio.Height.size()}
		cid := s.Image.V.cid()
		var copies []string
		if len(shown) == len(signed) {
			v := &shown[i]
			if m.Alt == "" {
				m.Alt = string(v.Alt)
			}
			if m.Width == 0 {
				m.Width, m.Height = v.AspectRatio.Width.size(), v.AspectRatio.Height.size()
			}
			if cid == "" {
				cid = cidOf(string(v.Full), did)
			}
			copies = addresses(v.Full, v.Thumb, v.Thumbnail)
		}
		if len(copies) == 0 && cid != "" {
			copies = []string{copyURL(did, cid)}
		}
		all = append(all, best(m, servers.blobURL(did, cid), copies))
	}
	return all
}

// addresses returns those that are there.
func addresses(all ...str) []string {
	var list []string
	for _, s := range all {
		if s != "" {
			list = append(list, string(s))
		}
	}
	return list
}

// best sets the address of the original, and those of the copies as what is
// fetched where that cannot be had.
func best(m post.Media, original string, copies []string) post.Media {
	if original != "" {
		copies = append([]string{original}, copies...)
	}
	if len(copies) == 0 {
		m.Error = "the platform offered no file"
		return m
	}
	m.URL = copies[0]
	if len(copies) > 1 {
		m.Fallbacks = copies[1:]
	}
	return m
}

// video returns the video of a post. The platform's own hosts have it only in
// pieces, which are no file; the original is whole.
func video(did string, e *embed, v *embedView, servers Servers) post.Media {
	m := post.Media{Kind: "video", Alt: string(cmp.Or(e.Alt, v.Alt)), Poster: string(v.Thumbnail),
		Width: e.AspectRatio.Width.size(), Height: e.AspectRatio.Height.size()}
	if m.Width == 0 {
		m.Width, m.Height = v.AspectRatio.Width.size(), v.AspectRatio.Height.size()
	}
	if cmp.Or(e.Show, v.Show) == "gif" {
		m.Kind = "gif"
	}
	cid := cmp.Or(e.Video.V.cid(), string(v.CID), cidOf(string(v.Playlist), did))
	if m.Poster == "" && cid != "" {
		m.Poster = "https://video.bsky.app/watch/" + url.QueryEscape(did) + "/" + cid + "/thumbnail.jpg"
	}
	if m.URL = servers.blobURL(did, cid); m.URL == "" {
		m.Error = "the platform offered a stream in pieces only, " + string(v.Playlist) + ": the author's server, which has the file, is not known"
	}
	return m
}
