// Package view assembles what an archive knows of a post, an article, an
// account, a page, and of what disappeared: the form in which people are shown
// it, on the command line, on pages and by interfaces. It reads records and
// makes nothing up: by which rules a history amounts to a status, and whether
// a quotation is true to a post, it is told by its [Policy].
//
// Nothing here touches the network or changes the archive.
package view
