package archiver_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"stet/archiver"
)

func TestKeepRulesUntil(t *testing.T) {
	rules := archiver.KeepRules{"short": day, "long": 30 * day, "all": 0, "ever": archiver.KeepForever}
	for _, tt := range []struct {
		sources []string
		want    time.Duration
		by      string
		ok      bool
	}{
		{[]string{"short"}, day, "short", true},
		{[]string{"short", "long"}, 30 * day, "long", true},
		{[]string{"long", "short"}, 30 * day, "long", true},
		{[]string{"short", "all"}, 0, "all", false},
		{[]string{"ever"}, 0, "ever", false},
		{[]string{"short", "no longer followed"}, 0, "no longer followed", false},
		{nil, 0, "", false},
	} {
		until, by, ok := rules.Until(tt.sources, begin())
		if by != tt.by || ok != tt.ok || ok && !until.Equal(begin().Add(tt.want)) {
			t.Errorf("%v: %s by %q, %v", tt.sources, until, by, ok)
		}
	}
}

func TestRetain(t *testing.T) {
	held := []archiver.KeepReason{{Why: archiver.KeptHeld, Text: "held"}}
	later := []archiver.KeepReason{{Why: archiver.KeptSource, Text: "until June", Until: begin().Add(90 * day)}}
	article := func(name string, reasons ...archiver.KeepReason) archiver.KeptThing {
		return archiver.KeptThing{Name: name, Root: true, Reasons: reasons}
	}
	thing := func(name string, holders ...int) archiver.KeptThing {
		return archiver.KeptThing{Name: name, Holders: holders}
	}
	reason := func(t archiver.KeptThing, r []archiver.KeepReason) archiver.KeptThing {
		t.Reasons = r
		return t
	}
	for _, tt := range []struct {
		name   string
		things []archiver.KeptThing
		goes   []string
	}{
		{"an article that is due, with all that it brought in", []archiver.KeptThing{article("a"), thing("post", 0), thing("quoted", 1), thing("page", 0)},
			[]string{"a", "post", "quoted", "page"}},
		{"a post that another article shows", []archiver.KeptThing{article("a"), article("b", later...), thing("post", 0, 1), thing("page", 0)}, []string{"a", "page"}},
		{"a post that an article shows that is due too", []archiver.KeptThing{article("a"), article("b"), thing("post", 0, 1)}, []string{"a", "b", "post"}},
		{"a post of its own reason, and what it quotes", []archiver.KeptThing{article("a"), reason(thing("post", 0), held), thing("quoted", 0, 1)}, []string{"a"}},
		{"a post that one that stays quotes", []archiver.KeptThing{article("a"), thing("post", 0, 2), reason(thing("quoting"), held)}, []string{"a"}},
		{"posts that quote each other", []archiver.KeptThing{article("a"), thing("one", 0, 2), thing("two", 1)}, []string{"a", "one", "two"}},
		{"an article that stays keeps all", []archiver.KeptThing{article("a", held...), thing("post", 0), thing("quoted", 1), thing("page", 1)}, nil},
		{"a post of which nobody knows why it is here", []archiver.KeptThing{article("a"), thing("stray"), thing("quoted", 1, 0)}, []string{"a"}},
		{"nothing", nil, nil},
	} {
		var goes []string
		for i, why := range archiver.Retain(tt.things) {
			if why == nil {
				goes = append(goes, tt.things[i].Name)
			}
		}
		if !slices.Equal(goes, tt.goes) {
			t.Errorf("%s: %v go, not %v", tt.name, goes, tt.goes)
		}
	}
	why := archiver.Retain([]archiver.KeptThing{article("a"), article("b", later...), thing("post", 0, 1)})[2]
	if why.Why != archiver.KeptShown || why.Text != "b stays: until June" || !why.Until.Equal(later[0].Until) {
		t.Errorf("the post stays because of %+v", why)
	}
}

// reached are the things to which a reason leads, found the slow way: over every
// step from every thing with a reason until nothing is added.
func reached(things []archiver.KeptThing) map[int]bool {
	stays := map[int]bool{}
	for i := range things {
		if len(things[i].Reasons) > 0 || !things[i].Root && len(things[i].Holders) == 0 {
			stays[i] = true
		}
	}
	for n := -1; n != len(stays); {
		n = len(stays)
		for i := range things {
			for _, h := range things[i].Holders {
				if stays[h] {
					stays[i] = true
				}
			}
		}
	}
	return stays
}

func drawThings(t *rapid.T) []archiver.KeptThing {
	things := make([]archiver.KeptThing, rapid.IntRange(1, 30).Draw(t, "things"))
	for i := range things {
		things[i] = archiver.KeptThing{Name: fmt.Sprint("thing ", i), Root: rapid.IntRange(0, 2).Draw(t, "root") == 0}
		if rapid.IntRange(0, 5).Draw(t, "reason") == 0 {
			things[i].Reasons = []archiver.KeepReason{{Why: archiver.KeptCase, Text: "a case"}}
		}
		if things[i].Root {
			continue
		}
		things[i].Holders = rapid.SliceOfN(rapid.IntRange(0, len(things)-1), 0, 3).Draw(t, "holders")
	}
	return things
}

// TestRetainSparesWhatIsReached: nothing goes that a reason leads to, all the rest
// does, and one more reason never lets more go.
func TestRetainSparesWhatIsReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		things := drawThings(t)
		want := reached(things)
		why := archiver.Retain(things)
		for i := range things {
			if (why[i] != nil) != want[i] {
				t.Fatalf("%s of %+v stays because of %+v, and a reason leads to it: %v", things[i].Name, things, why[i], want[i])
			}
		}
		more := rapid.IntRange(0, len(things)-1).Draw(t, "more")
		things[more].Reasons = append(things[more].Reasons, archiver.KeepReason{Why: archiver.KeptHeld, Text: "a court"})
		for i, now := range archiver.Retain(things) {
			if why[i] != nil && now == nil {
				t.Fatalf("%s goes since there is one more reason for %s", things[i].Name, things[more].Name)
			}
		}
	})
}

// FuzzRetain does the same with things made of bytes.
func FuzzRetain(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 1, 0, 3})
	f.Add([]byte{255, 4, 1, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		var things []archiver.KeptThing
		n := min(len(b)/2, 200)
		for i := range n {
			thing := archiver.KeptThing{Name: fmt.Sprint(i), Root: b[2*i]&1 == 0}
			if b[2*i]&6 == 6 {
				thing.Reasons = []archiver.KeepReason{{Text: "a reason"}}
			}
			for j := range int(b[2*i]>>6) * b2i(!thing.Root) {
				thing.Holders = append(thing.Holders, (int(b[2*i+1])*(j+1))%n)
			}
			things = append(things, thing)
		}
		want := reached(things)
		for i, why := range archiver.Retain(things) {
			if (why != nil) != want[i] {
				t.Fatalf("%d of %+v: %+v", i, things, why)
			}
		}
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
