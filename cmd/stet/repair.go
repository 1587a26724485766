package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/extract/repair"
	"stet/store"
	"stet/store/durable"
)

func (a *app) repairCommand() *cobra.Command {
	var write bool
	var base string
	cmd := &cobra.Command{
		Use:   "repair FILE|DIR…",
		Short: "Let HTML files show kept copies of embedded posts that are gone",
		Long: `Look into HTML files, and those in folders, for embeds of posts that are
confirmed gone and whose copies the public may be shown (see ` + "`stet approve`" + `), and
say what would change. With --write the copies are put in their place, and links
to such posts get the attributes of Robust Links (data-versionurl). All other
bytes stay as they are; what was replaced is kept inside the file, and comes back
when the post does. Running it again changes nothing more.

The public listener of a service is asked, at --url, else serve.public_url, else
serve.public_listen: the copies are shown from there.`,
		Example: `  stet repair public/
  stet repair public/2024/story.html --write --url https://stet.news.example`,
		Args: someArgs("an HTML file or a folder (a damaged archive is for `stet salvage`)"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.repair(cmd.Context(), args, base, write) },
	}
	cmd.Flags().BoolVar(&write, "write", false, "change the files")
	cmd.Flags().StringVar(&base, "url", "", "address of the public listener (default serve.public_url)")
	return cmd
}

// maxRepaired is the largest file that is looked into.
const maxRepaired = 32 << 20

// repaired is what became of a file. Its JSON form is what `stet repair --json`
// prints.
type repaired struct {
	File    string          `json:"file"`
	Written bool            `json:"written"`
	Changes []repairedThing `json:"changes"`
}

type repairedThing struct {
	Post post.Ref `json:"post"`
	What string   `json:"what"`
	Line int      `json:"line"`
}

func (a *app) repair(ctx context.Context, names []string, base string, write bool) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	if base, err = publicBase(c, base); err != nil {
		return err
	}
	files, err := htmlFiles(names)
	if err != nil {
		return err
	}
	finder := wire.Finder()
	known := map[post.Ref]repair.Copy{}
	asked := map[post.Ref]bool{}
	var sum outcomes
	changed, changes := 0, 0
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("repairing %s: %w", name, err)
		}
		n, err := a.repairFile(name, write, func(doc []byte) ([]byte, []repair.Change, error) {
			refs := slices.DeleteFunc(repair.Posts(doc, finder), func(r post.Ref) bool { return asked[r] })
			if len(refs) > 0 {
				found, err := wire.PublicCopies(ctx, c, a.options(nil), base, refs)
				if err != nil {
					return nil, nil, err
				}
				for _, r := range refs {
					asked[r] = true
				}
				for r, copied := range found {
					known[r] = copied
				}
			}
			out, list := repair.Rewrite(doc, finder, func(r post.Ref) (repair.Copy, bool) { copied, ok := known[r]; return copied, ok })
			return out, list, nil
		})
		sum.add(name, err)
		if err != nil {
			a.complain(err)
			if class := store.ClassOf(err).Name; class == "network" || class == "unexpected" {
				break // the next one would be answered in the same way
			}
		}
		if changes += n; n > 0 {
			changed++
		}
	}
	a.sumRepairs(len(files), changed, changes, write)
	return sum.err()
}

func (a *app) sumRepairs(files, changed, changes int, write bool) {
	switch {
	case a.json:
	case changes == 0:
		a.out.line("Nothing to change in %s.", count(files, "file"))
	case write:
		a.out.line("%s in %s changed.", count(changes, "place"), count(changed, "file"))
	default:
		a.out.line("%s in %s would change; --write changes them.", count(changes, "place"), count(changed, "file"))
	}
}

// publicBase returns where the public listener is.
func publicBase(c *config.Config, base string) (string, error) {
	base = strings.TrimSuffix(cmp.Or(base, c.Serve.PublicURL), "/")
	if listen := c.Serve.PublicListen; base == "" && listen != "" && listen != "off" {
		base = "http://" + listen
	}
	if !strings.HasPrefix(base, "https://") && !strings.HasPrefix(base, "http://") {
		return "", fmt.Errorf("%w: copies are shown by the public listener of a service; name its address with --url, or set serve.public_url", store.ErrUsage)
	}
	return base, nil
}

// htmlFiles lists the files that are named and the HTML files in folders, without
// those that are hidden.
func htmlFiles(names []string) ([]string, error) {
	var list []string
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", store.ErrUsage, name, cause(err))
		}
		if !info.IsDir() {
			list = append(list, name)
			continue
		}
		err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			hidden := strings.HasPrefix(d.Name(), ".") && path != name
			switch {
			case err != nil:
				return err
			case d.IsDir() && hidden:
				return filepath.SkipDir
			case !d.Type().IsRegular() || hidden:
				return nil // a link leads out of the folder, or in a circle
			}
			switch strings.ToLower(filepath.Ext(path)) {
			case ".html", ".htm", ".xhtml":
				list = append(list, path)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", store.ErrReadOnly, name, err)
		}
	}
	return list, nil
}

// repairFile rewrites one file and returns how much was changed.
func (a *app) repairFile(name string, write bool, rewrite func([]byte) ([]byte, []repair.Change, error)) (int, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", store.ErrReadOnly, name, cause(err))
	}
	if info.Size() > maxRepaired {
		return 0, fmt.Errorf("%s: %w: more than %s", name, store.ErrTooLarge, size(maxRepaired))
	}
	doc, err := os.ReadFile(name)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", store.ErrReadOnly, name, cause(err))
	}
	if bytes.IndexByte(doc[:min(len(doc), 4096)], 0) >= 0 {
		return 0, fmt.Errorf("%w: %s is no HTML of one byte or UTF-8", store.ErrInvalid, name)
	}
	out, changes, err := rewrite(doc)
	if err != nil {
		return 0, err
	}
	if len(changes) == 0 {
		return 0, nil
	}
	if write {
		if err := durable.ReplaceFile(name, out, info.Mode().Perm()); err != nil {
			return 0, fmt.Errorf("%w: writing %s: %w", store.ErrReadOnly, name, err)
		}
	}
	r := repaired{File: name, Written: write, Changes: []repairedThing{}}
	for _, c := range changes {
		r.Changes = append(r.Changes, repairedThing{c.Ref, c.What, c.Line})
		if !a.json {
			a.out.line("%s:%d: %s %s", name, c.Line, c.What, c.Ref)
		}
	}
	if a.json {
		a.out.json(&r)
	}
	return len(changes), nil
}
