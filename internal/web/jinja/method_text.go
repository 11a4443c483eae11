package jinja

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textMethod is a method without parameters.
func textMethod(do func(s string) string) *methodDef {
	return define("", 0, func(f *frame, of any, _ []any) any {
		s, _ := asText(of)
		f.r.charge(len(s) / chargedBytes)
		return like(of, do(s))
	})
}

func textTest(do func(s string) bool) *methodDef {
	return define("", 0, func(_ *frame, of any, _ []any) any {
		s, _ := asText(of)
		return do(plain(s))
	})
}

// within returns the part of a string's characters that arguments bound, and where it begins. That
// is -1 if it would begin behind the end, where Python finds not even nothing.
func within(f *frame, s string, from, to any) (part string, offset int) {
	if from == absent && to == absent {
		return s, 0
	}
	runes := []rune(s)
	low, high, _ := slice{or(from, nil), or(to, nil), nil}.bounds(f, len(runes))
	if first, ok := from.(int); ok && first > len(runes) {
		return "", -1
	}
	return string(runes[low:max(low, high)]), low
}

// trimmer returns a function that says which characters are to go.
func trimmer(f *frame, of, v any) func(rune) bool {
	if v == absent || v == nil {
		return isSpace
	}
	chars := escapedLike(f, of, v)
	return func(r rune) bool { return strings.ContainsRune(plain(chars), plainRune(r)) }
}

func plainRune(r rune) rune {
	if isPrivate(r) {
		return r - privateBase
	}
	return r
}

// escapedLike returns a text that is an argument of a method: that of Markup escapes it.
func escapedLike(f *frame, of, v any) string {
	if isMarkup(of) {
		textArg(f, v)
		return string(escape(f, v))
	}
	return textArg(f, v)
}

// finder is a method that looks for a part.
func finder(last, must bool) *methodDef {
	return define("sub start end", 1, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		part, offset := within(f, s, a[1], a[2])
		sub := inTheWayOf(s, textArg(f, a[0]))
		i := strings.Index(part, sub)
		if last {
			i = strings.LastIndex(part, sub)
		}
		if i < 0 || offset < 0 {
			if must {
				f.fail("the string does not have the part that is looked for")
			}
			return -1
		}
		return offset + utf8.RuneCountInString(part[:i])
	})
}

func affix(has func(s, part string) bool) *methodDef {
	return define("prefix start end", 1, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		s, offset := within(f, s, a[1], a[2])
		if offset < 0 {
			return false
		}
		if parts, ok := a[0].(tuple); ok {
			return slices.ContainsFunc(parts, func(part any) bool { return has(plain(s), plain(textArg(f, part))) })
		}
		return has(plain(s), plain(textArg(f, a[0])))
	})
}

func justify(align rune) *methodDef {
	return define("width fillchar", 1, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		fill := " "
		if a[1] != absent {
			fill = textArg(f, a[1])
		}
		if isMarkup(of) {
			fill = string(escape(f, or(a[1], fill)))
		}
		if utf8.RuneCountInString(fill) != 1 {
			f.fail("one character has to fill up the text")
		}
		width := intArg(f, a[0], 0)
		f.sized(max(width, 0))
		f.r.charge(max(0, width) / chargedBytes)
		missing := max(0, width-utf8.RuneCountInString(s))
		left := missing
		switch align {
		case '<':
			left = 0
		case '^':
			left = missing/2 + missing&width&1
		}
		return like(of, strings.Repeat(fill, left)+s+strings.Repeat(fill, missing-left))
	})
}

func likeAll(of any, parts []string) *List {
	items := make([]any, len(parts))
	for i, part := range parts {
		items[i] = like(of, part)
	}
	return &List{items}
}

func partitionMethod(last bool) *methodDef {
	return define("sep", 1, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		sep := inTheWayOf(s, escapedLike(f, of, a[0]))
		if sep == "" {
			f.fail("a string cannot be parted at nothing")
		}
		i := strings.Index(s, sep)
		if last {
			i = strings.LastIndex(s, sep)
		}
		parts := [3]string{s, "", ""}
		switch {
		case i >= 0:
			parts = [3]string{s[:i], sep, s[i+len(sep):]}
		case last:
			parts = [3]string{"", "", s}
		}
		return tuple{like(of, parts[0]), like(of, parts[1]), like(of, parts[2])}
	})
}

func everyRune(is func(rune) bool) *methodDef {
	return textTest(func(s string) bool {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return !is(r) }) < 0
	})
}

