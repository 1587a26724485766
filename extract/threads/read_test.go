package threads

import (
	"testing"

	"stet/extract/sitetest"
)

func readers() sitetest.Readers { return sitetest.Readers{EndpointEmbed: ReadEmbed} }

func TestAnswers(t *testing.T) { sitetest.Answers(t, readers(), "testdata/answers", *update) }

func TestRulesAreTrue(t *testing.T) { sitetest.Rules(t, Rules(), sampleID, readers()) }

func FuzzAnswers(f *testing.F) { sitetest.FuzzAnswers(f, readers(), "testdata/answers", sampleID) }
