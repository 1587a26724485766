// Package token keeps the tokens by which the command line of another machine
// may use an archive.
//
// A token is 32 random bytes; only its SHA-256 is kept, which is enough because
// nobody can guess one. The file lies beside the archive and not in it: the
// records of an archive are never taken back, and an older archive that is
// restored must not bring a token back to life that was revoked since.
package token
