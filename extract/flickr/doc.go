// Package flickr knows the shape of Flickr: the forms of its addresses, its ids
// and the ways in which its photos are put into pages. It is pure: it fetches
// nothing. It also reads what the platform's page means.
package flickr
