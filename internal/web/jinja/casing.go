package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

func upper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isUpper, isLower and isCased are true of more than letters: of "ⅷ" and "ª" as well.
func isUpper(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }
func isLower(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }
func isCased(r rune) bool { return isUpper(r) || isLower(r) || unicode.IsTitle(r) }

// eachLowered calls do with each character and what it is in lower case, where it stands: a sigma at
// the end of a word has a form of its own.
func eachLowered(s string, do func(r rune, lowered string)) {
	isSigma := func(r rune) bool { return r == 'Σ' || r == 'σ' || r == 'ς' }
	var sigmas []rune
	if strings.ContainsRune(s, 'Σ') {
		for _, r := range lower(s) {
			if isSigma(r) {
				sigmas = append(sigmas, r)
			}
		}
	}
	for _, r := range s {
		if isSigma(r) && len(sigmas) > 0 {
			do(r, string(sigmas[0]))
			sigmas = sigmas[1:]
			continue
		}
		do(r, lower(string(r)))
	}
}

func capitalize(s string) string {
	var out strings.Builder
	eachLowered(s, func(r rune, lowered string) {
		if out.Len() == 0 {
			lowered = titled(r)
		}
		out.WriteString(lowered)
	})
	return out.String()
}

// titled returns a character as it begins a word.
func titled(r rune) string { return cases.Title(language.Und, cases.NoLower).String(string(r)) }

func swapCase(s string) string {
	var out strings.Builder
	eachLowered(s, func(r rune, lowered string) {
		switch {
		case isUpper(r):
			out.WriteString(lowered)
		case isLower(r):
			out.WriteString(upper(string(r)))
		default:
			out.WriteRune(r)
		}
	})
	return out.String()
}

func title(s string) string {
	var out strings.Builder
	inWord := false
	eachLowered(s, func(r rune, lowered string) {
		if !inWord {
			lowered = titled(r)
		}
		out.WriteString(lowered)
		inWord = isCased(r)
	})
	return out.String()
}

// titleFilter does what the filter does, for which other characters begin words than for the method.
func titleFilter(s string) string {
	begins := func(r rune) bool { return strings.ContainsRune("-({[<", r) || isSpace(r) }
	var out strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, begins)
		if end == 0 {
			_, end = utf8.DecodeRuneInString(s)
		} else if end < 0 {
			end = len(s)
		}
		_, first := utf8.DecodeRuneInString(s)
		out.WriteString(upper(s[:first]) + lower(s[first:end]))
		s = s[end:]
	}
	return out.String()
}

func isTitle(s string) bool {
	inWord, found := false, false
	for _, r := range s {
		switch {
		case isUpper(r) || unicode.IsTitle(r):
			if inWord {
				return false
			}
			inWord, found = true, true
		case isLower(r):
			if !inWord {
				return false
			}
		default:
			inWord = false
		}
	}
	return found
}

// inCase reports whether there are letters with a case, and all of them have this one.
func inCase(s string, is, isNot func(rune) bool) bool {
	return strings.IndexFunc(s, is) >= 0 &&
		strings.IndexFunc(s, func(r rune) bool { return isNot(r) || unicode.IsTitle(r) }) < 0
}

func isUpperText(s string) bool { return inCase(s, isUpper, isLower) }
func isLowerText(s string) bool { return inCase(s, isLower, isUpper) }

// foldCase returns s in the form in which texts that differ in case alone are equal.
func foldCase(s string) string {
	return strings.Map(func(r rune) rune {
		// Cherokee folds to its large letters, which Unicode had first; the library has it the other way.
		switch {
		case 0xAB70 <= r && r <= 0xABBF:
			return r - 0xAB70 + 0x13A0
		case 0x13F8 <= r && r <= 0x13FD:
			return r - 8
		}
		return r
	}, cases.Fold().String(s))
}
