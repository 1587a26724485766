package export

import "math/bits"

// numbers is a set of journal numbers: one bit for each, so that a hundred
// million of them take twelve megabytes.
type numbers []uint64

func newNumbers(bound uint64) numbers { return make(numbers, bound/64+1) }

func (s numbers) add(n uint64) {
	if n/64 < uint64(len(s)) {
		s[n/64] |= 1 << (n % 64)
	}
}

func (s numbers) remove(n uint64) { s[n/64] &^= 1 << (n % 64) }

func (s numbers) has(n uint64) bool { return n/64 < uint64(len(s)) && s[n/64]>>(n%64)&1 == 1 }

// next returns the first number from n on, false where there is none.
func (s numbers) next(n uint64) (uint64, bool) {
	for i := n / 64; i < uint64(len(s)); i++ {
		word := s[i]
		if i == n/64 {
			word &= ^uint64(0) << (n % 64)
		}
		if word != 0 {
			return i*64 + uint64(bits.TrailingZeros64(word)), true //nolint:gosec // positive
		}
	}
	return 0, false
}

// dense reports whether a good part of the numbers from n on are in the set.
func (s numbers) dense(n uint64) bool {
	here := s[n/64]
	if n/64+1 < uint64(len(s)) {
		return bits.OnesCount64(here>>(n%64))+bits.OnesCount64(s[n/64+1]) >= 12
	}
	return bits.OnesCount64(here>>(n%64)) >= 6
}
