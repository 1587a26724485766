// Package words breaks texts and queries into the tokens by which posts are
// found, the same for every index: whoever keeps one stores what [Split] gives
// and looks for what [Parse] gives.
//
// Case, accents, the form of quotation marks and apostrophes, skin tones and
// the width of characters make no difference. Scripts that are written without
// spaces (Chinese, Japanese, Thai, …) and Korean are found by any part of a
// word: their tokens are pairs of neighbouring characters. Emoji, #hashtags and
// @handles are words, of web addresses the host is.
//
// It is pure, never errors and never panics.
package words
