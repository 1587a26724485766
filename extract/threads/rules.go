package threads

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the post of the sample answers.
const sampleID = "C0dE_xyz123"

func sampleEmbed(id, content string) extract.Response {
	return extract.PageAnswer(200, `<!DOCTYPE html><html><body><div class="OuterContainer"><div class="AvatarContainer"><img src="https://scontent.example/a.jpg"></div><div class="NameContainer"><a class="HeaderLink" href="https://www.threads.com/@adaquay"><span>adaquay</span></a></div>`+content+`<a class="FooterLink" href="https://www.threads.com/@adaquay/post/`+id+`?xmt=1">View on Threads</a></div></body></html>`)
}

// Rules lists what the answers of the embed page conclude. None says that a post
// is gone.
func Rules() []extract.Rule {
	const e, words = EndpointEmbed, `<span class="BodyTextContainer">Low tide</span>`
	rules := []extract.Rule{
		extract.Says(e, "the post", post.Live, sampleEmbed(sampleID, words)),
		extract.SaysNothing(e, "the frame without the post: removed, private, or not for this visitor", sampleEmbed(sampleID, "")),
		extract.SaysNothing(e, "another post", sampleEmbed("C0dE_xyz124", words)),
		extract.SaysNothing(e, "404", extract.PageAnswer(404, "<title>Page not found</title>")),
	}
	return append(rules, extract.TroubleRules(e)...)
}
