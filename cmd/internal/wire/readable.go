package wire

import (
	"strings"

	"stet/extract"
	readability "stet/extract/readable"
)

// maxReadable is the largest page of which the readable text is kept: the
// library holds several trees of it in memory at once.
const maxReadable = 8 << 20

// readable returns the readable text of a page, a paragraph after the other,
// empty where it has none. It is a convenience beside the page itself, which is
// kept byte for byte.
func readable(in extract.Input) string {
	if len(in.Body) > maxReadable {
		return ""
	}
	var paragraphs []string
	for _, p := range readability.Read(Finder(), in).Paragraphs {
		paragraphs = append(paragraphs, p.Text)
	}
	return strings.Join(paragraphs, "\n\n")
}
