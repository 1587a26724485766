// Package twitter knows the shape of X, formerly Twitter: the forms of its
// addresses ([Site]), the ways in which its posts are put into pages, its ids
// and the time in them, and the payloads of its endpoints with what they say
// about a post that cannot be seen any more.
//
// Everything here is pure: bytes and addresses in, values out. Nothing fetches,
// so that recorded exchanges can be read again by a better parser. Parsers are
// tolerant of members that they do not know and of members that are missing,
// and refuse, with [extract.ErrShape], what is not the payload at all.
//
// The platform calls itself X; the name twitter stands for it everywhere in
// stet, since most of its archived addresses do.
package twitter
