package evidence

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"stet/store"
)

// maxNote is the largest signed note that is read: a checkpoint with hundreds
// of signatures of witnesses.
const maxNote = 64 << 10

// Head is a state of the tree under the name of its log.
type Head struct {
	// Origin names the log.
	Origin string
	// Size is how many records it covers, and Root the hash.
	Size int64
	Root tlog.Hash
}

// Text returns the text of the head as a C2SP checkpoint has it.
func (h *Head) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", h.Origin, h.Size, base64.StdEncoding.EncodeToString(h.Root[:]))
}

// parseHead reads the text of a checkpoint. Lines after the third are
// extensions, which this program neither writes nor takes.
func parseHead(text string) (Head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Head{}, fmt.Errorf("%w: it is no checkpoint: three lines were expected", store.ErrVerification)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Head{}, fmt.Errorf("%w: the checkpoint has the size %.30q", store.ErrVerification, lines[1])
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Head{}, err
	}
	return Head{Origin: lines[0], Size: size, Root: root}, nil
}

// parseHash reads a hash in base64, in the one form that it has.
func parseHash(s string) (h tlog.Hash, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != tlog.HashSize || strings.ContainsAny(s, "\r\n") {
		return h, fmt.Errorf("%w: %.60q is no hash in base64", store.ErrVerification, s)
	}
	copy(h[:], b)
	return h, nil
}

// Trust is the set of keys that somebody trusts.
type Trust struct {
	keys []note.Verifier
	text map[note.Verifier]string
}

// NewTrust reads public keys of the form name+hash+base64, as `stet checkpoint
// --key` prints them. It errors with ErrInvalid.
func NewTrust(keys ...string) (*Trust, error) {
	t := &Trust{text: map[note.Verifier]string{}}
	for _, k := range keys {
		if err := t.add(k); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Trust) add(key string) error {
	key = strings.TrimSpace(key)
	v, err := note.NewVerifier(key)
	if err != nil {
		return fmt.Errorf("%w: %.120q is no public key of the form name+hash+base64", store.ErrInvalid, key)
	}
	for _, old := range t.keys {
		if t.text[old] == key {
			return nil
		}
	}
	t.keys = append(t.keys, v)
	t.text[v] = key
	return nil
}

// Len is how many keys are trusted.
func (t *Trust) Len() int {
	if t == nil {
		return 0
	}
	return len(t.keys)
}

// Keys lists them.
func (t *Trust) Keys() []string {
	var list []string
	for _, v := range t.keys {
		list = append(list, t.text[v])
	}
	return list
}

// Note is a signed text of which at least one signature was found to be right.
type Note struct {
	Text string
	// Keys are the trusted keys that signed it.
	Keys []string
	// Strangers names those whose signatures could not be looked at, because
	// their keys are not among the trusted ones.
	Strangers []string
}

// errStranger says that nobody who is trusted has signed.
var errStranger = errors.New("none of the keys that are trusted has signed it")

// IsStranger reports whether an error says that a signature could not be looked
// at because its key is not trusted, and not that it is wrong.
func IsStranger(err error) bool { return errors.Is(err, errStranger) }

// OpenNote reads a signed note. It errors with ErrVerification where it is
// damaged, where a signature of a trusted key is wrong, or (see [IsStranger])
// where none of the trusted keys has signed it.
func (t *Trust) OpenNote(msg []byte) (*Note, error) {
	if len(msg) > maxNote {
		return nil, fmt.Errorf("%w: a signed note of more than %d bytes", store.ErrVerification, maxNote)
	}
	if err := strictNote(msg); err != nil {
		return nil, err
	}
	var known []note.Verifier
	if t != nil {
		known = t.keys
	}
	n, err := note.Open(msg, note.VerifierList(known...))
	var stranger *note.UnverifiedNoteError
	switch {
	case errors.As(err, &stranger):
		return nil, fmt.Errorf("%w: %w (it is signed by %s)", store.ErrVerification, errStranger, signers(stranger.Note.UnverifiedSigs))
	case err != nil:
		return nil, fmt.Errorf("%w: %w", store.ErrVerification, err)
	}
	out := &Note{Text: n.Text}
	for _, s := range n.Sigs {
		for _, v := range known {
			if v.Name() == s.Name && v.KeyHash() == s.Hash {
				out.Keys = append(out.Keys, t.text[v])
			}
		}
	}
	for _, s := range n.UnverifiedSigs {
		out.Strangers = append(out.Strangers, fmt.Sprintf("%s+%08x", s.Name, s.Hash))
	}
	return out, nil
}

func signers(list []note.Signature) string {
	var names []string
	for _, s := range list {
		names = append(names, fmt.Sprintf("%.80s+%08x", s.Name, s.Hash))
	}
	return strings.Join(names, ", ")
}

// strictNote refuses a note whose signatures are not written in the one form
// that they have: a byte that decoding passes over would be a byte that can be
// changed.
func strictNote(msg []byte) error {
	i := strings.LastIndex(string(msg), "\n\n")
	if i < 0 {
		return fmt.Errorf("%w: it is no signed note", store.ErrVerification)
	}
	for line := range strings.Lines(string(msg[i+2:])) {
		name, sig, ok := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "— "), " ")
		if !ok || name == "" {
			return fmt.Errorf("%w: a line of the signatures is none: %.80q", store.ErrVerification, line)
		}
		if _, err := base64.StdEncoding.Strict().DecodeString(sig); err != nil || strings.ContainsRune(sig, '\r') {
			return fmt.Errorf("%w: the signature of %.80s is not written as signatures are", store.ErrVerification, name)
		}
	}
	return nil
}

// ReadHead reads a checkpoint. Its errors are those of [Trust.OpenNote].
func (t *Trust) ReadHead(msg []byte) (Head, *Note, error) {
	n, err := t.OpenNote(msg)
	if err != nil {
		return Head{}, nil, fmt.Errorf("the checkpoint: %w", err)
	}
	h, err := parseHead(n.Text)
	if err == nil && !signedAs(n.Keys, h.Origin) {
		err = fmt.Errorf("%w: the checkpoint of %.80q is signed by the key of another log", store.ErrVerification, h.Origin)
	}
	return h, n, err
}

// signedAs reports whether one of the keys is of the log.
func signedAs(keys []string, origin string) bool {
	for _, k := range keys {
		if strings.HasPrefix(k, origin+"+") {
			return true
		}
	}
	return false
}

// UnsignedHead reads what a checkpoint says without asking who signed it.
func UnsignedHead(msg []byte) (Head, error) {
	if len(msg) > maxNote {
		return Head{}, fmt.Errorf("%w: a checkpoint of more than %d bytes", store.ErrVerification, maxNote)
	}
	i := strings.LastIndex(string(msg), "\n\n") // as the signed text ends
	if i < 0 {
		return Head{}, fmt.Errorf("%w: it is no signed note", store.ErrVerification)
	}
	return parseHead(string(msg[:i+1]))
}
