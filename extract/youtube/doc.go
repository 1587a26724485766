// Package youtube knows the shape of YouTube: the forms of its addresses, its
// ids and the ways in which its videos are put into pages. It is pure: it
// fetches nothing.
package youtube
