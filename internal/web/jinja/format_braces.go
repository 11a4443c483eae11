package jinja

import (
	"strconv"
	"strings"
)

// formatBraces does what Python's str.format does.
func formatBraces(f *frame, format any, args Args) any {
	s, _ := asText(format)
	var out strings.Builder
	only := bracesInto(f, &out, s, isMarkup(format), args, &numbering{}, 0)
	f.r.charge(out.Len() / chargedBytes)
	if m, ok := only.(Markup); ok && string(m) == out.String() {
		return m
	}
	return like(format, out.String())
}

// bracesInto puts the format into out. It returns the value of a field that has a format of its own and
// is all there is: Python hands that on as it is, Markup too, if the format changes nothing.
func bracesInto(f *frame, out *strings.Builder, s string, safe bool, args Args, auto *numbering, depth int) (only any) {
	if depth > 2 {
		f.fail("the format is nested too deeply")
	}
	for s != "" {
		at := strings.IndexAny(s, "{}")
		if at < 0 {
			out.WriteString(s)
			return nil
		}
		whole := at == 0 && out.Len() == 0
		out.WriteString(s[:at])
		if at+1 < len(s) && s[at+1] == s[at] {
			out.WriteByte(s[at])
			s = s[at+2:]
			continue
		}
		if s[at] == '}' {
			f.fail("a single } stands in a format")
		}
		s = s[at+1:]
		end := endOfField(f, s)
		field := s[:end]
		s = s[end+1:]
		name, specText, _ := strings.Cut(field, ":")
		name, conversion, converts := strings.Cut(name, "!")
		v := fieldValue(f, name, args, auto)
		var nested strings.Builder
		bracesInto(f, &nested, specText, false, args, auto, depth+1)
		if whole && s == "" && !converts && nested.Len() > 0 {
			only = v
		}
		if converts {
			v = converted(f, v, conversion)
		}
		out.WriteString(fieldText(f, v, nested.String(), safe))
		f.sized(out.Len())
	}
	return only
}

// endOfField returns where the brace is that closes the field which s begins with.
func endOfField(f *frame, s string) int {
	open := 1
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			open--
		}
		if open == 0 {
			return i
		}
	}
	f.fail("a { in a format is not closed")
	return 0
}

func converted(f *frame, v any, conversion string) any {
	switch conversion {
	case "s":
		return str(f, v)
	case "r":
		return repr(f, v)
	case "a":
		return escapeNonASCII(repr(f, v), true)
	}
	f.fail("there is no conversion !%s", conversion)
	return nil
}

// fieldText returns what a field becomes, escaped if the format is Markup.
func fieldText(f *frame, v any, spec string, safe bool) string {
	if !safe {
		return formatSpec(f, v, spec)
	}
	if !isMarkup(v) {
		return string(escape(f, formatSpec(f, v, spec)))
	}
	if spec != "" {
		f.fail("Markup in a format cannot be formatted any further")
	}
	return string(escape(f, v))
}

// numbering is how the fields of a format get their numbers: all by themselves, or none.
type numbering struct {
	next       int
	byItself   bool
	byTemplate bool
}

// number returns the number of a field. It is not ok if the field has a name.
func (n *numbering) number(f *frame, field string) (i int, ok bool) {
	if field == "" {
		n.byItself = true
		n.next++
		i, ok = n.next-1, true
	} else if i, ok = decimal(field); ok {
		n.byTemplate = true
	}
	if n.byItself && n.byTemplate {
		f.fail("a format numbers all of its fields, or none of them")
	}
	return i, ok
}

// decimal returns the number that is written in plain digits.
func decimal(s string) (int, bool) {
	i, err := strconv.ParseUint(s, 10, strconv.IntSize-1)
	return int(i), err == nil
}

func fieldValue(f *frame, name string, args Args, auto *numbering) any {
	first := name
	if i := strings.IndexAny(name, ".["); i >= 0 {
		first = name[:i]
	}
	rest := name[len(first):]
	var v any
	if i, ok := auto.number(f, first); ok {
		if i >= len(args.Positional) {
			f.fail("the format asks for more values than there are")
		}
		v = args.Positional[i]
	} else if named, ok := args.Get(first); ok {
		v = named
	} else {
		f.fail("there is no value %q for the format", first)
	}
	for rest != "" {
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			attr, ok := attributeOf(f, v, rest[1:end])
			if !ok {
				f.fail("%s has no attribute %q", aType(v), rest[1:end])
			}
			v, rest = attr, rest[end:]
			continue
		}
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			f.fail("a [ in a format is not closed")
		}
		var k any = rest[1:end]
		if i, ok := decimal(rest[1:end]); ok {
			k = i
		}
		item, ok := itemOf(f, v, k)
		if !ok {
			f.fail("%s has no item %q", aType(v), rest[1:end])
		}
		v, rest = item, rest[end+1:]
	}
	return v
}
