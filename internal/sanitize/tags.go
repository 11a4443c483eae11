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

// split yields a message's pieces. A tag of an allowed name is one if it has an end,
// and no "<" before that outside of quotes, and if what is in it reads as attributes, one
// with a value at least: "a<b and c>d" is none. All else is text: tags of other names,
// comments, hearts and arrows. It takes time in proportion to the text.
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

// scanTag looks at the "<" at start. If an allowed tag begins there, it ends before
// end, where the tokenizer sees its end, too: it would drop words behind another
// one. If not, none begins before end either: looking again and again at the same
// quotes would take the square of the time.
func scanTag(text string, start int) (end int, isTag bool) {
	at := start + 1 + allowedName(text[start+1:])
	if at == start+1 {
		return at, false
	}
	// An attribute that may get a value; whether there are any, and any with one.
	named, attributes, values := false, false, false
	plausible := true // of all attributes' names
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

// allowedName returns the length of the name at the beginning of rest, with the slash
// of an end tag, or 0 if it is none that is allowed.
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

// skipValue returns where the attribute's value ends that begins after the "=" before at.
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
