// Package soundcloud knows the shape of SoundCloud: the forms of its addresses,
// its ids and the ways in which its sounds are put into pages. A sound has two
// names, a number and the path of its page; neither tells the other. The
// package is pure: it fetches nothing. It also reads what the platform's page means.
package soundcloud
