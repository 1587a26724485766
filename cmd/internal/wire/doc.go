// Package wire builds what a command needs and takes it down again, in the
// reverse order. It is the only place that names concrete adapters: which store,
// which index, which client, which platforms. Everything else gets them as
// arguments.
//
// [Tools] is what works without an archive, [Open] what works with one.
package wire
