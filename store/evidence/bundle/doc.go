// Package bundle makes of what an archive knows of some posts one package that a
// stranger can check: the records with their salts, the proof that each is
// covered by a signed head, the stamps of that head, the custody, a report for
// people, and how to verify all of it.
//
// [Collect] reads the archive; what it returns depends on the archive and on
// what was asked alone. [Content.Files] are the files, and [Content.Exchanges]
// what was on the wire, for whoever writes both into one WACZ.
package bundle
