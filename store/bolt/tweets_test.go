package bolt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
)

// tweets invents captures in the shape of real ones: the exchange with X's
// keyless endpoint, the capture, the derivation and the job of the next look.
// Words, people and numbers are invented; lengths, the share of photos, videos,
// quotes and cards, and how much of an answer differs from the next one, follow
// recorded answers.
type tweets struct {
	rand  *rand.Rand
	chain []byte
}

func newTweets(seed uint64) *tweets {
	r := rand.New(rand.NewPCG(seed, seed^0x9E3779B97F4A7C15))
	t := &tweets{rand: r}
	chain := []string{}
	same := rand.New(rand.NewPCG(7, 7)) // one chain for all
	for range 3 {
		b := make([]byte, 1600)
		for i := range b {
			b[i] = alphabet[same.IntN(64)]
		}
		chain = append(chain, "-----BEGIN CERTIFICATE-----\n"+string(b)+"\n-----END CERTIFICATE-----\n")
	}
	t.chain = []byte(strings.Join(chain, ""))
	return t
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

func (t *tweets) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[t.rand.IntN(62)]
	}
	return string(b)
}

func (t *tweets) hex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[t.rand.IntN(16)]
	}
	return string(b)
}

// zipf returns a number below n; small ones are frequent.
func (t *tweets) zipf(n int) int {
	u := t.rand.Float64()
	return min(n-1, int(float64(n)*u*u*u))
}

var syllables = [...]string{"ba", "con", "de", "el", "fir", "gan", "ho", "in", "ja", "ker", "lo", "mi", "nor", "os", "pre", "qui", "ra",
	"sta", "ter", "un", "ver", "wil", "xo", "yan", "zu", "ment", "ing", "er", "tion", "al", "ed", "ly", "ous", "st", "th", "ch", "ay", "ow", "ee", "oo"}

var scripts = [...][]rune{[]rune("あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん東京日本語中国人大小新聞社会国家"),
	[]rune("ابتثجحخدذرزسشصضطظعغفقكلمنهوي"), []rune("абвгдежзийклмнопрстуфхцчшщъыьэюя"), []rune("กขคงจชซญดตถทนบปผฝพฟภมยรลวศสหอ")}

var emoji = [...]string{"🧵", "🇪🇺", "😭", "🔥", "👀", "🍿", "❤️", "😂", "🙏", "✨"}

// word returns the word with a rank; each rank has one word.
func word(rank int) string {
	r := rand.New(rand.NewPCG(uint64(rank), 11))
	var b strings.Builder
	for range 1 + r.IntN(2) + min(1, rank/200) {
		b.WriteString(syllables[r.IntN(len(syllables))])
	}
	return b.String()
}

// text returns invented words in one of several scripts, and its language.
func (t *tweets) text() (string, string) {
	want := 40 + t.zipf(240)
	var b strings.Builder
	lang := "en"
	if t.rand.IntN(10) < 8 {
		for b.Len() < want {
			w := word(t.zipf(20_000))
			if b.Len() == 0 || t.rand.IntN(12) == 0 {
				w = strings.ToUpper(w[:1]) + w[1:]
			}
			b.WriteString(w)
			b.WriteString([...]string{" ", " ", " ", " ", " ", " ", ", ", ". ", "! ", "\n\n"}[t.rand.IntN(10)])
		}
	} else {
		n := t.rand.IntN(len(scripts))
		lang = [...]string{"ja", "ar", "ru", "th"}[n]
		for b.Len() < want {
			for range 2 + t.rand.IntN(6) {
				b.WriteRune(scripts[n][t.zipf(len(scripts[n]))])
			}
			b.WriteByte(' ')
		}
	}
	if t.rand.IntN(4) == 0 {
		b.WriteString(emoji[t.rand.IntN(len(emoji))])
	}
	return strings.TrimSpace(b.String()), lang
}

// person is an invented account; each number is always the same one.
type person struct {
	id, name, handle, avatar string
	blue                     bool
}

