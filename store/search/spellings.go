package search

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"

	"go.etcd.io/bbolt"

	"stet/extract/words"
	"stet/store"
)

// Beside its postings a segment keeps the words in it that can be the right
// spelling of another: in sheets, of which each holds words of one script and
// one length. The key of a sheet is the script, the length in letters and a
// number (4 bytes, big endian); its value is the number of words, for each the
// letters that it has (a bit each, 4 bytes) and where it begins (2 bytes), and
// then the words, each after the number of documents that hold it (a varint).
//
// So whoever looks for the neighbours of a word reads the letters of words of
// about its length, one after the other, and takes only those apart that can be
// near.
const (
	// maxSheet is about how many bytes a sheet has; one of less than halfSheet
	// is gone on with where a segment is written in steps.
	maxSheet  = 4000
	halfSheet = maxSheet / 2
	// sheetKey is the length of a key, sheetEntry what stands of each word
	// before the words.
	sheetKey   = 6
	sheetEntry = 6
)

// sheetOf is the script and the length of the words of a sheet.
type sheetOf [2]byte

// scripts are those whose words have other spellings; the place of a script
// plus one is its number on disk, 0 is that of all others which divide words.
func scripts() []*unicode.RangeTable {
	return []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Arabic, unicode.Greek, unicode.Hebrew, unicode.Devanagari}
}

// spellable returns the sheet of a token, and false where it is none that can
// be misspelled: of letters of one script that writes words apart, and neither
// too short nor cut.
func spellable(token string) (sheetOf, bool) {
	if len(token) >= words.MaxToken {
		return sheetOf{}, false
	}
	first, _ := utf8.DecodeRuneInString(token)
	if first < utf8.RuneSelf {
		return spellableASCII(token)
	}
	script := slices.IndexFunc(scripts(), func(t *unicode.RangeTable) bool { return unicode.Is(t, first) }) + 1
	n := 0
	for i, r := range token {
		switch {
		case i > 0 && unicode.Is(unicode.M, r):
		case !unicode.IsLetter(r), script == 0 && r >= 0x2e80, script > 0 && !unicode.Is(scripts()[script-1], r):
			return sheetOf{}, false
		}
		n++
	}
	return sheetOf{byte(script), byte(n)}, n >= shortWord-1 && !words.Unspaced(token)
}

// spellableASCII is spellable for tokens that begin with a Latin letter, as most
// do, or with what is no letter.
func spellableASCII(token string) (sheetOf, bool) {
	n := 0
	for _, r := range token {
		if (r < 'a' || r > 'z') && (r < utf8.RuneSelf || !unicode.In(r, unicode.Latin, unicode.M)) {
			return sheetOf{}, false
		}
		n++
	}
	return sheetOf{1, byte(n)}, n >= shortWord-1
}

// letters returns a bit for each letter of a word; letters of one alphabet have
// bits of their own, as far as there are so many.
func letters[T string | []rune](word T) uint32 {
	set := uint32(0)
	for _, r := range []rune(word) {
		set |= 1 << (uint32(r) % 32)
	}
	return set
}

// sheet is one that is being written.
type sheet struct {
	number uint32
	heads  []byte
	words  []byte
}

func (s *sheet) size() int { return len(s.heads) + len(s.words) }

func (s *sheet) add(token string, docs int) {
	s.heads = binary.LittleEndian.AppendUint32(s.heads, letters(token))
	s.heads = binary.LittleEndian.AppendUint16(s.heads, uint16(len(s.words)))
	s.words = binary.AppendUvarint(s.words, uint64(docs))
	s.words = append(s.words, token...)
}

func (s *sheet) encode() []byte {
	v := binary.LittleEndian.AppendUint16(make([]byte, 0, 2+s.size()), uint16(len(s.heads)/sheetEntry))
	return append(append(v, s.heads...), s.words...)
}

// readSheet returns the parts of a sheet.
func readSheet(k, v []byte) (heads, tail []byte, err error) {
	n := 0
	if len(v) >= 2 {
		n = int(binary.LittleEndian.Uint16(v)) * sheetEntry
	}
	if len(k) != sheetKey || n == 0 || len(v) < 2+n {
		return nil, nil, fmt.Errorf("%w: spellings of the index of words cannot be read: %x; run `stet rebuild`", store.ErrCorrupt, k)
	}
	return v[2 : 2+n], v[2+n:], nil
}

// word returns the word at a place of a sheet, and how many documents hold it.
func sheetWord(heads, tail []byte, i int) (word []byte, docs int) {
	from, to := int(binary.LittleEndian.Uint16(heads[i*sheetEntry+4:])), len(tail)
	if i++; i*sheetEntry < len(heads) {
		to = min(to, int(binary.LittleEndian.Uint16(heads[i*sheetEntry+4:])))
	}
	n, size := binary.Uvarint(tail[min(from, to):to])
	return tail[min(from+max(size, 0), to):to], int(n)
}

// speller writes the spellings of a segment.
type speller struct {
	b      *bbolt.Bucket
	sheets map[sheetOf]*sheet
}

