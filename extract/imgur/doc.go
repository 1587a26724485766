// Package imgur knows the shape of Imgur: the forms of its addresses, its ids
// and the ways in which its pictures and albums are put into pages, and what
// the answers about a post mean. It is pure: it fetches nothing.
package imgur
