// Package page reads single pages of the web, so that what an article links can
// be kept: it follows a page over all its redirects (those of HTTP, and those of
// pages that do nothing but lead on), reads what it says about itself, and says
// where what was answered is not the page: an error page with a good status, a
// parked domain, a wall of consent, login, payment or suspicion ([Classify]).
//
// It keeps nothing and decides nothing about the past: that is the engine's.
// All bytes go out through the one client that it is given.
//
// # Caveats
//
// A script is never run. A page that shows itself only by script is kept as it
// was sent, with the text that stands in it.
package page
