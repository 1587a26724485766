// Package mastodon knows the shape of Mastodon and of the networks that run
// changed copies of it: the forms of their addresses, their ids and the time in
// them, the ways in which their posts are put into pages, and the payloads of an
// instance (its own interface, ActivityPub, oEmbed) with what they say about a
// post that cannot be seen any more. Pleroma, Akkoma, GoToSocial and Pixelfed
// speak the same interface; of other software of the network as much is read as
// ActivityPub gives.
//
// Anybody can run an instance, so that addresses are told by their paths. A
// post's id is host/number; the number means something on that host only. Truth
// Social and Gab, which do not take part in the network, are platforms of their
// own, with the number alone as the id.
//
// The package is pure: it fetches nothing.
package mastodon
