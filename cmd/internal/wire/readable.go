package wire

import (
	"bytes"
	"net/url"
	"strings"

	"codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html/charset"

	"stet/extract"
)

// maxReadable is the largest page of which the readable text is kept: the
// library holds several trees of it in memory at once.
const maxReadable = 8 << 20

// readable returns the readable text of a page, empty where it has none. The
// text is a convenience beside the page itself, which is kept byte for byte; a
// page that makes the library fail is kept without.
func readable(in extract.Input) (text string) {
	if len(in.Body) > maxReadable {
		return ""
	}
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	r, err := charset.NewReader(bytes.NewReader(in.Body), in.ContentType)
	if err != nil {
		return ""
	}
	base, err := url.Parse(in.URL)
	if err != nil {
		base = &url.URL{}
	}
	article, err := readability.FromReader(r, base)
	if err != nil || article.Node == nil {
		return ""
	}
	var out strings.Builder
	if err := article.RenderText(&out); err != nil {
		return ""
	}
	return strings.TrimSpace(out.String())
}
