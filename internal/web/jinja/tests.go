package jinja

// test is a test of Jinja2, which follows "is".
type test struct {
	signature
	do func(f *frame, v any, a []any) bool
}

func (t *test) call(f *frame, name string, v any, args Args) bool {
	s, _ := asText(v)
	f.r.charge(1 + len(s)/chargedBytes)
	return t.do(f, v, t.bind(f, "the test "+quoted(name), args))
}

func newTests() map[string]*test {
	plainTest := func(do func(f *frame, v any) bool) *test {
		return &test{do: func(f *frame, v any, _ []any) bool { return do(f, v) }}
	}
	withOther := func(name string, do func(f *frame, v, other any) bool) *test {
		return &test{newSignature(name, 1), func(f *frame, v any, a []any) bool { return do(f, v, a[0]) }}
	}
	compares := func(op string) *test {
		return withOther("other", func(f *frame, v, other any) bool { return holds(f, op, v, other) })
	}
	rest := func(f *frame, v any, by any) int {
		r := operate(f, "%", v, by)
		if !isNumber(r) {
			f.fail("a number is expected here, not %s", aType(v))
		}
		if x := asFloat(r); x != 0 && x != 1 {
			return 2
		}
		return int(asFloat(r))
	}
	tests := map[string]*test{
		"boolean":     plainTest(func(_ *frame, v any) bool { _, ok := v.(bool); return ok }),
		"callable":    plainTest(isCallable),
		"defined":     plainTest(func(_ *frame, v any) bool { _, ok := v.(*undefined); return !ok }),
		"undefined":   plainTest(func(_ *frame, v any) bool { _, ok := v.(*undefined); return ok }),
		"divisibleby": withOther("num", func(f *frame, v, other any) bool { return rest(f, v, other) == 0 }),
		"escaped":     plainTest(func(_ *frame, v any) bool { return isMarkup(v) }),
		"even":        plainTest(func(f *frame, v any) bool { return rest(f, v, 2) == 0 }),
		"odd":         plainTest(func(f *frame, v any) bool { return rest(f, v, 2) == 1 }),
		"false":       plainTest(func(_ *frame, v any) bool { return v == false }),
		"true":        plainTest(func(_ *frame, v any) bool { return v == true }),
		"filter":      plainTest(func(f *frame, v any) bool { s, _ := key(f, v).(string); return f.r.set.builtins.filters[s] != nil }),
		"test":        plainTest(func(f *frame, v any) bool { s, _ := key(f, v).(string); return f.r.set.builtins.tests[s] != nil }),
		"float":       plainTest(func(_ *frame, v any) bool { _, ok := v.(float64); return ok }),
		"integer":     plainTest(func(_ *frame, v any) bool { _, ok := v.(int); return ok }),
		"number":      plainTest(func(_ *frame, v any) bool { return isNumber(v) }),
		"in":          withOther("seq", func(f *frame, v, other any) bool { return contains(f, other, v) }),
		"iterable": plainTest(func(f *frame, v any) bool {
			_, ok := iterate(f, v)
			_, isLoop := v.(*loop)
			return ok || isLoop
		}),
		"lower":   plainTest(func(f *frame, v any) bool { return isLowerText(plain(str(f, v))) }),
		"upper":   plainTest(func(f *frame, v any) bool { return isUpperText(plain(str(f, v))) }),
		"mapping": plainTest(func(f *frame, v any) bool { _, ok := asDict(f, v); return ok || isMapping(v) }),
		"none":    plainTest(func(_ *frame, v any) bool { return v == nil }),
		"sameas":  withOther("other", same),
		"sequence": plainTest(func(_ *frame, v any) bool {
			switch v.(type) {
			case string, Markup, *List, tuple, group, *dict, Dict, interval:
				return true
			case *undefined:
				return true
			}
			return isMapping(v)
		}),
		"string": plainTest(func(_ *frame, v any) bool { _, ok := asText(v); return ok }),
	}
	for op, names := range map[string][]string{
		"==": {"eq", "equalto"}, "!=": {"ne"}, ">": {"gt", "greaterthan"}, ">=": {"ge"}, "<": {"lt", "lessthan"}, "<=": {"le"},
	} {
		for _, name := range append(names, op) {
			tests[name] = compares(op)
		}
	}
	return tests
}

// isMapping reports whether an object behaves as a dictionary.
func isMapping(v any) bool {
	o, ok := v.(*Object)
	return ok && o.Items != nil
}

func isCallable(_ *frame, v any) bool {
	switch v.(type) {
	case *callable, Function, *macro, *blockReference, *joiner, *loop, *undefined:
		return true
	}
	return false
}
