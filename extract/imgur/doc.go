// Package imgur knows the shape of Imgur: the forms of its addresses, its ids
// and the ways in which its pictures and albums are put into pages. It is
// pure: it fetches nothing.
package imgur
