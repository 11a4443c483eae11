package jinja

import (
	"slices"
)

func (p *parser) filtered(n expression) expression {
	c := chain{p: p}
	for {
		t := p.current()
		switch {
		case t.is("|"):
			p.next()
			n = p.filter(n)
		case t.is("is"):
			n = p.test(n)
		case t.is("("):
			n = p.call(n)
		default:
			return n
		}
		c.link()
	}
}

// areConstant reports whether all expressions have the same value each time.
func areConstant(parts []expression) bool {
	return !slices.ContainsFunc(parts, func(part expression) bool { return !isConstant(part) })
}

func isConstant(part expression) bool {
	switch n := part.(type) {
	case *literal:
		return true
	case *listLiteral:
		return areConstant(n.items)
	case *tupleItems:
		return areConstant(n.items)
	case *unary:
		return isConstant(n.of)
	case *negation:
		return isConstant(n.of)
	case *binary:
		return isConstant(n.left) && isConstant(n.right)
	case *concatenation:
		return n.constant
	case *filterCall:
		return n.isConstant()
	}
	return false
}

// isConstant reports whether a filter makes the same each time: it asks for nothing but its constant arguments.
func (n *filterCall) isConstant() bool {
	pure := n.f != nil && n.in != nil && n.name != "random" && (n.f.open == nil || n.name == "format")
	return pure && n.args.star == nil && n.args.starStar == nil &&
		isConstant(n.in) && areConstant(n.args.positional) && areConstant(n.args.named)
}

// dotted parses the name of a filter or a test.
func (p *parser) dotted() token {
	t := p.name()
	for p.current().is(".") {
		p.next()
		t.text += "." + p.name().text
	}
	return t
}

// filter parses a filter from its name on.
func (p *parser) filter(in expression) *filterCall {
	t := p.dotted()
	n := &filterCall{in: in, name: t.text, f: p.builtins.filters[t.text], line: t.line}
	if n.f == nil {
		p.miss(t.line, "filter", t.text)
	}
	if p.current().is("(") {
		n.args = nested(p, p.arguments)
	}
	return n
}

// filterChain parses filters with bars between them, the first of which has one before it, too,
// unless inline. The first of them has no input of its own.
func (p *parser) filterChain(inline bool) *filterCall {
	var n *filterCall
	c := chain{p: p}
	for inline || p.current().is("|") {
		if !inline {
			p.next()
		}
		inline = false
		c.link()
		if n == nil {
			n = p.filter(nil)
		} else {
			n = p.filter(n)
		}
	}
	return n
}

func (p *parser) test(in expression) expression {
	line := p.next().line
	negated := p.skipIf("not")
	name := p.dotted()
	n := &testCall{in: in, name: name.text, t: p.builtins.tests[name.text], line: line}
	if n.t == nil {
		p.miss(name.line, "test", name.text)
	}
	t := p.current()
	switch {
	case t.is("("):
		n.args = nested(p, p.arguments)
	case t.kind == tokenString, t.kind == tokenNumber, t.is("["), t.is("{"),
		t.kind == tokenName && !t.is("else") && !t.is("or") && !t.is("and"):
		if t.is("is") {
			p.fail(t.line, "tests with \"is\" cannot follow each other")
		}
		n.args.positional = []expression{p.postfix(p.primary())}
	}
	if negated {
		return &negation{n}
	}
	return n
}
