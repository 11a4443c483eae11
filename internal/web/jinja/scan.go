package jinja

import (
	"regexp"
	"strings"
)

// kind is what a piece of a template's source is to Jinja2.
type kind int

const (
	comment  kind = iota // {# … #}
	printed              // {{ … }}
	block                // {% … %}
	verbatim             // what stands between {% raw %} and {% endraw %}
)

// piece is a part of a source that is not plain output: source[start:end].
type piece struct {
	kind       kind
	start, end int
}

var (
	rawTag    = regexp.MustCompile(`^\{%[-+]?\s*raw\b`)
	endRawTag = regexp.MustCompile(`\{%[-+]?\s*endraw\b`)
)

// scan finds the pieces of a source that Jinja2 interprets, in order. Whatever
// is not closed reaches to the end; the parser will complain about it.
func scan(source string) []piece {
	var pieces []piece
	for i := 0; ; {
		open := strings.IndexByte(source[i:], '{')
		if open < 0 || i+open+1 >= len(source) {
			return pieces
		}
		start := i + open
		p := piece{start: start}
		switch source[start+1] {
		case '#':
			p.kind, p.end = comment, endOfComment(source, start+2)
		case '{':
			p.kind, p.end = printed, endOfCode(source, start+2, "}}")
		case '%':
			p.kind, p.end = block, endOfCode(source, start+2, "%}")
		default:
			i = start + 1
			continue
		}
		pieces = append(pieces, p)
		i = p.end
		if p.kind == block && rawTag.MatchString(source[p.start:p.end]) {
			end := len(source)
			if loc := endRawTag.FindStringIndex(source[i:]); loc != nil {
				end = i + loc[0]
			}
			pieces = append(pieces, piece{kind: verbatim, start: i, end: end})
			i = end
		}
	}
}

func endOfComment(source string, from int) int {
	if end := strings.Index(source[from:], "#}"); end >= 0 {
		return from + end + len("#}")
	}
	return len(source)
}

// endOfCode returns where the code that begins at from is over, past its closing
// delimiter. A delimiter inside a string or inside brackets does not close it.
func endOfCode(source string, from int, closing string) int {
	depth := 0
	for i := from; i < len(source); i++ {
		if depth == 0 && strings.HasPrefix(source[i:], closing) {
			return i + len(closing)
		}
		switch source[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		case '"', '\'':
			i = endOfString(source, i)
		}
	}
	return len(source)
}

// endOfString returns the index of the quote that ends the string beginning at from.
func endOfString(source string, from int) int {
	for i := from + 1; i < len(source); i++ {
		switch source[i] {
		case '\\':
			i++
		case source[from]:
			return i
		}
	}
	return len(source)
}
