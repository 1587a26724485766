package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"stet/cmd/internal/config"
	"stet/cmd/internal/wire"
	"stet/store"
	"stet/store/evidence"
)

// checkpointFlags are those of `stet checkpoint`.
type checkpointFlags struct {
	since, proof string
	key, rotate  bool
	stamp        bool
}

func (a *app) checkpointCommand() *cobra.Command {
	var f checkpointFlags
	cmd := &cobra.Command{
		Use:   "checkpoint",
		Short: "Sign and print the head of the evidence tree",
		Long: `Every record of the archive is a leaf of a tree of hashes. Its head, signed, is
a few lines that stand for all of them: whoever keeps one can prove later that
nothing that it covers was changed or removed since. Publish it, or hand it to
somebody who does not work on this machine.

The head is printed as a C2SP checkpoint; where nothing was added since the last
one, that is printed again. With --since it is printed with the proof that it
goes on from an older one, which is a file, or - for standard input. With --proof
the proof for one record, as a C2SP tlog-proof. --key prints the public key that
others verify with; publish it too. docs/evidence.md says what all this proves,
and ` + "`stet verify`" + ` checks it.`,
		Example: `  stet checkpoint > head.txt
  stet checkpoint --since head.txt
  stet checkpoint --key`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.checkpoint(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.since, "since", "", "prove that the head goes on from the one in this file")
	cmd.Flags().StringVar(&f.proof, "proof", "", "prove that the head covers the record with this id")
	cmd.Flags().BoolVar(&f.key, "key", false, "print the public key, and sign nothing")
	cmd.Flags().BoolVar(&f.stamp, "stamp", false, "have the head stamped now by those of evidence.authorities and evidence.calendars")
	cmd.Flags().BoolVar(&f.rotate, "rotate", false, "make a new key; what the old one signed stays provable")
	return cmd
}

// checkpointed is what `stet checkpoint --json` prints.
type checkpointed struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	Key    string `json:"key"`
	// Record keeps the head, and New is true where it was signed just now.
	Record store.ID `json:"record"`
	New    bool     `json:"new"`
	// Checkpoint is the signed head, and Proof what was asked for.
	Checkpoint string `json:"checkpoint"`
	Proof      string `json:"proof,omitempty"`
}

func (a *app) checkpoint(ctx context.Context, f checkpointFlags) (err error) {
	if (f.since != "" || f.proof != "") && (f.key || f.rotate) || f.since != "" && f.proof != "" || f.key && f.rotate {
		return fmt.Errorf("%w: --since, --proof, --key and --rotate exclude each other", store.ErrUsage)
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	var older *evidence.Head
	if f.since != "" {
		if older, err = a.olderHead(ctx, f.since); err != nil {
			return err
		}
	}
	w, err := a.open(ctx, c, true, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	log, err := w.Heads.Log()
	if err != nil {
		return err
	}
	if f.rotate || f.key {
		return a.printKey(ctx, log, f.rotate)
	}
	if f.stamp {
		if err := a.stampNow(ctx, c, w); err != nil {
			return err
		}
	}
	s, err := log.Checkpoint(ctx, "person")
	if err != nil {
		return fmt.Errorf("signing the head of the archive in %s: %w", w.Dir, err)
	}
	proof, err := proofFor(ctx, w, log, s, older, f.proof)
	if err != nil {
		return err
	}
	if a.json {
		a.out.json(checkpointed{s.Origin, s.Size, store.Hash(s.Root).String(), s.Key, s.Record, s.New, string(s.Message), string(proof)})
		return nil
	}
	if proof == nil {
		proof = s.Message
	}
	a.out.write(proof)
	return nil
}

// stampNow has the head stamped by all who are set. Calendars promise first, and
// complete later, while a service runs.
func (a *app) stampNow(ctx context.Context, c *config.Config, w *wire.Archive) error {
	stamps, err := w.Stamps(c, a.options(nil), nil)
	if err != nil {
		return err
	}
	if err := stamps.Now(ctx); err != nil {
		return fmt.Errorf("having the head stamped: %w", err)
	}
	return nil
}

// proofFor makes the proof that was asked for, nil where none was.
func proofFor(ctx context.Context, w *wire.Archive, log *evidence.Log, s *evidence.Signed, older *evidence.Head, record string) ([]byte, error) {
	if older != nil {
		c, err := log.Since(ctx, older, s)
		if err != nil {
			return nil, fmt.Errorf("the archive in %s does not go on from the older head: %w", w.Dir, err)
		}
		return c.Format(), nil
	}
	if record == "" {
		return nil, nil
	}
	id, err := store.ParseID(record)
	if err != nil {
		return nil, err
	}
	r, err := w.Archive.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := log.Include(ctx, &r, s)
	if err != nil {
		return nil, err
	}
	return p.Format(), nil
}

// printKey prints the public key, after a rotation the new one.
func (a *app) printKey(ctx context.Context, log *evidence.Log, rotate bool) error {
	key, err := log.Key(ctx)
	if rotate && err == nil {
		key, err = log.Rotate(ctx)
	}
	if err != nil {
		return err
	}
	if a.json {
		a.out.json(struct {
			Key string `json:"key"`
		}{key.Public})
		return nil
	}
	a.out.write([]byte(key.Public + "\n"))
	if rotate {
		a.warn("this key signs from now on; publish it where the old one stands, and keep the old one there")
	}
	return nil
}

// olderHead reads a head, or a proof that ends with one, from a file.
func (a *app) olderHead(ctx context.Context, name string) (*evidence.Head, error) {
	const most = 256 << 10
	body, err := interruptibly(ctx, func() ([]byte, error) {
		if name == "-" {
			return io.ReadAll(io.LimitReader(a.stdin, most))
		}
		return a.files.Read(name, most)
	})
	if err != nil {
		return nil, fmt.Errorf("%w: --since: reading %.200s: %w", store.ErrUsage, name, err)
	}
	switch {
	case evidence.IsConsistency(body):
		c, err := evidence.ParseConsistency(body)
		if err != nil {
			return nil, fmt.Errorf("--since %.200s: %w", name, err)
		}
		body = c.Checkpoint
	case evidence.IsProof(body):
		p, err := evidence.ParseProof(body)
		if err != nil {
			return nil, fmt.Errorf("--since %.200s: %w", name, err)
		}
		body = p.Checkpoint
	}
	h, err := evidence.UnsignedHead(body)
	if err != nil {
		return nil, fmt.Errorf("--since %.200s: %w", name, err)
	}
	return &h, nil
}
