package token

import (
	"path/filepath"

	"stet/cmd/internal/beside"
)

func (t *Tokens) file() beside.File[Token] { return beside.File[Token]{Path: t.path, What: "tokens"} }

// List returns the tokens, those that are no longer active too. It errors with
// ErrRefused where others than the owner may read or write the file, and with
// ErrCorrupt where it is not what it should be.
func (t *Tokens) List() ([]Token, error) { return t.file().List() }

func (t *Tokens) write(list []Token) error { return t.file().Write(list) }

// Copy puts the tokens of the archive in one folder beside that in another. It
// returns how many there are; where the other has tokens of its own already
// they stay, and none are copied, unless over is true.
func Copy(from, to string, over bool) (int, error) {
	source := &Tokens{path: filepath.Join(from, FileName)}
	return source.file().CopyTo(filepath.Join(to, FileName), over)
}
