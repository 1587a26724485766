package web

import (
	"context"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"stet/archiver"
	"stet/store"
)

// described is a server's document, by which answers are judged.
type described struct {
	*world
	document map[string]any
	schemas  *jsonschema.Compiler
}

// newDescribed reads the document of a world. What it does not name may not be
// in an answer, though to others it allows more, for later versions.
func newDescribed(w *world) *described {
	w.t.Helper()
	rec := w.call("GET", apiPrefix+"/openapi.json", "")
	v, err := jsonschema.UnmarshalJSON(rec.Body)
	document, _ := v.(map[string]any)
	if err != nil || rec.Code != 200 || document["openapi"] != "3.1.0" || !strings.HasPrefix(rec.Header().Get("Content-Type"), "application/vnd.oai.openapi+json") {
		w.t.Fatalf("%d %v %v", rec.Code, document["openapi"], err)
	}
	strict(document)
	d := &described{world: w, document: document, schemas: jsonschema.NewCompiler()}
	d.schemas.AssertFormat()
	if err := d.schemas.AddResource("mem:///openapi.json", document); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// strict closes every object whose members are named.
func strict(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, named := v["properties"].(map[string]any); named && v["type"] == "object" {
			v["additionalProperties"] = false
		}
		for _, member := range v {
			strict(member)
		}
	case []any:
		for i := range v {
			strict(v[i])
		}
	}
}

// judge compares a body with the schema at a pointer of the document.
func (d *described) judge(what, pointer, body string) {
	d.t.Helper()
	schema, err := d.schemas.Compile("mem:///openapi.json#" + pointer)
	if err != nil {
		d.t.Fatalf("%s: %v", what, err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		d.t.Errorf("%s: %v in %.500s", what, err, body)
	}
}

// answerOf is where the document describes an answer of an operation.
func answerOf(op *operation, status int, kind string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1").Replace
	return fmt.Sprintf("/paths/%s/%s/responses/%d/content/%s/schema", url.PathEscape(escape(op.path)), strings.ToLower(op.method), status, url.PathEscape(escape(kind)))
}

// feeds are some that are followed.
type feeds struct{}

func (feeds) Sources(context.Context) ([]Source, error) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	return []Source{{Name: "courier", URL: "https://news.example/feed", Kind: "feed", Schedule: "every 1h", Next: &at, LastRead: &at, Configured: true}, {Name: "old", Paused: true, Failures: 3, Error: "no such host"}}, nil
}
func (feeds) RunNow(context.Context, string) error      { return nil }
func (feeds) Pause(context.Context, string, bool) error { return nil }

// full is a world in which every list has something.
func full(t *testing.T) *world {
	w := newWorld(t, func(o *Options) {
		o.Sources, o.Bundles = feeds{}, &packer{}
		o.ReadPicture = func(context.Context, []byte, string) (string, error) { return "@ada\n\nwords of hers\n", nil }
	})
	p := &person{world: w}
	w.ids["case"] = strings.TrimPrefix(p.fill("/cases", "/cases", url.Values{"title": {"Ferries"}, "tags": {"sea"}}), "/case/")
	for _, step := range []url.Values{{"act": {"add"}, "target": {goneRef().String()}}, {"act": {"note"}, "text": {"a note"}}} {
		p.fill("/case/"+w.ids["case"], "/case/"+w.ids["case"], step)
	}
	w.add(&store.Drawing{Time: w.at, Ref: goneRef(), URL: "https://x.com/x", Picture: w.blob("drawn"), Browser: "b"})
	w.add(&store.Takedown{Time: w.at, Ref: goneRef(), Act: store.TakedownRefuse, Reason: "r", Basis: "b"})
	w.add(&store.Hold{Time: w.at, Accounts: []string{"twitter:#7", "twitter:ada"}, Operator: "o", Reason: "r"})
	b := w.archive.Begin()
	for _, name := range []string{"dead", "dropped"} {
		if err := b.Enqueue(store.Enqueue{Job: store.Job{Kind: archiver.JobLook, Key: "twitter:" + name, RunAt: w.at.Add(time.Hour)}}); err != nil {
			t.Fatal(err)
		}
	}
	receipt, err := b.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.ids["drop"] = receipt.Jobs[1].ID.String()
	return w
}

// TestOpenAPI compares what every operation answers with what the document says.
func TestOpenAPI(t *testing.T) {
	w := full(t)
	d := newDescribed(w)
	posted := d.posts()
	for _, op := range w.operations() {
		item, _ := d.document["paths"].(map[string]any)[op.path].(map[string]any)
		described, _ := item[strings.ToLower(op.method)].(map[string]any)
		switch {
		case described == nil || described["operationId"] != op.id:
			t.Errorf("%s %s is not described", op.method, op.path)
		case op.method == "POST" && !posted[op.id]:
			t.Errorf("nothing was sent to %s", op.id)
		case op.method == "GET" && op.example == "":
			t.Errorf("%s has no example", op.id)
		case op.method == "GET":
			d.get(&op)
		}
	}
	d.judge("problem", "/components/schemas/Problem", w.call("GET", apiPrefix+"/posts/twitter:5", "").Body.String())
	for path := range d.document["paths"].(map[string]any) {
		if !slices.ContainsFunc(w.operations(), func(op operation) bool { return op.path == path }) {
			t.Errorf("%s is described and not there", path)
		}
	}
}

