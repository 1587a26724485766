// Package spotify knows the shape of Spotify: the forms of its addresses, its
// ids (type:id, as in its own URIs) and the ways in which its tracks, lists and
// episodes are put into pages. It is pure: it fetches nothing. It also reads what its player's page means.
package spotify
