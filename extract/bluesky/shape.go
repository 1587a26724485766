package bluesky

import (
	"cmp"

	"encoding/json"
)

// postView is a post as the platform's own index shows it.
type postView struct {
	Type     str             `json:"$type"`
	URI      str             `json:"uri"`
	CID      str             `json:"cid"`
	Author   opt[profile]    `json:"author"`
	Record   json.RawMessage `json:"record"`
	Embed    opt[*embedView] `json:"embed"`
	Indexed  str             `json:"indexedAt"`
	Labels   list[label]     `json:"labels"`
	Likes    num             `json:"likeCount"`
	Reposts  num             `json:"repostCount"`
	Replies  num             `json:"replyCount"`
	Quotes   num             `json:"quoteCount"`
	Bookmark num             `json:"bookmarkCount"`
}

// profile is an account beside a post.
type profile struct {
	DID          str         `json:"did"`
	Handle       str         `json:"handle"`
	Name         str         `json:"displayName"`
	Avatar       str         `json:"avatar"`
	Labels       list[label] `json:"labels"`
	Verification opt[struct {
		Verified str `json:"verifiedStatus"`
		Verifier str `json:"trustedVerifierStatus"`
	}] `json:"verification"`
}

// label is a mark that a moderation service, or the author, put on something.
type label struct {
	Value   str       `json:"val"`
	Negated opt[bool] `json:"neg"`
}

// record is a post as its author signed it.
type record struct {
	Type    str         `json:"$type"`
	Text    opt[string] `json:"text"`
	Created str         `json:"createdAt"`
	Langs   list[str]   `json:"langs"`
	Facets  list[facet] `json:"facets"`
	Embed   opt[embed]  `json:"embed"`
	Labels  opt[struct {
		Values list[label] `json:"values"`
	}] `json:"labels"`
	Reply opt[struct {
		Parent opt[strongRef] `json:"parent"`
	}] `json:"reply"`
}

// strongRef names a version of a record.
type strongRef struct {
	URI str `json:"uri"`
	CID str `json:"cid"`
}

// facet says what a part of a text is.
type facet struct {
	Index struct {
		Start num `json:"byteStart"`
		End   num `json:"byteEnd"`
	} `json:"index"`
	Features list[struct {
		Type str `json:"$type"`
		URI  str `json:"uri"`
		DID  str `json:"did"`
	}] `json:"features"`
}

// ratio is the size of a picture, or the proportions of one.
type ratio struct {
	Width  num `json:"width"`
	Height num `json:"height"`
}

// blob names a file in the author's repository. The older form has the name at
// the top.
type blob struct {
	Ref opt[struct {
		Link str `json:"$link"`
	}] `json:"ref"`
	CID  str `json:"cid"`
	Type str `json:"mimeType"`
}

func (b *blob) cid() string { return string(cmp.Or(b.Ref.V.Link, b.CID)) }

// embed is what a record has beside its text. Every kind has some of the
// members.
type embed struct {
	Type        str         `json:"$type"`
	Images      list[image] `json:"images"`
	Items       list[image] `json:"items"`
	Video       opt[blob]   `json:"video"`
	Alt         str         `json:"alt"`
	AspectRatio ratio       `json:"aspectRatio"`
	Show        str         `json:"presentation"`
	External    opt[struct {
		URI         str `json:"uri"`
		Title       str `json:"title"`
		Description str `json:"description"`
	}] `json:"external"`
	// Record names what is quoted; beside media it is one level deeper.
	Record opt[struct {
		strongRef
		Record opt[strongRef] `json:"record"`
	}] `json:"record"`
	Media opt[*embed] `json:"media"`
}

type image struct {
	Image       opt[blob] `json:"image"`
	Alt         str       `json:"alt"`
	AspectRatio ratio     `json:"aspectRatio"`
}

// embedView is an embed as the index shows it.
type embedView struct {
	Type        str             `json:"$type"`
	Images      list[imageView] `json:"images"`
	Items       list[imageView] `json:"items"`
	CID         str             `json:"cid"`
	Playlist    str             `json:"playlist"`
	Thumbnail   str             `json:"thumbnail"`
	Alt         str             `json:"alt"`
	AspectRatio ratio           `json:"aspectRatio"`
	Show        str             `json:"presentation"`
	External    opt[struct {
		URI         str `json:"uri"`
		Title       str `json:"title"`
		Description str `json:"description"`
		Thumb       str `json:"thumb"`
	}] `json:"external"`
	Record opt[struct {
		quoteView
		Record opt[quoteView] `json:"record"`
	}] `json:"record"`
	Media opt[*embedView] `json:"media"`
}

type imageView struct {
	Full        str   `json:"fullsize"`
	Thumb       str   `json:"thumb"`
	Thumbnail   str   `json:"thumbnail"`
	Alt         str   `json:"alt"`
	AspectRatio ratio `json:"aspectRatio"`
}

// quoteView is what is shown of a quoted record.
type quoteView struct {
	postView
	Value    json.RawMessage `json:"value"`
	Embeds   list[embedView] `json:"embeds"`
	NotFound opt[bool]       `json:"notFound"`
	Blocked  opt[bool]       `json:"blocked"`
	Detached opt[bool]       `json:"detached"`
	// Those of feeds, lists and starter packs.
	Name        str `json:"displayName"`
	ListName    str `json:"name"`
	Description str `json:"description"`
	Avatar      str `json:"avatar"`
}
