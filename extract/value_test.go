package extract

import (
	"errors"
	"testing"
	"time"
)

func TestValue(t *testing.T) {
	v, err := ParseValue([]byte(`{"id":12345678901234567890,"n":"7","f":2.0,"yes":true,"no":false,"nothing":null,"list":[{"a":"b"},1],"at":1700000000.5,"day":"2026-03-02","bad":"\ud800x"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"a number is text":      v.Get("id").Text() == "12345678901234567890",
		"out of range":          v.Get("id").Int() == 0,
		"a number in a string":  v.Get("n").Int() == 7,
		"a fraction of zero":    v.Get("f").Int() == 2,
		"true":                  v.Get("yes").True() && !v.Get("no").True() && !v.Get("n").True(),
		"false is not missing":  v.Get("no").False() && !v.Get("none").False(),
		"null is nothing":       !v.Get("nothing").Exists() && v.Get("no").Exists(),
		"a path":                v.Get("list").First().Get("a").Text() == "b",
		"a path into nothing":   v.Get("n", "x", "y").Text() == "" && v.Get("n").First().Text() == "",
		"elements":              len(v.Get("list").List()) == 2 && v.Get("n").List() == nil,
		"seconds":               v.Get("at").Unix().Equal(time.Unix(1700000000, 0)),
		"no seconds":            v.Get("id").Unix().IsZero() && v.Get("no").Unix().IsZero(),
		"a day":                 v.Get("day").Time().Equal(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)),
		"text is valid UTF-8":   v.Get("bad").Text() == "\ufffdx",
		"an object":             v.IsObject() && !v.Get("list").IsObject(),
		"a number is a number":  v.Get("f").IsNumber() && !v.Get("n").IsNumber(),
		"the zero value is not": !(Value{}).Exists() && (Value{}).Get("x").Text() == "",
	} {
		if !ok {
			t.Error(name)
		}
	}
	for _, s := range []string{"", "{", `{}{}`, "<html>"} {
		if _, err := ParseValue([]byte(s)); !errors.Is(err, ErrShape) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestValueAfter(t *testing.T) {
	v, err := ValueAfter(`<script>var a = 1; var answer = {"a":"}; var"};var b = 2;</script>`, "var answer =")
	if err != nil || v.Get("a").Text() != "}; var" {
		t.Errorf("%+v, %v", v, err)
	}
	for _, s := range []string{"var answer = ", "var other = {}", "var answer = {"} {
		if _, err := ValueAfter(s, "var answer ="); !errors.Is(err, ErrShape) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestPage(t *testing.T) {
	r := Response{ContentType: "text/html; charset=iso-8859-1", Body: []byte("<meta property=og:title content='caf\xe9 '><script id=s type=application/json>{\"a\":1}</script></HTML>")}
	doc, ok := r.Page()
	if !ok || MetaContent(doc, "og:title") != "café" || MetaContent(doc, "og:image") != "" {
		t.Errorf("%v, %q", ok, MetaContent(doc, "og:title"))
	}
	if v, err := ScriptValue(doc, "s"); err != nil || v.Get("a").Int() != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := ScriptValue(doc, "x"); !errors.Is(err, ErrShape) {
		t.Error(err)
	}
	for _, cut := range []string{"", "<html><body><p>Half a sen", "<p>Low tide</", "<p>Low tide</bod", "<p>Low tide</p>"} {
		if _, ok := (Response{ContentType: "text/html", Body: []byte(cut)}).Page(); ok {
			t.Errorf("%q is a whole page", cut)
		}
	}
	r.ContentType = "application/json"
	if _, ok := r.Page(); ok {
		t.Error("JSON is a page")
	}
}
