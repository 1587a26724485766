package bundle

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"path"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

//go:embed report.html.tmpl
var reportPage string

//go:embed verify.md.tmpl
var guidePage string

// report writes the report for people: HTML without scripts, and without
// anything that is fetched.
func (c *Content) report(f *Facts) ([]byte, error) {
	t, err := template.New("report").Funcs(template.FuncMap{
		"when": func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.UTC().Format("2 January 2006, 15:04:05 UTC")
		},
		"words": func(s string) string { return post.Status(s).Words() },
		// Bidi controls of names and words could make the page say something else.
		"plain": plain,
		"near":  func(name string) string { return strings.TrimPrefix(name, path.Dir(Report)+"/") },
		"state": func(s store.StampState) string {
			if s == store.StampComplete {
				return "complete"
			}
			return "pending: it proves nothing yet"
		},
	}).Parse(reportPage)
	if err != nil {
		return nil, fmt.Errorf("the report: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		*Facts
		Records int
		Vouched bool
		Court   bool
	}{f, len(c.Items), c.Outside(), c.For == Court})
	if err != nil {
		return nil, fmt.Errorf("the report: %w", err)
	}
	return b.Bytes(), nil
}

// plain takes out what reorders text.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c {
			return -1
		}
		return r
	}, s)
}

// guide writes how to verify.
func (c *Content) guide() []byte {
	var asn, ots strings.Builder
	for i, s := range c.Stamped {
		name := stampName(i, s)
		if s.Form == store.StampRFC3161 {
			fmt.Fprintf(&asn, "       openssl ts -verify -data %s -in %s -CAfile ROOTS.pem\n", Head, name)
			continue
		}
		fmt.Fprintf(&ots, "       ots verify -f %s %s\n", Head, name)
	}
	stamps := " This bundle has none: no time in it is vouched for by anybody but the archive\n   itself."
	if asn.Len()+ots.Len() > 0 {
		stamps = ""
	}
	if asn.Len() > 0 {
		stamps += " ROOTS.pem are the root certificates of the authority, which you take from it.\n" +
			"   `-attime SECONDS` is for one whose certificate has expired since. This prints `Verification: OK`:\n\n" + asn.String()
	}
	if ots.Len() > 0 {
		if stamps != "" {
			stamps += "\n  "
		}
		stamps += " Calendars of OpenTimestamps; `ots` is their own program, which asks a Bitcoin node:\n\n" + ots.String()
	}
	return []byte(strings.NewReplacer("{{stamps}}", strings.TrimRight(stamps, "\n"), "{{key}}", c.Head.Key, "{{origin}}", c.Head.Origin,
		"{{size}}", fmt.Sprint(c.Head.Size)).Replace(guidePage))
}
