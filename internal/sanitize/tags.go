package sanitize

import (
	"iter"
	"strings"
)

// piece is a part of a message: a tag that may stay one, or the text between two.
type piece struct {
	raw string
	tag bool
}

// split yields a message's pieces. A tag has an allowed name and an end, and no "<"
// outside of quotes before its end. If there is anything else in it, that reads as
// attributes, and at least one of them has a value: "a<b and c>d" has no tag. All else is
// text: tags of other names, comments, hearts and arrows. It takes time in proportion to
// the text.
func split(text string) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		textFrom, at := 0, 0
		for {
			next := strings.IndexByte(text[at:], '<')
			if next < 0 {
				break
			}
			start := at + next
			var isTag bool
			at, isTag = scanTag(text, start)
			if !isTag {
				continue
			}
			if textFrom < start && !yield(piece{raw: text[textFrom:start]}) {
				return
			}
			if !yield(piece{raw: text[start:at], tag: true}) {
				return
			}
			textFrom = at
		}
		if textFrom < len(text) {
			yield(piece{raw: text[textFrom:]})
		}
	}
}

// scanTag looks at the "<" at start. If an allowed tag begins there, it ends before end.
// The tokenizer sees the same end; if it saw another, it would drop the words between the
// two. If no tag begins at start, none begins before end: to look again and again at the
// same quotes would take the square of the time.
func scanTag(text string, start int) (end int, isTag bool) {
	at := start + 1 + allowedName(text[start+1:])
	if at == start+1 {
		return at, false
	}
	// named: the last attribute may get a value. attributes: there are any. values: one has a value.
	named, attributes, values := false, false, false
	plausible := true // the names of all attributes are names that people give
	for at < len(text) {
		c := text[at]
		at++
		switch {
		case c == '>':
			return at, plausible && (values || !attributes)
		case c == '<':
			return at - 1, false
		case c == '/':
			named = false
		case c == '=' && named:
			at = skipValue(text, at)
			named, values = false, true
		case !isSpace(c):
			named, attributes = true, true
			plausible = plausible && isInName(c)
		}
	}
	return len(text), false
}

// isInName reports whether c may be in the name of an attribute that anybody gives.
func isInName(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte("-_:.@", c) >= 0
}

// allowedName returns the length of the allowed name at the beginning of rest, with the
// slash of an end tag. It returns 0 if there is none.
func allowedName(rest string) int {
	slash := 0
	if strings.HasPrefix(rest, "/") {
		slash = 1
	}
	const longest = len("/strong>")
	end := strings.IndexAny(rest[slash:min(len(rest), longest)], " \t\n\f/>")
	if end < 0 {
		return 0
	}
	switch strings.ToLower(rest[slash : slash+end]) {
	case "a", "b", "i", "em", "strong":
		return slash + end
	}
	return 0
}

// skipValue returns the end of the attribute's value that begins at at, after the "=".
func skipValue(text string, at int) int {
	for at < len(text) && isSpace(text[at]) {
		at++
	}
	if at == len(text) {
		return at
	}
	if quote := text[at]; quote == '"' || quote == '\'' {
		end := strings.IndexByte(text[at+1:], quote)
		if end < 0 {
			return len(text)
		}
		return at + 1 + end + 1
	}
	for at < len(text) && !isSpace(text[at]) && text[at] != '>' && text[at] != '<' {
		at++
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' }
