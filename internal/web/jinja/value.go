package jinja

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Values of templates are nil (None), bool, int, float64, string, Markup, *List, tuple, *dict, and the
// types below. Strings are of characters, as Python's are.

// Markup is text that is not escaped where it is put out. What is added to it is.
type Markup string

// Dict is a dictionary that a template is given. It is read only.
type Dict map[string]any

// List is a list of values.
type List struct{ items []any }

// NewList returns a list of the items.
func NewList(items ...any) *List { return &List{items} }

type tuple []any

// dict is a dictionary that a template has made. It keeps the order of its keys.
type dict struct {
	keys, values []any
	index        map[any]int
}

// undefined is the value of what nobody has set. It can be printed, as nothing, looped over and
// compared; whatever else is done with it fails, and says why.
type undefined struct{ problem string }

// interval is a range.
type interval struct{ from, to, step int }

// dictView is what keys, values and items return.
type dictView struct {
	kind string
	of   *dict
}

// generator yields values once. Most filters that return several values return one.
type generator struct {
	next iterator
	kind string
}

// iterator returns the next value; it is not ok if there is none.
type iterator func() (value any, ok bool)

// Function is something that a template can call. The error says what is wrong with the call.
type Function func(args Args) (any, error)

// Args are the arguments of a call.
type Args struct {
	Positional []any
	// Names and Named are those that were given by name, in the order they were.
	Names []string
	Named []any
}

// Get returns an argument by its name; it is not ok if it was not given.
func (a Args) Get(name string) (value any, ok bool) {
	if i := slices.Index(a.Names, name); i >= 0 {
		return a.Named[i], true
	}
	return nil, false
}

// Object is something that has attributes, and can be a dictionary as well. It cannot be printed.
type Object struct {
	Type string
	// Attribute is not ok for those that there are not, which are undefined in the template; an
	// error says that there is one that cannot be had. It may be nil.
	Attribute func(name string) (value any, ok bool, err error)
	// Items are those of a dictionary; nil if it is none.
	Items Dict
	// Key, if not nil, returns what a name in brackets stands for among the Items. The error is
	// the same as that of Attribute.
	Key func(name string) (string, error)
}

// callable is a function of a template's own.
type callable struct {
	name string
	call func(f *frame, args Args) any
}

type namespace struct{ attrs *dict }

func newDict() *dict { return &dict{index: map[any]int{}} }

// tupleKey stands for a tuple among the keys of a dictionary.
type tupleKey string

// key returns what a value is found by: equal values, among them 1, 1.0 and true, have the same.
func key(f *frame, v any) any {
	switch v := v.(type) {
	case string:
		return plain(v)
	case Markup:
		return plain(string(v))
	case bool:
		return asInt(v)
	case float64:
		if i := int(v); float64(i) == v {
			return i
		}
		return v
	case nil, int, *undefined, *callable, *Object, *namespace, *loop:
		return v
	case tuple:
		f.r.charge(len(v))
		var parts []string
		for _, part := range v {
			parts = append(parts, fmt.Sprintf("%T:%v", key(f, part), key(f, part)))
		}
		return tupleKey(strings.Join(parts, "\x00"))
	}
	f.fail("a %s cannot be the key of a dictionary", typeName(v))
	return nil
}

func (d *dict) get(f *frame, k any) (any, bool) {
	if i, ok := d.index[key(f, k)]; ok {
		return d.values[i], true
	}
	return nil, false
}

func (d *dict) set(f *frame, k, v any) {
	id := key(f, k)
	if i, ok := d.index[id]; ok {
		d.values[i] = v
		return
	}
	d.index[id] = len(d.keys)
	d.keys, d.values = append(d.keys, k), append(d.values, v)
}

func (d *dict) remove(f *frame, k any) (any, bool) {
	f.r.charge(1 + len(d.keys)/chargedBytes)
	id := key(f, k)
	i, ok := d.index[id]
	if !ok {
		return nil, false
	}
	v := d.values[i]
	d.keys, d.values = slices.Delete(d.keys, i, i+1), slices.Delete(d.values, i, i+1)
	delete(d.index, id)
	for other, at := range d.index {
		if at > i {
			d.index[other] = at - 1
		}
	}
	return v, true
}

func (d *dict) copy() *dict {
	return &dict{slices.Clone(d.keys), slices.Clone(d.values), maps.Clone(d.index)}
}

