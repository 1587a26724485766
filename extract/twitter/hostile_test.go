package twitter

import (
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

// TestHostile: nothing that stands in the place of an answer says that a post is
// gone, or shows one with words that it does not have.
func TestHostile(t *testing.T) {
	sitetest.Hostile(t, Rules(), sampleID, sitetest.Readers{
		EndpointSyndication: ReadSyndication, EndpointOEmbed: ReadOEmbed, EndpointV11: ReadV11,
		EndpointTimeline: func(id string, r extract.Response) extract.Answer { return ReadTimeline(id, sampleHandle, r) },
		EndpointV2:       func(id string, r extract.Response) extract.Answer { return ReadV2([]string{id}, r)[id] },
	})
}
