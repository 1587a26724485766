// Package search finds posts by words: an inverted index in a bbolt file of its
// own, which follows the journal and can be thrown away at any time.
//
// A post is found by the words of what is shown of it (its best derivation: see
// [store.History.Best]), by its author's name and handle, and by the
// descriptions of its media. Case, accents, the form of quotation marks and
// apostrophes, skin tones and the width of characters make no difference.
// Scripts that are written without spaces (Chinese, Japanese, Thai, …) and
// Korean are found by any part of a word. Emoji, #hashtags and @handles are
// words.
//
// What is asked for in quotation marks must stand so, in one piece. Of the
// other words all should be there: posts that hold all of them come first, then
// those with most of them (rare words count more), then, among equals, those
// that hold them in the order of the query, then the latest. A score of 2 or
// more means that all words are there.
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
// The index holds what was archived. Whoever removes content from an archive
// builds it again.
package search
