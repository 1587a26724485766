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
)
