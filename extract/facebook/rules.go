package facebook

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the post of the sample answers.
const sampleID = "123456789"

func sampleEmbed(id, words string) extract.Response {
	return extract.PageAnswer(200, `<!DOCTYPE html><html><body><div class="userContentWrapper"><h5><a href="https://www.facebook.com/oldharbour/?ref=embed_post">Old Harbour</a></h5><a href="/oldharbour/posts/`+id+`?ref=embed_post"><abbr data-utime="1772359323" title="1 March 2026"><span class="timestampContent">1 March</span></abbr></a>`+words+`</div></body></html>`)
}

// Rules lists what the answers of the embed page conclude. None says that a post
// is gone.
func Rules() []extract.Rule {
	const e, words = EndpointEmbed, `<div class="userContent"><p>Low tide</p></div>`
	rules := []extract.Rule{
		extract.Says(e, "the post", post.Live, sampleEmbed(sampleID, words)),
		extract.SaysNothing(e, "“no longer available; it may have been removed or the privacy settings changed”: also for private posts and refused visitors", extract.PageAnswer(200, `<div>This Facebook post is no longer available. It may have been removed or the privacy settings of the post may have changed.</div>`)),
		extract.SaysNothing(e, "a frame without the post", sampleEmbed(sampleID, "")),
		extract.SaysNothing(e, "another post", sampleEmbed("987654321", words)),
		extract.SaysNothing(e, "404", extract.PageAnswer(404, "<title>Page not found</title>")),
	}
	return append(rules, extract.TroubleRules(e)...)
}
