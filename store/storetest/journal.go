package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"stet/store"
)

func journalTests() []test {
	return []test{
		{"reading pages", testRead},
		{"a page of reading is bounded in bytes", testReadBytes},
		{"leaves are those of the records", testLeaves},
		{"numbers are gapless while many write and read", testConcurrent},
		{"cursors move by comparison", testCursors},
		{"one of many moves a cursor", testCursorRace},
	}
}

func testRead(e *env) {
	var want []store.Record
	for i := range 17 {
		want = append(want, e.add(e.look(ref(i)))...)
	}
	for _, limit := range []int{0, 1, 5, 17, 100} {
		var got []store.Record
		for {
			page, err := e.Backend.Read(e.Context(), uint64(len(got)), limit)
			e.must(err)
			if limit > 0 && len(page) > limit {
				e.Fatalf("asked for %d records, got %d", limit, len(page))
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			if len(got) > len(want) {
				e.Fatal("the pages do not end")
			}
		}
		e.same(fmt.Sprintf("journal by %d", limit), got, want)
	}
	beyond, err := e.Backend.Read(e.Context(), 99, 0)
	e.must(err)
	e.same("records beyond the end", beyond, []store.Record{})
}

func testReadBytes(e *env) {
	for range 4 {
		e.add(e.exchange(string(e.rand.bytes(3 << 20))))
	}
	e.add(e.exchange(string(e.rand.bytes(7 << 20))))
	seen := uint64(0)
	for pages := 0; seen < 5; pages++ {
		page, err := e.Backend.Read(e.Context(), seen, 0)
		e.must(err)
		if len(page) == 0 || len(page) > 3 || pages > 5 {
			e.Fatalf("page %d after %d has %d records of 3 to 7 MB; want at least one, about 4 MB", pages, seen, len(page))
		}
		for _, r := range page {
			if seen++; r.Seq != seen {
				e.Fatalf("got number %d, want %d", r.Seq, seen)
			}
		}
	}
}

func testLeaves(e *env) {
	bare := e.record(e.look(ref(5)))
	records := append(e.story(), bare.Remove("meta"))
	var want []store.Hash
	for i := range records {
		want = append(want, records[i].Leaf())
	}
	for _, r := range e.addRecords(records...) {
		got, err := e.Backend.Get(e.Context(), r.ID)
		e.must(err)
		e.same("leaf of what comes back", got.Leaf(), want[r.Seq-1])
	}
	for _, limit := range []int{0, 1, 3, 50} {
		var got []store.Hash
		for {
			page, err := e.Backend.Leaves(e.Context(), uint64(len(got)), limit)
			e.must(err)
			if len(page) == 0 {
				break
			}
			if limit > 0 && len(page) > limit {
				e.Fatalf("asked for %d leaves, got %d", limit, len(page))
			}
			got = append(got, page...)
			if len(got) > len(want) {
				e.Fatal("the pages do not end")
			}
		}
		e.same(fmt.Sprintf("leaves by %d", limit), got, want)
	}
	e.add(naming(bare))
}

// concurrent is a run of writers and followers.
type concurrent struct {
	*env
	writers, batches int
	total            atomic.Uint64
	written          chan struct{} // closed when the writers are done
	mu               sync.Mutex
	receipts         map[string]store.Receipt
}

// testConcurrent writes from many goroutines while others follow the journal:
// a follower never meets a gap, a number out of order, or a part of a batch.
func testConcurrent(e *env) {
	c := &concurrent{env: e, writers: 8, batches: 12, written: make(chan struct{}), receipts: map[string]store.Receipt{}}
	var followers, writers sync.WaitGroup
	for range 3 {
		followers.Go(c.follow)
	}
	for w := range c.writers {
		writers.Go(func() { c.write(w) })
	}
	writers.Wait()
	close(c.written)
	followers.Wait()
	e.same("head", e.head(), c.total.Load())
}

func (c *concurrent) write(w int) {
	for b := range c.batches {
		name, n := fmt.Sprintf("%d.%d", w, b), 1+(w+b)%4
		var batch store.Batch
		for i := range n {
			l := c.look(ref(w))
			l.Reason = fmt.Sprintf("%s %d/%d", name, i+1, n)
			id, err := c.ids.New()
			if err != nil {
				c.Error(err)
				return
			}
			r, err := store.NewRecord(id, store.Salt(id), l)
			if err != nil {
				c.Error(err)
				return
			}
			batch.Records = append(batch.Records, r)
		}
		receipt, err := c.Backend.Append(c.Context(), batch)
		if err != nil || receipt.Last-receipt.First+1 != uint64(n) {
			c.Errorf("writer %d: batch of %d: %+v, %v", w, n, receipt, err)
			return
		}
		c.total.Add(uint64(n))
		c.mu.Lock()
		c.receipts[name] = receipt
		c.mu.Unlock()
		// A writer sees what it wrote.
		if got, err := c.Backend.Get(c.Context(), batch.Records[n-1].ID); err != nil || got.Seq != receipt.Last {
			c.Errorf("writer %d: reading back: number %d, %v; want %d", w, got.Seq, err, receipt.Last)
		}
	}
}

func (c *concurrent) follow() {
	var seen uint64
	for {
		done := false
		select {
		case <-c.written:
			done = true
		default:
		}
		head, err := c.Backend.Head(c.Context())
		if err != nil {
			c.Error(err)
			return
		}
		page, err := c.Backend.Read(c.Context(), seen, 10_000)
		if err != nil {
			c.Error(err)
			return
		}
		if err := followPage(page, seen, head); err != nil {
			c.Error(err)
			return
		}
		seen += uint64(len(page))
		if done {
			if seen != c.total.Load() {
				c.Errorf("a follower saw %d records of %d", seen, c.total.Load())
			}
			return
		}
	}
}

// followPage checks a page that was read after a number, to the end of the
// journal as it was then; the head had been read before.
func followPage(page []store.Record, after, head uint64) error {
	if reached := after + uint64(len(page)); reached < head {
		return fmt.Errorf("the head was %d, and reading reached %d", head, reached)
	}
	for i := range page {
		l, err := store.Decode[store.Look](&page[i])
		if err != nil {
			return err
		}
		_, part, _ := strings.Cut(l.Reason, " ")
		var n, of int
		if _, err := fmt.Sscanf(part, "%d/%d", &n, &of); err != nil {
			return err
		}
		if page[i].Seq != after+uint64(i)+1 {
			return fmt.Errorf("after %d comes %d", after+uint64(i), page[i].Seq)
		}
		if i == 0 && n != 1 || i == len(page)-1 && n != of {
			return fmt.Errorf("a part of a batch is visible: %s at number %d", l.Reason, page[i].Seq)
		}
	}
	return nil
}

func testCursors(e *env) {
	ctx := e.Context()
	at := func(name string, want uint64) {
		e.Helper()
		got, err := e.Backend.Cursor(ctx, name)
		e.must(err)
		e.same("cursor "+name, got, want)
	}
	at("search", 0)
	e.want(e.Backend.SetCursor(ctx, "search", 3, 4), store.ErrConflict, "moving from where it never was")
	at("search", 0)
	e.must(e.Backend.SetCursor(ctx, "search", 0, 5))
	at("search", 5)
	e.want(e.Backend.SetCursor(ctx, "search", 0, 6), store.ErrConflict, "moving from where it was")
	at("search", 5)
	e.must(e.Backend.SetCursor(ctx, "search", 5, 5))
	e.must(e.Backend.SetCursor(ctx, "search", 5, 2))
	at("search", 2)
	at("search2", 0)
	at("searc", 0)
	e.must(e.Backend.SetCursor(ctx, "search", 2, 0))
	at("search", 0)
	e.must(e.Backend.SetCursor(ctx, "search", 0, 1<<63-1))
	at("search", 1<<63-1)
}

func testCursorRace(e *env) {
	var wg sync.WaitGroup
	var moved atomic.Int64
	const steps = 20
	for range 4 {
		wg.Go(func() {
			for {
				at, err := e.Backend.Cursor(e.Context(), "race")
				if err != nil {
					e.Error(err)
					return
				}
				if at == steps {
					return
				}
				switch err := e.Backend.SetCursor(context.WithoutCancel(e.Context()), "race", at, at+1); {
				case err == nil:
					moved.Add(1)
				case !errors.Is(err, store.ErrConflict):
					e.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	e.same("moves", moved.Load(), int64(steps))
}
