package search

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	mathbits "math/bits"

	"go.etcd.io/bbolt"

	"stet/extract/words"
)

const (
	// shortWord and longWord are the lengths of words from which on one and two
	// letters may differ: shorter ones have too many neighbours.
	shortWord, longWord = 4, 8
	// maxSpellings is how many other spellings of a word are taken.
	maxSpellings = 8
	// maxRespelled is how many words a query may have of which some are
	// respelled: of a longer one enough others are left.
	maxRespelled = 6
	// maxVisits bounds the tokens that are looked at for one word.
	maxVisits = 200_000
)

func trailing(word uint64) int { return mathbits.TrailingZeros64(word) }

// respell returns for words, by their places, the tokens of nearly the same
// spelling: for those that stand nowhere, or, where all stand somewhere, for
// all. Those that stand in most documents come first.
func (s *searcher) respell(loose []*term) (map[int][]string, error) {
	if len(loose) > maxRespelled {
		return nil, nil
	}
	var which []int
	for i, t := range loose {
		if t.count == 0 && spelled(t) {
			which = append(which, i)
		}
	}
	if len(which) == 0 {
		for i, t := range loose {
			if spelled(t) {
				which = append(which, i)
			}
		}
	}
	found := map[int][]string{}
	for _, i := range which {
		as, err := s.spellings(loose[i].group.Any[0].Tokens[0])
		if err != nil {
			return nil, err
		}
		if len(as) > 0 {
			found[i] = as
		}
	}
	return found, nil
}

// spelled reports whether a term is a word that can be misspelled: of letters,
// in a script that writes words apart, and not too short.
func spelled(t *term) bool {
	if t.group.Begins || len(t.group.Any[0].Tokens) != 1 {
		return false
	}
	token := t.group.Any[0].Tokens[0]
	return utf8.RuneCountInString(token) >= shortWord && len(token) < words.MaxToken && !words.Unspaced(token) &&
		strings.IndexFunc(token, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) }) < 0
}

// spellings returns the tokens that differ from one in a letter or two.
func (s *searcher) spellings(token string) ([]string, error) {
	w := []rune(token)
	allowed := 1
	if len(w) >= longWord {
		allowed = 2
	}
	counts := map[string]int{}
	distance := map[string]int{}
	for _, seg := range s.segments {
		if err := s.ended(); err != nil {
			return nil, err
		}
		n := newNeighbours(w, allowed)
		n.walk(seg.bucket.Cursor(), func(t string, d int) {
			if t != token {
				counts[t] = 0
				distance[t] = d
			}
		})
	}
	var list []string
	for t := range counts {
		n, err := s.countToken(t, false)
		if err != nil {
			return nil, err
		}
		counts[t] = n
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(distance[a], distance[b]), cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	return list[:min(len(list), maxSpellings)], nil
}

// widen makes a term fit documents that hold one of other spellings, too. What
// is nowhere as it was written weighs as much as its other spellings.
func (s *searcher) widen(t *term, as []string) error {
	t.as = as
	if t.count > 0 || len(as) == 0 {
		return nil
	}
	for _, token := range as {
		n, err := s.countToken(token, false)
		if err != nil {
			return err
		}
		t.count += n
	}
	t.weigh(s.rows.end)
	return nil
}

// neighbours finds the tokens within a distance of a word: letters left out,
// put in, exchanged for others or for their neighbours (Damerau). It goes over
// the sorted tokens with the rows of the table of distances for the letters
// that a token shares with the one before, and passes over all tokens that begin
// in a way that is too far already.
type neighbours struct {
	word    []rune
	allowed int
	// script is that of the word: letters of another are not taken for its own.
	script *unicode.RangeTable
	// rows[i] is the row after i letters of the present token.
	rows   [][]int
	prefix []rune
	visits int
}

func newNeighbours(word []rune, allowed int) *neighbours {
	first := make([]int, len(word)+1)
	for i := range first {
		first[i] = i
	}
	return &neighbours{word: word, allowed: allowed, rows: [][]int{first}, script: scriptOf(word[0])}
}

// scriptOf returns the script of a letter, nil for rare ones.
func scriptOf(r rune) *unicode.RangeTable {
	for _, t := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Arabic, unicode.Greek, unicode.Hebrew, unicode.Devanagari} {
		if unicode.Is(t, r) {
			return t
		}
	}
	return nil
}

// strange reports whether a letter cannot be in a spelling of the word.
func (n *neighbours) strange(r rune) bool {
	return n.script == nil && r >= 0x2e80 || n.script != nil && !unicode.Is(n.script, r) && !unicode.Is(unicode.M, r)
}

// walk calls found with each token within the distance.
func (n *neighbours) walk(c *bbolt.Cursor, found func(token string, distance int)) {
	k, _ := c.First()
	for k != nil && n.visits < maxVisits {
		n.visits++
		if len(k) < 5 {
			k, _ = c.Next()
			continue
		}
		token := k[:len(k)-5]
		dead := n.read(string(token))
		if dead < 0 {
			if d := n.rows[len(n.prefix)][len(n.word)]; d <= n.allowed {
				found(string(token), d)
			}
			// To the next token, past the other blocks of this one.
			k = skipTo(c, append(slices.Clone(token), 1))
			continue
		}
		// Past all tokens that begin with the letters so far.
		next := after(token[:dead])
		if next == nil {
			return
		}
		k = skipTo(c, next)
	}
}

// nearBy is how many keys are passed one by one before a way down the tree is
// taken, which costs as much as some ten of them.
const nearBy = 4

// skipTo moves forward to the first key that is not before another.
func skipTo(c *bbolt.Cursor, key []byte) []byte {
	for range nearBy {
		if k, _ := c.Next(); k == nil || bytes.Compare(k, key) >= 0 {
			return k
		}
	}
	k, _ := c.Seek(key)
	return k
}

// after returns the first string after all those that begin with one.
func after(prefix []byte) []byte {
	next := slices.Clone(prefix)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i] != 0xff {
			next[i]++
			return next[:i+1]
		}
	}
	return nil
}

// read takes a token and returns the length in bytes of its beginning that is
// too far already, -1 where none is.
func (n *neighbours) read(token string) int {
	same, at := 0, 0
	for i, r := range token {
		if same < len(n.prefix) && n.prefix[same] == r {
			same++
			at = i + utf8.RuneLen(r)
			continue
		}
		break
	}
	n.prefix = n.prefix[:same]
	n.rows = n.rows[:same+1]
	for i, r := range token[at:] {
		if n.strange(r) {
			return at + i + utf8.RuneLen(r)
		}
		n.push(r)
		if slices.Min(n.rows[len(n.rows)-1]) > n.allowed {
			return at + i + utf8.RuneLen(r)
		}
	}
	return -1
}

// push adds a letter.
func (n *neighbours) push(r rune) {
	i := len(n.prefix)
	before := n.rows[i]
	var row []int
	if n.rows = n.rows[:i+1]; i+1 < cap(n.rows) {
		row = n.rows[:i+2][i+1] // of a token before
	}
	if row == nil {
		row = make([]int, len(n.word)+1)
	}
	row[0] = i + 1
	for j := 1; j < len(row); j++ {
		cost := 1
		if n.word[j-1] == r {
			cost = 0
		}
		row[j] = min(before[j]+1, row[j-1]+1, before[j-1]+cost)
		if i > 0 && j > 1 && n.word[j-1] == n.prefix[i-1] && n.word[j-2] == r {
			row[j] = min(row[j], n.rows[i-1][j-2]+1)
		}
	}
	n.prefix = append(n.prefix, r)
	n.rows = append(n.rows, row)
}