func personOf(n int) person {
	r := rand.New(rand.NewPCG(uint64(n), 13))
	t := tweets{rand: r}
	first, last := word(r.IntN(5000)), word(r.IntN(20000))
	return person{
		id: fmt.Sprint(r.Uint64N(1 << 40)), name: strings.ToUpper(first[:1]) + first[1:] + " " + strings.ToUpper(last[:1]) + last[1:],
		handle: first + last + fmt.Sprint(r.IntN(100)), blue: r.IntN(3) == 0,
		avatar: fmt.Sprintf("https://pbs.twimg.com/profile_images/%d/%s_normal.jpg", 1_000_000_000_000_000_000+r.Uint64N(900_000_000_000_000_000), t.letters(8)),
	}
}

func (p *person) json() string {
	return fmt.Sprintf(`"user":{"id_str":"%s","name":"%s","profile_image_url_https":"%s","screen_name":"%s","verified":false,"is_blue_verified":%t,"profile_image_shape":"Circle"}`,
		p.id, p.name, p.avatar, p.handle, p.blue)
}

// tweet is one invented post: its answer and what a parser makes of it.
type tweet struct {
	ref  post.Ref
	body string
	post post.Post
}

func (t *tweets) next() tweet {
	id := 1_000_000_000_000_000_000 + t.rand.Uint64N(900_000_000_000_000_000)
	posted := time.UnixMilli(int64(id>>22) + 1288834974657).UTC()
	p := personOf(t.zipf(200_000))
	text, lang := t.text()
	tw := tweet{ref: post.Ref{Platform: post.Twitter, ID: fmt.Sprint(id)}}
	tw.post = post.Post{Platform: post.Twitter, ID: tw.ref.ID, URL: "https://x.com/" + p.handle + "/status/" + tw.ref.ID,
		Author: post.Author{ID: p.id, Name: p.name, Handle: p.handle, URL: "https://x.com/" + p.handle, Avatar: p.avatar},
		Text:   text, Language: lang, Posted: posted.Truncate(time.Second), PostedFrom: "stated",
		Counts: map[string]int64{"likes": int64(t.zipf(100_000)), "replies": int64(t.zipf(1000))}}
	if p.blue {
		tw.post.Author.Verified = "blue"
	}
	var extra, entities string
	switch kind := t.rand.IntN(100); {
	case kind < 35:
		if t.rand.IntN(2) == 0 {
			entities, extra = t.link(&tw, &text)
		}
	case kind < 70:
		entities, extra = t.photos(&tw, &text, p.handle)
	case kind < 82:
		entities, extra = t.video(&tw, &text, p.handle)
	default:
		extra = t.quoted(&tw)
	}
	tw.body = fmt.Sprintf(`{"__typename":"Tweet","lang":"%s","favorite_count":%d,"possibly_sensitive":false,"created_at":"%s","display_text_range":[0,%d],"entities":{"hashtags":[],"urls":[],"user_mentions":[],"symbols":[]%s},"id_str":"%s","text":%s,%s,"edit_control":{"edit_tweet_ids":["%s"],"editable_until_msecs":"%d","is_edit_eligible":true,"edits_remaining":"5"},"conversation_count":%d,"news_action_type":"conversation"%s,"isEdited":false,"isStaleEdit":false}`,
		lang, tw.post.Counts["likes"], posted.Format("2006-01-02T15:04:05.000Z"), len(tw.post.Text), entities, tw.ref.ID, quote(text), p.json(),
		tw.ref.ID, posted.UnixMilli()+3_600_000, tw.post.Counts["replies"], extra)
	return tw
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return string(b)
}

