// Package demo is the invented world of `stet demo`: a small news site and a
// small platform in an internet inside the process, and a clock that can be
// moved on. Nothing of it touches the network or the disk.
package demo
