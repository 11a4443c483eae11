package load

import (
	"cmp"
	"math"
)

// Percentile returns the least element of sorted that p percent of the elements
// do not exceed: the nearest rank. It returns the zero value if there are none.
func Percentile[T cmp.Ordered](sorted []T, p float64) T {
	if len(sorted) == 0 {
		var none T
		return none
	}
	// 99.9 % of 1000 are 999, though not in binary fractions.
	rank := int(math.Ceil(p*float64(len(sorted))/100 - 1e-9))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
