package dailymotion

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the video of the sample answers.
const sampleID = "x8abcde"

func sampleVideo(id string) extract.Response {
	return extract.JSONAnswer(200, `{"id":"`+id+`","title":"The night ferry","description":"Filmed from the pier.<br />At night.","created_time":1772359323,"owner.id":"x77","owner.screenname":"Ada Quay","owner.username":"adaquay","owner.url":"https://www.dailymotion.com/adaquay","thumbnail_720_url":"https://s1.dmcdn.net/v/1/x720"}`)
}

// Rules lists what the answers of the public interface conclude.
func Rules() []extract.Rule {
	const e = EndpointAPI
	rules := []extract.Rule{
		extract.Says(e, "the video", post.Live, sampleVideo(sampleID)),
		extract.Implies(e, "404, 410: deleted, or never there", post.NotFound, extract.JSONAnswer(404, `{"error":{"code":404,"message":"This video does not exist or has been deleted.","type":"not_found"}}`)),
		extract.Implies(e, "401, 403 in JSON: private, or refused", post.Unknown, extract.JSONAnswer(403, `{"error":{"code":403,"message":"You don't have access to this video.","type":"access_forbidden"}}`)),
		extract.SaysNothing(e, "another video", sampleVideo("x8abcdf")),
		extract.SaysNothing(e, "JSON of another shape", extract.JSONAnswer(200, `{"error":{"code":404}}`)),
	}
	return append(rules, extract.TroubleRules(e)...)
}
