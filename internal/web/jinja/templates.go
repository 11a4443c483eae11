package jinja

import (
	"slices"
	"strconv"
	"strings"
)

func (s *blockTag) run(f *frame) {
	if f.top && f.root.extends != nil {
		return
	}
	f.at(s.line)
	ctx := f.ctx
	if s.scoped {
		ctx = newContext(ctx.template, ctx.all(f))
		ctx.blocks, ctx.autoescape = f.ctx.blocks, f.ctx.autoescape
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
	text := f.capture(func() { runBlock(f, b.ctx, b.def) })
	return b.ctx.safe(text)
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
	if !truth(f, v) {
		return nil, "there is no template to choose from"
	}
	if _, ok := iterate(f, v); !ok {
		f.fail("%s is no name of a template", aType(v))
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
		f.fail("%s is no name of a template", aType(v))
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
	f.assign(name, v, false)
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
