// Package user keeps the people who may log in to the pages of an archive.
//
// Of a password only its argon2id hash is kept. As with tokens, the file lies
// beside the archive and not in it: an older archive that is restored must not
// bring anybody back who was removed since.
package user
