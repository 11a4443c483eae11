package jinja

import "slices"

// getAttribute returns what of.name is: an attribute or else an item.
func getAttribute(f *frame, of any, name string) any {
	if v, ok := attributeOf(f, of, name); ok {
		return v
	}
	if v, ok := itemOf(f, of, name); ok {
		return v
	}
	return missing(of, name)
}

// getItem returns what of[key] is: an item or else an attribute.
func getItem(f *frame, of, k any) any {
	if v, ok := itemOf(f, of, k); ok {
		return v
	}
	if name, ok := asText(k); ok {
		if v, ok := attributeOf(f, of, plain(name)); ok {
			return v
		}
		return missing(of, name)
	}
	return &undefined{"a " + typeName(of) + " has no such item"}
}

func missing(of any, name string) any {
	return &undefined{"a " + typeName(of) + " has no " + quoted(name)}
}

func attributeOf(f *frame, of any, name string) (any, bool) {
	f.mustBeDefined(of)
	if len(name) > 1 && name[:2] == "__" {
		f.fail("%q is the business of Python, and of no template", name)
	}
	switch of := of.(type) {
	case *Object:
		return of.attribute(f, name)
	case *loop:
		return of.attribute(f, name)
	case *namespace:
		return of.attrs.get(f, name)
	case *module:
		v, ok := of.names[name]
		return v, ok
	case *cycler:
		return of.attribute(name)
	case selfReference:
		return of.block(name), true
	case *blockReference:
		if name == "super" {
			return super(of.ctx, of.def), true
		}
		return nil, false
	case *macro:
		return of.attribute(name)
	case group:
		return of.attribute(name)
	}
	return method(f, of, name)
}

func (o *Object) attribute(f *frame, name string) (any, bool) {
	if o.Attribute != nil {
		v, ok, err := o.Attribute(name)
		if err != nil {
			f.fail("%v", err)
		}
		if ok {
			return fromGo(f, v), true
		}
	}
	if o.Items == nil {
		return nil, false
	}
	return method(f, o, name)
}

// itemOf returns an item of a collection.
func itemOf(f *frame, of, k any) (any, bool) {
	f.mustBeDefined(of)
	if !mayBeKey(k) {
		return nil, false
	}
	switch of := of.(type) {
	case *dict:
		return of.get(f, k)
	case Dict:
		return of.item(f, k)
	case *Object:
		return of.item(f, k)
	case selfReference:
		if name, ok := asText(k); ok {
			return of.block(name), true
		}
	case *List:
		return sequenceItem(f, of.items, k, func(items []any) any { return &List{items} })
	case tuple:
		return sequenceItem(f, of, k, func(items []any) any { return tuple(items) })
	case group:
		return itemOf(f, of.tuple(), k)
	case interval:
		return of.item(f, k)
	case string, Markup:
		s, _ := asText(of)
		f.r.charge(len(s) / chargedBytes)
		switch k := k.(type) {
		case slice:
			return like(of, string(cut(f, []rune(s), k))), true
		case int, bool:
			r, ok := at([]rune(s), asInt(k))
			return like(of, string(r)), ok
		}
	}
	return nil, false
}

func (d Dict) item(f *frame, k any) (any, bool) {
	name, _ := asText(k)
	v, ok := d[plain(name)]
	if _, isText := asText(k); !ok || !isText {
		return nil, false
	}
	return fromGo(f, v), true
}

func (o *Object) item(f *frame, k any) (any, bool) {
	name, ok := asText(k)
	if !ok {
		return nil, false
	}
	if o.Key != nil {
		known, err := o.Key(plain(name))
		if err != nil {
			f.fail("%v", err)
		}
		name = known
	}
	return o.Items.item(f, name)
}

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
		f.fail("a %s cannot bound a slice", typeName(v))
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

func (m *macro) attribute(name string) (any, bool) {
	switch name {
	case "name":
		if m.def.name == "" {
			return nil, true
		}
		return m.def.name, true
	case "arguments":
		params := make(tuple, len(m.def.params))
		for i, p := range m.def.params {
			params[i] = p
		}
		return params, true
	case "catch_kwargs":
		return m.def.wantsKwargs, true
	case "catch_varargs":
		return m.def.wantsVarargs, true
	case "caller":
		return m.def.wantsCaller, true
	}
	return nil, false
}
