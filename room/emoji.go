package room

import (
	"slices"
	"strings"
	"unicode"

	"go.mau.fi/util/emojirunes"
	"golang.org/x/text/secure/precis"
)

// The invisible characters that names really have.
const (
	zeroWidthNonJoiner = '\u200C' // keeps letters apart: Persian
	zeroWidthJoiner    = '\u200D' // ties letters and emoji together: Sinhala, Malayalam, families
	emojiStyle         = '\uFE0F' // asks for the coloured form of the symbol before it
	enclosingKeycap    = '\u20E3'
)

// subdivisions are the flags that are spelled in invisible tags behind a black
// flag: those of England, Scotland and Wales, and no others in general use (RGI).
var subdivisions = [][]rune{tagged("gbeng"), tagged("gbsct"), tagged("gbwls")}

const blackFlag, tagBase, cancelTag = '\U0001F3F4', '\U000E0000', '\U000E007F'

func tagged(region string) []rune {
	flag := []rune{blackFlag}
	for _, c := range region {
		flag = append(flag, tagBase+c)
	}
	return append(flag, cancelTag)
}

// emojiSequence returns how many code points at the beginning of name are one
// emoji by the grammar of UTS #51, and 0 if there is none that has more than one:
// a pair of regional indicators, a keycap, a flag with tags, or pictographs with
// their style or skin tone, tied by joiners.
func emojiSequence(name []rune) int {
	if isRegional(at(name, 0)) && isRegional(at(name, 1)) {
		return 2
	}
	if strings.ContainsRune("0123456789#*", at(name, 0)) && at(name, 1) == emojiStyle && at(name, 2) == enclosingKeycap {
		return 3
	}
	for _, flag := range subdivisions {
		if len(name) >= len(flag) && slices.Equal(name[:len(flag)], flag) {
			return len(flag)
		}
	}
	if end := pictographs(name); end > 1 {
		return end
	}
	return 0
}

// pictographs returns how many code points at the beginning of name are pictographs
// with their style or skin tone, tied by joiners.
func pictographs(name []rune) int {
	end := 0
	for isPictograph(at(name, end)) {
		if end++; at(name, end) == emojiStyle || isSkinTone(at(name, end)) {
			end++
		}
		if at(name, end) != zeroWidthJoiner || !isPictograph(at(name, end+1)) {
			break
		}
		end++
	}
	return end
}

// at returns the code point at i, 0 behind the end.
func at(name []rune, i int) rune {
	if i < len(name) {
		return name[i]
	}
	return 0
}

func isRegional(r rune) bool { return unicode.Is(unicode.Regional_Indicator, r) }

func isSkinTone(r rune) bool { return '\U0001F3FB' <= r && r <= '\U0001F3FF' }

// isPictograph reports whether r is an emoji by itself, or can be one.
func isPictograph(r rune) bool {
	return (emojirunes.Is(r) || r == '©' || r == '®') && isVisible(r) && !unicode.IsMark(r) && !isRegional(r) && !isSkinTone(r)
}

func isJoiner(r rune) bool { return r == zeroWidthJoiner || r == zeroWidthNonJoiner }

// joins reports whether the joiner at i does something to the letters around it,
// by the rules of RFC 5892, appendices A.1 and A.2.
func joins(name []rune, i int) bool {
	of := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || isJoiner(r) }
	begin, end := i, i+1
	for begin > 0 && of(name[begin-1]) {
		begin--
	}
	for end < len(name) && of(name[end]) {
		end++
	}
	_, err := precis.NewFreeform().String(string(name[begin:end]))
	return err == nil
}
