package flickr

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the picture of the sample answers.
const sampleID = "2341623999"

func samplePage(id string) extract.Response {
	return extract.PageAnswer(200, `<!DOCTYPE html><html><head><title>Low tide | `+"\u202e\u202d\u202cAda Quay\u202c"+` | Flickr</title><meta property="og:title" content="Low tide"><meta property="og:description" content="From the pier"><meta property="og:url" content="https://www.flickr.com/photos/adaquay/`+id+`/"><meta property="og:image" content="https://live.staticflickr.com/1/1_b.jpg"></head></html>`)
}

// Rules lists what the answers of the page conclude.
func Rules() []extract.Rule {
	const e = EndpointPage
	rules := []extract.Rule{
		extract.Says(e, "the picture", post.Live, samplePage(sampleID)),
		extract.Implies(e, "the platform's page for 404, 410", post.NotFound, extract.PageAnswer(404, "<title>Flickr | Page not found</title>")),
		extract.SaysNothing(e, "404 with another page", extract.PageAnswer(404, "<title>Not found</title>")),
		extract.SaysNothing(e, "another picture", samplePage("2341623998")),
		extract.SaysNothing(e, "a page without a picture", extract.PageAnswer(200, "<title>Flickr</title>")),
	}
	return append(rules, extract.TroubleRules(e)...)
}
