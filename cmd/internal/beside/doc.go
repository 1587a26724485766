// Package beside keeps short lists in files beside an archive that only their
// owner may read: who may use it. They are not in the archive because its
// records are never taken back, and an older archive that is restored must not
// bring anybody back to life that was shut out since.
package beside
