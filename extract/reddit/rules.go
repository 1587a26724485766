package reddit

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the post of the sample answers.
const sampleID = "1ab2cd"

func samplePost(members string) string {
	return `{"kind":"Listing","data":{"children":[{"kind":"t3","data":{"id":"` + sampleID + `","created_utc":1772359323.0,"permalink":"/r/tides/comments/` + sampleID + `/low_tide/","subreddit_name_prefixed":"r/tides",` + members + `}}]}}`
}

const (
	sampleLive = `"title":"Low tide","selftext":"","author":"ada-h","removed_by_category":null,"is_robot_indexable":true`
	sampleGone = `"title":"Low tide","selftext":"[removed]","author":"[deleted]","is_robot_indexable":false,"removed_by_category":`
)

// APIRules lists what the answers conclude that apps get which are known to the
// platform: the same.
func APIRules() []extract.Rule {
	return rulesOf(EndpointAPI, func(post string) extract.Response { return extract.JSONAnswer(200, post) })
}

// Rules lists what the answers of Reddit's public endpoints conclude. Both read
// posts in the same way.
func Rules() []extract.Rule {
	return append(rulesOf(EndpointInfo, func(post string) extract.Response { return extract.JSONAnswer(200, post) }),
		rulesOf(EndpointJSON, func(post string) extract.Response {
			return extract.JSONAnswer(200, `[`+post+`,{"kind":"Listing","data":{"children":[]}}]`)
		})...)
}

func rulesOf(e string, answer func(post string) extract.Response) []extract.Rule {
	rules := []extract.Rule{
		extract.Says(e, "the post", post.Live, answer(samplePost(sampleLive))),
		extract.Says(e, "removed_by_category: deleted, author", post.Deleted, answer(samplePost(sampleGone+`"deleted"`))),
		extract.Says(e, "removed_by_category: moderator, automod_filtered, community_ops, reddit, anti_evil_ops, …_takedown", post.Removed, answer(samplePost(sampleGone+`"moderator"`))),
		extract.Implies(e, "removed_by_category: another word", post.Unknown, answer(samplePost(sampleGone+`"tide"`))),
		extract.Says(e, "[deleted] in place of the words, without author or listing", post.Deleted, answer(samplePost(`"title":"Low tide","selftext":"[deleted]","author":"[deleted]"`))),
		extract.Says(e, "[removed] in place of the words, without author or listing", post.Removed, answer(samplePost(`"title":"Low tide","selftext":"[removed]","author":"ada-h","is_robot_indexable":false`))),
		extract.Says(e, "a shown post without author: the account was deleted", post.Live, answer(samplePost(`"title":"Low tide","selftext":"Words","author":"[deleted]","is_robot_indexable":true`))),
		extract.Says(e, "403 private, gold_only", post.Protected, extract.JSONAnswer(403, `{"reason":"private","message":"Forbidden","error":403}`)),
		extract.Implies(e, "403 quarantined", post.Unknown, extract.JSONAnswer(403, `{"reason":"quarantined","message":"Forbidden","error":403}`)),
		extract.Says(e, "404 banned: the community was closed", post.Removed, extract.JSONAnswer(404, `{"reason":"banned","message":"Not Found","error":404}`)),
		extract.Implies(e, "404 in JSON", post.NotFound, extract.JSONAnswer(404, `{"message":"Not Found","error":404}`)),
		extract.SaysNothing(e, "403 in JSON without a reason", extract.JSONAnswer(403, `{"message":"Forbidden","error":403}`)),
		extract.SaysNothing(e, "404 with a page", extract.PageAnswer(404, "<title>reddit.com: page not found</title>")),
	}
	if e != EndpointJSON {
		rules = append(rules, extract.Implies(e, "the list leaves it out", post.NotFound, extract.JSONAnswer(200, `{"kind":"Listing","data":{"children":[]}}`)))
	}
	return append(rules, extract.TroubleRules(e)...)
}
