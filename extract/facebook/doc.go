// Package facebook knows the shape of Facebook: the forms of its addresses, its
// ids (numbers, and the opaque ones that begin with pfbid) and the ways in
// which its posts, videos and photos are put into pages. It is pure: it fetches
// nothing. It also reads what the platform's embed page means.
package facebook
