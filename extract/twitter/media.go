package twitter

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"

	"stet/extract/post"
)

// media is a picture or video as the keyless endpoint and v1.1 describe it.
type media struct {
	Type         str `json:"type"`
	URL          str `json:"url"`
	Expanded     str `json:"expanded_url"`
	Image        str `json:"media_url_https"`
	ImageHTTP    str `json:"media_url"`
	Alt          str `json:"ext_alt_text"`
	SourceStatus str `json:"source_status_id_str"`
	Original     opt[struct {
		Width  num `json:"width"`
		Height num `json:"height"`
	}] `json:"original_info"`
	Sizes opt[map[string]struct {
		W num `json:"w"`
		H num `json:"h"`
	}] `json:"sizes"`
	Video opt[videoInfo] `json:"video_info"`
}

type videoInfo struct {
	Duration num           `json:"duration_millis"`
	Variants list[variant] `json:"variants"`
}

// variant is one quality of a video. Its names differ between endpoints.
type variant struct {
	ContentType str      `json:"content_type"`
	Type        str      `json:"type"`
	URL         str      `json:"url"`
	Src         str      `json:"src"`
	Bitrate     opt[num] `json:"bitrate"`
	BitRate     opt[num] `json:"bit_rate"`
}

func (v *variant) address() string { return cmp.Or(string(v.URL), string(v.Src)) }

func (v *variant) isMP4() bool {
	t := cmp.Or(string(v.ContentType), string(v.Type))
	if t == "" {
		u, err := url.Parse(v.address())
		return err == nil && strings.HasSuffix(u.Path, ".mp4")
	}
	return strings.EqualFold(t, "video/mp4")
}

// rate returns the bit rate. GIFs have 0 or none, which is still better than no
// file at all.
func (v *variant) rate() int64 {
	if v.Bitrate.Set {
		return int64(v.Bitrate.V)
	}
	return int64(v.BitRate.V)
}

// pixels returns the picture size that the path of a variant tells, as in
// /vid/avc1/848x720/.
func (v *variant) pixels() int {
	for part := range strings.SplitSeq(v.address(), "/") {
		w, h, ok := strings.Cut(part, "x")
		if ok && len(w) <= 5 && len(h) <= 5 && digits(w) && digits(h) {
			return atoi(w) * atoi(h)
		}
	}
	return 0
}

func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// setVariants sets the address of the best file and those of the lesser ones:
// files first, by bit rate and size, then streams.
func setVariants(m *post.Media, variants []variant) {
	list := slices.DeleteFunc(slices.Clone(variants), func(v variant) bool { return v.address() == "" })
	slices.SortStableFunc(list, func(a, b variant) int {
		if a.isMP4() != b.isMP4() {
			if a.isMP4() {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.rate(), a.rate()), cmp.Compare(b.pixels(), a.pixels()))
	})
	for i := range list {
		if u := list[i].address(); m.URL == "" {
			m.URL = u
		} else if u != m.URL && !slices.Contains(m.Fallbacks, u) {
			m.Fallbacks = append(m.Fallbacks, u)
		}
	}
}

// kind returns the word of the public schema for the platform's.
func kind(platform string) string {
	switch platform {
	case "photo", "video":
		return platform
	case "animated_gif":
		return "gif"
	}
	return "file"
}

// setPhoto sets the address of a picture at its original size and those of the
// lesser sizes. A picture that is not on the platform's media host is taken as
// it is.
func setPhoto(m *post.Media, image string) {
	u, err := url.Parse(image)
	if err != nil || u.Host != "pbs.twimg.com" || !strings.HasPrefix(u.Path, "/media/") {
		m.URL = image
		return
	}
	name, _, _ := strings.Cut(u.Path, ":")
	format := strings.TrimPrefix(path.Ext(name), ".")
	if format == "" {
		format = u.Query().Get("format")
	}
	if format == "" {
		m.URL = image
		return
	}
	stem := "https://pbs.twimg.com" + strings.TrimSuffix(name, path.Ext(name)) + "?format=" + url.QueryEscape(format) + "&name="
	m.URL = stem + "orig"
	for _, size := range []string{"4096x4096", "large", "medium", "small"} {
		m.Fallbacks = append(m.Fallbacks, stem+size)
	}
}

// post returns the medium in the words of the public schema. p is the post
// that it belongs to; note is called with what is strange about it.
func (m *media) post(p *post.Post, note func(string)) (post.Media, bool) {
	image := cmp.Or(string(m.Image), strings.Replace(string(m.ImageHTTP), "http://", "https://", 1))
	out := post.Media{Kind: kind(string(m.Type)), Alt: string(m.Alt)}
	if m.Type == "" {
		out.Kind = "photo"
	}
	out.Width, out.Height = m.size()
	if out.Kind == "photo" {
		setPhoto(&out, image)
	} else {
		out.Poster = image
		out.DurationMS = int64(m.Video.V.Duration)
		setVariants(&out, m.Video.V.Variants)
	}
	switch {
	case out.URL == "" && out.Poster == "":
		note("a picture or video without an address was left out")
		return post.Media{}, false
	case out.URL == "":
		out.Error = "the platform offered no file"
	}
	if out.Kind == "file" {
		note("a medium of the unknown kind " + string(m.Type))
	}
	out.SourceRef = m.source(p)
	return out, true
}

func (m *media) size() (width, height int) {
	if o := m.Original; o.Set && o.V.Width > 0 {
		return int(o.V.Width), int(o.V.Height)
	}
	large := m.Sizes.V["large"]
	return int(large.W), int(large.H)
}

// source returns the post that the file was first published in where it is not
// p or a version of it.
func (m *media) source(p *post.Post) post.Ref {
	r := Ref(string(m.SourceStatus))
	if r.IsZero() {
		t, _ := parseString(string(m.Expanded))
		r = t.Ref
	}
	if r.ID == p.ID || inChain(p, r.ID) {
		return post.Ref{}
	}
	return r
}