// asDict returns the dictionary that a value is.
func asDict(f *frame, v any) (*dict, bool) {
	switch v := v.(type) {
	case *dict:
		return v, true
	case *Object:
		if v.Items != nil {
			return asDict(f, v.Items)
		}
	case Dict:
		d := newDict()
		for _, name := range slices.Sorted(maps.Keys(v)) {
			d.set(f, name, fromGo(f, v[name]))
		}
		return d, true
	}
	return nil, false
}

// fromGo returns what a value of Go is to templates.
func fromGo(f *frame, v any) any {
	switch v := v.(type) {
	case nil, bool, int, float64, string, Markup, *List, tuple, *dict, Dict, *undefined, interval,
		*callable, *Object, *namespace, *loop, *generator, *module, *cycler, *blockReference, Function, *dictView, selfReference, *macro, *joiner, group:
		return v
	case func() string:
		return Function(func(args Args) (any, error) {
			if len(args.Positional)+len(args.Names) > 0 {
				return nil, errNoArguments
			}
			return v(), nil
		})
	case map[string]any:
		return Dict(v)
	case []any:
		items := make([]any, len(v))
		for i := range v {
			items[i] = fromGo(f, v[i])
		}
		return &List{items}
	}
	f.fail("a %T cannot be used in a template", v)
	return nil
}

var errNoArguments = fmt.Errorf("it takes no arguments")

// Text returns the characters of a value that is a string.
func Text(v any) (string, bool) {
	s, ok := asText(v)
	return plain(s), ok
}

// Plain returns a string, a number or a truth value as Python prints it; it is not ok for others.
func Plain(v any) (string, bool) {
	switch v := v.(type) {
	case string, Markup:
		return Text(v)
	case int:
		return strconv.Itoa(v), true
	case float64:
		return floatText(v), true
	case bool:
		if v {
			return "True", true
		}
		return "False", true
	}
	return "", false
}

// True reports whether a value counts as true, as far as that is known without looking into it.
func True(v any) bool {
	switch v := v.(type) {
	case nil, *undefined:
		return false
	case bool:
		return v
	}
	s, ok := Plain(v)
	return !ok || s != "" && s != "0" && s != "0.0"
}

// IsUndefined reports whether a value is that of a name that nobody has set.
func IsUndefined(v any) bool {
	_, ok := v.(*undefined)
	return ok
}

//nolint:gocyclo // one case for each type
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case Markup:
		return "Markup"
	case *List:
		return "list"
	case tuple, group:
		return "tuple"
	case *dict, Dict:
		return "dict"
	case *undefined:
		return "Undefined"
	case interval:
		return "range"
	case *generator:
		return v.kind
	case *dictView:
		return "dict_" + v.kind
	case *Object:
		return v.Type
	case *callable, Function:
		return "function"
	case *loop:
		return "loop"
	case *namespace:
		return "namespace"
	case *module:
		return "module"
	}
	return "object"
}

// asText returns the characters of a string.
func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Markup:
		return string(v), true
	}
	return "", false
}

func isMarkup(v any) bool {
	switch v.(type) {
	case Markup, *module:
		return true
	}
	return false
}

// like returns s as Markup, if v is.
func like(v any, s string) any {
	if _, ok := v.(Markup); ok {
		return Markup(s)
	}
	return s
}

// asInt returns the whole number that a value is to arithmetic.
func asInt(v any) int {
	switch v := v.(type) {
	case int:
		return v
	case bool:
		if v {
			return 1
		}
	}
	return 0
}

func isInt(v any) bool {
	switch v.(type) {
	case int, bool:
		return true
	}
	return false
}

func isNumber(v any) bool {
	_, isFloat := v.(float64)
	return isFloat || isInt(v)
}

func asFloat(v any) float64 {
	if x, ok := v.(float64); ok {
		return x
	}
	return float64(asInt(v))
}

func truth(f *frame, v any) bool {
	switch v := v.(type) {
	case nil, *undefined:
		return false
	case bool:
		return v
	case int:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case Markup:
		return v != ""
	case *List, tuple, *dict, Dict, interval, *dictView, *Object:
		n, ok := length(f, v)
		return n > 0 || !ok
	}
	return true
}

