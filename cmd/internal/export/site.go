package export

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"stet/store"
	"stet/store/view"
)

// The sizes of the parts of a site.
const (
	pagePosts = 100
	// searchPart is how many bytes of posts one script holds.
	searchPart = 1 << 20
	// searchText is how much of a post's words is searched.
	searchText = 2 << 10
	// maxFiles is how many files are remembered as written; one that is
	// forgotten is written again.
	maxFiles = 500_000
)

// site is a folder of pages that is being written.
type site struct {
	x     *exporter
	cards []card
	page  int
	// found are the posts of the search's next part.
	found   []byte
	parts   int
	written map[[12]byte]bool
}

// card is a post in a list.
type card struct {
	File, Author, Status, Posted, Text string
}

// hit is a post as the search knows it.
type hit struct {
	File   string `json:"f"`
	Ref    string `json:"r"`
	Author string `json:"a"`
	Handle string `json:"h"`
	Text   string `json:"t"`
	Status string `json:"s"`
	Posted string `json:"d"`
}

// site writes pages that can be read from a folder.
func (x *exporter) site(ctx context.Context) error {
	s := &site{x: x, written: map[[12]byte]bool{}}
	for _, name := range []string{"style.css", "search.js"} {
		b, err := files.ReadFile("templates/" + name)
		if err != nil {
			return err
		}
		if err := x.whole(name, b); err != nil {
			return err
		}
	}
	if err := x.posts(ctx, "", func(v *view.Post) error { return s.post(ctx, v) }); err != nil {
		return err
	}
	if err := s.list(true); err != nil {
		return err
	}
	if err := s.part(); err != nil {
		return err
	}
	return x.whole("search/index.js", fmt.Appendf(nil, "window.stetParts = %d;\n", s.parts))
}

// whole writes a file.
func (x *exporter) whole(name string, b []byte) error {
	if err := x.out.File(name); err != nil {
		return err
	}
	_, err := x.out.Write(b)
	return err
}

// post writes the page of a post with its files.
func (s *site) post(ctx context.Context, v *view.Post) error {
	page, err := postPage(v, s.x.o.Software, beside{})
	if err != nil {
		return err
	}
	ref := v.History.Ref.String()
	name := "posts/" + fileName(ref) + ".html"
	if err := s.x.whole(name, page); err != nil {
		return err
	}
	for i := range v.Post.Media {
		m := &v.Post.Media[i]
		if err := s.file(ctx, m.Digest, m.Type); err != nil {
			return err
		}
		if m.Digest == "" {
			if err := s.file(ctx, m.PosterDigest, "image/jpeg"); err != nil {
				return err
			}
		}
	}
	if len(s.cards) == pagePosts {
		if err := s.list(false); err != nil {
			return err
		}
	}
	c := card{File: name, Author: nameOf(v), Status: statusWord(v), Text: clipBytes(v.Post.Text, 300)}
	if !v.Post.Posted.IsZero() {
		c.Posted = shownTime(v.Post.Posted)
	}
	s.cards = append(s.cards, c)
	s.x.report("writing pages", 0)
	return s.find(hit{File: name, Ref: ref, Author: c.Author, Handle: v.Post.Author.Handle, Text: clipBytes(v.Post.Text, searchText), Status: c.Status, Posted: c.Posted})
}

func nameOf(v *view.Post) string {
	for _, s := range []string{v.Post.Author.Name, v.Post.Author.Handle} {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return v.History.Ref.String()
}

// beside finds files in the folder of the site.
type beside struct{}

func (beside) place(_, digest, media string) string { return "../" + besideName(digest, media) }

// besideName names a file by its digest, with an ending that no browser takes
// for a page.
func besideName(digest, media string) string {
	end := pictures()[media]
	if end == "" {
		end = films()[media]
	}
	if end == "" {
		end = ".bin"
	}
	return "files/" + strings.TrimPrefix(digest, "sha256:") + end
}

// file writes a file of a post, where it was not written yet.
func (s *site) file(ctx context.Context, digest, media string) error {
	if digest == "" {
		return nil
	}
	d, err := store.ParseDigest(digest)
	if err != nil {
		return fmt.Errorf("a file of a post: %w", err)
	}
	key := [12]byte(d[:12])
	if s.written[key] {
		return nil
	}
	if len(s.written) < maxFiles {
		s.written[key] = true
	}
	r, err := s.x.archive.OpenBlob(ctx, d)
	if notFound(err) {
		return nil // removed
	}
	if err != nil {
		return err
	}
	if err = s.x.out.File(besideName(digest, media)); err == nil {
		_, err = io.Copy(struct{ io.Writer }{s.x.out}, r)
	}
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	return err
}

// list writes a page of the list.
func (s *site) list(last bool) error {
	s.page++
	name := func(n int) string {
		if n == 1 {
			return "index.html"
		}
		return fmt.Sprintf("page-%d.html", n)
	}
	d := struct {
		Title, Software, Time, Before, After string
		Number                               int
		Posts                                []card
	}{Title: s.x.title(), Software: s.x.o.Software, Time: shownTime(s.x.time), Number: s.page, Posts: s.cards}
	if s.page > 1 {
		d.Before = name(s.page - 1)
	}
	if !last {
		d.After = name(s.page + 1)
	}
	var b bytes.Buffer
	if err := pages().ExecuteTemplate(&b, "index.html", d); err != nil {
		return fmt.Errorf("the list of posts: %w", err)
	}
	s.cards = nil
	return s.x.whole(name(s.page), b.Bytes())
}

// find adds a post to what is searched.
func (s *site) find(h hit) error {
	b, err := json.Marshal(h) // which escapes what scripts and pages could read otherwise
	if err != nil {
		return err
	}
	if len(s.found) > 0 {
		s.found = append(s.found, ",\n"...)
	}
	s.found = append(s.found, b...)
	if len(s.found) < searchPart {
		return nil
	}
	return s.part()
}

func (s *site) part() error {
	if len(s.found) == 0 {
		return nil
	}
	name := fmt.Sprintf("search/%d.js", s.parts)
	s.parts++
	b := append([]byte("stetPosts([\n"), s.found...)
	s.found = nil
	return s.x.whole(name, append(b, "\n]);\n"...))
}
