package jinja

import (
	"maps"
	"slices"
)

func (s *macroBlock) run(f *frame) {
	(&nameTarget{s.def.name}).assign(f, &macro{def: s.def, frame: f})
}

func (s *callBlock) run(f *frame) {
	f.at(s.line)
	v := s.call.with(f, &macro{def: s.caller, frame: f})
	text, ok := asText(v)
	if !ok {
		f.mustBeDefined(v)
		f.fail("what is called has to return text, not %s", aType(v))
	}
	f.r.write(text) // it is not escaped again
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
	inner := m.frame.inner(def.late)
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
	return f.ctx.safe(text)
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
