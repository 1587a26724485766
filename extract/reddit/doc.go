// Package reddit knows the shape of Reddit: the forms of its addresses, its
// ids and the ways in which its posts and comments are put into pages. A
// comment is a part of the post that it is written below. The package is
// pure: it fetches nothing.
package reddit
