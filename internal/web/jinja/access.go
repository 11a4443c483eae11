package jinja

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
