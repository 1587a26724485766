package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"stet/store"
)

// upload sends a picture with a form of a page, and the other fields.
func (p *person) upload(page, action string, picture []byte, fields map[string]string) *httptest.ResponseRecorder {
	p.t.Helper()
	m := regexp.MustCompile(`name="csrf" value="([0-9a-f]{64})"`).FindStringSubmatch(p.page(page))
	if m == nil {
		p.t.Fatalf("%s has no form", page)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := form.WriteField("csrf", m[1])
	for name, value := range fields {
		err = errors.Join(err, form.WriteField(name, value))
	}
	f, opening := form.CreateFormFile("picture", "<script>.png")
	if err = errors.Join(err, opening); err == nil {
		_, err = f.Write(picture)
	}
	if err = errors.Join(err, form.Close()); err != nil {
		p.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, action, &body)
	r.Host, r.RemoteAddr = "127.0.0.1:8484", "127.0.0.1:50000"
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Content-Type", form.FormDataContentType())
	for _, c := range p.jar {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

// TestScreenshot: what is read can be put right before it is searched, and what
// cannot be read can be typed.
func TestScreenshot(t *testing.T) {
	said, trouble, languages := "Ada Bridge\n@adabridge\n\nThe bridge opens </textarea><script>alert(1)</script>\n\n9:30 AM - Mar 5, 2024\n", error(nil), ""
	p := &person{world: newWorld(t, func(o *Options) {
		o.ReadPicture = func(_ context.Context, picture []byte, l string) (string, error) {
			if languages = l; string(picture) != png {
				return "", fmt.Errorf("%d bytes came", len(picture))
			}
			return said, trouble
		}
	})}
	p.wants("/screenshot", "Or type the words", `action="/quote"`)
	w := p.upload("/screenshot", "/screenshot", []byte(png), map[string]string{"languages": "deu+eng"})
	for _, want := range []string{"What was read", "Read by a machine", `value="adabridge"`, `value="2024-03-05"`, "The bridge opens &lt;/textarea&gt;", `value="deu&#43;eng"`} {
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q is missing: %d %s", want, w.Code, w.Body)
		}
	}
	if languages != "deu+eng" || strings.Contains(w.Body.String(), "<script>alert") {
		t.Errorf("%q %s", languages, w.Body)
	}
	for name, tt := range map[string]struct {
		picture, said string
		trouble       error
		want          string
	}{
		"not installed":  {png, "", fmt.Errorf("%w: it is not installed", store.ErrUsage), "it is not installed"},
		"no words":       {png, "  \n", nil, "no words could be read"},
		"too slow":       {png, "", context.DeadlineExceeded, "took too long"},
		"no picture":     {"<svg onload=alert(1)>", "x", nil, "it is no picture"},
		"not a document": {"%PDF-1.7", "x", nil, "it is no picture"},
	} {
		said, trouble = tt.said, tt.trouble
		w := p.upload("/screenshot", "/screenshot", []byte(tt.picture), nil)
		if w.Code != 200 || !strings.Contains(w.Body.String(), tt.want) || !strings.Contains(w.Body.String(), "Or type the words") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := p.upload("/screenshot", "/screenshot", make([]byte, maxPicture+2), nil); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", w.Code)
	}
	said, trouble = "@ada\n\nwords of hers\n", nil
	send := func(picture string) *httptest.ResponseRecorder {
		body, err := json.Marshal(map[string]string{"picture": base64.StdEncoding.EncodeToString([]byte(picture))})
		if err != nil {
			t.Fatal(err)
		}
		return p.call("POST", apiPrefix+"/screenshot", string(body))
	}
	if rec := send(png); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"text":"words of hers"`) || !strings.Contains(rec.Body.String(), `"handle":"ada"`) {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := send("x"); rec.Code != 400 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := p.call("POST", apiPrefix+"/pictures", `{"picture":"eA=="}`); rec.Code != 404 || !strings.Contains(rec.Body.String(), "no index of them") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	// A desk that reads no pictures takes words all the same.
	w = (&person{world: newWorld(t, nil)}).upload("/screenshot", "/screenshot", []byte(png), nil)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "reads no pictures") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
