package extract

import "strings"

// typed is what an object of data tells of a post that it names by platform and
// id instead of by address: {"_type": "tweet", "id": "20"}.
type typed struct {
	// site is the name of the platform.
	site string
	// ids are the strings that may be the post's id.
	ids []typedID
	// spoilt is true where the object speaks of something else than a post.
	spoilt bool
	// loose is true where only the member that the object is tells the platform.
	loose bool
}

// typedID is a string that may be an id. own is true where the member's name
// says that it is an id of a platform, plain where it says just "id".
type typedID struct {
	text       string
	own, plain bool
}

// maxTypedIDs bounds what is remembered of one object.
const maxTypedIDs = 4

// see takes in a member of an object that is a string or a number.
func (t *typed) see(f *Finder, key, value string) {
	if len(value) > 64 || len(key) > 32 || value == "" {
		return
	}
	if site := siteOfIDKey(key); site != "" {
		if t.site == "" {
			t.site = site
		}
		t.add(typedID{text: value, own: true})
		return
	}
	switch {
	case kindKey(key):
		t.kind(f, value)
	case holdsID(key):
		t.add(typedID{text: value, plain: strings.EqualFold(key, "id") || key == "_id"})
	}
}

func (t *typed) add(id typedID) {
	if len(id.text) >= 5 && len(t.ids) < maxTypedIDs {
		t.ids = append(t.ids, id)
	}
}

// kind takes in what an object calls itself.
func (t *typed) kind(f *Finder, name string) {
	if t.site == "" && f.named[strings.ToLower(name)] != nil {
		t.site = strings.ToLower(name)
		return
	}
	site, spoilt := "", false
	eachWord(name, func(word string) {
		switch word {
		case "profile", "timeline", "follow", "share", "sharing", "feed", "user", "account", "channel", "playlist", "button", "link", "handle", "card",
			"meta", "site", "creator", "author", "login", "comment", "comments", "icon", "like", "hashtag", "pixel":
			spoilt = true
		}
		if len(word) > 2 && site == "" && f.named[word] != nil {
			site = word
		}
	})
	if site == "" {
		return
	}
	t.spoilt = t.spoilt || spoilt
	if t.site == "" {
		t.site = site
	}
}

// called takes in the name of the member that the object is, which tells the
// platform where the object does not: {"tweet": {"id": "20"}}.
func (t *typed) called(f *Finder, name string) {
	if t.site != "" || len(t.ids) == 0 || name == "" {
		return
	}
	t.kind(f, name)
	t.loose = !strings.Contains(strings.ToLower(name), "tweet") && wordsIn(name)&wordEmbed == 0
}

// within takes in what an object inside of this one left open:
// {"type": "tweet", "data": {"id": "20"}}.
func (t *typed) within(inner *typed) {
	if inner.spoilt || inner.site != "" {
		return
	}
	for _, id := range inner.ids {
		t.add(id)
	}
}

// post returns the post that the object names.
func (t *typed) post(f *Finder) (lead, bool) {
	if t.spoilt || t.site == "" {
		return lead{}, false
	}
	for _, id := range t.ids {
		if id.plain && t.loose {
			continue
		}
		l, ok := f.byID(t.site, id.text)
		if ok && l.isPost() && telling(l, id) {
			return l, true
		}
	}
	return lead{}, false
}

// telling reports whether a string that can be an id of the platform is one, and
// no number or key of the publisher's own.
func telling(l lead, id typedID) bool {
	digits := strings.Trim(id.text, "0123456789") == ""
	mixed := strings.ToLower(id.text) != id.text
	switch l.platform {
	case "twitter", "tiktok":
		return len(id.text) >= 16
	case "youtube":
		return !digits && (!id.plain || mixed)
	case "instagram", "threads":
		return !digits && !id.plain && mixed
	case "bluesky", "telegram", "truthsocial":
		return !id.plain || strings.ContainsAny(id.text, ":/")
	case "facebook":
		return !id.plain && len(id.text) >= 12
	case "vimeo", "dailymotion", "reddit":
		return !id.plain && (id.own || l.platform != "reddit")
	}
	return false
}

// siteOfIDKey returns the name of the platform whose ids a member holds by its
// very name.
func siteOfIDKey(key string) string {
	if !strings.HasSuffix(key, "id") && !strings.HasSuffix(key, "Id") && !strings.HasSuffix(key, "ID") {
		return ""
	}
	switch strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(key)) {
	case "tweetid", "twitterid", "twittertweetid":
		return "tweet"
	case "youtubeid", "youtubevideoid", "ytid", "ytvideoid":
		return "youtube"
	case "tiktokid", "tiktokvideoid":
		return "tiktok"
	case "vimeoid", "vimeovideoid":
		return "vimeo"
	case "dailymotionid", "dailymotionvideoid":
		return "dailymotion"
	}
	return ""
}

