package oembed

import (
	"testing"

	"stet/extract"
	"stet/extract/post"
	"stet/extract/sitetest"
)

func TestRulesAreTrue(t *testing.T) {
	ref := post.Ref{Platform: post.Vimeo, ID: "123456789"}
	sitetest.Rules(t, Rules(), ref.ID, sitetest.Readers{Endpoint: func(_ string, r extract.Response) extract.Answer {
		return Read(ref, "https://vimeo.com/123456789", r)
	}})
}

func TestWitnessRulesAreTrue(t *testing.T) {
	sitetest.Rules(t, WitnessRules(), "C0dE_xyz123", sitetest.Readers{EndpointWitness: func(_ string, r extract.Response) extract.Answer { return ReadWitness(r) }})
}

// TestWitnessTellsNothing: nothing of what such an endpoint says is kept.
func TestWitnessTellsNothing(t *testing.T) {
	for _, r := range WitnessRules() {
		if a := ReadWitness(r.Sample); a.Words != "" || a.Parsed != nil {
			t.Errorf("%s: %+v", r.Answer, a)
		}
	}
}
