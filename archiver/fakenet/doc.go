// Package fakenet is an internet inside the process, for tests and for
// "stet demo": hosts with their real names, answered by handlers of this
// package and of its users, over TLS with certificates of an authority of its
// own.
//
// A [Net] is reached in two ways:
//
//   - [Net.FetchOptions] gives a client of package fetch the seams that lead
//     into it. Nothing leaves the process and no socket is opened, so this works
//     inside a bubble of testing/synctest, where time passes only while
//     everybody waits.
//   - [Net.Env] serves an HTTP proxy on loopback, and gives the environment
//     that makes another process go through it.
//
// Hosts have public-looking addresses, so that the client's address guard sees
// what it would see outside.
//
// On a Net stand sites ([Net.Site]), the platforms X ([Net.X]), Bluesky
// ([Net.Bluesky]) and others with posts that can be deleted, hidden or edited at
// run time, and the Wayback Machine
// ([Net.Wayback]). [Net.Fault] makes any of them fail in the ways in which real
// ones do, and [Net.Requests] tells what was asked for, in order.
//
// Everything that is served is invented: people, words, pictures. Only the
// shapes, and the fixed phrases that tell states apart, are the real services'.
//
// # Caveats
//
// The package listens, but never dials.
package fakenet