// length returns what len does; it is not ok for what has no length.
func length(f *frame, v any) (int, bool) {
	switch v := v.(type) {
	case string:
		f.r.charge(len(v) / chargedBytes)
		return utf8.RuneCountInString(v), true
	case Markup:
		return length(f, string(v))
	case *List:
		return len(v.items), true
	case tuple:
		return len(v), true
	case group:
		return 2, true
	case *dict:
		return len(v.keys), true
	case Dict:
		return len(v), true
	case *Object:
		return len(v.Items), v.Items != nil
	case *dictView:
		return len(v.of.keys), true
	case interval:
		return v.len(), true
	case *undefined:
		return 0, true
	case *loop:
		return v.length(f), true
	}
	return 0, false
}

func (r interval) len() int {
	switch {
	case r.step > 0 && r.from < r.to:
		return (r.to-r.from-1)/r.step + 1
	case r.step < 0 && r.from > r.to:
		return (r.from-r.to-1)/-r.step + 1
	}
	return 0
}

func (r interval) has(n int) bool {
	i := (n - r.from) / r.step
	return 0 <= i && i < r.len() && r.at(i) == n
}

func (r interval) at(i int) int { return r.from + i*r.step }

// iterate returns what loops over a value; it is not ok if nothing can.
func iterate(f *frame, v any) (next iterator, ok bool) {
	switch v := v.(type) {
	case *List:
		i := 0
		return func() (any, bool) {
			if i >= len(v.items) {
				return nil, false
			}
			i++
			return v.items[i-1], true
		}, true
	case tuple:
		return iterate(f, &List{v})
	case group:
		return iterate(f, v.tuple())
	case *dict:
		return iterate(f, &List{v.keys})
	case Dict, *Object:
		d, ok := asDict(f, v)
		if !ok {
			return nil, false
		}
		return iterate(f, d)
	case *dictView:
		f.r.charge(len(v.of.keys) / chargedBytes)
		return iterate(f, &List{v.items()})
	case interval:
		i, n := 0, v.len()
		return func() (any, bool) {
			if i >= n {
				return nil, false
			}
			i++
			return v.at(i - 1), true
		}, true
	case string, Markup:
		rest, _ := asText(v)
		return func() (any, bool) {
			if rest == "" {
				return nil, false
			}
			_, size := utf8.DecodeRuneInString(rest)
			one := rest[:size]
			rest = rest[size:]
			return one, true
		}, true
	case *undefined:
		return func() (any, bool) { return nil, false }, true
	case *generator:
		return v.next, true
	}
	return nil, false
}

func mustIterate(f *frame, v any) iterator {
	next, ok := iterate(f, v)
	if !ok {
		f.fail("a %s cannot be looped over", typeName(v))
	}
	return func() (any, bool) {
		f.r.charge(1)
		return next()
	}
}

// all returns the values that a loop over v yields.
func all(f *frame, v any) []any {
	if l, ok := v.(*List); ok {
		f.r.charge(len(l.items))
		return slices.Clone(l.items)
	}
	var items []any
	next := mustIterate(f, v)
	for item, ok := next(); ok; item, ok = next() {
		items = append(items, item)
	}
	return items
}

func (v *dictView) items() []any {
	switch v.kind {
	case "keys":
		return slices.Clone(v.of.keys)
	case "values":
		return slices.Clone(v.of.values)
	}
	pairs := make([]any, len(v.of.keys))
	for i := range pairs {
		pairs[i] = tuple{v.of.keys[i], v.of.values[i]}
	}
	return pairs
}

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
		f.fail("a %s cannot be printed", typeName(v))
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

// equal reports whether two values are equal.
//
//nolint:gocyclo // one case for each type
func equal(f *frame, a, b any) bool {
	f.r.charge(1)
	if g, ok := b.(group); ok {
		b = g.tuple()
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case group:
		return equal(f, x.tuple(), b)
	case string, Markup:
		s, _ := asText(a)
		t, ok := asText(b)
		f.r.charge(min(len(s), len(t)) / chargedBytes)
		return ok && plain(s) == plain(t)
	case bool, int, float64:
		if isInt(a) && isInt(b) {
			return asInt(a) == asInt(b)
		}
		return isNumber(b) && asFloat(a) == asFloat(b)
	case *List:
		y, ok := b.(*List)
		return ok && equalItems(f, x.items, y.items)
	case tuple:
		y, ok := b.(tuple)
		return ok && equalItems(f, x, y)
	case *dict, Dict:
		d, _ := asDict(f, x)
		e, ok := asDict(f, b)
		return ok && d.equal(f, e)
	case *undefined:
		_, ok := b.(*undefined)
		return ok
	case interval:
		y, ok := b.(interval)
		return ok && x.equal(y)
	}
	return same(f, a, b)
}

