package jinja

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A methodFunc does what a method of a value does, with its arguments in the order of the
// parameters; absent are those that were not given.
type methodFunc func(f *frame, of any, a []any) any

type methodDef struct {
	signature
	do methodFunc
}

// refused are methods and attributes of Python's that there are not here.
var refused = map[string][]string{
	"str":    {"encode", "isidentifier", "isprintable", "maketrans", "translate"},
	"int":    {"as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes", "imag", "numerator", "real", "to_bytes"},
	"float":  {"as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"},
	"dict":   {"fromkeys"},
	"range":  {"count", "index", "start", "step", "stop"},
	"Markup": {"encode", "isidentifier", "isprintable", "maketrans", "translate"},
}

// method returns a method of a value, bound to it.
func method(f *frame, of any, name string) (any, bool) {
	kind := typeName(of)
	if s, ok := asText(of); ok {
		f.r.charge(len(s) / chargedBytes)
	}
	if o, ok := of.(*Object); ok && o.Items != nil {
		kind = "dict"
	}
	table := f.r.set.library.methods[kind]
	if kind == "Markup" {
		if table = markupMethods; table[name] == nil {
			table = f.r.set.library.methods["str"]
		}
	}
	switch {
	case name == "format" && (kind == "str" || kind == "Markup"):
		return &callable{name, func(f *frame, args Args) any {
			return formatBraces(f, of, args)
		}}, true
	case name == "update" && kind == "dict":
		return &callable{name, func(f *frame, args Args) any { return update(f, of, args) }}, true
	}
	m := table[name]
	if m == nil {
		if kind == "bool" {
			kind = "int"
		}
		if slices.Contains(refused[kind], name) {
			f.fail("the method %q of a %s is not supported", name, kind)
		}
		return nil, false
	}
	return &callable{name, func(f *frame, args Args) any {
		return m.do(f, of, m.bind(f, "the method "+name, args))
	}}, true
}

func define(params string, required int, do methodFunc) *methodDef {
	return &methodDef{newSignature(params, required), do}
}

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

// textArg returns an argument that has to be a string.
func textArg(f *frame, v any) string {
	s, ok := asText(v)
	if !ok {
		f.mustBeDefined(v)
		f.fail("a string is expected here, not a %s", typeName(v))
	}
	return s
}

