// Package box reads what a person puts into the one box: the address of a post
// in any form, an id, an account, a snippet to embed, the address of an article
// or of another page, a domain, words, a quotation. It says what that is, and
// looks nothing up.
//
// It is pure: it does no input or output, never errors, never panics. Whatever
// is typed means something; where it can mean two things, the less likely one
// is there too (see [Query.Words]).
package box
