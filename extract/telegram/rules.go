package telegram

import (
	"stet/extract"
	"stet/extract/post"
)

// sampleID is the post of the sample answers.
const sampleID = "port_news/123"

func sampleMessage(id, text string) string {
	return `<div class="tgme_widget_message text_not_supported_wrap js-widget_message" data-post="` + id + `"><div class="tgme_widget_message_bubble">` +
		`<div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" href="https://t.me/port_news"><span dir="auto">Port News</span></a></div>` +
		`<div class="tgme_widget_message_text js-message_text" dir="auto">` + text + `</div><div class="tgme_widget_message_footer"><span class="tgme_widget_message_meta">` +
		`<a class="tgme_widget_message_date" href="https://t.me/` + id + `"><time datetime="2026-03-01T10:00:00+00:00" class="time">10:00</time></a></span></div></div></div>`
}

func sampleError(words string) extract.Response {
	return extract.PageAnswer(200, `<html><body class="widget_frame_base"><div class="tgme_widget_message js-widget_message"><div class="tgme_widget_message_bubble"><div class="tgme_widget_message_error">`+words+`</div></div></div></body></html>`)
}

// Rules lists what the answers of Telegram's pages conclude.
func Rules() []extract.Rule {
	const e, p = EndpointEmbed, EndpointPreview
	rules := []extract.Rule{
		extract.Says(e, "the post", post.Live, extract.PageAnswer(200, sampleMessage("Port_News/123", "Low tide"))),
		extract.Implies(e, "“Post not found”: deleted, never there, or no longer public", post.NotFound, sampleError("Post not found")),
		extract.Implies(e, "“Channel with username … not found”: deleted, closed or renamed", post.NotFound, sampleError("Channel with username <b>@port_news</b> not found")),
		extract.Says(e, "“Channel is private”", post.Protected, sampleError("Channel is private")),
		extract.Implies(e, "other words in place of the post", post.Unknown, sampleError("Please come back later")),
		extract.SaysNothing(e, "another post", extract.PageAnswer(200, sampleMessage("port_news/124", "High tide"))),
	}
	rules = append(rules, extract.TroubleRules(e)...)
	rules = append(rules,
		extract.Says(p, "the post in the channel's list", post.Live, extract.PageAnswer(200, sampleMessage("port_news/122", "Fog")+sampleMessage("port_news/123", "Low tide"))),
		extract.Implies(p, "the list leaves it out between others", post.NotFound, extract.PageAnswer(200, sampleMessage("port_news/122", "Fog")+sampleMessage("port_news/124", "High tide"))),
		extract.Implies(p, "the page of a name that nobody has: the channel was deleted, closed or renamed", post.NotFound, extract.PageAnswer(200, `<div class="tgme_page"><div class="tgme_page_icon"><i class="tgme_icon_user"></i></div><div class="tgme_page_description">You can contact <a class="tgme_username_link" href="tg://resolve?domain=port_news">@port_news</a> right away.</div></div>`)),
		extract.Implies(p, "the channel, which shows no list to the public", post.Unknown, extract.PageAnswer(200, `<div class="tgme_page"><div class="tgme_page_title"><span dir="auto">Port News</span></div></div>`)),
		extract.SaysNothing(p, "a list of later posts only", extract.PageAnswer(200, sampleMessage("port_news/124", "High tide"))),
	)
	return append(rules, extract.TroubleRules(p)...)
}
