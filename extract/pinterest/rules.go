package pinterest

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the pin of the sample answers.
const sampleID = "123456789012345678"

func samplePin(id string) extract.Response {
	return extract.JSONAnswer(200, `{"status":"success","data":[{"id":"`+id+`","description":"Low tide","pinner":{"id":"77","full_name":"Ada Quay","profile_url":"https://www.pinterest.com/adaquay/"},"images":{"237x":{"url":"https://i.pinimg.com/237x/aa/bb.jpg","width":237,"height":300}}}]}`)
}

// Rules lists what the answers to the platform's own widgets conclude.
func Rules() []extract.Rule {
	const e = EndpointWidget
	rules := []extract.Rule{
		extract.Says(e, "the pin", post.Live, samplePin(sampleID)),
		extract.Implies(e, "an error in the pin's place", post.NotFound, extract.JSONAnswer(200, `{"status":"success","data":[{"id":"`+sampleID+`","error":"not found"}]}`)),
		extract.Implies(e, "404, 410", post.NotFound, extract.JSONAnswer(404, `{"status":"failure","message":"Pin not found."}`)),
		extract.Implies(e, "401, 403 in JSON", post.Unknown, extract.JSONAnswer(403, `{"status":"failure"}`)),
		extract.SaysNothing(e, "another pin", samplePin("123456789012345679")),
		extract.SaysNothing(e, "an empty list, JSON of another shape", extract.JSONAnswer(200, `{"status":"success","data":[]}`)),
	}
	return append(rules, extract.TroubleRules(e)...)
}
