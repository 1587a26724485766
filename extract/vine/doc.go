// Package vine knows the shape of Vine, a platform of short videos that ended
// in 2017 and lives on in the articles of its time: the forms of its
// addresses, its ids and the ways in which its videos are put into pages. It
// is pure: it fetches nothing.
package vine
