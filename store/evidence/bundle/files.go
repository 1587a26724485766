package bundle

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"stet/store"
)

// maxPicture is the largest picture that stands in the bundle a second time, as
// a file of its own that people can open.
const maxPicture = 4 << 20

// Files makes the files of the bundle, in their order.
func (c *Content) Files(ctx context.Context) ([]File, error) {
	var files []File
	put := func(name string, data []byte) { files = append(files, File{Name: name, Data: data}) }
	var lines bytes.Buffer
	for i := range c.Items {
		line, err := Format(&c.Items[i].Record)
		if err != nil {
			return nil, fmt.Errorf("writing record %s: %w", c.Items[i].Record.ID, err)
		}
		lines.Write(line)
	}
	put(Records, lines.Bytes())
	put(Head, c.Head.Message)
	put(PublicKey, []byte(c.Head.Key+"\n"))
	signer, err := c.signer()
	if err != nil {
		return nil, err
	}
	put(Signer, signer)
	for i, note := range c.handovers {
		put(fmt.Sprintf("%s%04d.txt", Handovers, i+1), note)
	}
	for i := range c.Items {
		r := &c.Items[i].Record
		p, err := c.Log.Include(ctx, r, c.Head)
		if err != nil {
			return nil, err
		}
		put(Proofs+r.ID.String()+".tlog-proof", p.Format())
	}
	for i, s := range c.Stamped {
		put(stampName(i, s), s.Body)
	}
	pictures, err := c.pictures(ctx)
	if err != nil {
		return nil, err
	}
	files = append(files, pictures...)
	facts := c.facts(pictures)
	body, err := json.MarshalIndent(facts, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the custody: %w", err)
	}
	put(Custody, append(body, '\n'))
	report, err := c.report(facts)
	if err != nil {
		return nil, err
	}
	put(Report, report)
	put(Guide, c.guide())
	return files, nil
}

// signer returns the note that says which key signs the package.
func (c *Content) signer() ([]byte, error) {
	key, err := c.Key.Packages()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("the key of packages: %w", err)
	}
	return c.Key.Endorse(der)
}

// stampName names the file of a stamp by who gave it.
func stampName(i int, s *store.Stamp) string {
	host := "stamp"
	if u, err := url.Parse(s.By); err == nil && u.Hostname() != "" {
		host = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
				return r
			}
			return '-'
		}, strings.ToLower(u.Hostname()))
	}
	end := ".tsr"
	if s.Form == store.StampOTS {
		end = ".ots"
	}
	return fmt.Sprintf("%s%02d-%s%s", Stamps, i+1, host, end)
}

// pictures returns the pictures of posts and the screenshots, each once.
func (c *Content) pictures(ctx context.Context) ([]File, error) {
	var files []File
	seen := map[store.Digest]bool{}
	add := func(folder, end string, d store.Digest, size int64) error {
		if d.IsZero() || seen[d] || end == "" || size > maxPicture {
			return nil
		}
		seen[d] = true
		_, err := c.Archive.Blobs().Stat(ctx, d)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil // removed, or small enough to stand in its exchange
		case err != nil:
			return fmt.Errorf("the picture %s: %w", d, err)
		}
		files = append(files, File{Name: folder + strings.TrimPrefix(d.String(), "sha256:") + end, Blob: d})
		return nil
	}
	for i := range c.Items {
		switch v := c.Items[i].Content.(type) {
		case *store.Capture:
			for _, m := range v.Media {
				if err := add(Media, ending(m.Type), m.Digest, m.Size); err != nil {
					return nil, err
				}
			}
		case *store.Drawing:
			if err := add(Drawings, ".png", v.Picture, min(v.PictureSize, maxPicture)); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// ending returns the ending of a picture's file; empty for what is no picture
// that browsers show without doing anything else.
func ending(mediaType string) string {
	switch mediaType {
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	case "image/webp":
		return ".webp"
	case "image/avif":
		return ".avif"
	}
	return ""
}
