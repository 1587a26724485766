// Command stet finds the social posts that articles embed, captures them, looks
// at the originals again, and keeps every capture so that it still stands when
// the original is deleted.
//
// Each command is in a file of its own. A command reads the configuration,
// asks package wire for what it needs, and prints an answer: for people, or
// with --json one JSON object per line for scripts. Nothing else goes to
// standard output; progress and errors go to standard error.
//
// The exit codes are those of the error classes in package store: 0 done, 1
// failed, 2 usage or configuration, 3 partly done, 4 not in the archive, 5
// damaged, 6 busy, 7 refused, 130 interrupted.
package main
