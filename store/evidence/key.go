package evidence

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"stet/store"
	"stet/store/durable"
)

// The names of the files beside an archive.
const (
	// KeyFile holds the private key.
	KeyFile = "evidence.key"
	// BeforeFile holds the key of an archive that was restored, until the next
	// key took over from it.
	BeforeFile = "evidence.before.key"
	// HeadFile holds the head that was signed last.
	HeadFile = "evidence.head"
)

// Key is the private key of a log.
type Key struct {
	secret string
	signer note.Signer
	seed   []byte
	// Public is the public key, of the form name+hash+base64.
	Public string
}

// NewKey makes a key for the log origin; an empty one gets a name of its own.
func NewKey(random io.Reader, origin string) (*Key, error) {
	if origin == "" {
		name := make([]byte, 8)
		if _, err := io.ReadFull(random, name); err != nil {
			return nil, fmt.Errorf("reading random bytes for the name of a log: %w", err)
		}
		origin = "stet-" + hex.EncodeToString(name)
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("reading random bytes for a key: %w", err)
	}
	public, err := note.NewEd25519VerifierKey(origin, ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("%w: the name %q of a log: %w", store.ErrInvalid, origin, err)
	}
	hash := strings.SplitN(strings.TrimPrefix(public, origin+"+"), "+", 2)[0]
	return parseKey("PRIVATE+KEY+" + origin + "+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)))
}

// parseKey reads a private key as the note package writes it.
func parseKey(secret string) (*Key, error) {
	secret = strings.TrimSpace(secret)
	bad := fmt.Errorf("%w: it is no private key of a log", store.ErrCorrupt)
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, bad
	}
	// After the name come the hash and the key, which may hold a plus itself.
	_, encoded, _ := strings.Cut(strings.TrimPrefix(secret, "PRIVATE+KEY+"+signer.Name()+"+"), "+")
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, bad
	}
	public, err := note.NewEd25519VerifierKey(signer.Name(), ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey))
	if err != nil {
		return nil, bad
	}
	return &Key{secret: secret, signer: signer, seed: raw[1:], Public: public}, nil
}

// Origin names the log.
func (k *Key) Origin() string { return k.signer.Name() }

// Sign signs a text that ends with a line feed, with this key and others.
func (k *Key) Sign(text string, others ...*Key) ([]byte, error) {
	signers := []note.Signer{k.signer}
	for _, o := range others {
		signers = append(signers, o.signer)
	}
	msg, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return nil, fmt.Errorf("%w: signing: %w", store.ErrInvalid, err)
	}
	return msg, nil
}

// Packages returns the key that signs whole files: ECDSA with P-384, as the
// signatures of WACZ ask for. It follows from this one, so that it needs no
// keeping of its own; [Key.Endorse] says whose it is.
func (k *Key) Packages() (*ecdsa.PrivateKey, error) {
	curve := elliptic.P384()
	wide, err := hkdf.Key(sha256.New, k.seed, nil, "stet packages P-384", 64)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of packages: %w", err)
	}
	// 128 bits more than the order has make the remainder as good as even.
	d := new(big.Int).SetBytes(wide)
	d.Mod(d, new(big.Int).Sub(curve.Params().N, big.NewInt(1)))
	d.Add(d, big.NewInt(1))
	private, err := ecdsa.ParseRawPrivateKey(curve, d.FillBytes(make([]byte, 48)))
	if err != nil {
		return nil, fmt.Errorf("deriving the key of packages: %w", err)
	}
	return private, nil
}

// endorsement begins the note by which a log says which key signs its packages.
const endorsement = "stet packages are signed by\n"

// Endorse signs a note that says that the public key, in DER, signs packages of
// this log.
func (k *Key) Endorse(der []byte) ([]byte, error) {
	return k.Sign(endorsement + base64.StdEncoding.EncodeToString(der) + "\n")
}

// Endorsed returns the public key, in DER, that a note of [Key.Endorse] names.
// Its errors are those of [Trust.OpenNote].
func (t *Trust) Endorsed(msg []byte) (der []byte, n *Note, err error) {
	if n, err = t.OpenNote(msg); err != nil {
		return nil, nil, fmt.Errorf("the note about the key of packages: %w", err)
	}
	text, ok := strings.CutPrefix(n.Text, endorsement)
	if ok {
		der, err = base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(text, "\n"))
	}
	if !ok || err != nil {
		return nil, nil, fmt.Errorf("%w: the note about the key of packages says something else", store.ErrVerification)
	}
	return der, n, nil
}

// LoadKey reads the private key in a file. It errors with fs.ErrNotExist where
// there is none, with ErrRefused where others may read it, and with ErrCorrupt.
func LoadKey(path string) (_ *Key, err error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: reading the signing key: %w", store.ErrReadOnly, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: reading the signing key: %w", store.ErrReadOnly, err)
	}
	// Windows has no such modes.
	if mode := info.Mode(); runtime.GOOS != "windows" && (!mode.IsRegular() || mode.Perm()&0o077 != 0) {
		return nil, fmt.Errorf("%w: others may read or write the signing key in %s (mode %s); make it 0600", store.ErrRefused, path, mode)
	}
	body, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return nil, fmt.Errorf("%w: reading the signing key: %w", store.ErrReadOnly, err)
	}
	k, err := parseKey(string(body))
	if err != nil {
		return nil, fmt.Errorf("the signing key in %s: %w", path, err)
	}
	return k, nil
}

// Save puts the key into a file of mode 0600, durably.
func (k *Key) Save(path string) error {
	if err := durable.ReplaceFile(path, []byte(k.secret+"\n"), durable.Private); err != nil {
		return fmt.Errorf("%w: keeping the signing key: %w", store.ErrReadOnly, err)
	}
	return nil
}

// Secret returns the private key as a line, for a backup that encrypts it.
func (k *Key) Secret() string { return k.secret + "\n" }

// ParseSecret reads what [Key.Secret] returned. It errors with ErrCorrupt.
func ParseSecret(line string) (*Key, error) { return parseKey(line) }
