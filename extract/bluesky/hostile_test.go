package bluesky

import (
	"testing"

	"stet/extract"
	"stet/extract/sitetest"
)

// TestHostile: nothing that stands in the place of an answer says that a post is
// gone, or shows one with words that it does not have.
func TestHostile(t *testing.T) {
	sitetest.Hostile(t, Rules(), sampleID, sitetest.Readers{
		EndpointIndex:  func(id string, r extract.Response) extract.Answer { return ReadThread(id, r, nil) },
		EndpointServer: func(id string, r extract.Response) extract.Answer { return ReadRecord(id, sampleDocument(), r) },
	})
	sitetest.Hostile(t, nil, sampleID, sitetest.Readers{
		"posts":      func(id string, r extract.Response) extract.Answer { return ReadPosts([]string{id}, r, nil)[id] },
		"repository": func(_ string, r extract.Response) extract.Answer { return ReadRepoStatus(sampleDID, r) },
		"directory":  func(_ string, r extract.Response) extract.Answer { _, a := ReadDocument(sampleDID, r); return a },
	})
}
