// Package oembed knows oEmbed (https://oembed.com): which providers there are
// and where their endpoints are, how pages announce an endpoint, and what an
// endpoint's payload says about a post.
//
// The list of providers is generated from a maintained public one, see
// gen.go and data/README.md; it is data, read when it is first needed. [Site] is
// the finder's view of the providers that no other package knows.
//
// The package is pure: it fetches nothing.
package oembed

//go:generate go run gen.go -out data/providers.tsv providers.json
