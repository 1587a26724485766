package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

func recordTests() []test {
	return []test{
		{"every kind comes back as it was", testKinds},
		{"a field can be empty, binary and large", testFields},
		{"removed fields keep the leaf", testRemoved},
		{"what this version does not know survives", testUnknown},
		{"times are kept to the microsecond", testTimes},
		{"listing filters and pages", testList},
		{"pages without a limit", testDefaultLimits},
		{"terms do not run into each other", testTermBorders},
		{"long terms", testLongTerms},
		{"a record with many terms", testManyTerms},
		{"values page in byte order", testValues},
		{"values of digests", testBinaryValues},
	}
}

// story is one content of each kind with content, each referring to earlier
// ones as in life.
func (e *env) story() []store.Record {
	e.Helper()
	x := e.record(e.exchange(`{"text":"The bridge stays open."}`, ref(1), ref(2)))
	a := e.record(e.article("gazette.example/bridge", ref(1), post.Ref{}))
	c := e.withMedia(ref(1), e.keep("pixels"))
	c.Exchanges, c.Article = []store.ID{x.ID}, a.ID
	capture := e.record(c)
	d := e.derivation(ref(1), capture.ID, "AdaFenwick")
	d.Post.Quoted = ref(2)
	l := e.look(ref(1))
	l.Exchange = x.ID
	look := e.record(l)
	verdict := e.record(&store.Verdict{Time: e.clock.Now(), Ref: ref(1), Status: post.Deleted, Event: "suspected",
		LastLive: e.clock.Now().Add(-time.Hour), Looks: []store.ID{look.ID}, Rules: 1})
	resolution := e.record(&store.Resolution{Time: e.clock.Now(), Article: a.ID, Mention: 1, Ref: ref(1), Method: "short-link",
		Confidence: 0.75, Exchanges: []store.ID{x.ID}})
	incident := e.record(&store.Incident{Time: e.clock.Now(), Event: "source-failing", Subject: "desk", Text: "It cannot be read."})
	watch := e.record(&store.Watch{Time: e.clock.Now(), Account: "twitter:adafenwick", Every: time.Minute})
	discovery := e.record(&store.Discovery{Time: e.clock.Now(), Source: "desk", URL: "https://gazette.example/bridge", Title: "Bridge"})
	reading := e.record(&store.PageReading{Time: e.clock.Now(), Capture: capture.ID, Parser: "page@1", URL: "https://ferry.example/times",
		Final: "https://ferry.example/times/summer", Status: 200, Type: "text/html", Title: "Times", Text: "The first ferry leaves at six."})
	sight := e.record(&store.PageLook{Time: e.clock.Now(), URL: "https://ferry.example/times", Result: store.PageAlive, Status: 200,
		Exchange: x.ID, Capture: capture.ID})
	drawing := e.record(&store.Drawing{Time: e.clock.Now(), Ref: ref(1), URL: "https://platform.example/embed/1", Of: capture.ID, Browser: "Chrome/1"})
	folder := e.record(&store.Case{Time: e.clock.Now(), Act: store.CaseOpen, Title: "Ferries", Member: store.CaseMember{Ref: ref(1)}})
	stamp := e.record(&store.Stamp{Time: e.clock.Now(), Form: store.StampCheckpoint, Size: 7, Root: store.DigestOf([]byte("root")), By: "key", Body: []byte("note\n")})
	approval := e.record(&store.Approval{Time: e.clock.Now(), Ref: ref(1), Operator: "ada"})
	hold := e.record(&store.Hold{Time: e.clock.Now(), Ref: ref(1), Operator: "ada", Reason: "a court asks"})
	takedown := e.record(&store.Takedown{Time: e.clock.Now(), Accounts: []string{"twitter:adafenwick"}, Act: store.TakedownRefuse, Reason: "asked to"})
	audit := e.record(&store.Audit{Time: e.clock.Now(), Actor: "ada", How: "session", Action: "approve", Targets: []string{ref(1).String()}})
	submission := e.record(&store.Submission{Time: e.clock.Now(), URL: "https://ferry.example/times", Of: capture.ID, Archive: "web.archive.org", Exchange: x.ID})
	given := e.record(&store.Import{Time: e.clock.Now(), Name: "posts.jsonl", Format: "twarc", Size: 3})
	redaction := e.record(&store.Redaction{Time: e.clock.Now(), Act: store.RedactionSeal, Takedown: takedown.ID, Sealed: []store.Digest{e.keep("sealed").Digest},
		Records: []store.RedactedRecord{{ID: capture.ID, Fields: []string{"meta"}}}})
	privacy := e.record(&store.Privacy{Time: e.clock.Now(), URL: "https://quiet.example/plan", Operator: "ada", Reason: "a draft"})
	retention := e.record(&store.Retention{Time: e.clock.Now(), Act: store.RetentionDestroy, URLs: []string{"https://gazette.example/bridge"}, Refs: []post.Ref{ref(1)},
		Source: "desk", Keep: time.Hour, Changed: e.clock.Now().Add(-time.Hour)})
	return []store.Record{x, a, capture, e.record(d), look, verdict, resolution, incident, watch, discovery, reading, sight, drawing, approval, audit, stamp, folder, submission, hold, takedown, given, redaction, privacy, retention}
}

