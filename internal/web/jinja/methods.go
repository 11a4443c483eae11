package jinja

import (
	"math"
	"slices"
	"strings"
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
	table := f.r.set.builtins.methods[kind]
	if kind == "Markup" {
		if table = markupMethods; table[name] == nil {
			table = f.r.set.builtins.methods["str"]
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
			f.fail("the method %q of %s is not supported", name, withArticle(kind))
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

// textArg returns an argument that has to be a string.
func textArg(f *frame, v any) string {
	s, ok := asText(v)
	if !ok {
		f.mustBeDefined(v)
		f.fail("a string is expected here, not %s", aType(v))
	}
	return s
}

func intArg(f *frame, v any, otherwise int) int {
	if v == absent || v == nil {
		return otherwise
	}
	if !isInt(v) {
		f.mustBeDefined(v)
		f.fail("a whole number is expected here, not %s", aType(v))
	}
	return asInt(v)
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