func newSpeller(b *bbolt.Bucket) *speller { return &speller{b: b, sheets: map[sheetOf]*sheet{}} }

// add takes a token that so many documents hold.
func (s *speller) add(token string, docs int) error {
	of, ok := spellable(token)
	if !ok {
		return nil
	}
	sh := s.sheets[of]
	if sh == nil {
		var err error
		if sh, err = s.goOn(of); err != nil {
			return err
		}
		s.sheets[of] = sh
	}
	if sh.size() > 0 && sh.size()+len(token)+sheetEntry+binary.MaxVarintLen32 > maxSheet {
		if err := s.put(of, sh); err != nil {
			return err
		}
		*sh = sheet{number: sh.number + 1, heads: sh.heads[:0], words: sh.words[:0]}
	}
	sh.add(token, docs)
	return nil
}

// goOn returns the last sheet of its kind, where there is room on it, or else a
// new one.
func (s *speller) goOn(of sheetOf) (*sheet, error) {
	c := s.b.Cursor()
	after, _ := c.Seek([]byte{of[0], of[1] + 1})
	back := c.Prev
	if after == nil {
		back = c.Last
	}
	k, v := back()
	if len(k) != sheetKey || sheetOf(k[:2]) != of {
		return &sheet{}, nil
	}
	heads, tail, err := readSheet(k, v)
	if err != nil {
		return nil, err
	}
	number := binary.BigEndian.Uint32(k[2:])
	if len(v) > halfSheet {
		return &sheet{number: number + 1}, nil
	}
	return &sheet{number: number, heads: slices.Clone(heads), words: slices.Clone(tail)}, nil
}

func (s *speller) put(of sheetOf, sh *sheet) error {
	return s.b.Put(binary.BigEndian.AppendUint32(of[:], sh.number), sh.encode())
}

// finish writes what is not written yet.
func (s *speller) finish() error {
	for _, of := range slices.SortedFunc(maps.Keys(s.sheets), func(a, b sheetOf) int { return slices.Compare(a[:], b[:]) }) {
		if sh := s.sheets[of]; sh.size() > 0 {
			if err := s.put(of, sh); err != nil {
				return err
			}
		}
	}
	return nil
}

// near calls found with the words of a segment that differ from a word in so
// many letters at most, how many those are, and how many documents hold them.
func near(b *bbolt.Bucket, of sheetOf, w *wanted, found func(word []byte, distance, docs int)) error {
	asked := letters(w.word)
	from, to := max(int(of[1])-w.allowed, 1), min(int(of[1])+w.allowed, words.MaxToken)
	c := b.Cursor()
	for k, v := c.Seek([]byte{of[0], byte(from)}); len(k) == sheetKey && k[0] == of[0] && int(k[1]) <= to; k, v = c.Next() {
		heads, tail, err := readSheet(k, v)
		if err != nil {
			return err
		}
		for i := 0; i < len(heads); i += sheetEntry {
			has := binary.LittleEndian.Uint32(heads[i:])
			if bits.OnesCount32(has&^asked) > w.allowed || bits.OnesCount32(asked&^has) > w.allowed {
				continue
			}
			word, docs := sheetWord(heads, tail, i/sheetEntry)
			if d := w.distance(word); d <= w.allowed {
				found(word, d, docs)
			}
		}
	}
	return nil
}

// wanted is a word whose neighbours are looked for: within a distance of letters
// left out, put in, exchanged for others or for their neighbours (Damerau).
type wanted struct {
	word    []rune
	allowed int
	letters []rune   // of the present neighbour
	rows    [3][]int // of the table of distances: the present one and the two before
}

func newWanted(word []rune, allowed int) *wanted {
	w := &wanted{word: word, allowed: allowed}
	for i := range w.rows {
		w.rows[i] = make([]int, len(word)+2)
	}
	return w
}

// distance returns how far a word is, any number above the allowed one where it
// is too far. Only cells near the diagonal are worked out: the others are too
// far in any case.
func (w *wanted) distance(word []byte) int {
	w.letters = w.letters[:0]
	for len(word) > 0 {
		r, size := utf8.DecodeRune(word)
		w.letters, word = append(w.letters, r), word[size:]
	}
	n, far := len(w.word), w.allowed+1
	if len(w.letters) < n-w.allowed {
		return far
	}
	before2, before, row := w.rows[0], w.rows[1], w.rows[2]
	for j := range row {
		before[j] = min(j, far)
	}
	for i, r := range w.letters {
		from, to := max(i+1-w.allowed, 1), min(i+1+w.allowed, n)
		row[from-1] = far
		if from == 1 {
			row[0] = min(i+1, far)
		}
		least := row[from-1]
		for j := from; j <= to; j++ {
			cost := 1
			if w.word[j-1] == r {
				cost = 0
			}
			d := min(before[j]+1, row[j-1]+1, before[j-1]+cost, far)
			if i > 0 && j > 1 && w.word[j-1] == w.letters[i-1] && w.word[j-2] == r {
				d = min(d, before2[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if row[to+1] = far; least >= far {
			return far
		}
		before2, before, row = before, row, before2
	}
	return before[n]
}
