package jinja

import (
	"slices"
	"unicode/utf8"
)

// interval is a range.
type interval struct{ from, to, step int }

// generator yields values once. Most filters that return several values return one.
type generator struct {
	next iterator
	kind string
}

// iterator returns the next value; it is not ok if there is none.
type iterator func() (value any, ok bool)

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
		f.fail("%s cannot be looped over", aType(v))
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
