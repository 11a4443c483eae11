package jinja

import (
	"slices"
	"strings"
)

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
		f.fail("%q cannot be said of %s and %s", op, aType(a), aType(b))
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
			f.fail("%s cannot be in a string", aType(v))
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
		f.fail("nothing can be in %s", aType(in))
	}
	next := mustIterate(f, in)
	for item, ok := next(); ok; item, ok = next() {
		if equal(f, item, v) {
			return true
		}
	}
	return false
}
