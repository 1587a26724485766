// Package bluesky knows the shape of Bluesky (the AT Protocol): the forms of its
// addresses, its ids and the time in them, and the ways in which its posts are
// put into pages.
//
// A post's id is its at:// URI. Where an address names the account by its handle
// instead of its DID, the reference is provisional: handles change hands, and
// whoever captures the post replaces it by the one with the DID.
//
// The package is pure: it fetches nothing.
package bluesky
