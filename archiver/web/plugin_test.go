package web

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"stet/store"
	"stet/store/storetest"
)

// plugged is what the plugin for WordPress makes of contents.
type plugged struct {
	Filter   []any    `json:"filter"`
	Contents []string `json:"contents"`
	Asked    []string `json:"asked"`
	Kept     [][]any  `json:"kept"`
}

// wordpress runs the plugin in what it needs of WordPress.
func wordpress(t *testing.T, in map[string]any) plugged {
	t.Helper()
	php, err := exec.LookPath("php")
	storetest.Need(t, err == nil, "PHP (on Debian the package php-cli)")
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), php, "-n", "-d", "allow_url_fopen=1", "testdata/wordpress.php", "../../cmd/stet/contrib/wordpress/stet-repair.php")
	cmd.Stdin = bytes.NewReader(body)
	var complained bytes.Buffer
	cmd.Stderr = &complained
	said, err := cmd.Output()
	var p plugged
	if err == nil {
		err = json.Unmarshal(said, &p)
	}
	if err != nil {
		t.Fatalf("%v: %s %s", err, said, &complained)
	}
	return p
}

// TestWordPress: embeds of posts that are gone and approved are replaced by the
// archive's copy, all others stay byte for byte, and the archive is asked once.
func TestWordPress(t *testing.T) {
	w := newWorld(t, nil)
	w.approved(store.Approval{Ref: goneRef()})
	public := httptest.NewServer(w.Public())
	t.Cleanup(public.Close)
	tweeted := func(id string) string {
		return `<blockquote class="twitter-tweet" data-lang="en"><p>Words &amp; more</p>&mdash; Ada <a href="https://twitter.com/ada/status/` + id + `?ref_src=x&amp;a=b">July 1</a></blockquote>`
	}
	gone, live := tweeted(goneRef().ID), tweeted(liveRef().ID)
	rest := `<p>Ünicode, $1 and \1 <a href="https://x.com/ada">Ada</a></p><blockquote>A quotation.</blockquote><iframe src="https://paper.example/chart"></iframe>`
	contents := []string{rest + gone + rest + live + gone, rest, ""}
	p := wordpress(t, map[string]any{"stet": public.URL + "/", "contents": append(contents, contents[0])})
	if len(p.Filter) != 3 || p.Filter[0] != "the_content" || p.Filter[1] != "stet_repair" {
		t.Errorf("the filter is %v", p.Filter)
	}
	parts := strings.Split(p.Contents[0], rest)
	if len(parts) != 3 || parts[0] != "" || !strings.HasPrefix(parts[1], `<figure class="stet"><iframe src="`+public.URL+"/card/twitter:"+goneRef().ID+`" title="`) ||
		!strings.Contains(parts[1], `sandbox="allow-popups`) || !strings.Contains(parts[1], `data-versionurl="`+public.URL+"/memento/") || parts[2] != live+parts[1] {
		t.Errorf("the content became %q", p.Contents[0])
	}
	if strings.Contains(p.Contents[0], "<script>") || strings.Contains(p.Contents[0], `"onmouseover`) {
		t.Errorf("words of the post are markup: %q", p.Contents[0])
	}
	if p.Contents[1] != rest || p.Contents[2] != "" || p.Contents[3] != p.Contents[0] {
		t.Errorf("other contents became %q", p.Contents[1:])
	}
	if len(p.Asked) != 1 || strings.Count(p.Asked[0], "u=") != 2 || len(p.Kept) != 1 || p.Kept[0][1] != 300.0 {
		t.Errorf("asked %q, kept %v", p.Asked, p.Kept)
	}
	// Where nobody is to be asked, or nobody answers, everything stays.
	for name, in := range map[string]map[string]any{
		"not set up":   {},
		"in the admin": {"stet": public.URL, "admin": true},
		"in a feed":    {"stet": public.URL, "feed": true},
		"no answer":    {"stet": "http://127.0.0.1:1"},
		"another site": {"stet": public.URL + "/nothing"},
	} {
		in["contents"] = contents
		p := wordpress(t, in)
		if !slices.Equal(p.Contents, contents) {
			t.Errorf("%s: %q", name, p.Contents)
		}
		if want := map[string]int{"no answer": 1, "another site": 1}[name]; len(p.Asked) != want || want == 1 && p.Kept[0][1] != 60.0 {
			t.Errorf("%s: asked %q, kept %v", name, p.Asked, p.Kept)
		}
	}
}
