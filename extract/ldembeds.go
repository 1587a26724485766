package extract

// finishLD reports the posts that the page's JSON-LD describes as part of the
// article: its videos, and what a live blog shares. What the page shows in its
// markup is known by then.
func (w *walker) finishLD(ld *jsonValue) {
	w.ldParts(ld, "", 0)
}

// maxLDDepth bounds how deep the parts of an article are looked for: article,
// update, video, address.
const maxLDDepth = 8

func (w *walker) ldParts(v *jsonValue, key string, depth int) {
	if depth > maxLDDepth {
		return
	}
	switch v.kind {
	case '[':
		for i := range v.members {
			w.ldParts(&v.members[i].value, key, depth+1)
		}
	case '{':
		for i := range v.members {
			m := &v.members[i]
			switch m.key {
			case "video", "sharedContent", "associatedMedia", "liveBlogUpdate", "hasPart", "audio":
				w.ldParts(&m.value, m.key, depth+1)
			case "embedUrl", "contentUrl", "url":
				if key == "liveBlogUpdate" || key == "" {
					continue
				}
				if l, ok := w.addresses.post(m.value.text()); ok && l.isPost() {
					w.described(embedOf(l, FormLD))
				}
			}
		}
	}
}

// described reports a post that the page describes without showing where.
func (w *walker) described(e Embed) {
	if !w.c.has(&e) {
		w.c.embed(e, spot{at: len(w.text)})
	}
}
