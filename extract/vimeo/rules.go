package vimeo

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the video of the sample answers.
const sampleID = "123456789"

func samplePlayer(id string) extract.Response {
	return extract.JSONAnswer(200, `{"video":{"id":`+id+`,"title":"The night ferry","owner":{"id":77,"name":"Ada Quay","url":"https://vimeo.com/adaquay"},"thumbs":{"base":"https://i.vimeocdn.com/video/1"}}}`)
}

// Rules lists what the answers of the player's configuration conclude.
func Rules() []extract.Rule {
	const e = EndpointPlayer
	rules := []extract.Rule{
		extract.Says(e, "the video", post.Live, samplePlayer(sampleID)),
		extract.Implies(e, "404, 410", post.NotFound, extract.JSONAnswer(404, `{"message":"The requested video could not be found."}`)),
		extract.Implies(e, "401, 403 of the player: private, or not to be shown here", post.Unknown, extract.JSONAnswer(403, `{"message":"Because of its privacy settings, this video cannot be played here."}`)),
		extract.SaysNothing(e, "another video", samplePlayer("987654321")),
		extract.SaysNothing(e, "JSON of another shape", extract.JSONAnswer(200, `{"view":4}`)),
	}
	return append(rules, extract.TroubleRules(e)...)
}
