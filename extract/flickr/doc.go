// Package flickr knows the shape of Flickr: the forms of its addresses, its
// ids and the ways in which its photos are put into pages. It is pure: it
// fetches nothing.
package flickr
