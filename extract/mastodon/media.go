package mastodon

import (
	"slices"

	"stet/extract/post"
)

// attachment is a picture, video or sound as the interface describes it.
type attachment struct {
	Type        str `json:"type"`
	URL         str `json:"url"`
	Remote      str `json:"remote_url"`
	Preview     str `json:"preview_url"`
	Description str `json:"description"`
	External    str `json:"external_video_id"` // Truth Social
	Meta        opt[struct {
		Original opt[struct {
			Width    num      `json:"width"`
			Height   num      `json:"height"`
			Duration opt[num] `json:"duration"`
		}] `json:"original"`
	}] `json:"meta"`
}

// kindOfMedia returns the word of the public schema for the platform's.
func kindOfMedia(platform str) string {
	switch platform {
	case "image":
		return "photo"
	case "gifv":
		return "gif"
	case "video", "audio":
		return string(platform)
	case "tv": // Truth Social
		return "video"
	}
	return "file"
}

// media fills in the files of a post.
func (b *builder) media(p *post.Post, all list[attachment]) {
	for i := range all {
		m, ok := all[i].post()
		if !ok {
			b.note("a picture or video without an address was left out")
			continue
		}
		p.Media = append(p.Media, m)
	}
}

// post returns the medium in the words of the public schema. A medium of a post
// from another host has the address of the original there; what the instance
// has is a copy.
func (a *attachment) post() (post.Media, bool) {
	m := post.Media{Kind: kindOfMedia(a.Type), Alt: string(a.Description)}
	original := a.Meta.V.Original.V
	m.Width, m.Height, m.DurationMS = side(original.Width), side(original.Height), duration(original.Duration.V)
	preview := web(a.Preview)
	addresses := []string{web(a.Remote), web(a.URL)}
	if m.Kind == "photo" {
		addresses = append(addresses, preview)
	} else {
		m.Poster = preview
	}
	for _, address := range addresses {
		switch {
		case address == "" || address == m.URL:
		case m.URL == "":
			m.URL = address
		case !slices.Contains(m.Fallbacks, address):
			m.Fallbacks = append(m.Fallbacks, address)
		}
	}
	if m.Poster == m.URL {
		m.Poster = ""
	}
	if m.URL == "" {
		if m.Poster == "" {
			return post.Media{}, false
		}
		m.Error = "the platform offered no file"
		if a.External != "" {
			m.Error = "the platform keeps the video elsewhere, under the number " + string(a.External)
		}
	}
	return m, true
}

// duration turns seconds into milliseconds.
func duration(seconds num) int64 {
	if seconds < 0 || seconds > 1e9 {
		return 0
	}
	return int64(seconds*1000 + 0.5)
}

// side is a width or a height.
func side(n num) int {
	if n < 0 || n > 1e6 {
		return 0
	}
	return int(n)
}
