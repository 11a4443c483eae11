package jinja

import (
	"slices"
	"strconv"
	"strings"
)

func batch(f *frame, in any, a []any) any {
	size, fill := intArg(f, a[0], 0), or(a[1], nil)
	next := mustIterate(f, in)
	if size == 0 {
		f.fail("nothing can be cut into rows of 0")
	}
	done := false
	return &generator{kind: "generator", next: func() (any, bool) {
		var row []any
		for !done && (len(row) != size || len(row) == 0) {
			item, ok := next()
			if !ok {
				done = true
				break
			}
			row = append(row, item)
		}
		if len(row) == 0 {
			return nil, false
		}
		if fill != nil && len(row) < size {
			f.r.charge(size - len(row))
			row = append(row, slices.Repeat([]any{fill}, size-len(row))...)
		}
		return &List{row}, true
	}}
}

// columns deals items out to n lists.
func columns(f *frame, in any, a []any) any {
	n, fill := intArg(f, a[0], 0), or(a[1], nil)
	items := all(f, in)
	if n == 0 {
		f.fail("nothing can be cut into 0 slices")
	}
	each, extra := len(items)/max(n, 1), len(items)%max(n, 1)
	i := 0
	return &generator{kind: "generator", next: func() (any, bool) {
		if i >= n {
			return nil, false
		}
		f.r.charge(1)
		size := each
		if i < extra {
			size++
		}
		part := slices.Clone(items[:size])
		items = items[size:]
		if fill != nil && i >= extra {
			part = append(part, fill)
		}
		i++
		return &List{part}, true
	}}
}

// folded returns text in lower case, unless case matters, and other values as they are.
func folded(f *frame, v any, caseSensitive any) any {
	if s, ok := asText(v); ok && (caseSensitive == absent || !truth(f, caseSensitive)) {
		return like(v, lower(s))
	}
	return v
}

func dictSort(f *frame, in any, a []any) any {
	by := 0
	switch v := or(a[1], "key"); v {
	case "key":
	case "value":
		by = 1
	default:
		f.fail("a dictionary can be sorted by \"key\" or by \"value\"")
	}
	d := mustDict(f, in)
	return &List{sorted(f, (&dictView{"items", d}).items(), func(pair any) any {
		v, _ := itemOf(f, pair, by)
		return folded(f, v, a[0])
	}, asked(f, a[2]))}
}

// sorted returns items in the order of their keys. Equal ones stay in the order they have.
func sorted(f *frame, items []any, by func(any) any, reverse bool) []any {
	type entry struct{ key, item any }
	entries := make([]entry, len(items))
	for i, item := range items {
		entries[i] = entry{by(item), item}
	}
	f.r.charge(len(items))
	slices.SortStableFunc(entries, func(a, b entry) int {
		c := compare(f, "<", a.key, b.key)
		if reverse {
			return -c
		}
		return c
	})
	out := make([]any, len(items))
	for i, e := range entries {
		out[i] = e.item
	}
	return out
}

// getter returns a function that follows an attribute's path, such as "user.name" or "0".
func getter(f *frame, path any, otherwise any) func(any) any {
	var parts []any
	switch path := path.(type) {
	case nil, absentValue:
	case string, Markup:
		s, _ := asText(path)
		for part := range strings.SplitSeq(s, ".") {
			if i, err := strconv.Atoi(part); err == nil && i >= 0 {
				parts = append(parts, i)
			} else {
				parts = append(parts, part)
			}
		}
	default:
		parts = []any{path}
	}
	return func(v any) any {
		for _, part := range parts {
			v = getItem(f, v, part)
			if _, unset := v.(*undefined); unset && otherwise != nil && otherwise != absent {
				v = otherwise
			}
		}
		return v
	}
}

func sortFilter(f *frame, in any, a []any) any {
	paths := []any{or(a[2], nil)}
	if s, ok := asText(a[2]); ok {
		paths = nil
		for path := range strings.SplitSeq(s, ",") {
			paths = append(paths, path)
		}
	}
	getters := make([]func(any) any, len(paths))
	for i, path := range paths {
		getters[i] = getter(f, path, nil)
	}
	return &List{sorted(f, all(f, in), func(v any) any {
		keys := make(tuple, len(getters))
		for i, get := range getters {
			keys[i] = folded(f, get(v), a[1])
		}
		return keys
	}, asked(f, a[0]))}
}

