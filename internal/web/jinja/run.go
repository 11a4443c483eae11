package jinja

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

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
	if f.top {
		f.ctx.set(t.name, v, true)
		return
	}
	f.define(t.name, v)
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
	inner := f.inner()
	inner.captures = true
	body := f.capture(func() { inner.runAll(s.body) })
	v := any(body)
	if s.via != nil {
		v = s.via.apply(inner, f.safe(body))
	}
	if f.autoescape {
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
				inner := f.inner()
				inner.captures = true
				text = f.capture(func() { s.each(inner, v, depth+1) })
				return true
			})
			return text
		}
	}
	inner := f.inner()
	for item, ok := l.advance(f); ok; item, ok = l.advance(f) {
		inner.names, inner.values = inner.names[:0], inner.values[:0]
		if s.asked {
			inner.define("loop", l)
		}
		f.at(s.line)
		s.to.assign(inner, item)
		inner.runAll(s.body)
	}
	if l.round < 0 {
		f.inner().runAll(s.otherwise)
	}
}

// filtered returns the items for which the loop's condition holds.
func (s *loopBlock) filtered(f *frame, next iterator) iterator {
	inner := f.inner()
	return func() (any, bool) {
		for {
			item, ok := next()
			if !ok {
				return nil, false
			}
			inner.names, inner.values = inner.names[:0], inner.values[:0]
			s.to.assign(inner, item)
			if truth(f, s.test.eval(inner)) {
				return item, true
			}
		}
	}
}

func (s *withBlock) run(f *frame) {
	f.at(s.line)
	inner := f.inner()
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
	inner := f.inner()
	inner.autoescape = truth(f, s.on.eval(f))
	inner.runAll(s.body)
}

func (s *filterBlock) run(f *frame) {
	f.at(s.line)
	inner := f.inner()
	captured := f.capture(func() { inner.runAll(s.body) })
	v := s.via.apply(inner, f.safe(captured))
	if _, ok := asText(v); !ok {
		f.fail("the filter of a block has to return text, not a %s", typeName(v))
	}
	f.put(v)
}

func (s *macroBlock) run(f *frame) {
	(&nameTarget{s.def.name}).assign(f, &macro{def: s.def, frame: f})
}

func (s *callBlock) run(f *frame) {
	f.at(s.line)
	f.put(s.call.with(f, &macro{def: s.caller, frame: f}))
}

func (s *blockTag) run(f *frame) {
	if f.top && f.root.extends != nil {
		return
	}
	f.at(s.line)
	ctx := f.ctx
	if s.scoped {
		ctx = newContext(ctx.template, ctx.all(f))
		ctx.blocks = f.ctx.blocks
	}
	runBlock(f, ctx, f.ctx.blocks[s.def.name][0])
}

// runBlock puts out a block in a context.
func runBlock(f *frame, ctx *context, def *blockDef) {
	if def.required {
		f.fail("the block %q is required, but nothing fills it", def.name)
	}
	f.away(def.template, def.line, func() {
		newFrame(f.r, ctx, def.template, def).runAll(def.body)
	})
}

// blockReference is what super and self.name are.
type blockReference struct {
	ctx *context
	def *blockDef
}

// selfReference has the blocks of a template as attributes.
type selfReference struct{ ctx *context }

// super returns the block that another one replaces.
func super(ctx *context, def *blockDef) any {
	defs := ctx.blocks[def.name]
	if i := slices.Index(defs, def) + 1; i > 0 && i < len(defs) {
		return &blockReference{ctx, defs[i]}
	}
	return &undefined{"there is no block " + quoted(def.name) + " in the template that this one extends"}
}

func (s selfReference) block(name string) any {
	if defs := s.ctx.blocks[name]; len(defs) > 0 {
		return &blockReference{s.ctx, defs[0]}
	}
	return &undefined{"there is no block " + quoted(name)}
}

func (b *blockReference) call(f *frame) any {
	return f.safe(f.capture(func() { runBlock(f, b.ctx, b.def) }))
}

func (s *extends) run(f *frame) {
	f.at(s.line)
	if !f.top {
		f.fail("\"extends\" cannot stand within a loop, a block or the like")
	}
	if f.root.extends != nil {
		f.fail("a template can extend only one other")
	}
	t := f.find(s.template.eval(f))
	f.ctx.addBlocks(t)
	f.root.extends = t
}

// runTemplate puts out a whole template, or what it extends.
func runTemplate(r *rendering, ctx *context, t *template) {
	f := newFrame(r, ctx, t, nil)
	f.away(t, 1, func() {
		f.runAll(t.body)
		if parent := f.root.extends; parent != nil {
			runTemplate(r, ctx, parent)
		}
	})
}

func (s *include) run(f *frame) {
	f.at(s.line)
	v := s.template.eval(f)
	t, missing := f.search(v)
	if t == nil {
		if s.ignoreMissing {
			return
		}
		f.fail("%s", missing)
	}
	if !s.withContext {
		f.r.write(f.module(t, nil).text)
		return
	}
	ctx := newContext(t, f.ctx.all(f))
	ctx.addBlocks(t)
	runTemplate(f.r, ctx, t)
}

