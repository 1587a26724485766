package linkedin

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the post of the sample answers.
const sampleID = "7170706170000000000"

func sampleEmbed(id, words string) extract.Response {
	return extract.PageAnswer(200, `<!DOCTYPE html><html><body><article data-activity-urn="urn:li:activity:`+id+`"><div data-test-id="main-feed-activity-embed-card__entity-lockup"><a href="https://www.linkedin.com/in/adaquay?trk=public_post_embed" data-tracking-control-name="public_post_embed_feed-actor-name">Ada Quay</a></div>`+words+`</article></body></html>`)
}

// Rules lists what the answers of the embed page conclude. None says that a post
// is gone.
func Rules() []extract.Rule {
	const e, words = EndpointEmbed, `<p data-test-id="main-feed-activity-embed-card__commentary">Low tide</p>`
	rules := []extract.Rule{
		extract.Says(e, "the post", post.Live, sampleEmbed(sampleID, words)),
		extract.SaysNothing(e, "a frame without the post", sampleEmbed(sampleID, "")),
		extract.SaysNothing(e, "another post", sampleEmbed("7170706170000000001", words)),
		extract.SaysNothing(e, "404: removed, or not for this visitor", extract.PageAnswer(404, "<title>Page not found</title>")),
		extract.SaysNothing(e, "999: the network is refused", extract.PageAnswer(999, "<title>LinkedIn</title>")),
	}
	return append(rules, extract.TroubleRules(e)...)
}
