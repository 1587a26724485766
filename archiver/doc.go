// Package archiver acts: it finds the posts of an article, captures them, looks
// at them again and weighs what it saw. The [Engine] is the one way to do so,
// for the command line, the daemon and the demonstration alike; what it may do
// on a platform is behind [Platform], and policy ([Judge], [Schedule.Next]) is
// pure functions.
//
// It never opens a connection: archiver/fetch does. It keeps nothing in memory
// that must survive: every intent is a job of the archive before the work
// begins, and the outcome is written last, in one commit with what was found.
package archiver
