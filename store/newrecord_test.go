package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"stet/extract/post"
	"stet/store"
)

// The gate does not decode what a Builder has just encoded. These tests prove
// that it need not: whatever NewRecord returns can be decoded, with the same
// index entries.

func TestNewRecordCanBeDecoded(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	refused := 0
	const rounds = 3000
	for n := range rounds {
		for _, c := range contents() {
			f := filler{r, n%4 == 0}
			f.fill(reflect.ValueOf(c).Elem())
			rec, err := store.NewRecord(store.ID{1}, store.Salt{1}, c)
			if err != nil {
				if !errors.Is(err, store.ErrInvalid) {
					t.Fatalf("%T: %v", c, err)
				}
				refused++
				continue
			}
			got, err := store.DecodeAny(&rec)
			if err != nil {
				t.Fatalf("%T was encoded and cannot be decoded: %v\n%+v", c, err, c)
			}
			if want := store.TermsOf(got); !slices.Equal(rec.Terms, want) {
				t.Fatalf("%T asks for %q, decoded for %q\n%+v", c, rec.Terms, want, c)
			}
		}
	}
	if refused == 0 || refused > rounds*len(contents())/2 {
		t.Errorf("%d contents were refused", refused)
	}
}

// TestNewRecordRefusesEveryBadReference puts one bad reference at a time into
// each content.
func TestNewRecordRefusesEveryBadReference(t *testing.T) {
	for i := range contents() {
		for n := 0; ; n++ {
			c := contents()[i]
			at := n
			if !spoil(reflect.ValueOf(c).Elem(), &at) {
				break
			}
			if _, err := store.NewRecord(store.ID{1}, store.Salt{1}, c); !errors.Is(err, store.ErrInvalid) {
				t.Errorf("reference %d of %T: got %v, want invalid", n, c, err)
			}
		}
	}
}

// spoil replaces the reference with the number at within v, and reports
// whether there was one. Lists that are empty get an element first.
func spoil(v reflect.Value, at *int) bool {
	if v.Type() == reflect.TypeFor[post.Ref]() {
		if *at--; *at >= 0 {
			return false
		}
		v.Set(reflect.ValueOf(post.Ref{Platform: "No Good", ID: "a b"}))
		return true
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && spoil(v.Field(i), at) {
				return true
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		return spoil(v.Index(v.Len()-1), at)
	}
	return false
}

// filler sets everything that can be set to what nobody expects.
type filler struct {
	*rand.Rand
	badRefs bool
}

func (f filler) fill(v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		if f.IntN(4) > 0 {
			v.Set(reflect.ValueOf(time.Unix(f.Int64N(1<<35), f.Int64N(1e9)).In(time.FixedZone("", f.IntN(86_000)-43_000))))
		}
		return
	case reflect.TypeFor[post.Ref]():
		v.Set(reflect.ValueOf(f.ref()))
		return
	case reflect.TypeFor[map[string]json.RawMessage]():
		v.Set(reflect.ValueOf(map[string]json.RawMessage{f.text() + "?": json.RawMessage([]string{`{"a": [1, "<"]}`, `null`, ` "x" `, `1e9`}[f.IntN(4)])}))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		if v.SetZero(); f.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), f.IntN(3), 3))
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		value := reflect.New(v.Type().Elem()).Elem()
		f.fill(value)
		v.SetMapIndex(reflect.ValueOf(f.text()).Convert(v.Type().Key()), value)
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.IntN(2) == 0)
	case reflect.Float64:
		v.SetFloat(f.Float64())
	default:
		if v.CanInt() {
			v.SetInt(int64(f.Uint64() >> f.IntN(64)))
		} else {
			v.SetUint(f.Uint64() >> 56)
		}
	}
}

func (f filler) text() string {
	s := ""
	for range f.IntN(4) {
		s += []string{"a", "B", "Ä", "İ", "\xff", "\xc3", "<", "&", "\u2028", ":", "@", "#", " ", "\x00", "\n", `"`, `\`, "https://a.example/", "🌉", "\xed\xa0\x80"}[f.IntN(20)]
	}
	return s
}

func (f filler) ref() post.Ref {
	switch n := f.IntN(8); {
	case n == 0:
		return post.Ref{}
	case n == 1 && f.badRefs:
		return post.Ref{Platform: post.Platform(f.text()), ID: f.text()}
	}
	return post.Ref{Platform: post.Mastodon, ID: fmt.Sprint("social.example/", f.IntN(50))}
}
