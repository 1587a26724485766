// Package vimeo knows the shape of Vimeo: the forms of its addresses, its ids
// and the ways in which its videos are put into pages. It is pure: it fetches
// nothing. It also reads what its player's configuration means.
package vimeo
