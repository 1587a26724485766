package instagram

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the post of the sample answers.
const sampleID = "C0dE_xyz123"

func sampleEmbed(id string) extract.Response {
	return extract.PageAnswer(200, `<div class="Embed"><a class="HeaderText"><span class="UsernameText">adaquay</span></a><a class="EmbeddedMedia" href="https://www.instagram.com/p/`+id+`/?utm_source=ig_embed"><img class="EmbeddedMediaImage" alt="The pier" src="https://scontent.example/pier.jpg"></a><div class="Caption"><a class="CaptionUsername" href="https://www.instagram.com/adaquay/">adaquay</a><br><br>Low tide<div class="CaptionComments"><a>View all 3 comments</a></div></div></div>`)
}

// Rules lists what the answers of the embed page conclude. None says that a post
// is gone.
func Rules() []extract.Rule {
	const e = EndpointEmbed
	rules := []extract.Rule{
		extract.Says(e, "the post", post.Live, sampleEmbed(sampleID)),
		extract.SaysNothing(e, "“the link may be broken, or the post may have been removed”: also for private posts and refused visitors", extract.PageAnswer(200, `<div class="EmbedBrokenMedia">The link to this photo or video may be broken, or the post may have been removed.</div>`)),
		extract.SaysNothing(e, "a shell without the post", extract.PageAnswer(200, `<html><head><script>requireLazy()</script></head><body></body></html>`)),
		extract.SaysNothing(e, "another post", sampleEmbed("C0dE_xyz124")),
		extract.SaysNothing(e, "404: removed, private, or not for this visitor", extract.PageAnswer(404, "<title>Page not found</title>")),
	}
	return append(rules, extract.TroubleRules(e)...)
}
