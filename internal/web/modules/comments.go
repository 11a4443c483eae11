package modules

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// WithoutComments returns a module without its comments, and without the white space that
// nothing needs. All else is as it was written, and in the same line, so that a browser
// says where an error is in words that fit the source. The module does the same as before,
// unless it reads its own functions as text.
//
// Two kinds of comment stay, since others than readers need them: licences ("/*!", "@license" and
// "@preserve"), and marks for developers' tools ("//# "). The error is an [*Error] without a File.
func WithoutComments(source string) ([]byte, error) {
	l := lexer{source: source}
	for l.next().kind != end {
	}
	if err := l.problem(); err != nil {
		return nil, err
	}
	lean, written := make([]byte, 0, len(source)), 0
	for _, c := range l.comments {
		if comment := source[c.start:c.end]; !isForOthers(comment) {
			lean = append(lean, source[written:c.start]...)
			lean = appendBreaks(lean, comment, source[c.end:])
			written = c.end
		}
	}
	return compact(string(append(lean, source[written:]...))), nil
}

var indentation = regexp.MustCompile(`([\n\r\x{2028}\x{2029}])[ \t]+`)

// compact takes the white space at the beginning of lines from a module without mistakes, and between tokens that
// stay two without it. Lines within a text or a template stay as they are, and so do those around a comment that is left.
func compact(source string) []byte {
	l := lexer{source: source}
	lean := make([]byte, 0, len(source))
	for {
		from := l.pos
		next := l.next()
		between := source[from:next.pos]
		switch {
		case between != "" && strings.Trim(between, blanks) == "" && parted(source[:from], source[next.pos:]):
			between = ""
		case !strings.ContainsAny(between, "/#"):
			between = indentation.ReplaceAllString(between, "$1")
		}
		lean = append(append(lean, between...), source[next.pos:l.pos]...)
		if next.kind == end {
			return lean
		}
	}
}

// parted reports whether two tokens certainly stay two if nothing is between them. A separator is part of no
// other token; an operator of one character or more is never part of a word or text. Signs are part of
// numbers, and a slash begins comments.
func parted(before, behind string) bool {
	const separators, operators = "()[]{},;:", "=<>&|?!*%"
	if before == "" || behind == "" || strings.HasSuffix(before, `\u`) { // \u{61} is a letter
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(behind)
	isOperand := func(r rune) bool { return isWordPart(r) || r == '\'' || r == '"' }
	return strings.ContainsRune(separators, last) || strings.ContainsRune(separators, first) ||
		isOperand(last) && strings.ContainsRune(operators, first) ||
		isOperand(first) && strings.ContainsRune(operators, last)
}

// isForOthers reports whether a comment is more than a word to whoever reads the source.
func isForOthers(comment string) bool {
	for _, mark := range []string{"/*!", "//!", "//# "} {
		if strings.HasPrefix(comment, mark) {
			return true
		}
	}
	return strings.Contains(comment, "@license") || strings.Contains(comment, "@preserve")
}

const blanks = " \t"

// appendBreaks appends what stands in for a comment, between what is before and what is behind it: the ends
// of its lines, which may end a statement too, or else what keeps two words two.
func appendBreaks(before []byte, comment, behind string) []byte {
	next, _ := utf8.DecodeRuneInString(behind)
	endsLine := behind == "" || strings.ContainsRune(lineEnds, next)
	broken := strings.ContainsAny(comment, lineEnds)
	if endsLine || broken {
		before = bytes.TrimRight(before, blanks) // no token ends with one
	}
	switch {
	case broken:
		for _, r := range comment {
			if strings.ContainsRune(lineEnds, r) {
				before = utf8.AppendRune(before, r)
			}
		}
	case !endsLine && !isApart(before, next):
		before = append(before, ' ')
	}
	return before
}

// isApart reports whether white space is already between what was before a comment and what is behind it.
func isApart(before []byte, next rune) bool {
	return len(before) > 0 && strings.IndexByte(blanks+"\n", before[len(before)-1]) >= 0 || strings.ContainsRune(blanks, next)
}
