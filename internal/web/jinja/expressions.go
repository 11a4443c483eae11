package jinja

import (
	"slices"
	"strings"
)

func (p *parser) expression() expression { return nested(p, p.conditional) }

func (p *parser) conditional() expression {
	c := chain{p: p}
	unknown := len(p.unknown)
	value := p.disjunction()
	for p.skipIf("if") {
		c.link()
		defer p.forget(unknown)
		test := p.disjunction()
		var otherwise expression
		if p.skipIf("else") {
			otherwise = p.expression()
		}
		value = &conditional{test, value, otherwise}
	}
	return value
}

func (p *parser) disjunction() expression {
	c := chain{p: p}
	left := p.conjunction()
	for p.skipIf("or") {
		c.link()
		left = &disjunction{left, p.conjunction()}
	}
	return left
}

func (p *parser) conjunction() expression {
	c := chain{p: p}
	left := p.negation()
	for p.skipIf("and") {
		c.link()
		left = &conjunction{left, p.negation()}
	}
	return left
}

func (p *parser) negation() expression {
	if p.skipIf("not") {
		return nested(p, func() expression { return &negation{p.negation()} })
	}
	return p.comparison()
}

var comparisons = []string{"==", "!=", "<", "<=", ">", ">="}

func (p *parser) comparison() expression {
	line := p.current().line
	n := &comparison{first: p.sum(), line: line}
	c := chain{p: p}
	for {
		c.link()
		t := p.current()
		switch {
		case t.kind == tokenOperator && slices.Contains(comparisons, t.text), t.is("in"):
			p.next()
			n.ops = append(n.ops, t.text)
		case t.is("not") && p.look().is("in"):
			p.pos += 2
			n.ops = append(n.ops, "not in")
		default:
			if len(n.ops) == 0 {
				return n.first
			}
			return n
		}
		n.rest = append(n.rest, p.sum())
	}
}

// operation parses operands with operators between them, from left to right.
func (p *parser) operation(operand func() expression, ops ...string) expression {
	c := chain{p: p}
	left := operand()
	for {
		t := p.current()
		if t.kind != tokenOperator || !slices.Contains(ops, t.text) {
			return left
		}
		c.link()
		p.next()
		left = &binary{t.text, left, operand(), t.line}
	}
}

func (p *parser) sum() expression { return p.operation(p.concatenation, "+", "-") }