func testKinds(e *env) {
	records := e.story()
	want := e.addRecords(records...)
	for i := range want {
		got, err := e.Backend.Get(e.Context(), want[i].ID)
		e.must(err)
		e.same("record of kind "+string(want[i].Kind), got, want[i])
		wantContent, err := store.DecodeAny(&want[i])
		e.must(err)
		content, err := store.DecodeAny(&got)
		e.must(err)
		e.same("content of kind "+string(want[i].Kind), content, wantContent)
		for _, t := range records[i].Terms {
			if !slices.Contains(e.seqs(t), want[i].Seq) {
				e.Errorf("the %s is not listed under its term %s %q", want[i].Kind, t.Index, t.Value)
			}
		}
	}
	// Acts of archivists have no content of this version and are kept.
	note := store.Record{ID: e.id(), Kind: store.KindNote, Schema: 1, Time: e.clock.Now(), Salt: store.Salt{1},
		Fields: []store.Field{{Name: "meta", Value: []byte(`{}`)}}}
	kept := e.addRecords(note)[0]
	got, err := e.Backend.Get(e.Context(), note.ID)
	e.must(err)
	e.same("note", got, kept)
}

func testFields(e *env) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	bodies := []string{"", "x", "\x00", string(all), strings.Repeat("the same words again ", 40_000), string(e.rand.bytes(300_000))}
	for _, body := range bodies {
		want := e.add(e.exchange(body))[0]
		got, err := e.Backend.Get(e.Context(), want.ID)
		e.must(err)
		if string(got.Field("body")) != body {
			e.Errorf("a body of %d bytes came back with %d", len(body), len(got.Field("body")))
		}
		e.same("leaf", got.Leaf(), want.Leaf())
	}
	many := store.Record{ID: e.id(), Kind: store.KindNote, Schema: 1, Time: e.clock.Now(), Salt: store.Salt{2}}
	for i := range store.MaxFields {
		many.Fields = append(many.Fields, store.Field{Name: fmt.Sprintf("field-%d", i), Value: all[:i]})
	}
	want := e.addRecords(many)[0]
	got, err := e.Backend.Get(e.Context(), want.ID)
	e.must(err)
	e.same("a record with many fields", got, want)
}

