package jinja

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// toJSON returns a value as JSON that can stand in a script.
func toJSON(f *frame, in any, a []any) any {
	var out strings.Builder
	j := &jsonWriter{f: f, out: &out}
	if v := or(a[0], nil); v != nil {
		if s, ok := asText(v); ok {
			j.indent = s
		} else {
			n := intArg(f, v, 0)
			f.sized(max(n, 0))
			j.indent = strings.Repeat(" ", max(0, n))
		}
		j.lines = true
	}
	j.write(in, 0)
	f.r.charge(out.Len() / chargedBytes)
	return Markup(inScript.Replace(out.String()))
}

var inScript = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`)

type jsonWriter struct {
	f      *frame
	out    *strings.Builder
	lines  bool
	indent string
}

func (j *jsonWriter) write(v any, depth int) {
	if depth > maxNesting {
		j.f.fail("this value is too deep for JSON")
	}
	j.f.r.charge(1)
	j.f.sized(j.out.Len())
	switch v := v.(type) {
	case nil:
		j.out.WriteString("null")
	case bool:
		j.out.WriteString(strconv.FormatBool(v))
	case int:
		j.out.WriteString(strconv.Itoa(v))
	case float64:
		j.out.WriteString(jsonFloat(v))
	case string:
		j.text(v)
	case Markup:
		j.text(string(v))
	case *List:
		j.sequence(v.items, depth)
	case tuple:
		j.sequence(v, depth)
	case group:
		j.sequence(v.tuple(), depth)
	case *dict, Dict:
		d, _ := asDict(j.f, v)
		j.object(d, depth)
	case *Object:
		d, ok := asDict(j.f, v)
		if !ok {
			j.f.fail("%s cannot be written as JSON", aType(v))
		}
		j.object(d, depth)
	default:
		j.f.mustBeDefined(v)
		j.f.fail("%s cannot be written as JSON", aType(v))
	}
}

func jsonFloat(x float64) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	}
	return floatText(x)
}

func (j *jsonWriter) text(s string) {
	j.out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			j.out.WriteByte('\\')
			j.out.WriteRune(r)
		case r == '\n':
			j.out.WriteString(`\n`)
		case r == '\r':
			j.out.WriteString(`\r`)
		case r == '\t':
			j.out.WriteString(`\t`)
		case r == '\b':
			j.out.WriteString(`\b`)
		case r == '\f':
			j.out.WriteString(`\f`)
		case r < ' ' || r == 0x7F:
			fmt.Fprintf(j.out, `\u%04x`, r)
		default:
			j.out.WriteString(escapeNonASCII(string(r), false))
		}
	}
	j.out.WriteByte('"')
}

// between writes what stands before the item i, or behind the last one.
func (j *jsonWriter) between(i, depth int, end bool) {
	if i > 0 && !end {
		j.out.WriteByte(',')
		if !j.lines {
			j.out.WriteByte(' ')
		}
	}
	if j.lines {
		j.out.WriteByte('\n')
		j.out.WriteString(strings.Repeat(j.indent, depth))
	}
}

func (j *jsonWriter) sequence(items []any, depth int) {
	j.out.WriteByte('[')
	for i, item := range items {
		j.between(i, depth+1, false)
		j.write(item, depth+1)
	}
	if len(items) > 0 {
		j.between(0, depth, true)
	}
	j.out.WriteByte(']')
}

func (j *jsonWriter) object(d *dict, depth int) {
	order := make([]any, len(d.keys))
	copy(order, d.keys)
	order = sorted(j.f, order, func(k any) any { return k }, false)
	j.out.WriteByte('{')
	for i, k := range order {
		j.between(i, depth+1, false)
		switch k := k.(type) {
		case string:
			j.text(k)
		case Markup:
			j.text(string(k))
		case nil, bool, int, float64:
			var name strings.Builder
			(&jsonWriter{f: j.f, out: &name}).write(k, depth)
			j.text(name.String())
		default:
			j.f.fail("%s cannot be a name in JSON", aType(k))
		}
		j.out.WriteString(": ")
		v, _ := d.get(j.f, k)
		j.write(v, depth+1)
	}
	if len(order) > 0 {
		j.between(0, depth, true)
	}
	j.out.WriteByte('}')
}