func (t *tweets) link(tw *tweet, text *string) (entities, extra string) {
	short, site := "https://t.co/"+t.letters(10), word(t.zipf(3000))+".example"
	address := "https://www." + site + "/" + word(t.zipf(500)) + "/" + word(t.rand.IntN(20_000)) + "-" + word(t.rand.IntN(20_000)) + "-" + t.hex(6)
	title, _ := t.text()
	title = strings.ToValidUTF8(title[:min(len(title), 70)], "")
	image := fmt.Sprintf("https://pbs.twimg.com/card_img/%d/%s?format=jpg&name=", t.rand.Uint64N(2_000_000_000_000_000_000), t.letters(8))
	*text += " " + short
	tw.post.Links = []post.Link{{URL: short, Expanded: address, Display: site + "/…"}}
	tw.post.Card = &post.Card{URL: address, Title: title, Description: title, Image: image + "orig", Kind: "summary_large_image"}
	entities = fmt.Sprintf(`,"urls":[{"display_url":"%s/…","expanded_url":"%s","indices":[%d,%d],"url":"%s"}]`, site, address, len(*text)-23, len(*text), short)
	var images strings.Builder
	for _, i := range [...]string{"thumbnail_image_original", "photo_image_full_size_original", "thumbnail_image_large", "summary_photo_image_small"} {
		fmt.Fprintf(&images, `"%s":{"image_value":{"height":%d,"width":%d,"url":"%sorig"},"type":"IMAGE"},`, i, 300+t.rand.IntN(500), 600+t.rand.IntN(900), image)
	}
	extra = fmt.Sprintf(`,"card":{"card_platform":{"platform":{"audience":{"name":"production"},"device":{"name":"iPhone","version":"13"}}},"name":"summary_large_image","url":"%s","binding_values":{%s"description":{"string_value":%s,"type":"STRING"},"domain":{"string_value":"www.%s","type":"STRING"},"vanity_url":{"scribe_key":"vanity_url","string_value":"%s","type":"STRING"},"title":{"string_value":%s,"type":"STRING"},"card_url":{"scribe_key":"card_url","string_value":"%s","type":"STRING"}}}`,
		short, images.String(), quote(title), site, site, quote(title), short)
	return entities, extra
}

func (t *tweets) photos(tw *tweet, text *string, handle string) (entities, extra string) {
	short := t.letters(10)
	*text += " https://t.co/" + short
	var details, photos []string
	for n := range 1 + t.zipf(4) {
		key, w, h := t.letters(15), 600+t.rand.IntN(1500), 400+t.rand.IntN(1200)
		expanded := fmt.Sprintf("https://x.com/%s/status/%s/photo/%d", handle, tw.ref.ID, n+1)
		rects := fmt.Sprintf(`[{"h":%d,"w":%d,"x":0,"y":%d},{"h":%d,"w":%d,"x":%d,"y":0},{"h":%d,"w":%d,"x":%d,"y":0},{"h":%d,"w":%d,"x":0,"y":0}]`,
			w*9/16, w, t.rand.IntN(200), min(w, h), min(w, h), t.rand.IntN(300), h, h*15/17, t.rand.IntN(300), h, w)
		details = append(details, fmt.Sprintf(`{"display_url":"pic.x.com/%s","expanded_url":"%s","ext_media_availability":{"status":"Available"},"indices":[%d,%d],"media_url_https":"https://pbs.twimg.com/media/%s.jpg","original_info":{"focus_rects":%s,"height":%d,"width":%d},"sizes":{"large":{"h":%d,"resize":"fit","w":%d},"medium":{"h":%d,"resize":"fit","w":%d},"small":{"h":%d,"resize":"fit","w":%d},"thumb":{"h":150,"resize":"crop","w":150}},"type":"photo","url":"https://t.co/%s"}`,
			short, expanded, len(*text)-23, len(*text), key, rects, h, w, h, w, h*2/3, w*2/3, h/3, w/3, short))
		photos = append(photos, fmt.Sprintf(`{"backgroundColor":{"red":204,"green":214,"blue":221},"cropCandidates":%s,"expandedUrl":"%s","url":"https://pbs.twimg.com/media/%s.jpg","width":%d,"height":%d}`,
			rects, expanded, key, w, h))
		tw.post.Media = append(tw.post.Media, post.Media{Kind: "photo", URL: "https://pbs.twimg.com/media/" + key + "?format=jpg&name=orig", Width: w, Height: h})
	}
	entities = fmt.Sprintf(`,"media":[{"display_url":"pic.x.com/%s","expanded_url":"https://x.com/%s/status/%s/photo/1","indices":[%d,%d],"url":"https://t.co/%s"}]`,
		short, handle, tw.ref.ID, len(*text)-23, len(*text), short)
	return entities, `,"mediaDetails":[` + strings.Join(details, ",") + `],"photos":[` + strings.Join(photos, ",") + `]`
}

