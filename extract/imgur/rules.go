package imgur

import (
	"bytes"
	"image"
	"image/png"

	"stet/extract"
	"stet/extract/post"
)

// sampleID is the picture of the sample answers.
const sampleID = "aBcD123"

func samplePost(id string) extract.Response {
	return extract.JSONAnswer(200, `{"id":"`+id+`","account_id":7,"title":"Low tide","description":"","created_at":"2026-03-01T10:00:00Z","is_album":false,"image_count":1,"account":{"id":7,"username":"adaquay"},"media":[{"id":"`+id+`","mime_type":"image/jpeg","type":"image","url":"https://i.imgur.com/`+id+`.jpeg","width":640,"height":480,"metadata":{"title":"Low tide","description":"Taken from the pier"}}]}`)
}

func sampleSnippet(id string) extract.Response {
	return extract.JSONAnswer(200, `{"version":"1.0","type":"rich","provider_name":"Imgur","provider_url":"https:\/\/imgur.com","width":540,"height":500,"html":"<blockquote class=\"imgur-embed-pub\" lang=\"en\" data-id=\"`+id+`\"><a href=\"https:\/\/imgur.com\/`+id+`\">Low tide<\/a><\/blockquote><script async src=\"\/\/s.imgur.com\/min\/embed.js\"><\/script>","author_name":"adaquay","author_url":"https:\/\/imgur.com\/user\/adaquay"}`)
}

// samplePicture is an answer with a picture of a size.
func samplePicture(status, width, height int) extract.Response {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))) // a buffer takes everything
	return extract.Response{StatusCode: status, ContentType: "image/png", Body: b.Bytes()}
}

const (
	sampleMissing = `{"errors":[{"id":"1","code":"404","status":"Not Found","detail":"Unable to find the resource"}]}`
	sampleRefused = `{"data":{"error":"Invalid URL - forbidden","request":"\/oembed.json","method":"GET"},"success":false,"status":403}`
)

// Rules lists what the answers conclude.
func Rules() []extract.Rule {
	const p, o, f = EndpointPost, EndpointOEmbed, EndpointPicture
	rules := []extract.Rule{
		extract.Says(p, "the post", post.Live, samplePost(sampleID)),
		extract.Says(o, "the embed", post.Live, sampleSnippet(sampleID)),
		extract.Says(f, "a copy of the picture, of which nothing is read", post.Live, samplePicture(200, smallest, smallest)),
		extract.Implies(p, "404, 410 with an error in JSON", post.NotFound, extract.JSONAnswer(404, sampleMissing)),
		extract.Implies(o, "404, 410 with an error in JSON", post.NotFound, extract.JSONAnswer(404, `{"data":{"error":"not found"},"success":false,"status":404}`)),
		extract.Implies(f, "the picture that stands for those that are gone", post.NotFound, samplePicture(200, removedWidth, removedHeight)),
		extract.Implies(o, "403 “Invalid URL - forbidden”: missing, private, or no address", post.Unknown, extract.JSONAnswer(403, sampleRefused)),
		extract.SaysNothing(f, "a picture of another size or at another address", samplePicture(200, 640, 480)),
		extract.SaysNothing(f, "a page, whatever its status", extract.PageAnswer(404, "<title>Imgur</title>")),
	}
	for _, e := range []string{p, o} {
		rules = append(rules,
			extract.SaysNothing(e, "404 with a page", extract.PageAnswer(404, "<title>Imgur</title>")),
			extract.SaysNothing(e, "JSON of another shape", extract.JSONAnswer(200, `{"data":[]}`)))
	}
	rules = append(rules, extract.SaysNothing(p, "another post", samplePost("zZzZ999")), extract.SaysNothing(o, "another post", sampleSnippet("zZzZ999")))
	for _, e := range []string{p, o, f} {
		rules = append(rules, extract.TroubleRules(e)...)
	}
	return rules
}