func (d *dict) equal(f *frame, other *dict) bool {
	if len(d.keys) != len(other.keys) {
		return false
	}
	for i, k := range d.keys {
		v, ok := other.get(f, k)
		if !ok || !equal(f, d.values[i], v) {
			return false
		}
	}
	return true
}

// equal reports whether two ranges have the same numbers in them.
func (r interval) equal(other interval) bool {
	switch r.len() {
	case 0:
		return other.len() == 0
	case 1:
		return other.len() == 1 && r.from == other.from
	}
	return r.len() == other.len() && r.from == other.from && r.step == other.step
}

func equalItems(f *frame, a, b []any) bool {
	return f.deeper(func() bool {
		return slices.EqualFunc(a, b, func(x, y any) bool { return equal(f, x, y) })
	})
}

// same reports whether two values are the same object.
func same(f *frame, a, b any) bool {
	switch a := a.(type) {
	case nil, bool, *List, *dict, *loop, *namespace, *macro, *module, *callable, *Object, *generator, *cycler, *undefined:
		return a == b
	case int:
		// Python keeps one object of each small number, and of others as it pleases.
		b, ok := b.(int)
		return ok && a == b
	case string:
		b, ok := b.(string)
		return ok && plain(a) == plain(b)
	}
	if typeName(a) != typeName(b) {
		return false
	}
	f.fail("whether two values of the type %s are the same cannot be told", typeName(a))
	return false
}

// compare returns a number below 0, 0 or above 0 as a is less than, equal to or greater than b.
// The op is for the problem.
func compare(f *frame, op string, a, b any) int {
	f.mustBeDefined(a)
	f.mustBeDefined(b)
	f.r.charge(1)
	if isNumber(a) && isNumber(b) {
		if isInt(a) && isInt(b) {
			return compareOrdered(asInt(a), asInt(b))
		}
		return compareOrdered(asFloat(a), asFloat(b))
	}
	if s, ok := asText(a); ok {
		if t, ok := asText(b); ok {
			f.r.charge(min(len(s), len(t)) / chargedBytes)
			return strings.Compare(plain(s), plain(t))
		}
	}
	x, y, ok := sequences(a, b)
	if !ok {
		f.fail("%q cannot be said of a %s and a %s", op, typeName(a), typeName(b))
	}
	return f.deeperInt(func() int {
		for i := range min(len(x), len(y)) {
			if !equal(f, x[i], y[i]) {
				return compare(f, op, x[i], y[i])
			}
		}
		return len(x) - len(y)
	})
}

func compareOrdered[T int | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// sequences returns the items of two lists or of two tuples.
func sequences(a, b any) (x, y []any, ok bool) {
	if g, ok := a.(group); ok {
		a = g.tuple()
	}
	if g, ok := b.(group); ok {
		b = g.tuple()
	}
	switch a := a.(type) {
	case *List:
		if b, ok := b.(*List); ok {
			return a.items, b.items, true
		}
	case tuple:
		if b, ok := b.(tuple); ok {
			return a, b, true
		}
	}
	return nil, nil, false
}

// contains reports whether a value is in a collection.
func contains(f *frame, in, v any) bool {
	switch in := in.(type) {
	case string, Markup:
		s, _ := asText(in)
		part, ok := asText(v)
		if !ok {
			f.mustBeDefined(v)
			f.fail("a %s cannot be in a string", typeName(v))
		}
		f.r.charge(len(s) / chargedBytes)
		return strings.Contains(plain(s), plain(part))
	case *dict:
		_, ok := in.get(f, v)
		return ok
	case Dict, *Object:
		if _, ok := asDict(f, in); ok {
			_, ok = itemOf(f, in, v)
			return ok
		}
	case *dictView:
		if in.kind == "keys" {
			return contains(f, in.of, v)
		}
	case interval:
		if isInt(v) {
			return in.has(asInt(v))
		}
	}
	if _, ok := iterate(f, in); !ok {
		f.fail("nothing can be in a %s", typeName(in))
	}
	next := mustIterate(f, in)
	for item, ok := next(); ok; item, ok = next() {
		if equal(f, item, v) {
			return true
		}
	}
	return false
}
