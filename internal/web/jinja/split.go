package jinja

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

func splitMethod(fromRight bool) *methodDef {
	return define("sep maxsplit", 0, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		f.r.charge(len(s) / chargedBytes)
		limit := intArg(f, a[1], -1)
		if a[0] == absent || a[0] == nil {
			return likeAll(of, splitSpace(s, limit, fromRight))
		}
		sep := inTheWayOf(s, textArg(f, a[0]))
		if sep == "" {
			f.fail("a string cannot be split at nothing")
		}
		return likeAll(of, splitAt(s, sep, limit, fromRight))
	})
}

func splitAt(s, sep string, limit int, fromRight bool) []string {
	if limit < 0 || !fromRight {
		return strings.SplitN(s, sep, max(-1, limitPlus(limit)))
	}
	var parts []string
	for ; limit > 0; limit-- {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		parts = append(parts, s[i+len(sep):])
		s = s[:i]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return parts
}

func limitPlus(limit int) int {
	if limit < 0 {
		return -1
	}
	return min(limit, math.MaxInt-1) + 1
}

func splitSpace(s string, limit int, fromRight bool) []string {
	if limit < 0 {
		return strings.FieldsFunc(s, isSpace)
	}
	var parts []string
	if fromRight {
		s = strings.TrimRightFunc(s, isSpace)
		for ; limit > 0 && s != ""; limit-- {
			i := strings.LastIndexFunc(s, isSpace)
			_, size := utf8.DecodeRuneInString(s[max(i, 0):])
			if i < 0 {
				size = 0
			}
			parts = append(parts, s[max(i, 0)+size:])
			s = strings.TrimRightFunc(s[:max(i, 0)], isSpace)
		}
		if s != "" {
			parts = append(parts, s)
		}
		slices.Reverse(parts)
		return parts
	}
	s = strings.TrimLeftFunc(s, isSpace)
	for ; limit > 0 && s != ""; limit-- {
		i := strings.IndexFunc(s, isSpace)
		if i < 0 {
			i = len(s)
		}
		parts = append(parts, s[:i])
		s = strings.TrimLeftFunc(s[i:], isSpace)
	}
	if s != "" {
		parts = append(parts, s)
	}
	return parts
}

func isLineEnd(r rune) bool {
	return '\n' <= r && r <= '\r' || 0x1C <= r && r <= 0x1E || r == 0x85 || r == 0x2028 || r == 0x2029
}

func splitLines(s string, keep bool) []string {
	var lines []string
	for s != "" {
		i := strings.IndexFunc(s, isLineEnd)
		if i < 0 {
			return append(lines, s)
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		if strings.HasPrefix(s[i:], "\r\n") {
			size = 2
		}
		if keep {
			lines = append(lines, s[:i+size])
		} else {
			lines = append(lines, s[:i])
		}
		s = s[i+size:]
	}
	return lines
}
