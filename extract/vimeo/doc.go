// Package vimeo knows the shape of Vimeo: the forms of its addresses, its ids
// and the ways in which its videos are put into pages. It is pure: it fetches
// nothing.
package vimeo
