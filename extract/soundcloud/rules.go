package soundcloud

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the sound of the sample answers.
const sampleID = "ada/low-tide"

func samplePage(parts string) extract.Response {
	return extract.PageAnswer(200, `<!DOCTYPE html><html><body><script>window.__sc_version="1"</script><script>window.__sc_hydration = [{"hydratable":"anonymousId","data":"1"}`+parts+`];</script></body></html>`)
}

func sampleSound(id string) extract.Response {
	return samplePage(`,{"hydratable":"sound","data":{"id":77,"permalink_url":"https://soundcloud.com/` + id + `","title":"Low tide","description":"Recorded on the pier.","created_at":"2026-03-01T10:00:00Z","artwork_url":"https://i1.sndcdn.com/artworks-1-large.jpg","likes_count":3,"user":{"id":7,"username":"Ada Quay","permalink":"ada","permalink_url":"https://soundcloud.com/ada"}}}`)
}

// Rules lists what the answers of the page conclude.
func Rules() []extract.Rule {
	const e = EndpointPage
	rules := []extract.Rule{
		extract.Says(e, "the sound", post.Live, sampleSound(sampleID)),
		extract.Implies(e, "the platform's page for 404, 410", post.NotFound, extract.Response{StatusCode: 404, ContentType: "text/html", Body: samplePage("").Body}),
		extract.SaysNothing(e, "404 with another page", extract.PageAnswer(404, "<title>Not found</title>")),
		extract.SaysNothing(e, "another sound", sampleSound("ada/high-tide")),
		extract.SaysNothing(e, "a page without a sound", samplePage("")),
	}
	return append(rules, extract.TroubleRules(e)...)
}
