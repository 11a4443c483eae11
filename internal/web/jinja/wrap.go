package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wordWrap breaks lines that are too long, at white space and behind hyphens.
func wordWrap(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	s := textArg(f, in)
	width := intArg(f, a[0], 79)
	breakLong := a[1] == absent || truth(f, a[1])
	hyphens := a[3] == absent || truth(f, a[3])
	between := any("\n")
	if a[2] != absent && a[2] != nil {
		between = a[2]
	}
	if width <= 0 {
		f.fail("nothing can be wrapped to a width of %d", width)
	}
	if strings.Contains(s, "--") && hyphens {
		f.fail("the filter 'wordwrap' is not supported for texts with dashes made of hyphens")
	}
	f.r.charge(len(s))
	var lines []any
	for _, line := range splitLines(s, false) {
		var wrapped []any
		for _, one := range wrap(f, line, width, breakLong, hyphens) {
			wrapped = append(wrapped, like(in, one))
		}
		lines = append(lines, joinTexts(f, between, wrapped))
	}
	return joinTexts(f, between, lines)
}

// wrap breaks one line.
func wrap(f *frame, line string, width int, breakLong, hyphens bool) []string {
	chunks := chunksOf(line, hyphens)
	size := utf8.RuneCountInString
	isBlank := func(s string) bool { return strings.Trim(s, asciiSpace) == "" }
	var lines []string
	for len(chunks) > 0 {
		// A long word is looked through for each line that it is broken into.
		f.r.charge(1 + len(chunks[0])/chargedBytes)
		if len(lines) > 0 && isBlank(chunks[0]) {
			chunks = chunks[1:]
		}
		var current []string
		used := 0
		for len(chunks) > 0 && used+size(chunks[0]) <= width {
			current, used = append(current, chunks[0]), used+size(chunks[0])
			chunks = chunks[1:]
		}
		switch {
		case len(chunks) == 0 || size(chunks[0]) <= width:
		case breakLong:
			part := partOf(chunks[0], width-used, hyphens)
			current, chunks[0] = append(current, part), chunks[0][len(part):]
		case len(current) == 0:
			current, chunks = append(current, chunks[0]), chunks[1:]
		}
		if n := len(current); n > 0 && isBlank(current[n-1]) {
			current = current[:n-1]
		}
		if len(current) > 0 {
			lines = append(lines, strings.Join(current, ""))
		}
	}
	return lines
}

// partOf returns as much of a word as there is room for, up to a hyphen if there is one to break behind.
func partOf(word string, room int, hyphens bool) string {
	part := firstRunes(word, room)
	if !hyphens || len(part) == len(word) {
		return part
	}
	if i := strings.LastIndexByte(part, '-'); i > 0 && strings.Trim(part[:i], "-") != "" {
		return part[:i+1]
	}
	return part
}

const asciiSpace = " \t\n\r\v\f"

// chunksOf returns the parts of a line that stay whole: white space, and words, or
// the parts of words up to a hyphen between letters.
func chunksOf(line string, hyphens bool) []string {
	var chunks []string
	for line != "" {
		at := strings.IndexAny(line, asciiSpace)
		if at == 0 {
			rest := strings.TrimLeft(line, asciiSpace)
			chunks = append(chunks, line[:len(line)-len(rest)])
			line = rest
			continue
		}
		if at < 0 {
			at = len(line)
		}
		word := line[:at]
		line = line[at:]
		if !hyphens {
			chunks = append(chunks, word)
			continue
		}
		runes := []rune(word)
		begin := 0
		for i := 2; i+2 < len(runes); i++ {
			if runes[i] == '-' && letterAt(runes, i-1) && (letterAt(runes, i-2) || runes[i-2] == '-' && letterAt(runes, i-3)) &&
				letterAt(runes, i+1) && (letterAt(runes, i+2) || runes[i+2] == '-' && letterAt(runes, i+3)) {
				chunks = append(chunks, string(runes[begin:i+1]))
				begin = i + 1
			}
		}
		chunks = append(chunks, string(runes[begin:]))
	}
	return chunks
}

func letterAt(runes []rune, i int) bool {
	return 0 <= i && i < len(runes) && (unicode.IsLetter(runes[i]) || runes[i] == '_')
}
