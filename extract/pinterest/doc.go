// Package pinterest knows the shape of Pinterest: the forms of its addresses,
// its ids and the ways in which its pins are put into pages. It is pure: it
// fetches nothing.
package pinterest
