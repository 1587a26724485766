package notify

import (
	"fmt"
	"html/template"
	"strings"
)

// htmlPage is the template of the HTML part of mail. It loads nothing from
// outside: opening a mail tells nobody.
func htmlPage() *template.Template {
	return template.Must(template.New("mail").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Subject}}</title></head>
<body style="font:15px/1.45 sans-serif;color:#1a1a1a;max-width:46em">
{{if .Summary}}<ul>{{range .Summary}}<li>{{.}}</li>{{end}}</ul>
{{end}}{{range .Parts}}{{with .Heading}}<h2 style="font-size:19px">{{.}}</h2>
{{end}}{{range .Views}}<div style="border-left:3px solid #999;padding-left:1em;margin:1.5em 0">
<h3 style="font-size:16px;margin:0 0 .5em"><bdi>{{.Heading}}</bdi></h3>
{{with .Facts}}<table style="border-collapse:collapse;font-size:14px">
{{range .}}<tr><td style="color:#555;padding:1px 1em 1px 0;vertical-align:top">{{.Name}}</td><td>{{if .Link}}<a href="{{.Link}}">{{.Value}}</a>{{else}}<bdi>{{.Value}}</bdi>{{end}}</td></tr>
{{end}}</table>
{{end}}{{with .Words}}<blockquote dir="auto" style="margin:.8em 0;padding:.5em 1em;background:#f3f3f3">{{range $i, $w := .}}{{if $i}}<br>{{end}}{{$w}}{{end}}</blockquote>
{{end}}{{with .Note}}<p><i>{{.}}</i></p>
{{end}}{{with .StoriesHeading}}<p style="margin:.8em 0 .2em">{{.}}</p>
{{end}}{{if or .Stories .Rest}}<ul style="margin:0">{{range .Stories}}<li>{{if .Link}}<a href="{{.Link}}"><bdi>{{.Title}}</bdi></a>{{else}}<bdi>{{.Title}}</bdi>{{end}}, {{.Where}}</li>{{end}}{{with .Rest}}<li>{{.}}</li>{{end}}</ul>
{{end}}{{if .Link}}<p>In the archive: <a href="{{.Link}}">{{.Link}}</a></p>
{{else if .Command}}<p>In the archive: <code>{{.Command}}</code></p>
{{end}}</div>
{{end}}{{end}}{{with .Omitted}}<p>{{.}}</p>
{{end}}</body></html>
`))
}

// The data of htmlPage.
type (
	htmlData struct {
		Subject, Omitted string
		Summary          []string
		Parts            []htmlPart
	}
	htmlPart struct {
		Heading string
		Views   []htmlView
	}
	htmlView struct {
		Heading, Note, StoriesHeading, Rest, Link, Command string
		Facts                                              []htmlFact
		Words                                              []string
		Stories                                            []htmlStory
	}
	htmlFact  struct{ Name, Value, Link string }
	htmlStory struct{ Title, Link, Where string }
)

// html is the message as a page, from its parts.
func (m *message) html(page *template.Template, parts []part) (string, error) {
	data := htmlData{Subject: m.subject(), Omitted: m.omitted()}
	if !m.single() {
		data.Summary = m.summary()
	}
	for _, p := range parts {
		part := htmlPart{Heading: p.heading}
		for i := range p.views {
			part.Views = append(part.Views, p.views[i].html())
		}
		data.Parts = append(data.Parts, part)
	}
	var b strings.Builder
	if err := page.Execute(&b, &data); err != nil {
		return "", fmt.Errorf("writing a mail as HTML: %w", err)
	}
	return b.String(), nil
}

func (v *view) html() htmlView {
	h := htmlView{Heading: v.heading, Note: v.note, StoriesHeading: v.storiesHeading, Rest: v.rest, Words: v.words, Link: v.link}
	if v.link == "" {
		h.Command = v.archive()
	}
	for _, f := range v.facts {
		h.Facts = append(h.Facts, htmlFact{f.name, f.value, f.link})
	}
	for _, s := range v.stories {
		h.Stories = append(h.Stories, htmlStory{s.title, s.link, s.where})
	}
	return h
}
