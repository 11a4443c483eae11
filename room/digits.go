package room

import (
	"strings"
	"unicode"
)

// asciiDigits writes the digits of any script (Unicode's category Nd) as 0 to 9, and
// leaves all else that shows as it is: a code is a number, whatever keyboard it comes
// from. The marks that text from right to left is copied with are no part of it.
func asciiDigits(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if value, ok := digitValue(r); ok {
			return '0' + value
		}
		return withoutInvisible(r)
	}, s)
}

// digitValue returns the value of a decimal digit. Unicode keeps the ten digits of
// a script together and in order, so it is the distance from the first of them.
func digitValue(r rune) (value rune, ok bool) {
	for _, digits := range unicode.Nd.R16 {
		if lo := rune(digits.Lo); lo <= r && r <= rune(digits.Hi) {
			return (r - lo) % 10, true
		}
	}
	for _, digits := range unicode.Nd.R32 {
		if lo := rune(digits.Lo); lo <= r && r <= rune(digits.Hi) {
			return (r - lo) % 10, true
		}
	}
	return 0, false
}
