package room

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Bounds of a name, counted after normalisation.
const (
	maxNameChars = 20 // visible characters and spaces; combining marks belong to the one before
	maxNameMarks = 4  // combining marks in a row: more would paint over the neighbouring lines
	maxNameRunes = 80
	// maxNameBytes bounds what is normalised at all. Normalisation never shrinks
	// a text to less than a third, so nothing longer can become a valid name.
	maxNameBytes = 3 * 4 * maxNameRunes
)

// emojiStyle is variation selector 16: it asks for the coloured form of the
// symbol before it, and phone keyboards send it along with many an emoji.
const emojiStyle = '\uFE0F'

// NameProblem is what is wrong with a name.
type NameProblem string

// The problems a name can have.
const (
	NameBlank        NameProblem = "blank"
	NameTooLong      NameProblem = "too long"
	NameBadSpacing   NameProblem = "bad spacing"   // two spaces in a row, or a space other than U+0020
	NameBadCharacter NameProblem = "bad character" // one that is not allowed
	NameBadMarks     NameProblem = "bad marks"     // combining marks at the beginning of a word, or too many in a row
)

// NameError says why a name was not accepted. Its text is meant for the person
// who typed the name, and does not repeat the name.
type NameError struct {
	Problem NameProblem
	// Char is the offending character if Problem is NameBadCharacter; it is
	// utf8.RuneError for bytes that are no UTF-8.
	Char rune
}

const nameRule = "A name has 1 to 20 letters, digits, emoji or other visible characters, " +
	"with single spaces between words, and none of < > & \" \\ `"

// Error says what happened and what is allowed.
func (e *NameError) Error() string {
	return e.happened() + " " + nameRule
}

func (e *NameError) happened() string {
	switch e.Problem {
	case NameBlank:
		return "Please enter a name."
	case NameTooLong:
		return "This name is too long."
	case NameBadSpacing:
		return "This name has more than a single space between two words."
	case NameBadMarks:
		return "This name has accents or other marks without a letter to stand on, or too many on one letter."
	}
	if isForbiddenSign(e.Char) {
		return fmt.Sprintf("The character %c cannot be part of a name.", e.Char)
	}
	return "This name contains an invisible or unknown character."
}

// ParseName applies the one rule for names and returns the name as it is kept:
// stripped of surrounding white space and in Unicode's composed form (NFC).
//
// A name has 1 to 20 visible characters of any script, with single inner spaces
// (U+0020). It holds none of < > & " \ `, which pages put into markup and
// scripts, and no control, format (bidirectional, zero-width), default-ignorable,
// blank-looking, private-use or unassigned character. Combining marks do not
// count, but each word begins with something else and at most 4 follow each
// other. All in all a name has at most 80 code points.
//
// The error, if any, is a *NameError. ParseName(ParseName(x)) is ParseName(x).
func ParseName(raw string) (string, error) {
	trimmed := strings.TrimSpace(raw)
	if trimmed == "" {
		return "", &NameError{Problem: NameBlank}
	}
	if len(trimmed) > maxNameBytes {
		return "", &NameError{Problem: NameTooLong}
	}
	if !utf8.ValidString(trimmed) {
		return "", &NameError{Problem: NameBadCharacter, Char: utf8.RuneError}
	}
	// Only the normalised form is checked: U+1FEF, for one, becomes a backtick.
	name := norm.NFC.String(trimmed)
	if err := checkName(name); err != nil {
		return "", err
	}
	return name, nil
}

// checkName returns nil or a *NameError.
func checkName(name string) error {
	var chars, marks, runes int
	previous := ' ' // the beginning of the name is the beginning of a word
	for _, r := range name {
		if runes++; runes > maxNameRunes {
			return &NameError{Problem: NameTooLong}
		}
		switch {
		case r == ' ':
			if previous == ' ' {
				return &NameError{Problem: NameBadSpacing}
			}
			chars, marks = chars+1, 0
		case r == emojiStyle:
			if !unicode.IsSymbol(previous) {
				return &NameError{Problem: NameBadCharacter, Char: r}
			}
		case unicode.IsSpace(r):
			return &NameError{Problem: NameBadSpacing}
		case isForbiddenSign(r) || !isVisible(r):
			return &NameError{Problem: NameBadCharacter, Char: r}
		case unicode.IsMark(r):
			if marks++; marks > maxNameMarks || previous == ' ' {
				return &NameError{Problem: NameBadMarks}
			}
		default:
			chars, marks = chars+1, 0
		}
		if chars > maxNameChars {
			return &NameError{Problem: NameTooLong}
		}
		previous = r
	}
	return nil
}

// isForbiddenSign tells the characters that have a meaning in markup or in a
// script's strings. The apostrophe is not among them: names have it, and every
// template escapes it.
func isForbiddenSign(r rune) bool {
	switch r {
	case '<', '>', '&', '"', '\\', '`':
		return true
	}
	return false
}

// isVisible reports whether r leaves ink, or is a mark on something that does.
func isVisible(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' < r && r < 0x7F
	}
	// Of the general categories, only letters, marks, numbers, punctuation and
	// symbols are graphic: that leaves out controls, format characters,
	// surrogates, private use, separators and everything unassigned.
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!isBlank(r)
}

// isBlank tells the graphic characters that look like nothing, or like a
// character that is missing.
func isBlank(r rune) bool {
	switch r {
	case '\u2800', // braille pattern blank
		'\uFFFC', '\uFFFD', // object replacement and replacement character
		'\U00013441', '\U00013442', // Egyptian hieroglyphs full blank and half blank
		'\U00016FE4', // Khitan small script filler
		'\U0001D159': // musical symbol null notehead
		return true
	}
	return false
}

// FoldName returns the key under which two names are the same name: it takes
// away the differences of case (full case folding) and of compatibility forms
// (NFKC), and the emoji style of symbols. The key is only good for comparing: it
// can hold characters that a name cannot.
func FoldName(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	name = strings.Map(withoutSelectors, name)
	// Unicode's compatibility caseless match (D146): either step can make work
	// for the other, and twice is enough.
	fold := cases.Fold()
	name = norm.NFKC.String(fold.String(norm.NFD.String(name)))
	return norm.NFKC.String(fold.String(name))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// withoutSelectors is a mapping for strings.Map that drops variation selectors.
func withoutSelectors(r rune) rune {
	if unicode.Is(unicode.Variation_Selector, r) {
		return -1
	}
	return r
}
