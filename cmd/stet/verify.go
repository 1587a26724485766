package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"stet/cmd/internal/wire"
	"stet/store"
	"stet/store/evidence"
)

// verifyFlags are those of `stet verify`.
type verifyFlags struct {
	keys, blocks, packageKeys []string
	keyFile                   string
	authorities, roots, of    string
	strict                    bool
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Verify a file of evidence, offline and without an archive",
		Long: `Verify a bundle or another WACZ, a WARC file, a checkpoint, a proof (tlog-proof or
of consistency), a time stamp (.tsr) or a proof of OpenTimestamps (.ots). Nothing
goes out to the network, and no archive is asked: the file may come from anybody,
and be read anywhere.

Nobody is believed who is not named. --key is the public key of the archive that
made a bundle or head, which that archive publishes; without it, what only a
signature can prove is unverifiable. Each part is

  verified       it is what it says
  unverifiable   nothing contradicts it, and what would prove it is missing,
                 pending, or not named
  wrong          it cannot be what it says

The exit code is 5 where anything is wrong, and with --strict also where anything
is unverifiable; else 0. docs/evidence.md says what each proves and what not.`,
		Example: `  stet verify bundle.wacz --key-file newsroom-key.txt --tsa-roots freetsa.pem
  stet verify head.tsr --of head.txt --tsa-roots freetsa.pem
  stet verify since.txt --of head.txt --key 'stet-…+…'`,
		Args: oneArg("a file"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.verify(cmd.Context(), args[0], &f) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.keys, "key", nil, "public key of an archive to trust, as `stet checkpoint --key` prints it")
	flags.StringVar(&f.keyFile, "key-file", "", "file with such keys, one on a line")
	flags.StringVar(&f.authorities, "tsa-roots", "", "file with the root certificates of time-stamp authorities to trust, in PEM")
	flags.StringArrayVar(&f.blocks, "bitcoin-block", nil, "header of a block of Bitcoin to trust: HEIGHT:HEX")
	flags.StringVar(&f.roots, "cert-roots", "", "file with the root certificates to trust for packages that a domain signed, in PEM")
	flags.StringArrayVar(&f.packageKeys, "package-key", nil, "SHA-256 of a public key to trust for packages that are signed anonymously")
	flags.StringVar(&f.of, "of", "", "file that a time stamp is of, or the older head of a proof of consistency")
	flags.BoolVar(&f.strict, "strict", false, "fail where anything cannot be verified")
	return cmd
}

// verified is what `stet verify --json` prints.
type verified struct {
	OK    bool                `json:"ok"`
	Parts []wire.VerifiedPart `json:"parts"`
}

// verifyMemory is how much memory is aimed at, however large the file: names and
// places of its records are remembered, and the collector is to leave no more than
// that lying about.
const verifyMemory = 96 << 20

func (a *app) verify(ctx context.Context, name string, f *verifyFlags) (err error) {
	v, err := a.believed(f)
	if err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", store.ErrUsage, name, cause(err))
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is not a file; `stet verify` reads files", store.ErrUsage, name)
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(min(debug.SetMemoryLimit(-1), verifyMemory)))
	parts, err := wire.VerifyFile(ctx, file, info.Size(), v)
	if err != nil {
		return fmt.Errorf("verifying %s: %w", name, err)
	}
	return a.tellVerified(name, parts, f.strict)
}

// tellVerified prints the parts and returns what the exit code follows from.
func (a *app) tellVerified(name string, parts []wire.VerifiedPart, strict bool) error {
	counts := map[evidence.Result]int{}
	var first *wire.VerifiedPart
	for i := range parts {
		p := &parts[i]
		counts[p.Result]++
		if first == nil && (p.Result == evidence.Wrong || strict && p.Result == evidence.Unverifiable) {
			first = p
		}
	}
	if a.json {
		a.out.json(verified{first == nil, filled(parts)})
	} else {
		a.showParts(parts, counts)
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("%s: %w: %s: %s", name, store.ErrVerification, first.Name, first.Why)
}

// showParts shows what is wrong, what cannot be verified, and of what is verified
// the first. What has the same to be said of it stands together.
func (a *app) showParts(parts []wire.VerifiedPart, counts map[evidence.Result]int) {
	const most = 12
	type word struct {
		result evidence.Result
		why    string
	}
	names := map[word][]string{}
	var words []word
	for _, p := range parts {
		w := word{p.Result, p.Why}
		if names[w] == nil {
			words = append(words, w)
		}
		names[w] = append(names[w], p.Name)
	}
	for _, result := range []evidence.Result{evidence.Wrong, evidence.Unverifiable, evidence.Verified} {
		shown := 0
		for _, w := range words {
			if w.result != result {
				continue
			}
			if shown++; result == evidence.Verified && shown > most {
				continue
			}
			who := names[w][0]
			if n := len(names[w]) - 1; n > 0 {
				who = fmt.Sprintf("%s and %d more", who, n)
			}
			a.out.block("", clean(fmt.Sprintf("%s %s: %s", strings.ToUpper(string(result)), who, w.why)), 0)
		}
	}
	a.out.line("%d verified, %d unverifiable, %d wrong", counts[evidence.Verified], counts[evidence.Unverifiable], counts[evidence.Wrong])
}

// believed reads whom the person believes.
func (a *app) believed(f *verifyFlags) (*wire.Verifying, error) {
	v := &wire.Verifying{Software: "stet " + version().Version}
	v.Now = a.now()
	keys := f.keys
	if f.keyFile != "" {
		body, err := readNamed("--key-file", f.keyFile)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(body)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				keys = append(keys, line)
			}
		}
	}
	var err error
	if v.Keys, err = evidence.NewTrust(keys...); err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	for _, s := range f.blocks {
		h, err := evidence.ParseBlockHeader(s)
		if err != nil {
			return nil, fmt.Errorf("--bitcoin-block: %w", err)
		}
		v.Blocks = append(v.Blocks, h)
	}
	for _, k := range f.packageKeys {
		if raw, err := hex.DecodeString(k); err != nil || len(raw) != 32 {
			return nil, fmt.Errorf("%w: --package-key: %.80q is not a SHA-256 in hex", store.ErrUsage, k)
		}
		v.PackageKeys = append(v.PackageKeys, strings.ToLower(k))
	}
	for flag, name := range map[string]string{"--tsa-roots": f.authorities, "--cert-roots": f.roots} {
		if name == "" {
			continue
		}
		body, err := readNamed(flag, name)
		if err != nil {
			return nil, err
		}
		pool, err := evidence.Pool(body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, name, err)
		}
		if flag == "--tsa-roots" {
			v.Authorities = pool
		} else {
			v.Roots = pool
		}
	}
	if f.of != "" {
		v.Of, err = readNamed("--of", f.of)
	}
	return v, err
}

// readNamed reads a file that a flag names.
func readNamed(flag, name string) ([]byte, error) {
	const most = 256 << 20
	body, err := localFiles{}.Read(name, most)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: reading %s: %w", store.ErrUsage, flag, name, err)
	}
	return body, nil
}
