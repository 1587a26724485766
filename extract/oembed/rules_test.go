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