// posts sends to every operation that takes something, and returns which.
func (d *described) posts() map[string]bool {
	picture := base64.StdEncoding.EncodeToString([]byte(png))
	sent := map[string]bool{}
	ref := goneRef().String()
	for _, tt := range []struct {
		id, path, body string
		want           int
	}{
		{"recheck", "/recheck", `{"targets":["` + liveRef().String() + `"]}`, 202},
		{"capture-now", "/capture-jobs", `{"targets":["https://news.example/b"],"case":"c","note":"n"}`, 202},
		{"approve", "/approvals", `{"ref":"` + ref + `","note":"n"}`, 201},
		{"approve", "/approvals", `{"account":"twitter:#7","revoked":true}`, 201},
		{"bundle", "/bundles", `{"refs":["` + ref + `"],"for":"court"}`, 200},
		{"screenshot", "/screenshot", `{"picture":"` + picture + `"}`, 200},
		{"pictures", "/pictures", `{"picture":"` + picture + `"}`, 404},
		{"source-run", "/sources/courier/run", ``, 202},
		{"source-pause", "/sources/courier/pause", ``, 200},
		{"source-resume", "/sources/courier/resume", ``, 200},
		{"job-retry", "/jobs/{drop}/retry", ``, 200},
		{"job-drop", "/jobs/{drop}/drop", ``, 200},
	} {
		i := slices.IndexFunc(d.operations(), func(op operation) bool { return op.id == tt.id })
		if i < 0 {
			d.t.Fatalf("there is no %s", tt.id)
		}
		op := d.operations()[i]
		rec := d.call("POST", d.example(tt.path), tt.body)
		if sent[op.id] = true; rec.Code != tt.want {
			d.t.Errorf("%s: %d %s", tt.id, rec.Code, rec.Body)
			continue
		}
		if op.id == "recheck" {
			d.ids["request"] = strings.TrimPrefix(rec.Header().Get("Location"), apiPrefix+"/capture-jobs/")
		}
		switch {
		case rec.Code >= 400:
			d.judge(op.id, "/components/schemas/Problem", rec.Body.String())
		case op.answer != nil:
			d.judge(op.id, answerOf(&op, rec.Code, "application/json"), rec.Body.String())
		}
		if op.body != nil {
			d.judge("the body of "+op.id, strings.Replace(answerOf(&op, 0, "application/json"), "/responses/0/", "/requestBody/", 1), tt.body)
		}
	}
	d.judge("what was found for a picture", "/components/schemas/WebSimilar", `{"items":[],"compared":1,"unreadable":0}`)
	return sent
}

// get asks for the example of an operation, in every form.
func (d *described) get(op *operation) {
	d.t.Helper()
	path := d.example(op.example)
	rec := d.call("GET", path, "")
	if rec.Code != 200 {
		d.t.Errorf("%s: %d %s", op.example, rec.Code, rec.Body)
		return
	}
	if op.send != nil {
		return
	}
	body := rec.Body.String()
	d.judge(op.id, answerOf(op, 200, "application/json"), body)
	r := httptest.NewRequest("GET", path, nil)
	r.Host, r.RemoteAddr = "localhost", "127.0.0.1:5"
	r.Header.Set("If-None-Match", `"x", `+rec.Header().Get("ETag"))
	again := httptest.NewRecorder()
	if d.ServeHTTP(again, r); again.Code != 304 || again.Body.Len() > 0 || len(rec.Header().Get("ETag")) < 10 {
		d.t.Errorf("%s: %d with the tag %s", op.id, again.Code, rec.Header().Get("ETag"))
	}
	if head := d.call("HEAD", path, ""); head.Code != 200 || head.Body.Len() > 0 || head.Header().Get("ETag") != rec.Header().Get("ETag") {
		d.t.Errorf("HEAD %s: %d %v", op.id, head.Code, head.Header())
	}
	if op.list {
		d.forms(op, path)
	}
}

// forms looks at the other forms of a list.
func (d *described) forms(op *operation, path string) {
	d.t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	n := 0
	for line := range strings.Lines(d.call("GET", path+sep+"format=ndjson", "").Body.String()) {
		n++
		d.judge(op.id+", a line", answerOf(op, 200, "application/x-ndjson"), line)
	}
	if n == 0 {
		d.t.Errorf("%s: nothing of this list was judged", op.id)
	}
	table := d.call("GET", path+sep+"format=csv", "")
	rows, err := csv.NewReader(table.Body).ReadAll()
	if err != nil || len(rows) != n+1 || !slices.Equal(rows[0], op.columns) || !strings.Contains(table.Header().Get("Content-Disposition"), "attachment") {
		d.t.Errorf("%s as a table: %d rows for %d items, %v", op.id, len(rows), n, err)
	}
	if rec := d.call("GET", path+sep+"format=xls", ""); rec.Code != http.StatusBadRequest {
		d.t.Errorf("%s in a strange format: %d", op.id, rec.Code)
	}
}

// TestOpenAPIColumns: every column of a table is a member that the document
// describes.
func TestOpenAPIColumns(t *testing.T) {
	w := full(t)
	d := newDescribed(w)
	schemas, _ := d.document["components"].(map[string]any)["schemas"].(map[string]any)
	ref := regexp.MustCompile(`#/components/schemas/(\w+)`)
	for _, op := range w.operations() {
		for _, column := range op.columns {
			at, _ := (&describer{schemas: object{}}).schema(reflect.TypeOf(op.answer))["$ref"].(string)
			for name := range strings.SplitSeq(column, ".") {
				m := ref.FindStringSubmatch(at)
				if m == nil {
					break // any member, of a free object
				}
				properties, _ := schemas[m[1]].(map[string]any)["properties"].(map[string]any)
				member, ok := properties[name].(map[string]any)
				if !ok {
					t.Errorf("%s has the column %s, and %s has no member %s", op.id, column, m[1], name)
					break
				}
				at, _ = member["$ref"].(string)
			}
		}
	}
}
