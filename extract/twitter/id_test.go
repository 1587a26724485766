package twitter

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"testing"
	"time"
)

func TestParseID(t *testing.T) {
	for _, s := range []string{"1", "20", "1229694915983339523", "9223372036854775807"} {
		if got, err := ParseID(s); got != s || err != nil {
			t.Errorf("ParseID(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "0", "020", "-1", "+1", "1.0", "9223372036854775808", "10000000000000000000",
		"99999999999999999999", "12a", " 12", "١٢"} {
		if _, err := ParseID(s); !errors.Is(err, ErrID) {
			t.Errorf("ParseID(%q) error = %v, want ErrID", s, err)
		}
	}
}

// snowflake builds an id as the platform does.
func snowflake(ms, low int64) string {
	return strconv.FormatInt((ms-1288834974657)<<22|low, 10)
}

func TestTime(t *testing.T) {
	for _, at := range []string{"2010-11-05T00:00:00.000Z", "2015-01-01T00:00:00.001Z", "2020-02-18T12:34:56.789Z", "2079-12-31T23:59:59.999Z"} {
		want, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			t.Fatal(err)
		}
		for _, low := range []int64{0, 1, 1<<22 - 1} {
			id := snowflake(want.UnixMilli(), low)
			if got, ok := Time(id); !ok || !got.Equal(want) || got.Location() != time.UTC {
				t.Errorf("Time(%s) = %v, %v; want %v", id, got, ok, want)
			}
		}
	}
	for _, id := range []string{"", "20", "29700859246", "x", "9223372036854775808", "01229694915983339523"} {
		if got, ok := Time(id); ok || !got.IsZero() {
			t.Errorf("Time(%q) = %v, want none", id, got)
		}
	}
	if _, ok := Time("29700859247"); !ok {
		t.Error("the first id of the scheme has no time")
	}
}

func TestIDRange(t *testing.T) {
	day := time.Date(2020, 2, 18, 0, 0, 0, 0, time.UTC)
	first, last, ok := IDRange(day, day.AddDate(0, 0, 1))
	if !ok || first != snowflake(day.UnixMilli(), 0) || last != snowflake(day.AddDate(0, 0, 1).UnixMilli()-1, 1<<22-1) {
		t.Errorf("got %s…%s, %v", first, last, ok)
	}
	// A range that ends within a millisecond includes that millisecond.
	_, last, _ = IDRange(day, day.Add(time.Microsecond))
	if last != snowflake(day.UnixMilli(), 1<<22-1) {
		t.Errorf("last = %s", last)
	}
	if _, _, ok := IDRange(day, day); ok {
		t.Error("an empty range has ids")
	}
	if _, _, ok := IDRange(day.AddDate(-20, 0, 0), day.AddDate(-19, 0, 0)); ok {
		t.Error("the year 2000 has ids")
	}
	first, _, ok = IDRange(day.AddDate(-20, 0, 0), day)
	if !ok || first != "29700859247" {
		t.Errorf("clipped range begins at %s", first)
	}
	far := time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, _, ok := IDRange(far, far.AddDate(1, 0, 0)); ok {
		t.Error("the year 2200 has ids")
	}
	if _, last, ok := IDRange(day, far); !ok || last != "9223372036854775807" {
		t.Errorf("last = %s, %v", last, ok)
	}
}

func TestDayRange(t *testing.T) {
	first, last, ok := DayRange("2020-02-18")
	a, _ := Time(first)
	b, _ := Time(last)
	if !ok || a.Format(time.RFC3339) != "2020-02-17T10:00:00Z" || b.Format(time.RFC3339) != "2020-02-19T11:59:59Z" {
		t.Errorf("got %v to %v, %v", a, b, ok)
	}
	for _, s := range []string{"", "2020-02-30", "18.02.2020", "1999-01-01"} {
		if _, _, ok := DayRange(s); ok {
			t.Errorf("DayRange(%q) has ids", s)
		}
	}
}

// TestToken has values that a JavaScript engine computed.
func TestToken(t *testing.T) {
	for id, want := range map[string]string{
		"1":                   "bhi2ay3f28n",
		"20":                  "6dq1a2xwd93",
		"29700859247":         "4cpz7ioa439",
		"99999999999":         "enoc8iqae",
		"1000000000000000000": "2f9lc2ug9mm",
		"9223372036854775807": "mcw2svce2ao",
		"":                    "",
		"0":                   "",
		"abc":                 "",
		"9223372036854775808": "",
		"1e15":                "",
	} {
		if got := Token(id); got != want {
			t.Errorf("Token(%q) = %q, want %q", id, got, want)
		}
	}
}

// TestBase36LeadsBack checks that the digits lead back to the number, up to
// the error that counting in float64, as the engines do, brings in.
func TestBase36LeadsBack(t *testing.T) {
	for i := range 20000 {
		v := math.Ldexp(float64(uint64(i)*0x9e3779b97f4a7c15>>11), -(20 + i%40))
		s := base36(v)
		if got := parse36(t, s); math.Abs(got-v) > v*0x1p-51 {
			t.Fatalf("base36(%v) = %s, which is %v", v, s, got)
		}
	}
}

func parse36(t *testing.T, s string) float64 {
	t.Helper()
	sum, scale, point := new(big.Rat), big.NewRat(1, 1), false
	for _, c := range s {
		if c == '.' {
			point = true
			continue
		}
		d, err := strconv.ParseInt(string(c), 36, 64)
		if err != nil {
			t.Fatal(err)
		}
		if point {
			scale.Mul(scale, big.NewRat(1, 36))
			sum.Add(sum, new(big.Rat).Mul(scale, big.NewRat(d, 1)))
		} else {
			sum.Add(sum.Mul(sum, big.NewRat(36, 1)), big.NewRat(d, 1))
		}
	}
	f, _ := sum.Float64()
	return f
}
