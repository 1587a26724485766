package user

import (
	"path/filepath"

	"stet/cmd/internal/beside"
)

func (u *Users) file() beside.File[User] { return beside.File[User]{Path: u.path, What: "users"} }

// List returns the users, in the order in which they were added. It errors with
// ErrRefused where others than the owner may read or write the file, and with
// ErrCorrupt where it is not what it should be.
func (u *Users) List() ([]User, error) { return u.file().List() }

func (u *Users) write(list []User) error { return u.file().Write(list) }

// Copy puts the users of the archive in one folder beside that in another. It
// returns how many there are; where the other has users of its own already they
// stay, and none are copied, unless over is true.
func Copy(from, to string, over bool) (int, error) {
	source := &Users{path: filepath.Join(from, FileName)}
	return source.file().CopyTo(filepath.Join(to, FileName), over)
}
