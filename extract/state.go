package extract

// state is a piece of the page's own data.
type state struct {
	text string
	at   spot
}
