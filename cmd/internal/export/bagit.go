package export

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"stet/store/wacz"
	"stet/store/warc"
)

// bag writes a bag: WARC files with their index, the posts as lines of JSON,
// and the digests of all.
func (x *exporter) bag(ctx context.Context) (err error) {
	chosen, err := x.plan(ctx)
	if err != nil {
		return err
	}
	b := &bag{Out: x.out.Out}
	x.out.Out = b
	index := &sorter{temp: x.o.Temp, max: x.o.sizes.run}
	defer func() {
		if cerr := index.close(); err == nil {
			err = cerr
		}
	}()
	x.o.Folder = true
	b.folder = "data/warc/"
	if err := x.segments(ctx, chosen, func(e *warc.Entry) error { return index.add(e.Line()) }); err != nil {
		return err
	}
	b.folder = "data/"
	if err := x.out.File("index.cdxj"); err != nil {
		return err
	}
	w := bufio.NewWriter(x.out)
	if err := index.each(func(l []byte) error {
		_, err := w.Write(append(l, '\n'))
		return err
	}); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	b.name = "posts.jsonl"
	if err := x.jsonl(ctx); err != nil {
		return err
	}
	return b.finish(x)
}

// bag takes the files of a bag and notes their digests.
type bag struct {
	Out
	// folder is put before the names of files, name stands in for an empty
	// one.
	folder, name string
	current      string
	sum          *wacz.Sum
	payload      []string
	tags         []string
	size         int64
	count        int
}

// File implements [Out].
func (b *bag) File(name string) error {
	b.close()
	if name == "" {
		name = b.name
	}
	b.current, b.sum = b.folder+name, wacz.NewSum(io.Discard)
	return b.Out.File(b.current)
}

// Write implements [Out].
func (b *bag) Write(p []byte) (int, error) {
	n, err := b.Out.Write(p)
	_, _ = b.sum.Write(p[:n]) // which discards
	return n, err
}

// Mark forgets the mark: a bag is written at once.
func (b *bag) Mark(Mark) error { return nil }

// close notes the file that was written.
func (b *bag) close() {
	if b.current == "" {
		return
	}
	c := b.sum.Content(nil)
	line := strings.TrimPrefix(c.Digest.String(), "sha256:") + "  " + bagPath(b.current) + "\n"
	if strings.HasPrefix(b.current, "data/") {
		b.payload = append(b.payload, line)
		b.size += c.Size
		b.count++
	} else {
		b.tags = append(b.tags, line)
	}
	b.current = ""
}

// bagPath writes a path as a manifest does.
func bagPath(s string) string {
	return strings.NewReplacer("%", "%25", "\n", "%0A", "\r", "%0D").Replace(s)
}

// finish writes the tag files.
func (b *bag) finish(x *exporter) error {
	b.close()
	b.folder = ""
	info := fmt.Sprintf("Bagging-Date: %s\nBag-Software-Agent: %s\nExternal-Description: %s, as archived up to journal number %d\nPayload-Oxum: %d.%d\n",
		x.time.Format("2006-01-02"), oneLine(x.o.Software), oneLine(x.title()), x.bound, b.size, b.count)
	for _, f := range []struct{ name, content string }{
		{"bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"},
		{"bag-info.txt", info},
		{"manifest-sha256.txt", strings.Join(b.payload, "")},
	} {
		if err := x.whole(f.name, []byte(f.content)); err != nil {
			return err
		}
	}
	b.close()
	return x.whole("tagmanifest-sha256.txt", []byte(strings.Join(b.tags, "")))
}

// oneLine makes one line of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
