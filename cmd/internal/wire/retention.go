package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"stet/archiver"
	"stet/archiver/source"
	"stet/cmd/internal/config"
	"stet/store"
	"stet/store/durable"
)

// RetentionFile is the name of the list of what rules destroyed: the digest of an
// article's address on each line. It lies beside the archive, so that what an
// older archive brings back that is restored is destroyed without a further
// grace, and nothing else is.
const RetentionFile = "destroyed.list"

// keeper returns what carries out how long things are kept.
func (a *Archive) keeper(c *config.Config, o Options) *archiver.Keeper {
	list := &destroyedList{path: filepath.Join(a.Dir, RetentionFile)}
	return archiver.NewKeeper(archiver.KeeperOptions{Archive: a.Archive, Remover: a.Removals, Grace: c.Policy.KeepGrace, Owner: owner(o),
		Rules: func(ctx context.Context) (archiver.KeepRules, error) { return a.KeepRules(ctx, c) }, Destroyed: list.has, Note: list.add})
}

// KeepRules says how long what each source that is followed named is kept.
func (a *Archive) KeepRules(ctx context.Context, c *config.Config) (archiver.KeepRules, error) {
	all, err := source.ListAll(ctx, a.Archive)
	if err != nil {
		return nil, err
	}
	rules := archiver.KeepRules{}
	for i := range all {
		p := &all[i].Plan
		keep := p.Keep
		if keep == 0 {
			keep = c.Policy.Keep
		}
		rules[p.Source.Name] = max(keep, 0)
	}
	return rules, nil
}

// destroyedList is the list in a file, to which is only added.
type destroyedList struct {
	path string
	mu   sync.Mutex
	size int64
	read map[string]bool
}

func lineOfAddress(address string) string {
	return strings.TrimPrefix(store.DigestOf([]byte(store.ArticleKey(address))).String(), "sha256:")
}

// has reports whether one of the addresses is in the list.
func (l *destroyedList) has(urls []string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.load(); err != nil {
		return false, err
	}
	return slices.ContainsFunc(urls, func(u string) bool { return l.read[lineOfAddress(u)] }), nil
}

// load reads the list, where it has grown since.
func (l *destroyedList) load() (err error) {
	f, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: reading what rules destroyed: %w", store.ErrReadOnly, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%w: reading what rules destroyed: %w", store.ErrReadOnly, err)
	}
	if info.Size() == l.size {
		return nil
	}
	l.read = map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		l.read[lines.Text()] = true
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: reading what rules destroyed in %s: %w", store.ErrCorrupt, l.path, err)
	}
	l.size = info.Size()
	return nil
}

// add adds addresses to the list, durably.
func (l *destroyedList) add(urls []string) (err error) {
	known, err := l.has(urls)
	if err != nil || known {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%w: noting what a rule destroys: %w", store.ErrReadOnly, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var b strings.Builder
	b.WriteByte('\n') // a line that a power cut left unfinished is none
	for _, u := range urls {
		b.WriteString(lineOfAddress(u) + "\n")
	}
	if _, err = f.WriteString(b.String()); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = durable.SyncFolder(filepath.Dir(l.path))
	}
	if err != nil {
		return fmt.Errorf("%w: noting what a rule destroys: %w", store.ErrReadOnly, err)
	}
	return nil
}