// search returns the template of a name, or the first that there is of several names.
func (f *frame) search(v any) (t *template, missing string) {
	if name, ok := asText(v); ok {
		t, err := f.r.set.template(plain(name))
		if err != nil {
			panic(err)
		}
		if t == nil {
			return nil, "there is no template " + strconv.Quote(name)
		}
		return t, ""
	}
	f.mustBeDefined(v)
	if _, ok := iterate(f, v); !ok {
		f.fail("a %s is no name of a template", typeName(v))
	}
	var names []string
	for _, one := range all(f, v) {
		if _, isUndefined := one.(*undefined); isUndefined {
			continue
		}
		t, problem := f.search(one)
		if t != nil {
			return t, ""
		}
		names = append(names, problem)
	}
	if len(names) == 0 {
		return nil, "there is no template to choose from"
	}
	return nil, strings.Join(names, ", ")
}

// find returns the template of a name.
func (f *frame) find(v any) *template {
	if _, ok := asText(v); !ok {
		f.mustBeDefined(v)
		f.fail("a %s is no name of a template", typeName(v))
	}
	t, missing := f.search(v)
	if t == nil {
		f.fail("%s", missing)
	}
	return t
}

// module is an imported template: its text, and as attributes what it sets at its top.
type module struct {
	name  string
	text  string
	names map[string]any
}

// module returns a template with variables, or without any, of which there is one for a page.
func (f *frame) module(t *template, vars map[string]any) *module {
	if vars == nil {
		if m := f.r.modules[t.name]; m != nil {
			return m
		}
	}
	ctx := newContext(t, vars)
	ctx.addBlocks(t)
	m := &module{name: t.name, names: map[string]any{}}
	m.text = f.capture(func() { runTemplate(f.r, ctx, t) })
	for name, export := range ctx.exported {
		if export {
			m.names[name] = ctx.vars[name]
		}
	}
	if vars == nil {
		if f.r.modules == nil {
			f.r.modules = map[string]*module{}
		}
		f.r.modules[t.name] = m
	}
	return m
}

func (f *frame) imported(template expression, withContext bool) *module {
	t := f.find(template.eval(f))
	if !withContext {
		return f.module(t, nil)
	}
	return f.module(t, f.ctx.all(f))
}

// take gives a name to something imported, which is not exported again.
func (f *frame) take(name string, v any) {
	if f.top {
		f.ctx.set(name, v, false)
		return
	}
	f.define(name, v)
}

func (s *importTag) run(f *frame) {
	f.at(s.line)
	f.take(s.as, f.imported(s.template, s.withContext))
}

func (s *fromImport) run(f *frame) {
	f.at(s.line)
	m := f.imported(s.template, s.withContext)
	for i, name := range s.names {
		v, ok := m.names[name]
		if !ok {
			v = &undefined{"the template " + quoted(m.name) + " has nothing named " + quoted(name)}
		}
		f.take(s.aliases[i], v)
	}
}

// macro is a macro where it was defined.
type macro struct {
	def   *macroDef
	frame *frame
}

func (m *macro) repr() string {
	if m.def.name == "" {
		return "<Macro anonymous>"
	}
	return "<Macro " + quoted(m.def.name) + ">"
}

func (m *macro) call(f *frame, args Args) any {
	def := m.def
	inner := m.frame.inner()
	inner.r, inner.captures = f.r, true
	named := map[string]any{}
	for i, name := range args.Names {
		named[name] = args.Named[i]
	}
	given := min(len(args.Positional), len(def.params))
	var missing []int
	for i, name := range def.params {
		v, ok := named[name]
		switch {
		case i < given:
			v = args.Positional[i]
		case ok:
			delete(named, name)
		default:
			// A default value does not see what comes later, nor what has the same name elsewhere.
			v = &undefined{"the argument " + quoted(name) + " was not given"}
			missing = append(missing, i)
		}
		inner.define(name, v)
	}
	def.giveRest(inner, named, args, given)
	var text string
	f.away(def.template, f.r.line, func() {
		for _, i := range missing {
			if at := i - (len(def.params) - len(def.defaults)); at >= 0 {
				inner.define(def.params[i], def.defaults[at].eval(inner))
			}
		}
		text = f.capture(func() { inner.runAll(def.body) })
	})
	return f.safe(text)
}

// giveRest gives a macro what its parameters have no place for: the caller, and the arguments that are
// still left in named and behind the first ones given. Only a macro that asks for them may get any.
func (def *macroDef) giveRest(inner *frame, named map[string]any, args Args, given int) {
	if def.wantsCaller {
		caller := named["caller"]
		delete(named, "caller")
		if caller == nil {
			caller = &undefined{"nobody has given a caller"}
		}
		inner.define("caller", caller)
	}
	switch {
	case def.wantsKwargs:
		d := newDict()
		for _, key := range args.Names {
			if v, ok := named[key]; ok {
				d.set(inner, key, v)
			}
		}
		inner.define("kwargs", d)
	case len(named) > 0:
		inner.fail("the macro %s takes no argument %q", quoted(def.name), slices.Min(slices.Collect(maps.Keys(named))))
	}
	switch {
	case def.wantsVarargs:
		inner.define("varargs", tuple(args.Positional[given:]))
	case len(args.Positional) > given:
		inner.fail("the macro %s takes no more than %d arguments", quoted(def.name), len(def.params))
	}
}
