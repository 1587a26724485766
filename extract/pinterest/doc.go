// Package pinterest knows the shape of Pinterest: the forms of its addresses,
// its ids and the ways in which its pins are put into pages. It is pure: it
// fetches nothing. It also reads what the platform's widgets are answered.
package pinterest
