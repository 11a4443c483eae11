package room

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.mau.fi/util/confusable"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// foldName returns the key under which two names are the same name: it takes
// away the differences of case (full case folding) and of compatibility forms
// (NFKC), and what is invisible. The key is only good for comparing: it
// can hold characters that a name cannot.
func foldName(name string) string {
	if isASCII(name) {
		return strings.ToLower(name)
	}
	name = strings.Map(withoutInvisible, name)
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

// withoutInvisible is a mapping for strings.Map that drops variation selectors,
// joiners and tags.
func withoutInvisible(r rune) rune {
	if unicode.In(r, unicode.Variation_Selector, unicode.Cf) {
		return -1
	}
	return r
}

// look is what names are compared by. Two names look alike if any key of one is
// a key of the other, or any shape of one a shape of the other.
type look struct {
	folded string // the whole name
	keys   [3]string
	shapes [2]string
}

// lookOf returns the look of a parsed name. Its keys are of the name without signs:
// folded, its skeleton (UTS #39) folded, and the skeleton of the folded name, since
// many skeletons depend on the case: "I" looks like "l", and "i" does not. Its shapes
// are the skeletons of the name as it is and in capitals, with their case: "ALlCE" is
// read as Alice, and "Kal" is not read as Kai.
func lookOf(name string) *look {
	bare := withoutSigns(strings.Map(withoutInvisible, plainLetters(name)))
	folded := foldName(bare)
	return &look{
		folded: foldName(name),
		keys:   [3]string{folded, foldName(skeleton(bare)), foldName(skeleton(folded))},
		shapes: [2]string{shape(bare), shape(strings.ToUpper(norm.NFKC.String(bare)))},
	}
}

// skeleton returns what UTS #39 makes of a text. It can turn letters into small capitals.
func skeleton(text string) string { return plainLetters(confusable.Skeleton(text)) }

// shape returns the skeleton of a text in one form, whose case is kept.
func shape(text string) string { return skeleton(norm.NFKC.String(text)) }

// clash returns why a name that looks like this cannot stand beside another one,
// nil if it can. Errors: ErrNameTaken, ErrNameAlike.
func (l *look) clash(other *look) error {
	if l.folded == other.folded {
		return ErrNameTaken
	}
	if share(l.keys[:], other.keys[:]) || share(l.shapes[:], other.shapes[:]) {
		return ErrNameAlike
	}
	return nil
}

// share reports whether some text is in both.
func share(some, others []string) bool {
	return slices.ContainsFunc(some, func(s string) bool { return slices.Contains(others, s) })
}

// looks returns what the member's name is compared by.
func (m *Member) looks() *look { return known(m.look, m.Name) }

// looks returns what the applicant's name is compared by.
func (a *Applicant) looks() *look { return known(a.look, a.Name) }

// known returns the look of a name: the one that was kept, or a new one.
func known(kept *look, name string) *look {
	if kept != nil {
		return kept
	}
	return lookOf(name)
}

// withoutSigns returns the name without spaces, punctuation and what looks like
// it, or with all but the spaces if nothing else would be left.
func withoutSigns(name string) string {
	bare := strings.Map(func(r rune) rune {
		if isSign(r, name) {
			return -1
		}
		return r
	}, name)
	if bare == "" {
		return strings.ReplaceAll(name, " ", "")
	}
	return bare
}

// isSign reports whether r is punctuation or a space, or looks like nothing else in
// this name. Some letters look like a comma or a quote, too: among others of their
// script they are letters.
func isSign(r rune, name string) bool {
	if r < utf8.RuneSelf {
		return strings.ContainsRune(" ~^", r) || unicode.IsPunct(r)
	}
	if isModifier(r) {
		return true
	}
	if isSignLike(r) {
		return !unicode.IsPunct(r) || !looksLatin(r)
	}
	if strings.ContainsFunc(confusable.Skeleton(string(r)), func(c rune) bool { return !isSignLike(c) }) {
		return false
	}
	script := scriptOf(r)
	return script == nil || script == unicode.Latin || !strings.ContainsFunc(name, func(c rune) bool { return c != r && unicode.Is(script, c) })
}

func isSignLike(r rune) bool {
	return r == '~' || isLine(r) || unicode.In(r, unicode.P, unicode.Z, unicode.Sk) && !isSkinTone(r)
}

// isLine tells the symbols that look like dashes and bars: those that boxes are drawn with,
// and the raised and lowered minus.
func isLine(r rune) bool { return '\u2500' <= r && r <= '\u257F' || r == '⁻' || r == '₋' }

// looksLatin reports whether r looks like letters of the Latin alphabet, as U+05C0 does.
func looksLatin(r rune) bool {
	return !strings.ContainsFunc(confusable.Skeleton(string(r)), func(c rune) bool { return !unicode.Is(unicode.Latin, c) })
}

// isModifier tells the letters that are dots, strokes and ticks beside others, and those
// that only make a word longer.
func isModifier(r rune) bool {
	return '\u02B9' <= r && r <= '\u02DF' || '\u02E5' <= r && r <= '\u02FF' || r == '\u0640' || r == '\u07FA'
}

// scriptOf returns the script of r; nil if it belongs to several.
func scriptOf(r rune) *unicode.RangeTable {
	for _, table := range unicode.Scripts {
		if unicode.Is(table, r) && table != unicode.Common && table != unicode.Inherited {
			return table
		}
	}
	return nil
}
