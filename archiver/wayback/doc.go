// Package wayback asks the Internet Archive's Wayback Machine, and other web
// archives that answer by Memento (RFC 7089), for posts that no source shows any
// more: its index (the CDX server) under every address that a post can have
// been archived at, then the recorded answers as they were (playback with id_),
// which extract/<platform> reads.
//
// The archive learns which posts are asked for. Its limits are kept: 24
// questions to the index a minute, which is what it asks clients to stay below,
// and the pauses that it asks for, which are those of archiver/fetch (a minute
// after an answer 429 that names none).
//
// A snapshot says what was there when it was taken. It is never evidence that a
// post stands or that it is gone.
package wayback
