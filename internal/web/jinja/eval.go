package jinja

import (
	"slices"
	"strings"
)

func (n *literal) eval(*frame) any { return n.value }

func (n *variable) eval(f *frame) any { return f.lookup(n.name) }

func (n *listLiteral) eval(f *frame) any { return &List{evalAll(f, n.items)} }

func (n *tupleItems) eval(f *frame) any { return tuple(evalAll(f, n.items)) }

func evalAll(f *frame, parts []expression) []any {
	values := make([]any, len(parts))
	for i, part := range parts {
		values[i] = part.eval(f)
	}
	return values
}

func (n *dictLiteral) eval(f *frame) any {
	d := newDict()
	for i, k := range n.keys {
		d.set(f, k.eval(f), n.values[i].eval(f))
	}
	return d
}

// slice is the value of a:b:c within brackets.
type slice struct{ from, to, step any }

func (n *sliceKey) eval(f *frame) any {
	part := func(n expression) any {
		if n == nil {
			return nil
		}
		return n.eval(f)
	}
	return slice{part(n.from), part(n.to), part(n.step)}
}

func (n *conditional) eval(f *frame) any {
	switch {
	case truth(f, n.test.eval(f)):
		return n.then.eval(f)
	case n.otherwise != nil:
		return n.otherwise.eval(f)
	}
	return &undefined{"the condition does not hold, and there is no \"else\""}
}

func (n *negation) eval(f *frame) any { return !truth(f, n.of.eval(f)) }

func (n *conjunction) eval(f *frame) any {
	if left := n.left.eval(f); !truth(f, left) {
		return left
	}
	return n.right.eval(f)
}

func (n *disjunction) eval(f *frame) any {
	if left := n.left.eval(f); truth(f, left) {
		return left
	}
	return n.right.eval(f)
}

func (n *comparison) eval(f *frame) any {
	left := n.first.eval(f)
	for i, op := range n.ops {
		right := n.rest[i].eval(f)
		if !holds(f, op, left, right) {
			return false
		}
		left = right
	}
	return true
}

func holds(f *frame, op string, left, right any) bool {
	switch op {
	case "==":
		return equal(f, left, right)
	case "!=":
		return !equal(f, left, right)
	case "in":
		return contains(f, right, left)
	case "not in":
		return !contains(f, right, left)
	}
	if x, ok := left.(float64); ok && x != x || isNaN(right) {
		return false
	}
	c := compare(f, op, left, right)
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func isNaN(v any) bool {
	x, ok := v.(float64)
	return ok && x != x
}

func (n *concatenation) eval(f *frame) any {
	values := evalAll(f, n.parts)
	for i := range values {
		values[i] = soft(f, values[i])
	}
	// Jinja2 joins constants before it looks at what is Markup.
	safe := f.autoescape && !f.volatile && !n.constant && slices.ContainsFunc(values, isMarkup)
	var out strings.Builder
	for _, v := range values {
		if safe {
			out.WriteString(string(escape(f, v)))
		} else {
			out.WriteString(str(f, v))
		}
		f.sized(out.Len())
	}
	f.r.charge(out.Len() / chargedBytes)
	if safe {
		return Markup(out.String())
	}
	return out.String()
}

// sized fails if a text of n bytes is too large. It is asked before the text is made.
func (f *frame) sized(n int) {
	if n < 0 || n > maxPage {
		f.fail("a text becomes too large: more than %d MiB", maxPage>>20)
	}
}

func (n *attribute) eval(f *frame) any {
	of := n.of.eval(f)
	f.at(n.line)
	return getAttribute(f, of, n.name)
}

func (n *item) eval(f *frame) any {
	of, k := n.of.eval(f), n.key.eval(f)
	f.at(n.line)
	if s, ok := k.(slice); ok {
		v, ok := itemOf(f, of, s)
		if !ok {
			f.fail("%s cannot be sliced so", aType(of))
		}
		return v
	}
	return getItem(f, of, k)
}

// args evaluates the arguments of a call.
func (a *arguments) args(f *frame) Args {
	args := Args{Positional: evalAll(f, a.positional), Names: slices.Clone(a.names), Named: evalAll(f, a.named)}
	if a.star != nil {
		args.Positional = append(args.Positional, all(f, a.star.eval(f))...)
	}
	if a.starStar != nil {
		v := a.starStar.eval(f)
		d, ok := asDict(f, v)
		if !ok {
			f.fail("a dictionary has to follow **, not %s", aType(v))
		}
		for i, k := range d.keys {
			name, ok := asText(k)
			if !ok || slices.Contains(args.Names, name) {
				f.fail("an argument has no name of its own")
			}
			args.Names, args.Named = append(args.Names, name), append(args.Named, d.values[i])
		}
	}
	return args
}

func (n *call) eval(f *frame) any { return n.with(f, nil) }

// with calls with the body of a call block as the caller, if there is one.
func (n *call) with(f *frame, caller *macro) any {
	callee := n.callee.eval(f)
	args := n.args.args(f)
	if caller != nil {
		args.Names, args.Named = append(args.Names, "caller"), append(args.Named, caller)
	}
	f.at(n.line)
	f.r.charge(1)
	switch callee := callee.(type) {
	case *macro:
		return callee.call(f, args)
	case *callable:
		return callee.call(f, args)
	case *loop:
		return callee.call(f, args)
	case *blockReference:
		if len(args.Positional)+len(args.Names) > 0 {
			f.fail("a block takes no arguments")
		}
		return callee.call(f)
	case Function:
		v, err := callee(args)
		if err != nil {
			panic(&Error{Template: f.r.template, Line: f.r.line, Problem: "the call is wrong: " + err.Error(), Cause: err})
		}
		return fromGo(f, v)
	case *joiner:
		return callee.call(f, args)
	}
	f.mustBeDefined(callee)
	f.fail("%s cannot be called", aType(callee))
	return nil
}

func (n *filterCall) eval(f *frame) any { return n.apply(f, nil) }

// apply filters a value; the text is what the first of the filters of a block gets.
func (n *filterCall) apply(f *frame, text any) any {
	in := text
	switch of := n.in.(type) {
	case nil:
	case *filterCall:
		in = of.apply(f, text)
	default:
		in = of.eval(f)
	}
	args := n.args.args(f)
	f.at(n.line)
	if n.f == nil {
		f.fail("there is no filter %q", n.name)
	}
	return n.f.call(f, n.name, in, args)
}

func (n *testCall) eval(f *frame) any {
	in := n.in.eval(f)
	args := n.args.args(f)
	f.at(n.line)
	if n.t == nil {
		f.fail("there is no test %q", n.name)
	}
	return n.t.call(f, n.name, in, args)
}