// testRemoved stores records of which fields were removed elsewhere, as an
// import does.
func testRemoved(e *env) {
	story := e.story()
	e.addRecords(story...)
	for i := range story {
		whole := story[i]
		whole.ID = e.id()
		for n := range whole.Fields {
			part := whole.Remove(whole.Fields[n].Name)
			part.ID = e.id()
			whole.ID = part.ID
			want := e.addRecords(part)[0]
			got, err := e.Backend.Get(e.Context(), part.ID)
			e.must(err)
			e.same("record without "+whole.Fields[n].Name, got, want)
			if got.Leaf() != whole.Leaf() {
				e.Errorf("the leaf of a %s without %s is not that of the whole record", whole.Kind, whole.Fields[n].Name)
			}
			leaves, err := e.Backend.Leaves(e.Context(), got.Seq-1, 1)
			e.must(err)
			e.same("stored leaf", leaves, []store.Hash{whole.Leaf()})
			e.add(naming(part))
		}
	}
}

func testUnknown(e *env) {
	c := e.add(e.capture(ref(1)))[0]
	d := e.derivation(ref(1), c.ID, "ada")
	d.Post.Extra = map[string]json.RawMessage{"mood": json.RawMessage(`{"of":"tomorrow","n":[1,2.50]}`)}
	d.Source = "telepathy"
	r := e.record(d)
	r.Fields = append(r.Fields, store.Field{Name: "hologram", Value: []byte{0, 1, 2}})
	want := e.addRecords(r)[0]
	got, err := e.Backend.Get(e.Context(), r.ID)
	e.must(err)
	e.same("record", got, want)
	back, err := store.Decode[store.Derivation](&got)
	e.must(err)
	e.same("derivation", back, d)
}

func testTimes(e *env) {
	zone := time.FixedZone("east", 5*3600+1800)
	for _, at := range []time.Time{
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1970, 1, 1, 0, 0, 0, 1000, time.UTC),
		time.Date(2006, 3, 21, 20, 50, 14, 999_999_000, time.UTC),
		time.Date(2026, 3, 14, 1, 2, 3, 123_456_789, zone),
		start(),
	} {
		l := e.look(ref(1))
		l.Time = at
		want := e.add(l)[0]
		got, err := e.Backend.Get(e.Context(), want.ID)
		e.must(err)
		if wantTime := at.UTC().Truncate(time.Microsecond); got.Time != wantTime {
			e.Errorf("the time %v came back as %v", wantTime, got.Time)
		}
		j := e.job("look", "")
		j.RunAt, j.Created = at, at
		e.commit(store.Batch{Enqueue: []store.Enqueue{{Job: j}}})
		job, err := e.Backend.Job(e.Context(), j.ID)
		e.must(err)
		if wantTime := at.UTC().Truncate(time.Microsecond); job.RunAt != wantTime || job.Created != wantTime {
			e.Errorf("the times %v of a job came back as %v and %v", wantTime, job.RunAt, job.Created)
		}
	}
}

// testList compares every way of asking with what a plain filter over all
// records gives.
func testList(e *env) {
	var all []store.Record
	for i := range 23 {
		batch := []store.Content{e.look(ref(1)), e.look(ref(2))}
		if i%3 == 0 {
			batch = append(batch, e.capture(ref(1)))
		}
		if i%5 == 0 {
			batch = append(batch, e.exchange(fmt.Sprint("body ", i), ref(1), ref(3)))
		}
		for n, r := range e.add(batch...) {
			if n != 1 {
				all = append(all, r)
			}
		}
	}
	kinds := [][]store.Kind{nil, {store.KindLook}, {store.KindCapture, store.KindExchange}, {store.KindVerdict},
		{store.KindExchange, store.KindLook, store.KindCapture}}
	last := all[len(all)-1].Seq
	for _, k := range kinds {
		for _, bounds := range [][2]uint64{{0, 0}, {5, 0}, {0, 20}, {7, 30}, {last, 0}, {last - 1, 0}, {0, 1}, {9, 10}, {0, last + 50}, {last + 9, 0}} {
			for _, newest := range []bool{false, true} {
				for _, limit := range []int{0, 1, 2, 7, 1000} {
					q := store.Query{Term: store.RefTerm(ref(1)), Kinds: k, After: bounds[0], Before: bounds[1], Limit: limit, Newest: newest}
					e.comparePages(q, all)
				}
			}
		}
	}
}

