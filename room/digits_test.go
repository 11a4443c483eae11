package room

import (
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func TestDigitsOfAnyScript(t *testing.T) {
	for typed, want := range map[string]string{
		"123456": "123456", "１２３４５６": "123456", "١٢٣٤٥٦": "123456", "۱۲۳۴۵۶": "123456", "१२३४५६": "123456", "১২৩৪৫৬": "123456",
		"๑๒๓๔๕๖": "123456", "၁၂၃၄၅၆": "123456", "១២៣៤៥៦": "123456", "༡༢༣༤༥༦": "123456", "𝟏𝟤𝟹𝟜𝟻𝟔": "123456", "𞥑𞥒𞥓𞥔𞥕𞥖": "123456", "1٢३4５6": "123456", "９０９０９０": "909090",
		"\u200f١٢٣٤٥٦\u200f": "123456", "\u2068123\u200e456\u2069": "123456", "\ufeff123456\u200b": "123456",
		"①②③④⑤⑥": "①②③④⑤⑥", "一二三四五六": "一二三四五六", "１２３ ４５６": "123 456", "\xff1": "\xff1",
	} {
		if got := asciiDigits(typed); ValidCode(want) && got != want || !ValidCode(want) && ValidCode(got) {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

// The values hang on how Unicode's tables are built; a new version must not change that unseen.
func TestDigitsStandInTens(t *testing.T) {
	count := 0
	for r := range rune(unicode.MaxRune) {
		value, ok := digitValue(r)
		if ok != unicode.Is(unicode.Nd, r) {
			t.Errorf("%U: digit %v", r, ok)
		}
		if !ok {
			continue
		}
		if int(value) != count%10 {
			t.Errorf("%U is %d, after %d others of its kind", r, value, count%10)
		}
		if plain := norm.NFKC.String(string(r)); len(plain) == 1 && plain[0] != byte('0'+value) {
			t.Errorf("%U is %d, and %s by its compatibility form", r, value, plain)
		}
		count++
	}
}
