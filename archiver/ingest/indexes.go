package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"stet/extract/post"
	"stet/store"
)

// readAutoArchiver reads what auto-archiver says of what it archived: objects
// one after the other, each on a line or on many.
func (k *keeper) readAutoArchiver(ctx context.Context, r io.Reader) error {
	in := &pacer{r: r}
	in.next()
	d := json.NewDecoder(in)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		in.next()
		var raw json.RawMessage
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: behind byte %d: %w; what stands before was imported", store.ErrInvalid, d.InputOffset(), err)
		}
		if err := k.archived(ctx, span{offset: d.InputOffset() - int64(len(raw)), length: int64(len(raw))}, raw); err != nil {
			return err
		}
	}
}

// archived keeps what one object says.
func (k *keeper) archived(ctx context.Context, at span, raw []byte) error {
	var v struct {
		Status   string                     `json:"status"`
		Metadata map[string]json.RawMessage `json:"metadata"`
		Media    []struct {
			Key        string `json:"key"`
			Properties struct {
				Hash string `json:"hash"`
				Src  string `json:"src"`
			} `json:"properties"`
		} `json:"media"`
	}
	if crowded(raw) {
		return k.skip(ctx, at, "", tooCrowded)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return k.skip(ctx, at, "", "it is not what auto-archiver writes: "+err.Error())
	}
	text := func(key string) (s string) {
		_ = json.Unmarshal(v.Metadata[key], &s) // what is no string says nothing
		return s
	}
	s := statement{address: text("url"), title: text("title"), text: text("content"), posted: text("timestamp"), author: post.Author{}}
	if s.address == "" {
		return k.skip(ctx, at, "", "it has no address")
	}
	s.notes = append(s.notes, "archived by others: "+clip(v.Status))
	for i := range v.Media[:min(len(v.Media), maxStored)] {
		m := &v.Media[i]
		if m.Key != "" {
			s.stored = append(s.stored, storedFile{m.Key, clipTo(m.Properties.Src, maxAddress), m.Properties.Hash})
		}
		if m.Properties.Hash != "" {
			s.notes = append(s.notes, "a file of it, "+clip(m.Key)+", has the digest "+clipTo(m.Properties.Hash, 160)+", as the file says")
		}
	}
	return k.stated(ctx, at, &s)
}

// link is an entry of an index of ArchiveBox.
type link struct {
	URL string `json:"url"`
}

// readArchiveBox reads an index of ArchiveBox: a list of what it keeps, with or
// without an object around it, or what it says of one thing.
func (k *keeper) readArchiveBox(ctx context.Context, r io.Reader) error {
	in := &pacer{r: r}
	in.next()
	d := json.NewDecoder(in)
	failed := func(err error) error {
		return fmt.Errorf("%w: behind byte %d: %w; what stands before was imported", store.ErrInvalid, d.InputOffset(), err)
	}
	t, err := d.Token()
	if err != nil {
		return failed(err)
	}
	if t == json.Delim('[') {
		return k.links(ctx, in, d, failed)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return failed(err)
		}
		in.next()
		if key == "links" {
			if t, err := d.Token(); err != nil || t != json.Delim('[') {
				return failed(errors.New("its links are no list"))
			}
			return k.links(ctx, in, d, failed)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return failed(err)
		}
		var address string
		if key == "url" && json.Unmarshal(raw, &address) == nil {
			return k.address(ctx, span{offset: d.InputOffset() - int64(len(raw)), length: int64(len(raw))}, address)
		}
	}
	return failed(errors.New("there is no list of links"))
}

// links reads the entries of a list that has begun.
func (k *keeper) links(ctx context.Context, in *pacer, d *json.Decoder, failed func(error) error) error {
	for d.More() {
		if err := ctx.Err(); err != nil {
			return err
		}
		in.next()
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return failed(err)
		}
		var l link
		at := span{offset: d.InputOffset() - int64(len(raw)), length: int64(len(raw))}
		var err error
		if json.Unmarshal(raw, &l) != nil || l.URL == "" {
			err = k.skip(ctx, at, "", "the entry has no address")
		} else {
			err = k.address(ctx, at, l.URL)
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return failed(errors.New("the list does not end"))
	}
	return nil
}

// jsonKind tells the forms of JSON apart, by the names that stand near the
// beginning.
func jsonKind(head []byte) format {
	has := func(name string) bool { return bytes.Contains(head, []byte(`"`+name+`"`)) }
	switch {
	case bytes.Contains(head, []byte(`"text/x-moz-place`)), has("roots") && has("bookmark_bar"):
		return formatTree
	case has("id_str") || has("author_id") || has("data"):
	case has("metadata") && has("status"):
		return formatAutoArchiver
	case has("timestamp") && has("url") || has("links") && has("info"):
		return formatArchiveBox
	}
	return formatTwarc
}
