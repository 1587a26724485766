package twitter

import (
	"math"
	"strconv"
	"strings"
)

// Token returns the token parameter that X's own embed script sends to the
// keyless endpoint: in JavaScript, ((Number(id)/1e15)*Math.PI).toString(36)
// without zeros and dots. It returns the empty string for an id that is not
// valid.
func Token(id string) string {
	n, err := strconv.ParseFloat(id, 64)
	if err != nil || !validID(id) {
		return ""
	}
	digits := base36(float64(n/1e15) * math.Pi)
	return strings.NewReplacer("0", "", ".", "").Replace(digits)
}

const base = 36

// base36 writes a positive number below 2^53 as JavaScript engines do: as many
// digits after the point as are needed to tell it from the next float64. The
// conversions to float64 keep the compiler from fusing a multiplication and an
// addition into one step with another rounding.
func base36(v float64) string {
	whole := math.Floor(v)
	rest := v - whole
	// delta is half the distance to the next number: what is smaller is noise.
	delta := max(float64(0.5*(math.Nextafter(v, math.Inf(1))-v)), math.SmallestNonzeroFloat64)
	var frac []int
	for rest >= delta {
		rest, delta = float64(rest*base), float64(delta*base)
		digit := int(rest)
		frac = append(frac, digit)
		rest -= float64(digit)
		if (rest > 0.5 || rest == 0.5 && digit&1 == 1) && float64(rest+delta) > 1 {
			whole += carry(&frac)
			break
		}
	}
	out := strconv.FormatInt(int64(whole), base)
	if len(frac) == 0 {
		return out
	}
	b := append([]byte(out), '.')
	for _, d := range frac {
		b = strconv.AppendInt(b, int64(d), base)
	}
	return string(b)
}

// carry rounds the digits up, dropping those that overflow, and returns 1
// where the carry leaves the fraction.
func carry(frac *[]int) float64 {
	f := *frac
	for len(f) > 0 {
		if last := len(f) - 1; f[last]+1 < base {
			f[last]++
			*frac = f
			return 0
		}
		f = f[:len(f)-1]
	}
	*frac = nil
	return 1
}
