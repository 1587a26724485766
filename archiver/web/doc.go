// Package web answers over HTTP from the archive: health, readiness, metrics
// and the feed of disappearances. It reads the store and never fetches: what
// reaches out is work for the queue.
//
// Nothing here trusts what was archived: words, names and addresses are data,
// escaped for where they stand.
package web