var textMethods = map[string]*methodDef{
	"capitalize": textMethod(capitalize),
	"casefold": define("", 0, func(f *frame, of any, _ []any) any {
		s, _ := asText(of)
		f.r.charge(len(s) / chargedBytes)
		return foldCase(s)
	}),
	"lower":    textMethod(lower),
	"upper":    textMethod(upper),
	"swapcase": textMethod(swapCase),
	"title":    textMethod(title),
	"center":   justify('^'),
	"ljust":    justify('<'),
	"rjust":    justify('>'),
	"count": define("sub start end", 1, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		s, offset := within(f, s, a[1], a[2])
		if offset < 0 {
			return 0
		}
		return strings.Count(s, inTheWayOf(s, textArg(f, a[0])))
	}),
	"endswith":   affix(strings.HasSuffix),
	"startswith": affix(strings.HasPrefix),
	"expandtabs": define("tabsize", 0, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		size := intArg(f, a[0], 8)
		f.sized(max(size, 0))
		f.sized(strings.Count(s, "\t") * max(size, 1))
		var out strings.Builder
		column := 0
		for _, r := range s {
			switch r {
			case '\t':
				if size > 0 {
					n := size - column%size
					f.sized(out.Len() + n)
					out.WriteString(strings.Repeat(" ", n))
					column += n
				}
			case '\n', '\r':
				column = 0
				out.WriteRune(r)
			default:
				column++
				out.WriteRune(r)
			}
		}
		return like(of, out.String())
	}),
	"find": finder(false, false), "rfind": finder(true, false),
	"index": finder(false, true), "rindex": finder(true, true),
	"isalnum":   everyRune(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
	"isalpha":   everyRune(unicode.IsLetter),
	"isascii":   textTest(isASCII),
	"isdecimal": everyRune(isDecimal),
	"isdigit":   everyRune(isDigit),
	"isnumeric": everyRune(isNumeric),
	"isspace":   everyRune(isSpace),
	"islower":   textTest(isLowerText),
	"isupper":   textTest(isUpperText),
	"istitle":   textTest(isTitle),
	"join": define("iterable", 1, func(f *frame, of any, a []any) any {
		return joinTexts(f, of, all(f, a[0]))
	}),
	"strip": define("chars", 0, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		return like(of, strings.TrimFunc(s, trimmer(f, of, a[0])))
	}),
	"lstrip": define("chars", 0, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		return like(of, strings.TrimLeftFunc(s, trimmer(f, of, a[0])))
	}),
	"rstrip": define("chars", 0, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		return like(of, strings.TrimRightFunc(s, trimmer(f, of, a[0])))
	}),
	"partition":  partitionMethod(false),
	"rpartition": partitionMethod(true),
	"removeprefix": define("prefix", 1, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		return strings.TrimPrefix(s, inTheWayOf(s, textArg(f, a[0])))
	}),
	"removesuffix": define("suffix", 1, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		return strings.TrimSuffix(s, inTheWayOf(s, textArg(f, a[0])))
	}),
	"replace": define("old new count", 2, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		return like(of, replaceText(f, s, escapedLike(f, of, a[0]), escapedLike(f, of, a[1]), intArg(f, a[2], -1)))
	}),
	"split":  splitMethod(false),
	"rsplit": splitMethod(true),
	"splitlines": define("keepends", 0, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		f.r.charge(len(s) / chargedBytes)
		return likeAll(of, splitLines(s, asked(f, a[0])))
	}),
	"zfill": define("width", 1, func(f *frame, of any, a []any) any {
		s, _ := asText(of)
		width := intArg(f, a[0], 0)
		f.sized(max(width, 0))
		sign := ""
		if s != "" && (s[0] == '+' || s[0] == '-') {
			sign, s = s[:1], s[1:]
		}
		missing := width - len(sign) - utf8.RuneCountInString(s)
		return like(of, sign+strings.Repeat("0", max(0, missing))+s)
	}),
	"format_map": define("mapping", 1, func(f *frame, of any, a []any) any {
		d, ok := asDict(f, a[0])
		if !ok {
			f.fail("format_map asks for a dictionary")
		}
		args := Args{}
		for i, k := range d.keys {
			if name, ok := asText(k); ok {
				args.Names, args.Named = append(args.Names, name), append(args.Named, d.values[i])
			}
		}
		return formatBraces(f, of, args)
	}),
}

var markupMethods = map[string]*methodDef{
	"striptags": define("", 0, func(f *frame, of any, _ []any) any { return stripTags(f, str(f, of)) }),
	"unescape":  define("", 0, func(f *frame, of any, _ []any) any { return unescapeHTML(str(f, of)) }),
}
