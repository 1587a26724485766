// Package threads knows the shape of Threads: the forms of its addresses, its
// ids (shortcodes, as on Instagram) and the ways in which its posts are put
// into pages. It is pure: it fetches nothing. It also reads what the platform's embed page
// means.
package threads
