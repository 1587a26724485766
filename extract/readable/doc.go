// Package readable takes the readable text out of an article's page, without
// everything that stands around it. It is apart from the finder, which does
// without it: the library behind it takes several times as long as finding.
//
// It is pure: it never errors, panics, or does input or output.
package readable
