// Package linkedin knows the shape of LinkedIn: the forms of its addresses, its
// ids and the time in them, and the ways in which its posts are put into pages.
// It is pure: it fetches nothing. It also reads what the platform's embed page means.
package linkedin