func unique(f *frame, in any, a []any) any {
	get, next := getter(f, a[1], nil), mustIterate(f, in)
	seen := map[any]bool{}
	return &generator{kind: "generator", next: func() (any, bool) {
		for {
			item, ok := next()
			if !ok {
				return nil, false
			}
			if k := key(f, folded(f, get(item), a[0])); !seen[k] {
				seen[k] = true
				return item, true
			}
		}
	}}
}

func extreme(sign int) func(f *frame, in any, a []any) any {
	return func(f *frame, in any, a []any) any {
		get, next := getter(f, a[1], nil), mustIterate(f, in)
		by := func(v any) any { return folded(f, get(v), a[0]) }
		best, ok := next()
		if !ok {
			return &undefined{"there is no least or greatest of nothing"}
		}
		bestKey := by(best)
		for item, ok := next(); ok; item, ok = next() {
			if k := by(item); compare(f, "<", k, bestKey)*sign > 0 {
				best, bestKey = item, k
			}
		}
		return best
	}
}

func first(f *frame, in any) any {
	if v, ok := mustIterate(f, in)(); ok {
		return v
	}
	return &undefined{"there is no first item of nothing"}
}

func last(f *frame, in any) any {
	if _, ok := in.(Markup); ok {
		// Python looks at the end of Markup by its items, which are Markup, too.
		if v, ok := itemOf(f, in, -1); ok {
			return v
		}
	}
	items := reversible(f, in)
	if len(items) == 0 {
		return &undefined{"there is no last item of nothing"}
	}
	return items[len(items)-1]
}

// reversible returns the items of what has an end to begin from.
func reversible(f *frame, in any) []any {
	switch in.(type) {
	case *generator, *loop:
		f.fail("%s has no end to begin from: make a list of it", aType(in))
	}
	return all(f, in)
}

func random(f *frame, in any) any {
	n, ok := length(f, in)
	if !ok {
		f.fail("nothing can be chosen from %s", aType(in))
	}
	if n == 0 {
		return &undefined{"there is nothing to choose from"}
	}
	v, ok := itemOf(f, in, chance(n))
	if !ok {
		f.fail("nothing can be chosen from %s", aType(in))
	}
	return v
}

// group is one of what the filter groupby returns: a pair with names.
type group struct {
	grouper any
	list    *List
}

func (g group) tuple() tuple { return tuple{g.grouper, g.list} }

func (g group) attribute(name string) (any, bool) {
	switch name {
	case "grouper":
		return g.grouper, true
	case "list":
		return g.list, true
	}
	return nil, false
}

func groupBy(f *frame, in any, a []any) any {
	get := getter(f, a[0], or(a[1], nil))
	by := func(v any) any { return folded(f, get(v), a[2]) }
	var groups []any
	var last any
	members := &List{}
	for i, item := range sorted(f, all(f, in), by, false) {
		k := by(item)
		if i == 0 || !equal(f, k, last) {
			members, last = &List{}, k
			groups = append(groups, group{get(item), members})
		}
		members.items = append(members.items, item)
	}
	return &List{groups}
}

func pairs(f *frame, in any) any {
	if _, unset := in.(*undefined); unset {
		return &generator{kind: "generator", next: func() (any, bool) { return nil, false }}
	}
	d := mustDict(f, in)
	next, _ := iterate(f, &dictView{"items", d})
	return &generator{kind: "generator", next: next}
}

func lengthFilter(f *frame, in any) any {
	n, ok := length(f, in)
	if !ok {
		f.fail("%s has no length", aType(in))
	}
	return n
}

func reverse(f *frame, in any) any {
	if s, ok := asText(in); ok {
		runes := []rune(s)
		f.r.charge(len(runes) / chargedBytes)
		slices.Reverse(runes)
		return like(in, string(runes))
	}
	items := all(f, in)
	slices.Reverse(items)
	switch in.(type) {
	case *generator, *undefined:
		return &List{items}
	}
	next, _ := iterate(f, &List{items})
	return &generator{kind: "list_reverseiterator", next: next}
}

func sum(f *frame, in any, a []any) any {
	get, next := getter(f, a[0], nil), mustIterate(f, in)
	total := or(a[1], 0)
	if _, ok := asText(total); ok {
		f.fail("strings cannot be summed up: join them")
	}
	for item, ok := next(); ok; item, ok = next() {
		total = operate(f, "+", total, get(item))
	}
	return total
}
