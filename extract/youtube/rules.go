package youtube

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the video of the sample answers.
const sampleID = "aB3-_dEfGhI"

func samplePlayer(player string) extract.Response {
	return extract.PageAnswer(200, `<!DOCTYPE html><html><head><title>YouTube</title></head><body><script nonce="x">var ytInitialPlayerResponse = `+player+`;var meta = 1;</script></body></html>`)
}

func sampleReason(status, reason, subreason string) extract.Response {
	return samplePlayer(`{"playabilityStatus":{"status":"` + status + `","reason":"` + reason + `","errorScreen":{"playerErrorMessageRenderer":{"subreason":{"simpleText":"` + subreason + `"},"reason":{"simpleText":"` + reason + `"}}}}}`)
}

// Rules lists what the answers of the watch page conclude.
func Rules() []extract.Rule {
	const e, gone = EndpointWatch, "Video unavailable"
	rules := []extract.Rule{
		extract.Says(e, "the video", post.Live, samplePlayer(`{"playabilityStatus":{"status":"OK"},"videoDetails":{"videoId":"`+sampleID+`","title":"Low tide"}}`)),
		extract.Says(e, "ERROR “removed by the uploader”", post.Deleted, sampleReason("ERROR", gone, "This video has been removed by the uploader")),
		extract.Says(e, "ERROR “account … has been terminated”", post.AccountSuspended, sampleReason("ERROR", gone, "This video is no longer available because the YouTube account associated with this video has been terminated.")),
		extract.Says(e, "ERROR “closed their YouTube account”", post.AccountGone, sampleReason("ERROR", gone, "This video is no longer available because the uploader has closed their YouTube account.")),
		extract.Says(e, "ERROR “removed for violating …”, “copyright claim”", post.Removed, sampleReason("ERROR", gone, "This video has been removed for violating YouTube's Terms of Service")),
		extract.Implies(e, "ERROR “Video unavailable”, “isn't available anymore”", post.NotFound, sampleReason("ERROR", gone, "This video isn't available anymore")),
		extract.Says(e, "“This video is private”, members-only, payment", post.Protected, sampleReason("LOGIN_REQUIRED", "Private video", "Sign in if you've been granted access to this video")),
		extract.Says(e, "“confirm your age”", post.AgeRestricted, sampleReason("LOGIN_REQUIRED", "Sign in to confirm your age", "This video may be inappropriate for some users.")),
		extract.Says(e, "“in your country”, “on copyright grounds”", post.Withheld, sampleReason("UNPLAYABLE", gone, "The uploader has not made this video available in your country")),
		extract.Says(e, "a complaint or claim “in your country”, “on this country domain”", post.Withheld, sampleReason("ERROR", gone, "This content is not available on this country domain due to a legal complaint from the government.")),
		extract.Implies(e, "other words", post.Unknown, sampleReason("UNPLAYABLE", "Playback on other websites has been disabled", "")),
		extract.SaysNothing(e, "“confirm you're not a bot”", sampleReason("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot", "This helps protect our community.")),
		extract.SaysNothing(e, "“try again later”, “rate-limited”, also under “Video unavailable”", sampleReason("ERROR", gone, "This content isn't available, try again later.")),
		extract.SaysNothing(e, "a page without a player", extract.PageAnswer(200, "<title>Before you continue to YouTube</title>")),
		extract.SaysNothing(e, "404", extract.PageAnswer(404, "<title>404 Not Found</title>")),
	}
	return append(rules, extract.TroubleRules(e)...)
}