func (t *tweets) video(tw *tweet, text *string, handle string) (entities, extra string) {
	short, media, ms := t.letters(10), 1_000_000_000_000_000_000+t.rand.Uint64N(900_000_000_000_000_000), t.rand.IntN(140_000)
	*text += " https://t.co/" + short
	expanded := fmt.Sprintf("https://x.com/%s/status/%s/video/1", handle, tw.ref.ID)
	poster := fmt.Sprintf("https://pbs.twimg.com/amplify_video_thumb/%d/img/%s.jpg", media, t.letters(16))
	list := fmt.Sprintf("https://video.twimg.com/amplify_video/%d/pl/%s.m3u8?tag=14&v=%s", media, t.letters(16), t.hex(3))
	variants := []string{fmt.Sprintf(`{"content_type":"application/x-mpegURL","url":"%s"}`, list)}
	sources := []string{fmt.Sprintf(`{"type":"application/x-mpegURL","src":"%s"}`, list)}
	for _, v := range [...]struct {
		rate int
		size string
	}{{288000, "480x270"}, {832000, "640x360"}, {2176000, "1280x720"}} {
		u := fmt.Sprintf("https://video.twimg.com/amplify_video/%d/vid/avc1/%s/%s.mp4?tag=14", media, v.size, t.letters(16))
		variants = append(variants, fmt.Sprintf(`{"bitrate":%d,"content_type":"video/mp4","url":"%s"}`, v.rate, u))
		sources = append(sources, fmt.Sprintf(`{"type":"video/mp4","src":"%s"}`, u))
		tw.post.Media = []post.Media{{Kind: "video", URL: u, Poster: poster, Width: 1280, Height: 720, DurationMS: int64(ms)}}
	}
	entities = fmt.Sprintf(`,"media":[{"display_url":"pic.x.com/%s","expanded_url":"%s","indices":[%d,%d],"url":"https://t.co/%s"}]`, short, expanded, len(*text)-23, len(*text), short)
	extra = fmt.Sprintf(`,"mediaDetails":[{"additional_media_info":{},"display_url":"pic.x.com/%s","expanded_url":"%s","ext_media_availability":{"status":"Available"},"indices":[%d,%d],"media_url_https":"%s","original_info":{"focus_rects":[],"height":720,"width":1280},"sizes":{"large":{"h":720,"resize":"fit","w":1280},"medium":{"h":675,"resize":"fit","w":1200},"small":{"h":383,"resize":"fit","w":680},"thumb":{"h":150,"resize":"crop","w":150}},"type":"video","url":"https://t.co/%s","video_info":{"aspect_ratio":[16,9],"duration_millis":%d,"variants":[%s]}}],"photos":[],"video":{"aspectRatio":[16,9],"contentType":"media_entity","durationMs":%d,"mediaAvailability":{"status":"available"},"poster":"%s","variants":[%s],"videoId":{"type":"tweet","id":"%s"},"viewCount":0}`,
		short, expanded, len(*text)-23, len(*text), poster, short, ms, strings.Join(variants, ","), ms, poster, strings.Join(sources, ","), tw.ref.ID)
	return entities, extra
}

func (t *tweets) quoted(tw *tweet) string {
	id := 1_000_000_000_000_000_000 + t.rand.Uint64N(900_000_000_000_000_000)
	posted := time.UnixMilli(int64(id>>22) + 1288834974657).UTC()
	p := personOf(t.zipf(200_000))
	text, lang := t.text()
	tw.post.Quoted = post.Ref{Platform: post.Twitter, ID: fmt.Sprint(id)}
	return fmt.Sprintf(`,"quoted_tweet":{"favorite_count":%d,"lang":"%s","possibly_sensitive":false,"reply_count":%d,"retweet_count":%d,"created_at":"%s","display_text_range":[0,%d],"entities":{"hashtags":[],"urls":[],"user_mentions":[],"symbols":[]},"id_str":"%d","text":%s,%s,"edit_control":{"edit_tweet_ids":["%d"],"editable_until_msecs":"%d","edits_remaining":"5","is_edit_eligible":true},"isEdited":false,"isStaleEdit":false}`,
		t.zipf(5000), lang, t.zipf(100), t.zipf(100), posted.Format("2006-01-02T15:04:05.000Z"), len(text), id, quote(text), p.json(), id, posted.UnixMilli()+3_600_000)
}

