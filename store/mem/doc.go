// Package mem keeps an archive in memory: [store.Backend] and [store.Blobs] in
// one value. It is the reference that the conformance suite compares other
// backends with, and the fake in the tests of the upper floors, where [Fault]
// makes operations fail.
//
// It keeps everything until the value is dropped, in plain maps under one lock:
// right before fast. Nothing that goes in or comes out shares memory with the
// caller.
package mem
