// Package twitch knows the shape of Twitch: the forms of its addresses, its
// ids and the ways in which its videos and clips are put into pages. A live
// stream is no post. It also says what the answers about one mean. The package is
// pure: it fetches nothing.
package twitch