func (p *parser) concatenation() expression {
	c := chain{p: p}
	parts := []expression{p.product()}
	for p.current().kind == tokenOperator && p.skipIf("~") {
		c.link()
		parts = append(parts, p.product())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return &concatenation{parts, areConstant(parts)}
}

func (p *parser) product() expression { return p.operation(p.power, "*", "/", "//", "%") }

func (p *parser) power() expression {
	return p.operation(func() expression { return p.unary(true) }, "**")
}

func (p *parser) unary(withFilter bool) expression {
	var n expression
	if t := p.current(); t.kind == tokenOperator && (t.text == "-" || t.text == "+") {
		p.next()
		n = nested(p, func() expression { return &unary{t.text, p.unary(false), t.line} })
	} else {
		n = p.primary()
	}
	n = p.postfix(n)
	if withFilter {
		n = p.filtered(n)
	}
	return n
}

func (p *parser) primary() expression {
	t := p.next()
	switch {
	case t.kind == tokenName:
		switch t.text {
		case "true", "True":
			return &literal{true}
		case "false", "False":
			return &literal{false}
		case "none", "None":
			return &literal{nil}
		}
		p.reads[t.text] = true
		return &variable{t.text, t.line}
	case t.kind == tokenString:
		parts := []string{t.text}
		for p.current().kind == tokenString {
			parts = append(parts, p.next().text)
		}
		return &literal{strings.Join(parts, "")}
	case t.kind == tokenNumber:
		return &literal{t.value}
	case t.is("("):
		n := nested(p, func() expression { return p.tuple(p.expression, true) })
		p.expect(")")
		return n
	case t.is("["):
		return nested(p, func() expression { return &listLiteral{p.items("]")} })
	case t.is("{"):
		return nested(p, func() expression { return p.dict() })
	}
	p.fail(t.line, "a value is expected here, not %s", t.describe())
	return nil
}

// items parses expressions with commas between them, up to the closing bracket.
func (p *parser) items(closing string) (items []expression) {
	for !p.current().is(closing) {
		if len(items) > 0 {
			p.expect(",")
			if p.current().is(closing) {
				break
			}
		}
		items = append(items, p.expression())
	}
	p.expect(closing)
	return items
}

func (p *parser) dict() expression {
	n := &dictLiteral{}
	for !p.current().is("}") {
		if len(n.keys) > 0 {
			p.expect(",")
			if p.current().is("}") {
				break
			}
		}
		n.keys = append(n.keys, p.expression())
		p.expect(":")
		n.values = append(n.values, p.expression())
	}
	p.expect("}")
	return n
}

// tuple parses an expression, or several with commas between them, which need no brackets.
func (p *parser) tuple(part func() expression, mayBeEmpty bool) expression {
	var parts []expression
	isTuple := false
	for {
		if len(parts) > 0 {
			p.expect(",")
		}
		t := p.current()
		if t.kind == tokenPrintEnd || t.kind == tokenStatementEnd || t.is(")") {
			break
		}
		parts = append(parts, part())
		if !p.current().is(",") {
			break
		}
		isTuple = true
	}
	switch {
	case isTuple || len(parts) == 0 && mayBeEmpty:
		return &tupleItems{parts}
	case len(parts) == 0:
		p.fail(p.current().line, "a value is expected here, not %s", p.current().describe())
	}
	return parts[0]
}

func (p *parser) postfix(n expression) expression {
	c := chain{p: p}
	for {
		t := p.current()
		if t.kind != tokenOperator {
			return n
		}
		switch t.text {
		case ".":
			p.next()
			part := p.next()
			switch part.kind {
			case tokenName:
				n = &attribute{n, part.text, t.line}
			case tokenNumber:
				n = &item{n, &literal{part.value}, t.line}
			default:
				p.fail(part.line, "a name or a number is expected behind the dot, not %s", part.describe())
			}
		case "[":
			p.next()
			n = &item{n, nested(p, p.subscript), t.line}
		case "(":
			n = p.call(n)
		default:
			return n
		}
		c.link()
	}
}

func (p *parser) call(callee expression) *call {
	line := p.current().line
	return &call{callee, nested(p, p.arguments), line}
}

func (p *parser) subscript() expression {
	var parts []expression
	for !p.current().is("]") {
		if len(parts) > 0 {
			p.expect(",")
		}
		parts = append(parts, p.subscriptPart())
	}
	p.expect("]")
	if len(parts) == 1 {
		return parts[0]
	}
	return &tupleItems{parts}
}

func (p *parser) subscriptPart() expression {
	s := &sliceKey{}
	if !p.current().is(":") {
		n := p.expression()
		if !p.current().is(":") {
			return n
		}
		s.from = n
	}
	p.expect(":")
	ends := func() bool { return p.current().is(":") || p.current().is("]") || p.current().is(",") }
	if !ends() {
		s.to = p.expression()
	}
	if p.skipIf(":") && !ends() {
		s.step = p.expression()
	}
	return s
}

func (p *parser) arguments() (args arguments) {
	p.expect("(")
	for first := true; !p.current().is(")"); first = false {
		if !first {
			p.expect(",")
			if p.current().is(")") {
				break
			}
		}
		t := p.current()
		var ok bool
		switch {
		case t.is("*") && t.kind == tokenOperator:
			ok = args.star == nil && args.starStar == nil
			p.next()
			args.star = p.expression()
		case t.is("**"):
			ok = args.starStar == nil
			p.next()
			args.starStar = p.expression()
		case t.kind == tokenName && p.look().is("="):
			ok = args.starStar == nil && !slices.Contains(args.names, t.text)
			p.pos += 2
			args.names = append(args.names, t.text)
			args.named = append(args.named, p.expression())
		default:
			ok = args.star == nil && args.starStar == nil && len(args.names) == 0
			args.positional = append(args.positional, p.expression())
		}
		if !ok {
			p.fail(t.line, "the arguments are in no order that can be called")
		}
	}
	p.expect(")")
	return args
}
