package twitter

import (
	"testing"

	"stet/extract"
)

// Each rule that people are shown is what the reader makes of its sample.
func TestRulesAreTrue(t *testing.T) {
	readers := map[string]func(extract.Response) extract.Answer{
		EndpointSyndication: func(r extract.Response) extract.Answer { return ReadSyndication(sampleID, r) },
		EndpointOEmbed:      func(r extract.Response) extract.Answer { return ReadOEmbed(sampleID, r) },
		EndpointTimeline:    func(r extract.Response) extract.Answer { return ReadTimeline(sampleID, sampleHandle, r) },
		EndpointV11:         func(r extract.Response) extract.Answer { return ReadV11(sampleID, r) },
		EndpointV2:          func(r extract.Response) extract.Answer { return ReadV2([]string{sampleID}, r)[sampleID] },
	}
	for _, r := range Rules() {
		a := readers[r.Endpoint](r.Sample)
		if a.Status != r.Status || a.Explicit != r.Explicit || a.Transport != r.Transport {
			t.Errorf("%s, %s: the reader says %s explicit %t transport %t (%s), the rule %s %t %t",
				r.Endpoint, r.Answer, a.Status, a.Explicit, a.Transport, a.Reason, r.Status, r.Explicit, r.Transport)
		}
	}
}
