// Package export writes what an archive keeps in the formats of others: WARC,
// WACZ, CDXJ, JSON Lines, CSV, a site of HTML pages, BagIt.
//
// An export reads the archive as it was at one number of the journal, in short
// reads, and holds nothing in memory that grows with it. What is private is
// left out unless it is asked for. The same archive at the same number gives
// the same bytes, whoever asks and whenever, which is what makes an interrupted
// export one that can go on: see [Mark].
//
// What is written goes to an [Out]: files on this machine, or a stream to the
// machine of the person who asked ([Frames]), where a [Receiver] puts it in
// place. A receiver trusts no name that it is told.
package export
