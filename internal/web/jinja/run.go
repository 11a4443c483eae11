package jinja

func (f *frame) runAll(body []statement) {
	for _, s := range body {
		s.run(f)
	}
}

func (s *text) run(f *frame) {
	if !f.silent() {
		f.r.write(s.text)
	}
}

func (s *output) run(f *frame) {
	if f.silent() {
		return
	}
	f.at(s.line)
	f.put(s.value.eval(f))
}

func (s *printTag) run(f *frame) {
	for _, v := range s.values {
		(&output{v, s.line}).run(f)
	}
}

func (t *nameTarget) assign(f *frame, v any) {
	f.assign(t.name, v, true)
}

func (t *tupleTarget) assign(f *frame, v any) {
	items := all(f, v)
	if len(items) != len(t.items) {
		f.fail("%d names cannot be given to %d values", len(t.items), len(items))
	}
	for i, to := range t.items {
		to.assign(f, items[i])
	}
}

func (t *namespaceTarget) assign(f *frame, v any) {
	ns, ok := f.lookup(t.name).(*namespace)
	if !ok {
		f.fail("%q is no namespace: its attributes cannot be set", t.name)
	}
	ns.attrs.set(f, t.attribute, v)
}

func (s *set) run(f *frame) {
	f.at(s.line)
	s.to.assign(f, s.value.eval(f))
}

func (s *setBlock) run(f *frame) {
	f.at(s.line)
	inner := f.inner(s.late)
	inner.captures = true
	body := f.capture(func() { inner.runAll(s.body) })
	v := any(body)
	if s.via != nil {
		v = s.via.apply(inner, f.safe(body))
	}
	if f.ctx.autoescape {
		v = Markup(str(f, v))
	}
	s.to.assign(f, v)
}

func (s *conditionBlock) run(f *frame) {
	for _, b := range s.branches {
		f.at(b.line)
		if truth(f, b.test.eval(f)) {
			f.runAll(b.body)
			return
		}
	}
	f.runAll(s.otherwise)
}

func (s *loopBlock) run(f *frame) {
	f.at(s.line)
	s.each(f, s.over.eval(f), 0)
}

// each loops over a value; depth counts the loops within loops.
func (s *loopBlock) each(f *frame, over any, depth int) {
	next := mustIterate(f, over)
	sized := func() (int, bool) { return length(f, over) }
	if s.test != nil {
		next, sized = s.filtered(f, next), func() (int, bool) { return 0, false }
	}
	l := &loop{next: next, sized: sized, depth: depth, round: -1}
	if s.recursive {
		l.again = func(v any) string {
			var text string
			f.deeper(func() bool {
				inner := f.inner(nil)
				inner.captures = true
				text = f.capture(func() { s.each(inner, v, depth+1) })
				return true
			})
			return text
		}
	}
	inner := f.inner(nil)
	for item, ok := l.advance(f); ok; item, ok = l.advance(f) {
		inner.begin(s.late)
		if s.asked {
			inner.define("loop", l)
		}
		f.at(s.line)
		s.to.assign(inner, item)
		inner.runAll(s.body)
	}
	if l.round < 0 {
		f.inner(s.lateOtherwise).runAll(s.otherwise)
	}
}

// filtered returns the items for which the loop's condition holds.
func (s *loopBlock) filtered(f *frame, next iterator) iterator {
	inner := f.inner(nil)
	return func() (any, bool) {
		for {
			item, ok := next()
			if !ok {
				return nil, false
			}
			inner.begin(nil)
			s.to.assign(inner, item)
			if truth(f, s.test.eval(inner)) {
				return item, true
			}
		}
	}
}

func (s *withBlock) run(f *frame) {
	f.at(s.line)
	inner := f.inner(s.late)
	values := make([]any, len(s.values))
	for i, v := range s.values {
		values[i] = v.eval(f)
	}
	for i, t := range s.targets {
		t.assign(inner, values[i])
	}
	inner.runAll(s.body)
}

func (s *autoescapeBlock) run(f *frame) {
	f.at(s.line)
	inner := f.inner(s.late)
	inner.autoescape, inner.volatile = truth(f, s.on.eval(f)), f.volatile || !isConstant(s.on)
	before := f.ctx.autoescape
	f.ctx.autoescape = inner.autoescape
	inner.runAll(s.body)
	f.ctx.autoescape = before
}

func (s *filterBlock) run(f *frame) {
	f.at(s.line)
	inner := f.inner(s.late)
	captured := f.capture(func() { inner.runAll(s.body) })
	v := s.via.apply(inner, f.safe(captured))
	if _, ok := asText(v); !ok {
		f.fail("the filter of a block has to return text, not %s", aType(v))
	}
	f.put(v)
}
