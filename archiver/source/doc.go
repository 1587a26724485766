// Package source reads what names articles: feeds (RSS, RDF, Atom, JSON Feed),
// sitemaps and indexes of them (also compressed, also of news), lists of
// addresses, and pages whose links are followed one level.
//
// It knows how a source is read and what in it is new. When that is done, and
// what becomes of it, is for the engine: [Reader.Read] makes one pass and
// returns the new items, the requests that it took, and a small [State] to go on
// with. [Schedule.Next], [Silent] and [Failing] are pure functions over such
// states.
//
// # What is new
//
// Requests are conditional. Which items are known is asked of the caller, with
// [KnownFunc]; an item that is known comes again only where the source says that
// it was modified since. Dates that a program stamps on every entry whenever it
// writes the document do not count as that.
//
// The first pass over a feed, list or page takes everything in it. That over a
// sitemap takes what is dated within the last 30 days (Limits.Window): by the
// date of its last change or of its publication, or by a date in its address.
// Entries that have none of these cannot be told new from old. They are all
// taken in the end, but slowly, Limits.Undated with each pass, from both ends of
// the sitemap, because new ones are added at one of them; what Known tells keeps
// each from coming twice. To read further back there is Options.Backfill.
//
// # Robots
//
// Reading sources, and capturing what they name, is crawling: the documents, and
// the items on the documents' own hosts, are asked about with [Robots]. For items
// that lead elsewhere, the caller asks before it captures them. What a person
// asks for by its address, and looks at posts, are no crawling. See [Robots].
//
// # What is broken
//
// Feeds are read whatever is wrong with them, as far as that makes sense: the
// wrong character set, bytes that belong to none, entities of HTML, namespaces
// that were not declared, tags that are not closed, an end that is missing. Each
// is told in a warning. A page in place of a feed is an error of the class
// store.ErrUnexpected, which says what came: a log-in page must not pass for a
// source that has nothing new.
//
// # Why its own readers
//
// The ready-made reader of feeds for Go, gofeed 1.4.2, recurses over nested
// elements: 12 MB of them end the process, as a stack that is too large cannot
// be recovered from. It gives nothing of a feed that breaks off. The one of
// robots.txt, temoto/robotstxt 1.1.2, drops the whole file for one bad line,
// matches patterns with * anywhere in a path, and lets Disallow win over an
// equally long Allow, against RFC 9309.
//
// # Caveats
//
// The exchanges of a reading hold whole documents: they are to be stored, and
// let go.
package source
