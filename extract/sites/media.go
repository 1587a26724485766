package sites

import "stet/extract/post"

// MediaHosts lists the hosts at which a platform keeps the files of its posts,
// as far as they do not depend on the post; "*." stands for any name below a
// domain. It is for people, who want to know whom a download tells: the files
// are fetched from where a post says.
func MediaHosts(p post.Platform) []string {
	switch p {
	case post.Twitter:
		return []string{"pbs.twimg.com", "video.twimg.com"}
	case post.Bluesky:
		return []string{"cdn.bsky.app", "video.bsky.app"}
	case post.Telegram:
		return []string{"*.telesco.pe", "*.cdn-telegram.org"}
	case post.YouTube:
		return []string{"i.ytimg.com"}
	case post.Reddit:
		return []string{"i.redd.it", "v.redd.it", "preview.redd.it", "external-preview.redd.it"}
	case post.TikTok:
		return []string{"*.tiktokcdn.com", "*.tiktokcdn-us.com", "*.tiktokcdn-eu.com"}
	case post.Instagram, post.Threads:
		return []string{"*.cdninstagram.com", "*.fbcdn.net"}
	case post.Facebook:
		return []string{"*.fbcdn.net"}
	case post.Vimeo:
		return []string{"i.vimeocdn.com"}
	case post.Dailymotion:
		return []string{"*.dmcdn.net"}
	case post.Tumblr:
		return []string{"*.media.tumblr.com"}
	case post.Pinterest:
		return []string{"i.pinimg.com", "v.pinimg.com"}
	case post.Spotify:
		return []string{"*.spotifycdn.com", "i.scdn.co"}
	case post.SoundCloud:
		return []string{"*.sndcdn.com"}
	case post.Imgur:
		return []string{"i.imgur.com"}
	case post.Twitch:
		return []string{"static-cdn.jtvnw.net", "clips-media-assets2.twitch.tv"}
	case post.Flickr:
		return []string{"live.staticflickr.com"}
	case post.LinkedIn:
		return []string{"media.licdn.com"}
	}
	return nil
}