func (e *env) comparePages(q store.Query, all []store.Record) {
	e.Helper()
	var want []store.Record
	for _, r := range all {
		if r.Seq > q.After && (q.Before == 0 || r.Seq < q.Before) && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, r.Kind)) {
			want = append(want, r)
		}
	}
	if q.Newest {
		slices.Reverse(want)
	}
	name := fmt.Sprintf("%+v", q)
	limit := q.Limit
	if limit == 0 {
		limit = 100
	}
	for {
		page, err := e.Backend.List(e.Context(), q)
		e.must(err)
		n := min(limit, len(want))
		e.same("page of "+name, page.Records, want[:n])
		want = want[n:]
		if page.More != (len(want) > 0) {
			e.Fatalf("%s: More is %v with %d records left", name, page.More, len(want))
		}
		if !page.More {
			return
		}
		if at := page.Records[n-1].Seq; q.Newest {
			q.Before = at
		} else {
			q.After = at
		}
	}
}

func testDefaultLimits(e *env) {
	var b store.Batch
	for i := range 1001 {
		b.Records = append(b.Records, e.record(e.exchange("", ref(0), ref(1+i))))
	}
	e.commit(b)
	page, err := e.Backend.List(e.Context(), store.Query{Term: store.RefTerm(ref(0))})
	e.must(err)
	if len(page.Records) != 100 || !page.More {
		e.Errorf("a listing without a limit has %d records, more: %v; want 100 and more", len(page.Records), page.More)
	}
	values, err := e.Backend.Values(e.Context(), store.IndexRef, "", "", 0)
	e.must(err)
	e.same("values without a limit", len(values), 1000)
	read, err := e.Backend.Read(e.Context(), 0, 0)
	e.must(err)
	e.same("records without a limit", len(read), 1000)
	leaves, err := e.Backend.Leaves(e.Context(), 0, 0)
	e.must(err)
	e.same("leaves without a limit", len(leaves), 1001)
}

// testTermBorders uses values that begin other values, that hold zero bytes,
// and that look like a value followed by a number.
func testTermBorders(e *env) {
	keys := []string{"a", "ab", "b", "a\x00", "a\x00\x00", "a\x00\x00\x00\x00\x00\x00\x00\x01", "a\x00\x00\x00\x00\x00\x00\x00\x02b", "\x00", "\x00\x01", "\x01",
		"a\x01", "\u00ff", "\U0010ffff", "a/", "a:"}
	want := map[string][]uint64{}
	for range 3 {
		for _, k := range keys {
			r := e.add(e.article(k))[0]
			want[k] = append(want[k], r.Seq)
		}
	}
	for _, k := range keys {
		e.same(fmt.Sprintf("records of %q", k), e.seqs(store.Term{Index: store.IndexArticle, Value: k}), want[k])
		// The same value in another index is another term.
		e.same(fmt.Sprintf("other index for %q", k), e.seqs(store.Term{Index: store.IndexURL, Value: k}), []uint64(nil))
	}
	slices.Sort(keys)
	values, err := e.Backend.Values(e.Context(), store.IndexArticle, "", "", 0)
	e.must(err)
	e.same("values", values, keys)
	for _, prefix := range []string{"a", "a\x00", "\x00", "\xc3", "\xf4\x8f", "\xff", "zz"} {
		var want []string
		for _, k := range keys {
			if strings.HasPrefix(k, prefix) {
				want = append(want, k)
			}
		}
		got, err := e.Backend.Values(e.Context(), store.IndexArticle, prefix, "", 0)
		e.must(err)
		e.same(fmt.Sprintf("values that begin with %q", prefix), got, want)
	}
}

