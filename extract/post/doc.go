// Package post holds the words that every other package of stet uses for a
// social post: its [Ref], its [Platform], what it said ([Post]), whether it is
// still there ([Status]) and where the knowledge came from ([Source]).
//
// The JSON names of the types here are the public schema of stet: they are
// what the command line prints with --json, what the REST interface answers
// and what derivations keep in the store. A field is never renamed; fields and
// values that a newer stet wrote are kept when an older one decodes and
// encodes again.
//
// The package imports the standard library only and does no input or output.
//
// # Ownership
//
// Slices and maps inside these values belong to whoever holds the value.
// Nothing in this package keeps a reference to what it was given or what it
// returned; a function that stores a value must not change it afterwards.
package post
