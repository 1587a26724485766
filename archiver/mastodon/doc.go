// Package mastodon asks the instances of Mastodon, and of the software that
// speaks like it, for posts: an instance's own interface, the post as servers
// ask each other for it (ActivityPub), and oEmbed. Truth Social is asked in the
// same ways but for ActivityPub. No account is needed. What the answers mean is
// in extract/mastodon.
//
// Every instance is a host of its own, run by whoever likes: by the author of a
// post, too. So negative answers are believed only while the host describes
// itself as an instance, an account is asked for where its post is missing, and
// the engine is told which hosts can be the author's own.
package mastodon
