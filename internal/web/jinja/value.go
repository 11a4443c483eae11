package jinja

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Values of templates are nil (None), bool, int, float64, string, Markup, *List, tuple, *dict, and the
// types below. Strings are of characters, as Python's are.

// Markup is text that is not escaped where it is put out. Text that is added to it is escaped.
type Markup string

// Dict is a dictionary that a template is given. It is read only.
type Dict map[string]any

// List is a list of values.
type List struct{ items []any }

// NewList returns a list of the items.
func NewList(items ...any) *List { return &List{items} }

type tuple []any

// NewTuple returns a tuple of some items.
func NewTuple(items ...any) any { return tuple(items) }

// undefined is the value of what nobody has set. It can be printed, as nothing, looped over and
// compared; whatever else is done with it fails, and says why.
type undefined struct{ problem string }

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

// True reports whether a value counts as true. A dictionary does, also an empty one.
func True(v any) bool {
	switch v := v.(type) {
	case nil, *undefined:
		return false
	case bool:
		return v
	case *List:
		return len(v.items) > 0
	case tuple:
		return len(v) > 0
	}
	s, ok := Plain(v)
	return !ok || s != "" && s != "0" && s != "0.0"
}

// Has reports whether a list, a tuple or a string has a text in it.
func Has(v any, text string) bool {
	is := func(item any) bool {
		s, ok := asText(item)
		return ok && s == text
	}
	switch v := v.(type) {
	case *List:
		return slices.ContainsFunc(v.items, is)
	case tuple:
		return slices.ContainsFunc(v, is)
	}
	s, _ := asText(v)
	return strings.Contains(s, text)
}

// IsUndefined reports whether a value is that of a name that nobody has set.
func IsUndefined(v any) bool {
	_, ok := v.(*undefined)
	return ok
}

// aType returns the name of a value's type with its article, for sentences.
func aType(v any) string { return withArticle(typeName(v)) }

func withArticle(name string) string {
	if strings.IndexAny(name, "aeiou") == 0 {
		return "an " + name
	}
	return "a " + name
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
