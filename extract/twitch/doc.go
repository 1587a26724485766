// Package twitch knows the shape of Twitch: the forms of its addresses, its
// ids and the ways in which its videos and clips are put into pages. A live
// stream is no post. The package is pure: it fetches nothing.
package twitch
