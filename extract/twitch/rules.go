package twitch

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the clip of the sample answers.
const sampleID = "CalmLowTide-aBc_1"

func sampleClip(slug string) extract.Response {
	return extract.JSONAnswer(200, `{"data":{"clip":{"slug":"`+slug+`","title":"Low tide","createdAt":"2026-03-01T10:00:00Z","durationSeconds":30,"viewCount":12,"thumbnailURL":"https://clips-media-assets2.twitch.tv/1-preview-480x272.jpg","broadcaster":{"id":"77","login":"ada_h","displayName":"Ada_H"},"curator":{"id":"78","login":"ben","displayName":"Ben"}}}}`)
}

func samplePreview(address, title string) extract.Response {
	return extract.PageAnswer(200, `<!DOCTYPE html><html><head><title>`+title+`</title><meta property='og:site_name' content='Twitch'><meta property='og:title' content='`+title+`'><meta property='og:url' content='`+address+`'><meta property='og:image' content='https://clips-media-assets2.twitch.tv/1-social-preview.jpg'></head><body></body></html>`)
}

// Rules lists what the answers conclude.
func Rules() []extract.Rule {
	const d, p = EndpointData, EndpointPage
	rules := []extract.Rule{
		extract.Says(d, "the video or clip", post.Live, sampleClip(sampleID)),
		extract.Says(p, "the preview of the video or clip", post.Live, samplePreview("https://clips.twitch.tv/"+sampleID, "Ada_H - Low tide")),
		extract.Implies(d, "null: deleted, run out, not published, or never there", post.NotFound, extract.JSONAnswer(200, `{"data":{"clip":null},"extensions":{"durationMilliseconds":9}}`)),
		extract.SaysNothing(d, "null with an error", extract.JSONAnswer(200, `{"errors":[{"message":"service error","path":["clip"]}],"data":{"clip":null}}`)),
		extract.SaysNothing(d, "another video or clip", sampleClip("StormyHighTide-x")),
		extract.SaysNothing(d, "JSON of another shape", extract.JSONAnswer(200, `{"data":{}}`)),
		extract.SaysNothing(d, "400, 404", extract.JSONAnswer(404, `{"error":"Not Found","status":404}`)),
		extract.SaysNothing(p, "the frame without a preview, as it comes for what is gone too", samplePreview("https://clips.twitch.tv/"+sampleID, "Twitch")),
		extract.SaysNothing(p, "another video or clip", samplePreview("https://clips.twitch.tv/StormyHighTide-x", "Ada_H - High tide")),
		extract.SaysNothing(p, "404", extract.PageAnswer(404, "<title>Twitch</title>")),
	}
	return append(append(rules, extract.TroubleRules(d)...), extract.TroubleRules(p)...)
}
