package extract

// kindKey reports whether a member says what its object is.
func kindKey(key string) bool {
	switch key {
	case "type", "@type", "__typename", "_type", "subtype", "is", "component", "kind", "provider", "providerName", "provider_name", "platform", "network",
		"service", "embedType", "embed_type", "blockType", "block_type", "elementType", "contentType", "content_type", "widgetType", "mediaType", "blockName":
		return true
	}
	return false
}

func titleKey(key string) bool {
	switch key {
	case "headline", "title", "headlines", "Title", "Headline", "pageTitle", "seoTitle", "articleTitle", "postTitle", "post_title", "displayTitle":
		return true
	}
	return false
}

func addressKey(key string) bool {
	switch key {
	case "url", "canonical_url", "canonicalUrl", "canonicalURL", "canonical", "website_url", "link", "permalink", "uri", "webUrl", "webURL", "shareUrl", "share_url",
		"path", "slug", "pathname", "guid", "fullUrl", "full_url", "publicUrl", "articleUrl", "Url", "URL", "Permalink", "relativeUrl", "seoUrl", "sourceUrl", "shortUrl", "url_path", "post_name":
		return true
	}
	return false
}
