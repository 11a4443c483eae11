package room

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"go.mau.fi/util/emojirunes"
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

// NameProblem is what is wrong with a name.
type NameProblem string

// The problems a name can have.
const (
	NameBlank        NameProblem = "blank"
	NameTooLong      NameProblem = "too long"
	NameBadCharacter NameProblem = "bad character" // one that is not allowed
	NameBadMarks     NameProblem = "bad marks"     // combining marks at the beginning of a word, or too many in a row
)

// NameError says why a name was not accepted. Its text does not repeat the name.
type NameError struct {
	Problem NameProblem
	// Char is the offending character if Problem is NameBadCharacter; it is
	// utf8.RuneError for bytes that are no UTF-8.
	Char rune
}

// Error implements error.
func (e *NameError) Error() string { return "room: name: " + string(e.Problem) }

// IsSign reports whether Char is one of the signs that no name has, which can be shown. It
// is false for an invisible or unknown character, and for any other problem.
func (e *NameError) IsSign() bool {
	return e.Problem == NameBadCharacter && isForbiddenSign(e.Char)
}

// ParseName applies the one rule for names and returns the name as it is kept:
// in Unicode's composed form (NFC), without white space around it and with one
// space (U+0020) for any white space inside.
//
// A name has 1 to 20 visible characters of any script and spaces. It holds none
// of < > & " \ `, which pages put into markup and scripts, and no control, format
// (bidirectional, zero-width), default-ignorable, blank-looking, private-use or
// unassigned character. A joiner stands where RFC 5892 (appendices A.1 and A.2)
// has it; joiners, the emoji style and tags stand within an emoji sequence (UTS
// #51), which counts as one character. Combining marks do not count, but each word
// begins with something else and at most 4 follow each other. All in all a name
// has at most 80 code points.
//
// The error, if any, is a *NameError. ParseName(ParseName(x)) is ParseName(x).
func ParseName(raw string) (string, error) {
	spaced, err := singleSpaced(raw)
	if err != nil {
		return "", err
	}
	// Only the normalised form is checked: U+1FEF, for one, becomes a backtick.
	name := norm.NFC.String(spaced)
	if err := checkName([]rune(name)); err != nil {
		return "", err
	}
	return name, nil
}

// singleSpaced returns raw with one space for each white space inside and none
// around. It gives up with a *NameError at a length that no name has, so that
// nobody can have it work on more.
func singleSpaced(raw string) (string, error) {
	var b strings.Builder
	space := false
	for i, r := range raw {
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if r == utf8.RuneError && !strings.HasPrefix(raw[i:], string(utf8.RuneError)) {
			return "", &NameError{Problem: NameBadCharacter, Char: utf8.RuneError}
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
		if b.Len() > maxNameBytes {
			return "", &NameError{Problem: NameTooLong}
		}
	}
	if b.Len() == 0 {
		return "", &NameError{Problem: NameBlank}
	}
	return b.String(), nil
}

// checkName returns nil or a *NameError.
func checkName(name []rune) error {
	if len(name) > maxNameRunes {
		return &NameError{Problem: NameTooLong}
	}
	chars, marks := 0, 0
	for i := 0; i < len(name); {
		if n := emojiSequence(name[i:]); n > 0 {
			chars, marks, i = chars+1, 0, i+n
			continue
		}
		r := name[i]
		switch {
		case isJoiner(r):
			if !joins(name, i) {
				return &NameError{Problem: NameBadCharacter, Char: r}
			}
		case r != ' ' && (isForbiddenSign(r) || !isVisible(r)):
			return &NameError{Problem: NameBadCharacter, Char: r}
		case unicode.IsMark(r):
			if marks++; marks > maxNameMarks || i == 0 || name[i-1] == ' ' {
				return &NameError{Problem: NameBadMarks}
			}
		default:
			chars, marks = chars+1, 0
		}
		i++
	}
	if chars > maxNameChars {
		return &NameError{Problem: NameTooLong}
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
	// Only letters, marks, numbers, punctuation and symbols are graphic. That leaves out
	// the other general categories: controls, format characters, surrogates, private use,
	// separators and everything unassigned.
	return (unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S) || isRecent(r)) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!isBlank(r)
}

// isRecent tells the emoji and the ideographs, which are in people's names, that
// Unicode has assigned since the version that Go's tables are of.
func isRecent(r rune) bool {
	switch {
	case r < '\U0001F000':
		return false
	case r < '\U00020000':
		return emojirunes.Is(r)
	}
	return '\U0002EBF0' <= r && r <= '\U0002EE5D' || '\U000323B0' <= r && r <= '\U00033479' // CJK extensions I and J
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
