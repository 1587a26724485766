package spotify

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is what the sample answers are about.
const sampleID = "track:4uLU6hMCjMI75M1A2tKUQC"

func sampleEmbed(status int, props string) extract.Response {
	return extract.PageAnswer(status, `<!DOCTYPE html><html><body><script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":`+props+`}}</script></body></html>`)
}

func sampleEntity(id string) extract.Response {
	return sampleEmbed(200, `{"state":{"data":{"entity":{"type":"track","uri":"spotify:`+id+`","name":"Low tide","artists":[{"name":"Ada Quay"}],"releaseDate":{"isoString":"2026-03-01T00:00:00Z"},"visualIdentity":{"image":[{"url":"https://image-cdn.example/64","maxWidth":64},{"url":"https://image-cdn.example/640","maxWidth":640}]}}}}}`)
}

// Rules lists what the answers of the player's page conclude.
func Rules() []extract.Rule {
	const e = EndpointEmbed
	rules := []extract.Rule{
		extract.Says(e, "what is played", post.Live, sampleEntity(sampleID)),
		extract.Implies(e, "“Page not found” in the page's data", post.NotFound, sampleEmbed(200, `{"status":404,"title":"Page not found"}`)),
		extract.SaysNothing(e, "404 with another page", extract.PageAnswer(404, "<title>Not found</title>")),
		extract.SaysNothing(e, "something else", sampleEntity("track:4uLU6hMCjMI75M1A2tKUQD")),
		extract.SaysNothing(e, "data of another shape", sampleEmbed(200, `{"state":{"data":{}}}`)),
	}
	return append(rules, extract.TroubleRules(e)...)
}
