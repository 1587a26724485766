package mastodon

import (
	"strings"
	"testing"

	"stet/extract"
	"stet/extract/post"
)

func harbour() post.Ref {
	return post.Ref{Platform: post.Mastodon, ID: sampleHost + "/" + sampleID}
}

// reader returns what is made of the sample of a rule, asked for as ref.
func reader(ref post.Ref, r *extract.Rule) extract.Answer {
	switch r.Endpoint {
	case EndpointAPI:
		return ReadStatus(ref, r.Sample)
	case EndpointOEmbed:
		return ReadOEmbed(ref, r.Sample)
	case EndpointActivity:
		a := ReadActivity(harbour(), sampleAddress, r.Sample)
		switch {
		case strings.HasSuffix(r.Answer, "the account is there"):
			return Gone(a, ReadAccount("ada", jsonAnswer(200, sampleAccount+"}")))
		case strings.HasSuffix(r.Answer, "the account is suspended"):
			return Gone(a, ReadAccount("ada", jsonAnswer(200, sampleAccount+`,"suspended":true}`)))
		case strings.HasSuffix(r.Answer, "the account is gone"):
			return Gone(a, ReadAccount("ada", jsonAnswer(410, `{"error":"Gone"}`)))
		}
		return a
	case WitnessAccount:
		return Witnessed(ReadAccount("ada", r.Sample))
	}
	return extract.Answer{}
}

// Each rule that people are shown is what the reader makes of its sample.
func TestRulesAreTrue(t *testing.T) {
	truth := post.Ref{Platform: post.TruthSocial, ID: sampleID}
	all := map[post.Ref][]extract.Rule{harbour(): Rules(), truth: TruthSocialRules()}
	check := func(ref post.Ref, r *extract.Rule) {
		a := reader(ref, r)
		if a.Status != r.Status || a.Explicit != r.Explicit || a.Transport != r.Transport {
			t.Errorf("%s, %s: the reader says %s explicit %t transport %t (%s), the rule %s %t %t",
				r.Endpoint, r.Answer, a.Status, a.Explicit, a.Transport, a.Reason, r.Status, r.Explicit, r.Transport)
		}
	}
	for ref, rules := range all {
		for i := range rules {
			check(ref, &rules[i])
		}
	}
}
