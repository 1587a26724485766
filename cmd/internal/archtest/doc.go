// Package archtest holds the tests of the code as a whole: which package may
// import which, who may open connections, that every exported name is
// explained, and how long files and functions may be. It has no code of its
// own.
package archtest
