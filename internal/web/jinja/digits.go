package jinja

import (
	"strings"
	"unicode"
)

func isDecimal(r rune) bool { return unicode.Is(unicode.Nd, r) }

// isDigit reports whether Unicode takes r for a digit, though perhaps for one that is not written in a row.
func isDigit(r rune) bool { return isDecimal(r) || unicode.Is(singleDigits, r) }

// isNumeric reports whether Unicode knows a number for r. That of some ideographs is one.
func isNumeric(r rune) bool { return unicode.IsNumber(r) || strings.ContainsRune(numericIdeographs, r) }

var singleDigits = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0xB2, 0xB3, 1}, {0xB9, 0xB9, 1}, {0x1369, 0x1371, 1}, {0x19DA, 0x19DA, 1}, {0x2070, 0x2070, 1}, {0x2074, 0x2079, 1},
		{0x2080, 0x2089, 1}, {0x2460, 0x2468, 1}, {0x2474, 0x247C, 1}, {0x2488, 0x2490, 1}, {0x24EA, 0x24EA, 1},
		{0x24F5, 0x24FD, 1}, {0x24FF, 0x24FF, 1}, {0x2776, 0x277E, 1}, {0x2780, 0x2788, 1}, {0x278A, 0x2792, 1},
	},
	R32: []unicode.Range32{
		{0x10A40, 0x10A43, 1}, {0x10E60, 0x10E68, 1}, {0x11052, 0x1105A, 1}, {0x1F100, 0x1F10A, 1},
	},
	LatinOffset: 2,
}

const numericIdeographs = "㐅㒃㠪㭍一七万三九二五亖亿什仟仨伍佰億兆兩八六十千卄卅卌叁参參叄四壱壹幺廾廿弌弍弎弐拾捌柒漆玖百肆萬貮貳贰阡陆陌陸零" +
	"\uF96B\uF973\uF978\uF9B2\uF9D1\uF9D3\uF9FD" +
	"\U00020001\U00020064\U000200E2\U00020121\U0002092A\U00020983\U0002098C\U0002099C\U00020AEA\U00020AFD\U00020B19" +
	"\U00022390\U00022998\U00023B1B\U0002626D\U0002F890"

// westernDigits returns s with the decimal digits of other scripts written as 0 to 9.
func westernDigits(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if !isDecimal(r) {
			return r
		}
		// The ten digits of a script stand in a row, and rows of them can touch.
		value := rune(0)
		for isDecimal(r - value - 1) {
			value++
		}
		return '0' + value%10
	}, s)
}
