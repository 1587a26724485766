package wire

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"stet/archiver/stamp"
	"stet/cmd/internal/config"
	"stet/store"
	"stet/store/evidence"
)

// Heads is the evidence tree beside an archive. It is opened when it is asked
// for first, because most commands do without.
type Heads struct {
	o evidence.Options

	mu  sync.Mutex
	log *evidence.Log
}

// Log opens the tree.
func (h *Heads) Log() (*evidence.Log, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.log == nil {
		log, err := evidence.Open(h.o)
		if err != nil {
			return nil, err
		}
		h.log = log
	}
	return h.log, nil
}

func (h *Heads) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.log == nil {
		return nil
	}
	log := h.log
	h.log = nil
	return log.Close()
}

// newHeads returns the evidence tree of an archive, which is not opened yet.
func (a *Archive) newHeads(o Options, readOnly bool) *Heads {
	h := &Heads{o: evidence.Options{Archive: a.Archive, Dir: a.Dir, ReadOnly: readOnly, Random: o.Random}}
	a.closers = append(a.closers, h.close)
	return h
}

// Stamps returns what signs heads by schedule; report is told of trouble.
func (a *Archive) Stamps(c *config.Config, o Options, report func(error)) (*stamp.Worker, error) {
	o = o.withDefaults()
	log, err := a.Heads.Log()
	if err != nil {
		return nil, err
	}
	e := &c.Evidence
	options := stamp.Options{Archive: a.Archive, Log: log, CheckpointEvery: e.CheckpointEvery, StampEvery: e.StampEvery, Random: o.Random, Report: report,
		Authorities: e.Authorities, Calendars: e.Calendars}
	if len(e.Authorities)+len(e.Calendars) == 0 {
		return stamp.NewWorker(options), nil
	}
	if options.Roots, err = authorityRoots(c); err != nil {
		return nil, err
	}
	// Their addresses are the operator's.
	client, err := a.ownClient(c, o)
	if err != nil {
		return nil, err
	}
	options.Client = client
	return stamp.NewWorker(options), nil
}

// authorityRoots returns those to which the certificates of authorities must
// lead; nil where that does not matter.
func authorityRoots(c *config.Config) (*x509.CertPool, error) {
	if c.Evidence.AuthorityRoots == "" {
		return nil, nil
	}
	body, err := os.ReadFile(c.Evidence.AuthorityRoots)
	var roots *x509.CertPool
	if err == nil {
		roots, err = evidence.Pool(body)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: evidence.authority_roots: %w", store.ErrUsage, err)
	}
	return roots, nil
}

// machine returns the name of this machine, empty where it has none.
func machine() string {
	name, err := os.Hostname()
	if err != nil {
		return "" // the custody says no name then
	}
	return name
}

// StampStates says how those who are set to stamp stand.
func (a *Archive) StampStates(ctx context.Context, c *config.Config) ([]StampState, error) {
	return stamp.States(ctx, a.Archive, c.Evidence.Authorities, c.Evidence.Calendars)
}

// StampState says how somebody who stamps heads stands.
type StampState = stamp.State

// backupKey puts the signing key, encrypted, into a backup. It reports whether
// it did: without a passphrase it does not.
func backupKey(from, to, passphrase string) (bool, error) {
	if passphrase == "" {
		return false, nil
	}
	k, err := evidence.LoadKey(filepath.Join(from, evidence.KeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	sealed, err := k.Seal(passphrase)
	if err != nil {
		return false, err
	}
	if err := os.WriteFile(filepath.Join(to, evidence.SealedKeyFile), sealed, 0o600); err != nil {
		return false, fmt.Errorf("%w: putting the signing key into the backup: %w", store.ErrReadOnly, err)
	}
	return true, nil
}

// sealedKey decrypts the signing key of a backup; nil where it has none, or no
// passphrase is given.
func sealedKey(backup, passphrase string) (*evidence.Key, error) {
	if passphrase == "" {
		return nil, nil
	}
	sealed, err := os.ReadFile(filepath.Join(backup, evidence.SealedKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: the backup in %s has no signing key; leave the passphrase out", store.ErrUsage, backup)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: reading the signing key of the backup: %w", store.ErrReadOnly, err)
	}
	return evidence.Unseal(sealed, passphrase)
}

// keyForRestored puts the key of an archive that was restored where the next
// start finds it: what was signed after the backup is not in it, so that the
// same key must not go on signing. The next key takes over from it, under a
// name of its own.
func keyForRestored(dir, aside string, backup *evidence.Key) error {
	key, before := filepath.Join(dir, evidence.KeyFile), filepath.Join(dir, evidence.BeforeFile)
	old, err := evidence.LoadKey(key)
	if err == nil && aside != "" {
		err = old.Save(filepath.Join(aside, evidence.KeyFile)) // of the archive that was here
	}
	if err == nil {
		err = os.Rename(key, before)
	}
	if backup != nil && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		err = backup.Save(before)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: setting the signing key aside: %w", store.ErrReadOnly, err)
	}
	if err := os.Remove(filepath.Join(dir, evidence.HeadFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: forgetting the head that was signed last: %w", store.ErrReadOnly, err)
	}
	return nil
}

// CheckEvidence proves the archive against the heads that it signed.
func (a *Archive) CheckEvidence(ctx context.Context, report func(store.Problem)) (evidence.Checked, error) {
	log, err := a.Heads.Log()
	if err != nil {
		return evidence.Checked{}, err
	}
	return log.Check(ctx, report)
}
