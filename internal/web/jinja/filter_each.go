package jinja

// applied returns a function that filters values by the filter of a name.
func applied(f *frame, args Args) func(any) any {
	if v, ok := args.Get("attribute"); ok && len(args.Positional) == 0 {
		otherwise, _ := args.Get("default")
		for _, name := range args.Names {
			if name != "attribute" && name != "default" {
				f.fail("the filter 'map' takes no argument %q", name)
			}
		}
		return getter(f, v, otherwise)
	}
	if len(args.Positional) == 0 {
		f.fail("the filter 'map' needs the name of another one, or an attribute")
	}
	name, _ := asText(args.Positional[0])
	x := f.r.set.builtins.filters[name]
	if x == nil {
		f.fail("there is no filter %q", name)
	}
	rest := Args{args.Positional[1:], args.Names, args.Named}
	return func(v any) any { return x.call(f, name, v, rest) }
}

func mapFilter(f *frame, in any, args Args) any {
	if !truth(f, in) {
		return &generator{kind: "generator", next: never}
	}
	next := mustIterate(f, in)
	var do func(any) any
	return &generator{kind: "generator", next: func() (any, bool) {
		if do == nil {
			do = applied(f, args)
		}
		item, ok := next()
		if !ok {
			return nil, false
		}
		return do(item), true
	}}
}

func never() (any, bool) { return nil, false }

// chooser is a filter that passes on the items for which a test holds, or does not.
func chooser(want, byAttribute bool) func(f *frame, in any, args Args) any {
	return func(f *frame, in any, args Args) any {
		next := never
		if truth(f, in) {
			next = mustIterate(f, in)
		}
		var holds func(any) bool
		return &generator{kind: "generator", next: func() (any, bool) {
			for {
				item, ok := next()
				if !ok {
					return nil, false
				}
				if holds == nil {
					holds = condition(f, args, byAttribute)
				}
				if holds(item) == want {
					return item, true
				}
			}
		}}
	}
}

func condition(f *frame, args Args, byAttribute bool) func(any) bool {
	get, rest := func(v any) any { return v }, args.Positional
	if byAttribute {
		if len(rest) == 0 {
			f.fail("the name of an attribute is missing")
		}
		get, rest = getter(f, rest[0], nil), rest[1:]
	}
	if len(rest) == 0 {
		return func(v any) bool { return truth(f, get(v)) }
	}
	name, _ := asText(rest[0])
	t := f.r.set.builtins.tests[name]
	if t == nil {
		f.fail("there is no test %q", name)
	}
	testArgs := Args{rest[1:], args.Names, args.Named}
	return func(v any) bool { return t.call(f, name, get(v), testArgs) }
}
