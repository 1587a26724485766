package bolt

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/store"
)

func FuzzTermKey(f *testing.F) {
	f.Add(byte(1), "twitter:1", uint64(1), "twitter:12", uint64(300))
	f.Add(byte(5), "a\x00", uint64(1), "a", uint64(1<<40))
	f.Add(byte(7), "\x00\xff\x00", uint64(256), "\x00", uint64(1))
	f.Fuzz(func(t *testing.T, index byte, v1 string, n1 uint64, v2 string, n2 uint64) {
		indexes := store.Indexes()
		x := indexes[int(index)%len(indexes)]
		if n1 == 0 || n2 == 0 {
			t.Skip()
		}
		key := func(v string, n uint64) []byte { return appendNumber(termPrefix(store.Term{Index: x, Value: v}), n) }
		k1, k2 := key(v1, n1), key(v2, n2)
		term, n, err := readTermKey(k1)
		if err != nil || term != (store.Term{Index: x, Value: v1}) || n != n1 {
			t.Fatalf("%q %d came back as %v %d, %v", v1, n1, term, n, err)
		}
		if got, want := bytes.Compare(k1, k2), cmp.Or(strings.Compare(v1, v2), cmp.Compare(n1, n2)); got != want {
			t.Errorf("%q %d and %q %d compare as %d, their keys as %d", v1, n1, v2, n2, want, got)
		}
		// All keys of a value lie between its prefix and its end, no others.
		within := func(k []byte) bool {
			p := termPrefix(store.Term{Index: x, Value: v1})
			return bytes.Compare(p, k) <= 0 && bytes.Compare(k, append(p, afterNumbers)) < 0
		}
		if !within(k1) || within(k2) != (v1 == v2) {
			t.Errorf("the bounds of %q do not divide its keys from those of %q", v1, v2)
		}
		if strings.HasPrefix(v2, v1) != bytes.HasPrefix(k2, appendTermValue([]byte{x.Number()}, v1)) {
			t.Errorf("%q and %q: the values and their keys differ in whether one begins with the other", v1, v2)
		}
	})
}

func FuzzReadTermKey(f *testing.F) {
	f.Add(appendNumber(termPrefix(store.Term{Index: store.IndexRef, Value: "twitter:1\x00"}), 7), []byte{1, 1, 2, 0x80, 1, 3})
	f.Fuzz(func(t *testing.T, k, v []byte) {
		if term, n, err := readTermKey(k); err == nil {
			if again := appendNumber(termPrefix(term), n); !bytes.Equal(again, k) {
				t.Errorf("%x is read as %v %d, which is written as %x", k, term, n, again)
			}
		}
		list, err := readPostings(nil, 5, v)
		if err != nil {
			return
		}
		for i := 1; i < len(list); i++ {
			if list[i].seq <= list[i-1].seq && list[i].seq > 1<<40 { // numbers may wrap where nobody will ever be
				t.Skip()
			}
		}
		if !slices.IsSortedFunc(list, func(a, b posting) int { return cmp.Compare(a.seq, b.seq) }) {
			t.Errorf("%x is read as %v", v, list)
		}
	})
}

func FuzzJob(f *testing.F) {
	f.Add("look", "twitter:1", "", []byte(`{"target":"twitter:1"}`), int64(8), int64(1_700_000_000_000_000), int64(0), byte(0), "", uint64(0))
	f.Add("a", "a", "h", []byte("aaa"), int64(-1), int64(-1), int64(5), byte(1), "owner", uint64(1<<63))
	f.Fuzz(func(t *testing.T, kind, key, host string, payload []byte, priority, created, until int64, state byte, owner string, token uint64) {
		limit := int64(1) << 60
		if max(created, until) > limit || min(created, until) < -limit {
			t.Skip()
		}
		j := store.Job{ID: store.ID{1, 2}, Kind: kind, Key: key, Host: host, Payload: json.RawMessage(payload), Priority: int(priority),
			Created: time.UnixMicro(created).UTC(), RunAt: time.UnixMicro(until).UTC(), Attempts: int(priority),
			State: jobStates()[int(state)%len(jobStates())], Lease: store.Lease{Owner: owner, Token: token, Until: time.UnixMicro(until).UTC()}, Error: owner, ErrorClass: kind}
		if len(payload) == 0 {
			j.Payload = nil
		}
		if state > 100 {
			j.Created, j.Lease.Until = time.Time{}, time.Time{}
		}
		encoded := encodeJob(&j)
		got, err := decodeJob(j.ID, encoded)
		if err != nil {
			t.Fatal(err)
		}
		if again := encodeJob(&got); !bytes.Equal(again, encoded) || string(got.Payload) != string(payload) || !got.RunAt.Equal(j.RunAt) || got.Key != key || !got.Created.Equal(j.Created) {
			t.Errorf("%+v came back as %+v", j, got)
		}
		for n := range encoded {
			_, _ = decodeJob(j.ID, encoded[:n]) // it must not panic
		}
		e, err := readDueKey(dueKey(&j))
		if err != nil || e.priority != j.Priority || !e.runAt.Equal(j.RunAt) || e.id != j.ID || e.line != lineOf(host) {
			t.Errorf("%+v stands in the timetable as %+v, %v", j, e, err)
		}
	})
}

func FuzzDueOrder(f *testing.F) {
	f.Add(int64(0), int64(0), int64(253), int64(1))
	f.Add(int64(-1), int64(0), int64(254), int64(-1))
	f.Add(int64(1<<62), int64(5), int64(-1<<62), int64(5))
	f.Fuzz(func(t *testing.T, p1, t1, p2, t2 int64) {
		limit := int64(1) << 60
		if max(t1, t2) > limit || min(t1, t2) < -limit {
			t.Skip()
		}
		a := &store.Job{Priority: int(p1), RunAt: time.UnixMicro(t1), ID: store.ID{1}}
		b := &store.Job{Priority: int(p2), RunAt: time.UnixMicro(t2), ID: store.ID{2}}
		if got, want := bytes.Compare(dueKey(a), dueKey(b)), inLine(a, b); got != want {
			t.Errorf("priority %d at %d and %d at %d: the keys compare as %d, want %d", p1, t1, p2, t2, got, want)
		}
		if p1 == p2 {
			end := priorityEnd(lineOf(""), int(p1))
			if bytes.Compare(dueKey(a), end) >= 0 || bytes.Compare(dueKey(b), end) >= 0 {
				t.Errorf("priority %d does not end behind its jobs", p1)
			}
		}
	})
}

func FuzzReadValues(f *testing.F) {
	d := store.Digest{1}
	f.Add(seal(bucketBlobs, d[:], (&blobEntry{place: placeFile, size: 5, stored: time.UnixMicro(1)}).encode()), []byte{1})
	f.Add(encodeReceipt(&store.Receipt{First: 1, Last: 2, Jobs: []store.Job{{ID: store.ID{1}, State: store.JobWaiting}}}), []byte("key"))
	f.Fuzz(func(t *testing.T, v, k []byte) {
		// Whatever the bytes are, reading ends with a value or an error.
		_, _ = readBlobEntry(d, v)
		_, _ = decodeReceipt(v)
		_, _, _ = readIDValue(v)
		_, _ = readDueKey(k)
		_, _ = readCursor(k, v)
		_, _ = readJobKeys(v)
		_, _, _ = readBlockKey(k)
		_, _ = decodeJob(store.ID{}, v)
		_, _ = readLeaf(v)
		_, _ = readMetaPage(v)
		if len(v) >= pageHeader {
			_, _ = readBranch(v)
		}
	})
}