// holdsID reports whether a member or parameter holds an id by its name.
func holdsID(key string) bool {
	switch key {
	case "id", "_id", "Id", "ID", "postId", "post_id", "postid", "postID", "videoId", "video_id", "videoid", "videoID", "embedId", "embed_id", "embedid", "embedID",
		"statusId", "status_id", "statusid", "tweetid", "tweetId", "tweet_id", "shortcode", "shortCode", "short_code", "code", "externalId", "external_id", "externalid",
		"mediaId", "media_id", "socialId", "social_id", "providerId", "provider_id", "sourceId", "source_id", "contentId", "oembedId", "assetId", "asset_id", "vid":
		return true
	}
	return false
}

// namesPlatform reports whether a parameter says what its frame shows by its name.
func namesPlatform(key string) bool {
	switch key {
	case "service", "provider", "platform", "network", "type", "site", "source", "kind", "social", "embedtype", "embed_type":
		return true
	}
	return false
}

// typedIn reports whether data may name a post by platform and id.
func (f *Finder) typedIn(text string) bool {
	for _, key := range []string{"weet_id", "weetId", "weetID", "weetid"} {
		if strings.Contains(text, key) {
			return true
		}
	}
	for _, key := range []string{"ype", "rovider", "latform", "ervice"} {
		for rest, tries := text, 0; tries < maxMentions; tries++ {
			i := strings.Index(rest, key)
			if i < 0 {
				break
			}
			rest = rest[i+len(key):]
			if f.kindAt(rest) {
				return true
			}
		}
	}
	return false
}

// kindAt reports whether s, which follows the name of a member, goes on with the
// name of a platform as its value.
func (f *Finder) kindAt(s string) bool {
	n := 0
	s = strings.TrimPrefix(s, "name")
	for n < len(s) && n < 6 && strings.IndexByte(`"':\ `, s[n]) >= 0 {
		n++
	}
	if n < 2 || n >= len(s) {
		return false
	}
	end := n
	for end < len(s) && end-n < 32 && (isAlnum(s[end]) || s[end] == '-' || s[end] == '_' || s[end] == '/') {
		end++
	}
	var t typed
	t.kind(f, s[n:end])
	return t.site != "" && !t.spoilt
}

// objectPost returns the post that the objects of a small piece of data name by
// platform and id: the only one, else none.
//
// names are what the element is called that the data stands in, which can tell
// the platform where the data does not.
func (f *Finder) objectPost(v *jsonValue, names []string) (lead, bool) {
	var found []lead
	left := f.typedOf(v, "", 0, &found)
	for _, name := range names {
		left.called(f, name)
	}
	if l, ok := left.post(f); ok {
		found = append(found, l)
	}
	if len(found) == 0 {
		return lead{}, false
	}
	for i := range found {
		if found[i].target.Ref != found[0].target.Ref {
			return lead{}, false
		}
	}
	return found[0], true
}

// typedOf returns what an object, the member name of another, tells, and adds the
// posts that it and the objects in it name to found. What names a post is handed
// on no further.
func (f *Finder) typedOf(v *jsonValue, name string, depth int, found *[]lead) typed {
	var t typed
	if depth > maxJSONDepth {
		return t
	}
	for i := range v.members {
		if value := v.members[i].value.plain(); v.kind == '{' && value.kind != '{' && value.kind != '[' {
			t.see(f, v.members[i].key, value.text())
		}
	}
	for i := range v.members {
		if value := v.members[i].value.plain(); value.kind == '{' || value.kind == '[' {
			inner := f.typedOf(value, v.members[i].key, depth+1, found)
			t.within(&inner)
		}
	}
	t.called(f, name)
	if l, ok := t.post(f); ok {
		*found = append(*found, l)
		return typed{}
	}
	return t
}

// plain returns the value itself where it stands behind the number of its kind,
// as islands of Astro have it: [0, "value"].
func (v *jsonValue) plain() *jsonValue {
	if v.kind == '[' && len(v.members) == 2 && v.members[0].value.kind == 0 && (v.members[0].value.raw == "0" || v.members[0].value.raw == "1") {
		return &v.members[1].value
	}
	return v
}
