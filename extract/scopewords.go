package extract

import (
	"strings"

	"golang.org/x/net/html"
)

// wordFlags says what the words in an element's class, id and role tell of it.
type wordFlags uint32

const (
	// wordStrong: never the article, wherever it stands.
	wordStrong wordFlags = 1 << iota
	// wordWeak: not the article where it stands beside it.
	wordWeak
	// wordEmbed: made to embed something.
	wordEmbed
	// wordMore and wordStories together: a list of other articles.
	wordMore
	wordStories
	// wordShare: buttons.
	wordShare
	// wordComments: what readers say. It comes with wordStrong.
	wordComments
	// wordBody: the article's own text.
	wordBody
	// wordPiece and wordText together, and nothing else: the article's text.
	wordPiece
	wordText
	// wordOther: some word that tells nothing.
	wordOther
	// wordMost and wordRead together: a list of other articles; read-more is the
	// rest of the article.
	wordMost
	wordRead
	// wordState: what the name says is there or is not, as in has-sidebar.
	wordState
	// wordOthers: a list of other articles. It comes with wordWeak.
	wordOthers
)

// scopeWord returns what a word in a class or id tells. Publishers build these
// names from a small vocabulary.
func scopeWord(w string) wordFlags {
	switch w {
	case "comment", "comments", "commentlist", "commentsection", "commentlinks", "commentbody", "disqus", "wpdiscuz", "livefyre", "viafoura", "coral", "spotim", "respond":
		return wordStrong | wordComments
	case "related", "relatedarticles", "relatedposts", "relatedcontent", "recirc", "recirculation", "recommended", "recommendation", "recommendations", "recommends",
		"outbrain", "taboola", "zergnet", "revcontent", "sidebar", "navbar", "navigation", "nav", "menu", "menus", "breadcrumb", "breadcrumbs",
		"trackbacks", "trackback", "pingback", "pingbacks", "referer", "referrer", "refererlist", "copyright", "colophon", "masthead",
		"yarpp", "jp-relatedposts", "crp":
		return wordStrong
	case "footer":
		return wordStrong
	case "share", "sharing", "sharebar", "sharedaddy", "addtoany", "addthis", "socialshare", "shareaholic":
		return wordStrong | wordShare
	case "widget", "widgets", "rail", "aside", "secondary", "tertiary", "promo", "promos", "promotion", "banner", "banners", "ad", "ads", "advert", "adverts",
		"advertisement", "advertising", "sponsor", "sponsored", "sponsors", "newsletter", "newsletters", "subscribe", "subscription", "signup", "teaser", "teasers",
		"ticker", "feed", "feeds", "instafeed", "sbi", "carousel", "slider", "modal", "popup", "popover", "overlay", "lightbox", "offcanvas",
		"header", "topbar", "toolbar", "subnav", "supplemental", "complementary", "trending", "popular", "social", "follow", "followus", "playlist", "bottom", "toplist", "mostread",
		"recent", "archive", "archives", "upnext", "crosslinks", "linklist", "links", "livestream", "side", "siderail", "marginalia", "hub", "roundup", "cta":
		return wordWeak
	case "on":
		return wordState | wordStories
	case "more", "other", "also", "next", "latest", "top", "previous", "prev", "infinite":
		return wordMore
	case "most":
		return wordMore | wordMost
	case "read":
		return wordMore | wordRead
	case "article", "entry", "post":
		return wordPiece
	case "story":
		return wordPiece | wordStories
	case "body", "content", "text", "contents":
		return wordText
	case "stories", "articles", "news", "posts", "headlines", "videos", "reads", "like", "interesting", "viewed", "list", "up", "site", "sites", "links-list":
		return wordStories
	case "embed", "embeds", "embedded", "embedder", "oembed", "onebox", "embedly", "iframely", "socialembed", "embedinner", "embedcode", "tweetembed", "instagramembed", "twitterembed":
		return wordEmbed
	case "articlebody", "storybody", "postbody", "entrycontent", "articlecontent", "postcontent", "storycontent", "articletext", "bodytext", "storytext", "newsbody":
		return wordBody
	case "has", "with", "without", "no", "open", "closed", "enabled", "disabled", "parent", "relative":
		return wordState
	}
	switch {
	case strings.HasPrefix(w, "related"), strings.HasPrefix(w, "sidebar"), strings.HasPrefix(w, "newsletter"):
		return wordStrong
	case strings.HasSuffix(w, "teaser"), strings.HasSuffix(w, "teasers"), strings.HasSuffix(w, "widget"), strings.HasSuffix(w, "sponsor"):
		return wordWeak
	}
	return 0
}

// wordsOf returns what the class, id and role of n tell together.
func wordsOf(n *html.Node) wordFlags {
	var all wordFlags
	for i := range n.Attr {
		switch n.Attr[i].Key {
		case "class", "id":
			all |= wordsIn(n.Attr[i].Val)
		case "itemprop":
			if n.Attr[i].Val == "articleBody" {
				all |= wordBody
			}
		case "role":
			switch n.Attr[i].Val {
			case "navigation", "complementary", "contentinfo", "search", "menu", "menubar":
				all |= wordStrong
			case "banner":
				all |= wordWeak
			}
		}
	}
	return all
}

// maxScopeBytes bounds what is read of a class or id. Style sheets that name
// every property by a class make long ones, which tell nothing more.
const maxScopeBytes = 512

// wordsIn returns what the words in s tell. Words are divided by anything that
// is no letter, and by a capital after a small letter.
func wordsIn(s string) wordFlags {
	var all wordFlags
	var token wordFlags
	var word [24]byte
	n := 0
	last := byte(0)
	for i := 0; i <= min(len(s), maxScopeBytes); i++ {
		c := byte(' ')
		if i < len(s) {
			c = s[i]
		}
		upper := c >= 'A' && c <= 'Z'
		if letter := upper || c >= 'a' && c <= 'z'; !letter || upper && last >= 'a' && last <= 'z' {
			if n > 1 && n < len(word) {
				if f := scopeWord(string(word[:n])); f != 0 {
					token |= f
				} else {
					token |= wordOther
				}
			}
			n = 0
		}
		if isHTMLSpace(c) {
			all |= tokenFlags(token)
			token = 0
		}
		last = c
		if upper {
			c += 'a' - 'A'
		}
		if c >= 'a' && c <= 'z' && n < len(word) {
			word[n] = c
			n++
		}
	}
	return all
}

// tokenFlags joins the words of one name: more-stories is a list of other
// articles, while more and stories alone tell nothing; with-sidebar is no
// sidebar.
func tokenFlags(t wordFlags) wordFlags {
	if t&wordMore != 0 && t&wordStories != 0 || t&(wordMost|wordRead) == wordMost|wordRead {
		t |= wordWeak | wordOthers
	}
	if t&wordState != 0 {
		t &^= wordStrong | wordWeak | wordComments | wordShare | wordOthers
	}
	if t&(wordPiece|wordText) == wordPiece|wordText && t&(wordOther|wordStrong|wordWeak|wordMore) == 0 {
		t |= wordBody
	}
	return t & (wordStrong | wordWeak | wordEmbed | wordShare | wordComments | wordBody | wordOthers)
}
