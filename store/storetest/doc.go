// Package storetest is the conformance suite of the contracts in package store.
// A backend joins with one call of [Run] in a test of its own; whatever the
// suite does not ask for, no caller may rely on.
//
// The suite moves a [Clock] of its own and never sleeps. After each test it
// checks the whole store, where the backend is a [store.Checker].
package storetest
