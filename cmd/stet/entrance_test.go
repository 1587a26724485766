package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"stet/store"
)

// TestEntrance lets another archive take the place of one that is used.
func TestEntrance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e entrance
		inside, v, err := e.enter(t.Context(), 0)
		_, early, err2 := e.enter(t.Context(), 0)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		early.leave() // as who lets the archive be replaced
		left, open := e.shut()
		if !e.isShut() || !errors.Is(context.Cause(inside), errReplaced) {
			t.Errorf("who is inside is told %v", context.Cause(inside))
		}
		early.leave()
		select {
		case <-left:
			t.Error("somebody is inside, and it says that nobody is")
		default:
		}
		if _, _, err := e.enter(t.Context(), time.Second); !errors.Is(err, store.ErrBusy) {
			t.Errorf("who waits too long: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := e.enter(gone, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("who goes away: %v", err)
		}
		entered := make(chan error, 1)
		go func() {
			_, v, err := e.enter(t.Context(), time.Minute)
			entered <- err
			v.leave()
		}()
		v.leave()
		v.leave()
		<-left
		open()
		open()
		if err := <-entered; err != nil || e.isShut() {
			t.Errorf("who waited: %v", err)
		}
		if left, open := e.shut(); true {
			<-left // nobody is inside
			open()
		}
	})
}
