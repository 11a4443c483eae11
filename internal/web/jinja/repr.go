package jinja

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// str returns a value as it is printed.
func str(f *frame, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case Markup:
		return string(v)
	case *undefined:
		return ""
	case int:
		return strconv.Itoa(v)
	case *module:
		return v.text
	}
	return repr(f, v)
}

// repr returns a value as it is printed within a list.
func repr(f *frame, v any) string {
	var out strings.Builder
	writeRepr(f, &out, v, 0)
	f.r.charge(out.Len())
	return out.String()
}

// writeRepr writes a value at a depth within others.
//
//nolint:gocyclo // one case for each type
func writeRepr(f *frame, out *strings.Builder, v any, depth int) {
	if depth > maxNesting || out.Len() > maxWork {
		f.fail("this value is too large to be printed")
	}
	sequence := func(open string, items []any, closing string) {
		out.WriteString(open)
		for i, item := range items {
			if i > 0 {
				out.WriteString(", ")
			}
			writeRepr(f, out, item, depth+1)
		}
		out.WriteString(closing)
	}
	switch v := v.(type) {
	case nil:
		out.WriteString("None")
	case bool:
		if v {
			out.WriteString("True")
		} else {
			out.WriteString("False")
		}
	case int:
		out.WriteString(strconv.Itoa(v))
	case float64:
		out.WriteString(floatText(v))
	case string:
		out.WriteString(quoted(v))
	case Markup:
		out.WriteString("Markup(" + quoted(string(v)) + ")")
	case *List:
		sequence("[", v.items, "]")
	case group:
		writeRepr(f, out, v.tuple(), depth)
	case tuple:
		if len(v) == 1 {
			sequence("(", v, ",)")
		} else {
			sequence("(", v, ")")
		}
	case *dict:
		out.WriteByte('{')
		for i := range v.keys {
			if i > 0 {
				out.WriteString(", ")
			}
			writeRepr(f, out, v.keys[i], depth+1)
			out.WriteString(": ")
			writeRepr(f, out, v.values[i], depth+1)
		}
		out.WriteByte('}')
	case Dict:
		d, _ := asDict(f, v)
		writeRepr(f, out, d, depth)
	case *dictView:
		sequence("dict_"+v.kind+"([", v.items(), "])")
	case *undefined:
		out.WriteString("Undefined")
	case interval:
		if v.step == 1 {
			fmt.Fprintf(out, "range(%d, %d)", v.from, v.to)
		} else {
			fmt.Fprintf(out, "range(%d, %d, %d)", v.from, v.to, v.step)
		}
	case *namespace:
		out.WriteString("<Namespace ")
		writeRepr(f, out, v.attrs, depth+1)
		out.WriteByte('>')
	case *loop:
		fmt.Fprintf(out, "<LoopContext %d/%d>", v.index(), v.length(f))
	case *macro:
		out.WriteString(v.repr())
	case *module:
		out.WriteString("<TemplateModule " + quoted(v.name) + ">")
	default:
		// Python shows an address in memory, which means nothing to anybody.
		f.fail("%s cannot be printed", aType(v))
	}
}

// floatText returns a number as Python prints it.
func floatText(x float64) string {
	switch {
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	case math.IsNaN(x):
		return "nan"
	}
	exponent := 0
	if x != 0 {
		_, after, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, 64), "e")
		exponent, _ = strconv.Atoi(after) // of a number that was just made
	}
	if exponent < -4 || exponent >= 16 {
		return strconv.FormatFloat(x, 'e', -1, 64)
	}
	s := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// quoted returns a string as Python shows it in a list.
func quoted(s string) string {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) || strings.Contains(s, private('\'')) && !strings.Contains(s, private('"')) {
		quote = '"'
	}
	var out strings.Builder
	out.WriteRune(quote)
	for _, r := range s {
		switch {
		case r == quote:
			out.WriteByte('\\')
			out.WriteRune(r)
		case controlEscapes[r] != "":
			out.WriteString(controlEscapes[r])
		case isPrintable(r):
			out.WriteRune(r)
		default:
			out.WriteString(escaped(r))
		}
	}
	out.WriteRune(quote)
	return out.String()
}

var controlEscapes = map[rune]string{'\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

func isPrintable(r rune) bool {
	return r == ' ' || isPrivate(r) || unicode.IsGraphic(r) && !unicode.Is(unicode.Zs, r)
}

// escaped returns the escape that Python writes for a character.
func escaped(r rune) string {
	switch {
	case r <= 0xFF:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xFFFF:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
