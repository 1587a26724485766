package web

import (
	"cmp"
	"fmt"
	"html"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store/view"
)

// citation is how a post is quoted elsewhere.
type citation struct {
	AP, Chicago, Wiki string
	// Robust is a link that names the kept version, Embed a quotation as HTML,
	// LD the post as schema.org writes it.
	Robust, Embed string
}

// citedWords is how many characters of a post a citation repeats.
const citedWords = 160

func cite(p *post.Post, v *view.Post, permalink string, now time.Time) citation {
	original := webOnly(p.URL)
	captured := now
	if n := len(v.Captures); n > 0 {
		captured = v.Captures[n-1].Time
	}
	who := oneLine(p.Author.Name)
	if p.Author.Handle != "" {
		who = strings.TrimSpace(who + " (@" + oneLine(p.Author.Handle) + ")")
	}
	who = cmp.Or(who, "Unknown author")
	words, platform := quotedWords(p.Text), platformName(p.Platform)
	posted, on := "n.d.", ""
	if !p.Posted.IsZero() {
		posted = p.Posted.UTC().Format("January 2, 2006")
		on = " on " + apDate(p.Posted.UTC())
	}
	at := strings.Trim(original+", ", ", ")
	if at != "" {
		at += ", "
	}
	c := citation{
		AP:      fmt.Sprintf("%s %s wrote on %s%s. (Archived %s: %s)", words, who, platform, on, apDate(captured.UTC()), permalink),
		Chicago: fmt.Sprintf("%s, %s %s, %s, %sarchived %s, at %s.", who, words, platform, posted, at, captured.UTC().Format("January 2, 2006"), permalink),
		Wiki:    wiki(p, v, original, permalink, captured.UTC(), now.UTC()),
	}
	link := cmp.Or(original, permalink)
	c.Robust = fmt.Sprintf(`<a href="%s" data-originalurl="%s" data-versionurl="%s" data-versiondate="%s">%s</a>`,
		html.EscapeString(link), html.EscapeString(link), html.EscapeString(permalink), captured.UTC().Format(time.DateOnly), html.EscapeString(short(60, who+" on "+platform)))
	date := ""
	if !p.Posted.IsZero() {
		date = p.Posted.UTC().Format("2 January 2006")
	}
	c.Embed = fmt.Sprintf("<blockquote cite=\"%s\">\n  <p>%s</p>\n  <footer>%s, %s <a href=\"%s\">%s</a></footer>\n</blockquote>",
		html.EscapeString(link), strings.ReplaceAll(html.EscapeString(visible(p.Text)), "\n", "<br>"), html.EscapeString(who), html.EscapeString(platform),
		html.EscapeString(permalink), html.EscapeString(cmp.Or(date, "archived")))
	return c
}

// quotedWords puts the words of a post into quotation marks, with the comma of
// the sentence that they stand in: what they quote themselves has single marks,
// and a question or an exclamation keeps its sign in the place of the comma.
func quotedWords(text string) string {
	words := short(citedWords, text)
	words = strings.NewReplacer("“", "‘", "”", "’").Replace(words)
	open := true
	words = strings.Map(func(r rune) rune {
		if r != '"' {
			return r
		}
		open = !open
		if open {
			return '’'
		}
		return '‘'
	}, words)
	words = strings.TrimRight(words, ".,;:")
	if words == "" {
		return "Post without words,"
	}
	if strings.HasSuffix(words, "?") || strings.HasSuffix(words, "!") {
		return "“" + words + "”"
	}
	return "“" + words + ",”"
}

// apDate writes a date as the Associated Press does.
func apDate(t time.Time) string {
	month := []string{"Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."}[t.Month()-1]
	return fmt.Sprintf("%s %d, %d", month, t.Day(), t.Year())
}

// wiki writes the template of Wikipedia.
func wiki(p *post.Post, v *view.Post, original, permalink string, captured, now time.Time) string {
	safe := strings.NewReplacer("{", "&#123;", "}", "&#125;", "|", "{{!}}", "[", "&#91;", "]", "&#93;", "<", "&lt;", ">", "&gt;").Replace
	day := "2 January 2006"
	fields := []string{"cite web", "author=" + safe(oneLine(p.Author.Name)), "title=" + safe(short(citedWords, p.Text)), "website=" + safe(platformName(p.Platform))}
	if original != "" {
		fields = append(fields, "url="+safe(original))
	}
	if p.Platform == post.Twitter {
		fields = []string{"cite tweet", "author=" + safe(oneLine(p.Author.Name)), "user=" + safe(oneLine(p.Author.Handle)), "number=" + safe(p.ID), "title=" + safe(short(citedWords, p.Text))}
	}
	if !p.Posted.IsZero() {
		fields = append(fields, "date="+p.Posted.UTC().Format(day))
	}
	status := "live"
	if v.Status.Value.Gone() {
		status = "dead"
	}
	fields = append(fields, "access-date="+now.Format(day), "archive-url="+safe(permalink), "archive-date="+captured.Format(day), "url-status="+status)
	return "{{" + strings.Join(fields, " |") + "}}"
}

// ldPosting is a post as schema.org writes it.
type ldPosting struct {
	Context    string    `json:"@context"`
	Type       string    `json:"@type"`
	Identifier string    `json:"identifier"`
	URL        string    `json:"url,omitempty"`
	Author     *ldPerson `json:"author,omitempty"`
	Published  string    `json:"datePublished,omitempty"`
	Body       string    `json:"articleBody"`
	Language   string    `json:"inLanguage,omitempty"`
	Shared     []ldMedia `json:"sharedContent,omitempty"`
	ArchivedAt string    `json:"archivedAt"`
	Status     string    `json:"creativeWorkStatus,omitempty"`
}

type ldPerson struct {
	Type       string `json:"@type"`
	Name       string `json:"name,omitempty"`
	Alternate  string `json:"alternateName,omitempty"`
	URL        string `json:"url,omitempty"`
	Identifier string `json:"identifier,omitempty"`
}

type ldMedia struct {
	Type   string `json:"@type"`
	URL    string `json:"contentUrl,omitempty"`
	Format string `json:"encodingFormat,omitempty"`
	Digest string `json:"sha256,omitempty"`
	Alt    string `json:"description,omitempty"`
}

func ldOf(p *post.Post, v *view.Post, permalink string) ldPosting {
	out := ldPosting{Context: "https://schema.org", Type: "SocialMediaPosting", Identifier: v.History.Ref.String(), URL: webOnly(p.URL), Body: p.Text,
		Language: p.Language, ArchivedAt: permalink, Status: v.Status.Value.Words()}
	if p.Author != (post.Author{}) {
		out.Author = &ldPerson{Type: "Person", Name: p.Author.Name, Alternate: p.Author.Handle, URL: webOnly(p.Author.URL), Identifier: p.Author.ID}
	}
	if !p.Posted.IsZero() {
		out.Published = p.Posted.UTC().Format(time.RFC3339)
	}
	for _, m := range p.Media {
		kind := map[string]string{"photo": "ImageObject", "video": "VideoObject", "gif": "VideoObject", "audio": "AudioObject"}[m.Kind]
		out.Shared = append(out.Shared, ldMedia{Type: cmp.Or(kind, "MediaObject"), URL: webOnly(m.URL), Format: m.Type, Digest: strings.TrimPrefix(m.Digest, "sha256:"), Alt: m.Alt})
	}
	return out
}
