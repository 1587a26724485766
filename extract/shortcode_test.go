package extract

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// idChirp is chirpSite with bare ids and another name.
type idChirp struct{ chirpSite }

func (s idChirp) PostByID(id string) (Target, bool) { return s.post(TargetPost, "", id) }
func (idChirp) OtherNames() []string                { return []string{"peep"} }

func TestShortcodes(t *testing.T) {
	f := NewFinder([]Site{idChirp{}})
	for line, want := range map[string][]string{
		"[chirp https://chirp.example/a/status/11]":            {"chirp:11"},
		`[chirp url="https://chirp.example/a/status/11" w=5]`:  {"chirp:11"},
		"[embed]https://chirp.example/a/status/11[/embed]":     {"chirp:11"},
		"[embed width=3]https://chirp.example/a/status/11[/x]": {},
		"[peep 11]":                               {"chirp:11"},
		"[peep id=11]":                            {"chirp:11"},
		"[chirp=11]":                              {"chirp:11"},
		"{{< peep 11 >}}":                         {"chirp:11"},
		`{{< chirp user="a" id="11" >}}`:          {"chirp:11"},
		"{% peep 11 %}":                           {"chirp:11"},
		"[other 11]":                              {},
		"[peep eleven]":                           {},
		"[see https://chirp.example/share?u=1]":   {},
		"See [peep 11] there":                     {},
		"[link](https://chirp.example/a/status/1": {},
	} {
		for kind, in := range map[string]Input{
			"text": {Body: []byte("Before it.\n\n" + line + "\n\nAfter it.\n")},
			"page": {ContentType: "text/html", Body: []byte("<p>Before it.</p><p>" + line + "</p><p>After it.</p>")},
		} {
			got := []string{}
			for _, e := range f.Find(in).Embeds {
				if e.Markup != FormShortcode {
					t.Errorf("%s: %s: markup %s", kind, line, e.Markup)
				}
				got = append(got, e.Ref().String())
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", kind, line, diff)
			}
		}
	}
}
