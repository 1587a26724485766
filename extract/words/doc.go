// Package words breaks texts and queries into the tokens by which posts are
// found, the same for every index: whoever keeps one stores what [Split] gives
// and looks for what [Parse] gives.
//
// Case, accents, the form of quotation marks and apostrophes, skin tones and
// the width of characters make no difference. Scripts that are written without
// spaces (Chinese, Japanese, Thai, …) and Korean are found by any part of a
// word: their tokens are pairs of neighbouring characters, of either kana. Emoji,
// #hashtags and @handles are words, of web addresses the host is. A hashtag in
// camel case is found by its words, what is joined by a hyphen in one piece, too,
// Arabic and Hebrew words without their article, too.
//
// It is pure, never errors and never panics.
package words
