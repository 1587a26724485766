package tiktok

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the post of the sample answers.
const sampleID = "1990000000000000001"

func samplePage(detail string) extract.Response {
	return extract.PageAnswer(200, `<!DOCTYPE html><html><head><script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{"__DEFAULT_SCOPE__":{"webapp.video-detail":`+detail+`}}</script></head><body></body></html>`)
}

func sampleItem(id, more string) extract.Response {
	return samplePage(`{"statusCode":0,"statusMsg":"","itemInfo":{"itemStruct":{"id":"` + id + `","desc":"Low tide","createTime":"1772359323","author":{"id":"7","uniqueId":"adaquay","nickname":"Ada Quay"}` + more + `}}}`)
}

// Rules lists what the answers of the page conclude.
func Rules() []extract.Rule {
	const e = EndpointPage
	rules := []extract.Rule{
		extract.Says(e, "the post", post.Live, sampleItem(sampleID, "")),
		extract.Says(e, "code 10216, privateItem, secret: a private post", post.Protected, samplePage(`{"statusCode":10216,"statusMsg":"status_friend_see"}`)),
		extract.Implies(e, "code 10221: no such account, or said of the name that stands in its place", post.NotFound, samplePage(`{"statusCode":10221,"statusMsg":"user not found"}`)),
		extract.Says(e, "code 10231: not in this country", post.Withheld, samplePage(`{"statusCode":10231,"statusMsg":"cross_border_violation"}`)),
		extract.Implies(e, "code 10204: gone, or the network is refused", post.Unknown, samplePage(`{"statusCode":10204,"statusMsg":"item doesn't exist"}`)),
		extract.Implies(e, "code 10222: a private account, or a log-in is wanted", post.Unknown, samplePage(`{"statusCode":10222,"statusMsg":"author_secret"}`)),
		extract.Implies(e, "another code", post.Unknown, samplePage(`{"statusCode":10999,"statusMsg":"tide"}`)),
		extract.SaysNothing(e, "another post", sampleItem("1990000000000000002", "")),
		extract.SaysNothing(e, "404", extract.PageAnswer(404, "<title>Not found</title>")),
	}
	return append(rules, extract.TroubleRules(e)...)
}
