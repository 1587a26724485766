package extract

// The forms that the finder itself reads, beside those of [Markup].
const (
	// FormFrame is an iframe, embed or object that frames a post's page.
	FormFrame = "iframe"
	// FormBareURL is an address alone on its line, which content systems
	// replace by the post.
	FormBareURL = "bare-url"
	// FormFlattened is an embed of which only the text is left.
	FormFlattened = "flattened"
	// FormShortcode is a content system's macro that was not replaced.
	FormShortcode = "shortcode"
	// FormLD is JSON-LD, in which a page describes itself for search engines.
	FormLD = "json-ld"
	// FormLinked is a quotation or an embed's container that has nothing but
	// the link to the post.
	FormLinked = "linked"
	// FormCard is a link that a script replaces by the post: Embedly, Iframely.
	FormCard = "card"
	// FormTemplate is markup that is kept until the reader consents or comes
	// near.
	FormTemplate = "template"
	// FormNoscript is what readers without script are shown instead.
	FormNoscript = "noscript"
	// FormComment is a comment in which WordPress describes a block.
	FormComment = "block-comment"
	// FormState is the page's own data, from which a script builds the page.
	FormState = "script-state"
)
