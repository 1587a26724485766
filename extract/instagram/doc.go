// Package instagram knows the shape of Instagram: the forms of its addresses,
// its ids (shortcodes) and the time in them, and the ways in which its posts
// are put into pages. It is pure: it fetches nothing.
package instagram