// captured is what a capture of one tweet adds.
type captured struct {
	ref        post.Ref
	exchange   *store.Exchange
	capture    *store.Capture
	derivation *store.Derivation
	job        store.Job
}

// capture invents the capture of the next tweet at a time.
func (t *tweets) capture(now time.Time) captured {
	tw := t.next()
	took := time.Duration(30+t.rand.IntN(200))*time.Millisecond + time.Duration(t.rand.IntN(1_000_000))
	const host = "cdn.syndication.twimg.com"
	path := "/tweet-result?id=" + tw.ref.ID + "&lang=en&token=4" + strings.ToLower(t.letters(10))
	refs := []post.Ref{tw.ref}
	if !tw.post.Quoted.IsZero() {
		refs = append(refs, tw.post.Quoted)
	}
	c := captured{ref: tw.ref}
	c.exchange = &store.Exchange{Started: now, Method: "GET", URL: "https://" + host + path, Purpose: "post", Took: took,
		Address: fmt.Sprintf("192.0.2.%d:443", t.rand.IntN(8)), Protocol: "http/1.1", Status: 200, Refs: refs,
		TLS:         &store.TLS{Version: "tls/1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: host, ChainPEM: t.chain},
		RequestHead: []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: stet/0.9 (+mailto:archive@newsroom.example)\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\r\n"),
		ResponseHead: fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://platform.twitter.com\r\nCache-Control: must-revalidate, max-age=60\r\nContent-Length: %d\r\nContent-Type: application/json; charset=utf-8\r\nDate: %s\r\nEtag: W/\"%s\"\r\nPerf: 7402827104\r\nServer: tsa_%c\r\nStrict-Transport-Security: max-age=631138519\r\nVary: Accept-Encoding\r\nX-Cache: MISS\r\nX-Connection-Hash: %s\r\nX-Response-Time: %d\r\nX-Served-By: cache-fra-eddf823%04d-FRA, t4_a\r\nX-Transaction-Id: %s\r\nX-Tw-Cdn: FT\r\nX-Xss-Protection: 0\r\n\r\n",
			len(tw.body), now.Format("Mon, 02 Jan 2006 15:04:05 GMT"), t.letters(22), 'a'+t.rand.IntN(6), t.hex(64), 5+t.rand.IntN(90), t.rand.IntN(200), t.hex(16)),
		Body: store.Body{Size: int64(len(tw.body)), Digest: store.DigestOf([]byte(tw.body)), Type: "application/json", Inline: []byte(tw.body)}}
	c.capture = &store.Capture{Time: now, Kind: store.CapturePost, Ref: tw.ref, URL: tw.post.URL, Source: post.SourcePublic, Trigger: "schedule", Software: "stet/0.9"}
	c.derivation = &store.Derivation{Time: now, Parser: "twitter-syndication@1", Source: post.SourcePublic, Ref: tw.ref, Post: tw.post}
	c.job = store.Job{Kind: "look", Key: tw.ref.String(), Payload: fmt.Appendf(nil, `{"target":%q}`, tw.ref), Priority: store.PriorityLook,
		RunAt: now.Add(time.Duration(t.rand.Int64N(int64(48 * time.Hour))))}
	return c
}

// build fills a builder with the capture.
func (c *captured) build(ctx context.Context, a *store.Archive) (*store.Builder, error) {
	b := a.Begin()
	exchange, capture, derivation := *c.exchange, *c.capture, *c.derivation // adding changes them
	xid, err := b.Add(ctx, &exchange)
	if err != nil {
		return nil, err
	}
	capture.Exchanges = []store.ID{xid}
	if derivation.Capture, err = b.Add(ctx, &capture); err != nil {
		return nil, err
	}
	if _, err := b.Add(ctx, &derivation); err != nil {
		return nil, err
	}
	return b, b.Enqueue(store.Enqueue{Replace: true, Job: c.job})
}

// commit adds the capture to an archive.
func (c *captured) commit(ctx context.Context, a *store.Archive) (store.Receipt, error) {
	b, err := c.build(ctx, a)
	if err != nil {
		return store.Receipt{}, err
	}
	return b.Commit(ctx)
}
