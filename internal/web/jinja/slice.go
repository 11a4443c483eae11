package jinja

import "slices"

// sequenceItem returns an item, or a part of which made makes a value.
func sequenceItem(f *frame, items []any, k any, made func([]any) any) (any, bool) {
	switch k := k.(type) {
	case slice:
		return made(cut(f, items, k)), true
	case int, bool:
		return at(items, asInt(k))
	}
	return nil, false
}

func (r interval) item(f *frame, k any) (any, bool) {
	switch k := k.(type) {
	case slice:
		from, to, step := k.bounds(f, r.len())
		return interval{r.at(from), r.at(to), r.step * step}, true
	case int, bool:
		i := asInt(k)
		if i < 0 {
			i += r.len()
		}
		if 0 <= i && i < r.len() {
			return r.at(i), true
		}
	}
	return nil, false
}

// mayBeKey reports whether there is anything that can have the key.
func mayBeKey(k any) bool {
	switch k := k.(type) {
	case slice:
		for _, part := range []any{k.from, k.to, k.step} {
			if part != nil && !isInt(part) {
				return false
			}
		}
	case *List, *dict, Dict:
		return false
	}
	return true
}

// at returns an item, counted from the end if i is negative.
func at[T any](items []T, i int) (item T, ok bool) {
	if i < 0 {
		i += len(items)
	}
	if i < 0 || i >= len(items) {
		return item, false
	}
	return items[i], true
}

func cut[T any](f *frame, items []T, s slice) []T {
	f.r.charge(1 + len(items)/chargedBytes)
	from, to, step := s.bounds(f, len(items))
	if step == 1 {
		return slices.Clone(items[from:max(from, to)])
	}
	var out []T
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		out = append(out, items[i])
	}
	return out
}

// bounds returns where a slice of n items begins, ends and how it gets on.
func (s slice) bounds(f *frame, n int) (from, to, step int) {
	part := func(v any, otherwise int) int {
		switch {
		case v == nil:
			return otherwise
		case isInt(v):
			return asInt(v)
		}
		f.mustBeDefined(v)
		f.fail("%s cannot bound a slice", aType(v))
		return 0
	}
	step = part(s.step, 1)
	if step == 0 {
		f.fail("the step of a slice cannot be 0")
	}
	if step > n+1 || step < -n-1 {
		step = max(min(step, n+1), -n-1) // the same items, and no overflow
	}
	low, high := 0, n
	if step < 0 {
		low, high = -1, n-1
	}
	limit := func(v any, otherwise int) int {
		if v == nil {
			return otherwise
		}
		i := part(v, 0)
		if i < 0 {
			i += n
		}
		return max(low, min(i, high))
	}
	if step < 0 {
		return limit(s.from, high), limit(s.to, low), step
	}
	return limit(s.from, low), limit(s.to, high), step
}
