package extract

import (
	"strings"
	"testing"
)

// write writes a value as JSON without escapes, for comparison.
func (v *jsonValue) write(b *strings.Builder) {
	switch v.kind {
	case '"':
		b.WriteString("'" + unescapeJSON(v.raw) + "'")
	case 0:
		b.WriteString(v.raw)
	default:
		b.WriteByte(v.kind)
		for i := range v.members {
			if v.kind == '{' {
				b.WriteString(v.members[i].key + ":")
			}
			v.members[i].value.write(b)
			b.WriteByte(' ')
		}
		b.WriteByte(v.kind + 2)
	}
}

func TestParseJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"b":[true,null,"x\ny"],"c":{}}`:  "{a:1 b:[true null 'x\ny' ] c:{} }",
		` /* c */ {a: 'single', "b" : 2,, } x`:   "{a:'single' b:2 }",
		"{\"a\":\"line\nbreak\"}":                "{a:'line\nbreak' }",
		`["\u00e9\ud83d\ude00\x41\/\"\q\ud800"]`: "['é😀A/\"q\ufffd' ]",
		`{"a":{"b":[1,2`:                         "{a:{b:[1 2 ] } }",
		`{"a`:                                    "",
		`{"a" 1}`:                                "",
		`[]`:                                     "[]",
		``:                                       "",
		`"x"`:                                    "'x'",
	} {
		v, ok := parseJSON(in)
		var b strings.Builder
		if ok {
			v.write(&b)
		}
		if b.String() != want {
			t.Errorf("%s: got %s, want %s", in, b.String(), want)
		}
	}
	deep := strings.Repeat("[", 10000)
	if v, ok := parseJSON(deep + "1"); ok {
		var b strings.Builder
		v.write(&b)
		if b.Len() > 4*maxJSONDepth {
			t.Errorf("%d bytes deep", b.Len())
		}
	}
	if v, _ := parseJSON("[" + strings.Repeat("1,", 2*maxJSONValues) + "]"); len(v.members) > maxJSONValues {
		t.Errorf("%d values", len(v.members))
	}
}