func testLongTerms(e *env) {
	long := strings.Repeat("päth/", 200)
	keys := []string{strings.Repeat("k", store.MaxTermLength-1), strings.Repeat("k", store.MaxTermLength), long + "one", long + "two",
		strings.Repeat("\x00", 2*store.MaxTermLength)}
	for _, k := range keys {
		r := e.record(e.article(k))
		if len(r.Terms) != 1 || len(r.Terms[0].Value) > store.MaxTermLength {
			e.Fatalf("the article has the terms %q", r.Terms)
		}
		want := e.addRecords(r)[0]
		e.same("records of a long term", e.seqs(r.Terms[0]), []uint64{want.Seq})
	}
	id := post.Ref{Platform: post.Platform(strings.Repeat("p", 32)), ID: strings.Repeat("é", post.MaxIDLength/2)}
	want := e.add(e.look(id))[0]
	e.same("records of a long reference", e.seqs(store.RefTerm(id)), []uint64{want.Seq})
}

func testManyTerms(e *env) {
	var refs []post.Ref
	for i := range store.MaxTerms - 1 {
		refs = append(refs, ref(i))
	}
	want := e.add(e.article("gazette.example/long-list", refs...))[0]
	e.add(e.look(ref(17)))
	e.same("records of one of many", e.seqs(store.RefTerm(ref(17))), []uint64{want.Seq, want.Seq + 1})
	values, err := e.Backend.Values(e.Context(), store.IndexRef, "", "", 2*store.MaxTerms)
	e.must(err)
	e.same("number of values", len(values), len(refs))
}

func testValues(e *env) {
	var want []string
	for i := range 25 {
		r := post.Ref{Platform: post.Mastodon, ID: fmt.Sprintf("social.example/%02d", i)}
		for range 1 + i%3 {
			e.add(e.look(r))
		}
		want = append(want, r.String())
	}
	e.add(e.look(post.Ref{Platform: post.Bluesky, ID: "a"}), e.look(post.Ref{Platform: post.Threads, ID: "z"}))
	for _, limit := range []int{0, 1, 4, 25, 26} {
		var got []string
		for after := ""; ; {
			page, err := e.Backend.Values(e.Context(), store.IndexRef, "mastodon:", after, limit)
			e.must(err)
			if limit > 0 && len(page) > limit {
				e.Fatalf("asked for %d values, got %d", limit, len(page))
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			if len(got) > len(want) {
				e.Fatal("the pages do not end")
			}
			after = page[len(page)-1]
		}
		e.same(fmt.Sprintf("values by %d", limit), got, want)
	}
	// The value to begin after need not exist, nor lie within the prefix.
	for after, n := range map[string]int{"mastodon:social.example/105": 14, "a": 25, "mastodon:social.example/24": 0, "z": 0} {
		page, err := e.Backend.Values(e.Context(), store.IndexRef, "mastodon:", after, 0)
		e.must(err)
		e.same("number of values after "+after, len(page), n)
	}
}

func testBinaryValues(e *env) {
	var want []string
	for _, first := range []byte{0xff, 0x00, 0x80} {
		body := bodyWithDigest(first)
		e.add(e.exchange(body))
		want = append(want, store.BodyTerm(store.DigestOf([]byte(body))).Value)
	}
	slices.Sort(want)
	got, err := e.Backend.Values(e.Context(), store.IndexBody, "", "", 0)
	e.must(err)
	e.same("values", got, want)
	for i, prefix := range []string{"\x00", "\x80", "\xff"} {
		got, err := e.Backend.Values(e.Context(), store.IndexBody, prefix, "", 0)
		e.must(err)
		e.same(fmt.Sprintf("values that begin with %q", prefix), got, want[i:i+1])
	}
	e.same("records of a digest", e.seqs(store.Term{Index: store.IndexBody, Value: want[2]}), []uint64{1})
}