func intArg(f *frame, v any, otherwise int) int {
	if v == absent || v == nil {
		return otherwise
	}
	if !isInt(v) {
		f.mustBeDefined(v)
		f.fail("a whole number is expected here, not a %s", typeName(v))
	}
	return asInt(v)
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

func joinTexts(f *frame, of any, items []any) any {
	sep, _ := asText(of)
	var out strings.Builder
	for i, item := range items {
		if i > 0 {
			out.WriteString(sep)
		}
		if isMarkup(of) {
			out.WriteString(string(escape(f, item)))
		} else {
			out.WriteString(textArg(f, item))
		}
		f.sized(out.Len())
	}
	f.r.charge(out.Len() / chargedBytes)
	return like(of, out.String())
}

func replaceText(f *frame, s, old, by string, count int) string {
	old = inTheWayOf(s, old)
	n := strings.Count(s, old)
	if count >= 0 {
		n = min(n, count)
	}
	if by != "" && n > maxPage/len(by) {
		f.sized(math.MaxInt)
	}
	f.sized(len(s) + n*len(by))
	f.r.charge((len(s) + n*len(by)) / chargedBytes)
	return strings.Replace(s, old, by, n)
}

// newMethods returns the methods of each type.
func newMethods() map[string]map[string]*methodDef {
	return map[string]map[string]*methodDef{"str": textMethods, "list": listMethods, "dict": dictMethods, "tuple": {
		"count": define("value", 1, countItems), "index": define("value start stop", 1, indexOf),
	}}
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

// listMethod is a method that changes a list.
func listMethod(params string, required int, do func(f *frame, l *List, a []any) any) *methodDef {
	return define(params, required, func(f *frame, of any, a []any) any {
		l, ok := of.(*List)
		if !ok {
			f.fail("a list is expected here, not a %s", typeName(of))
		}
		return do(f, l, a)
	})
}

var listMethods = map[string]*methodDef{
	"append": listMethod("object", 1, func(f *frame, l *List, a []any) any {
		f.r.charge(1)
		l.items = append(l.items, a[0])
		return nil
	}),
	"clear": listMethod("", 0, func(_ *frame, l *List, _ []any) any { l.items = nil; return nil }),
	"copy":  define("", 0, func(f *frame, of any, _ []any) any { return &List{all(f, of)} }),
	"count": define("value", 1, countItems),
	"extend": listMethod("iterable", 1, func(f *frame, l *List, a []any) any {
		l.items = append(l.items, all(f, a[0])...)
		return nil
	}),
	"index": define("value start stop", 1, indexOf),
	"insert": listMethod("index object", 2, func(f *frame, l *List, a []any) any {
		i, n := intArg(f, a[0], 0), len(l.items)
		if i < 0 {
			i += n
		}
		f.r.charge(1 + n/chargedBytes)
		l.items = slices.Insert(l.items, max(0, min(i, n)), a[1])
		return nil
	}),
	"pop": listMethod("index", 0, func(f *frame, l *List, a []any) any {
		i := intArg(f, a[0], -1)
		if i < 0 {
			i += len(l.items)
		}
		if i < 0 || i >= len(l.items) {
			f.fail("there is no such item to take out of the list")
		}
		v := l.items[i]
		f.r.charge(1 + len(l.items)/chargedBytes)
		l.items = slices.Delete(l.items, i, i+1)
		return v
	}),
	"remove": listMethod("value", 1, func(f *frame, l *List, a []any) any {
		i := find(f, l.items, a[0], absent, absent)
		l.items = slices.Delete(l.items, i, i+1)
		return nil
	}),
	"reverse": listMethod("", 0, func(_ *frame, l *List, _ []any) any { slices.Reverse(l.items); return nil }),
	"sort": listMethod("reverse", 0, func(f *frame, l *List, a []any) any {
		l.items = sorted(f, l.items, func(v any) any { return v }, asked(f, a[0]))
		return nil
	}),
}

var dictMethods = map[string]*methodDef{
	"get": define("key default", 1, func(f *frame, of any, a []any) any {
		if v, ok := itemOf(f, of, a[0]); ok {
			return v
		}
		if a[1] == absent {
			return nil
		}
		return a[1]
	}),
	"keys":   viewMethod("keys"),
	"values": viewMethod("values"),
	"items":  viewMethod("items"),
	"copy": define("", 0, func(f *frame, of any, _ []any) any {
		d, _ := asDict(f, of)
		f.r.charge(len(d.keys))
		return d.copy()
	}),
	"pop": changing("key default", 1, func(f *frame, d *dict, a []any) any {
		v, ok := d.remove(f, a[0])
		if !ok && a[1] == absent {
			f.fail("there is no such key to take out of the dictionary")
		}
		if !ok {
			return a[1]
		}
		return v
	}),
	"popitem": changing("", 0, func(f *frame, d *dict, _ []any) any {
		if len(d.keys) == 0 {
			f.fail("there is nothing to take out of the dictionary")
		}
		k := d.keys[len(d.keys)-1]
		v, _ := d.remove(f, k)
		return tuple{k, v}
	}),
	"setdefault": changing("key default", 1, func(f *frame, d *dict, a []any) any {
		if v, ok := d.get(f, a[0]); ok {
			return v
		}
		var v any
		if a[1] != absent {
			v = a[1]
		}
		f.r.charge(1)
		d.set(f, a[0], v)
		return v
	}),
	"clear": changing("", 0, func(_ *frame, d *dict, _ []any) any { *d = *newDict(); return nil }),
}

var markupMethods = map[string]*methodDef{
	"striptags": define("", 0, func(f *frame, of any, _ []any) any { return stripTags(f, str(f, of)) }),
	"unescape":  define("", 0, func(f *frame, of any, _ []any) any { return unescapeHTML(str(f, of)) }),
}

// update puts the keys of another dictionary, and named arguments, into one.
func update(f *frame, of any, args Args) any {
	d, ok := of.(*dict)
	if !ok {
		f.fail("a template cannot change what it is given")
	}
	if len(args.Positional) > 1 {
		f.fail("a dictionary is updated from one other")
	}
	other := asNewDict(f, args)
	f.r.charge(len(other.keys))
	for i, k := range other.keys {
		d.set(f, k, other.values[i])
	}
	return nil
}

func countItems(f *frame, of any, a []any) any {
	n := 0
	for _, item := range all(f, of) {
		if equal(f, item, a[0]) {
			n++
		}
	}
	return n
}

func indexOf(f *frame, of any, a []any) any { return find(f, all(f, of), a[0], a[1], a[2]) }

// find returns the index of the first item that is equal to v, between two bounds.
func find(f *frame, items []any, v, from, to any) int {
	low, high, _ := slice{or(from, nil), or(to, nil), nil}.bounds(f, len(items))
	for i := low; i < high; i++ {
		if equal(f, items[i], v) {
			return i
		}
	}
	f.fail("the value that is looked for is not there")
	return -1
}

func viewMethod(kind string) *methodDef {
	return define("", 0, func(f *frame, of any, _ []any) any {
		d, _ := asDict(f, of)
		return &dictView{kind, d}
	})
}

// changing is a method that changes a dictionary of a template's own.
func changing(params string, required int, do func(f *frame, d *dict, a []any) any) *methodDef {
	return define(params, required, func(f *frame, of any, a []any) any {
		d, ok := of.(*dict)
		if !ok {
			f.fail("a template cannot change what it is given")
		}
		return do(f, d, a)
	})
}
