// Package tumblr knows the shape of Tumblr: the forms of its addresses, its ids
// and the ways in which its posts are put into pages. It is pure: it fetches
// nothing. It also reads what a blog's own interface means.
package tumblr
