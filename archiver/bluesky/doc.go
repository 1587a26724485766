// Package bluesky asks Bluesky for posts, without an account: the platform's
// public index of the network (the AppView), which knows names, counts and
// labels, and, where the index does not show a post, the server that keeps the
// author's repository.
//
// The index leaves out what was deleted, what was removed, what an account that
// is closed wrote, and what it has not read yet, all without a word: what it
// misses is only missing. The author's server says which of these it is. Its
// answer is an independent one, so that the two confirm each other; the oEmbed
// endpoint, which asks the index, would not, and is not asked.
//
// Addresses name accounts by handles, which change hands. The package says
// which account a handle leads to, and posts are kept under the account's DID.
package bluesky
