// Package search finds posts, articles and pages by words: an inverted index in
// a bbolt file of its own, which follows the journal and can be thrown away at
// any time.
//
// A post is found by the words of what is shown of it (its best derivation: see
// [store.History.Best]), of its author's name and handle, of the descriptions of
// its media, of what it said before it was edited, of its card and its poll;
// articles by their latest version, pages by what is shown of them, lost ones
// included. How texts become words is told in extract/words.
//
// What is asked for in quotation marks must stand so, in one piece. Of the
// other words all should be there: what holds all of them comes first, then
// what holds most of them (rare words count more), then, among equals, what
// holds them in the order of the query, then the latest. A score of 2 or more
// means that all words are there. Where nothing holds them all and hardly
// anything most of them, words of nearly the same spelling do as well.
//
// # The index
//
// It is derived: whatever is wrong with its file, the index is built again.
// The number of the journal that it reached is stored in the transaction that
// brought it there, so that a crash loses nothing but time. With the number it
// keeps the leaf hash of that record, and so notices when it belongs to another
// archive. store/FORMAT.md describes the file.
//
// # Caveats
//
// The status that hits are filtered by is the last verdict that was recorded;
// what was only captured counts as live. The index holds what was archived:
// whoever removes content from an archive calls [Index.Purge].
package search
