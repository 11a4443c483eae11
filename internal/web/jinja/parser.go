package jinja

import (
	"slices"
	"strconv"
	"strings"
)

// Bounds of what is parsed: what nests deeper is refused, since each level costs stack.
const (
	maxNesting = 100
	maxChain   = 500 // of operators, filters or attributes in a row
)

// parser makes a template of tokens. The grammar, with all its precedences, is that of Jinja2 3.1.
type parser struct {
	library  *library
	template *template
	tokens   []token
	pos      int
	depth    int
	// soft counts the conditions around. What is in them may never be asked for.
	soft int
	// loops counts the loops around.
	loops int
	// unknown are the problems with filters and tests that there are not. Those in
	// conditions are forgotten: they fail only when they are asked for.
	unknown []*Error
	// reads are the names that are read in the macro that is being parsed.
	reads map[string]bool
}

func parse(name, source string, lib *library) (t *template, err error) {
	tokens, err := tokenize(name, source)
	if err != nil {
		return nil, err
	}
	defer catch(&err)
	t = &template{name: name, autoescape: autoescapes(name), blocks: map[string]*blockDef{}}
	p := &parser{template: t, library: lib, tokens: tokens, reads: map[string]bool{}}
	t.body = p.statements()
	if len(p.unknown) > 0 {
		return nil, p.unknown[0]
	}
	return t, nil
}

// autoescapes reports whether Flask escapes in a file of this name.
func autoescapes(name string) bool {
	for _, ext := range []string{".html", ".htm", ".xml", ".xhtml"} {
		if strings.HasSuffix(name, ext) {
			return true
		}
	}
	return false
}

func (p *parser) fail(line int, format string, args ...any) {
	failAt(p.template.name, line, format, args...)
}

func (p *parser) current() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != tokenEnd {
		p.pos++
	}
	return t
}

func (p *parser) look() token {
	if p.pos+1 < len(p.tokens) {
		return p.tokens[p.pos+1]
	}
	return p.current()
}

func (p *parser) skipIf(text string) bool {
	if p.current().is(text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(text string) {
	t := p.current()
	if !t.is(text) {
		p.fail(t.line, "%q is expected here, not %s", text, t.describe())
	}
	p.next()
}

func (p *parser) expectKind(kind tokenKind, what string) token {
	t := p.current()
	if t.kind != kind {
		p.fail(t.line, "%s is expected here, not %s", what, t.describe())
	}
	return p.next()
}

func (p *parser) name() token { return p.expectKind(tokenName, "a name") }

// nested guards the stack while f parses what is within something.
func nested[T any](p *parser, f func() T) T {
	if p.depth++; p.depth > maxNesting {
		p.fail(p.current().line, "this is nested more than %d levels deep", maxNesting)
	}
	defer func() { p.depth-- }()
	return f()
}

// chain counts the links of something that is as long as one likes.
type chain struct {
	p *parser
	n int
}

func (c *chain) link() {
	if c.n++; c.n > maxChain {
		c.p.fail(c.p.current().line, "this expression has more than %d parts in a row", maxChain)
	}
}

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

// forget drops the unknown filters and tests after the first n.
func (p *parser) forget(n int) { p.unknown = p.unknown[:min(n, len(p.unknown))] }

func (p *parser) miss(line int, what, name string) {
	p.unknown = append(p.unknown, &Error{p.template.name, line, "there is no " + what + " " + strconv.Quote(name)})
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
		n := nested(p, func() expression { return p.tuple(p.expression, true, "") })
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
func (p *parser) tuple(part func() expression, mayBeEmpty bool, end string) expression {
	var parts []expression
	isTuple := false
	for {
		if len(parts) > 0 {
			p.expect(",")
		}
		t := p.current()
		if t.kind == tokenPrintEnd || t.kind == tokenStatementEnd || t.is(")") || end != "" && t.is(end) {
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
	n := &filterCall{in: in, name: t.text, f: p.library.filters[t.text], line: t.line}
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
	n := &testCall{in: in, name: name.text, t: p.library.tests[name.text], line: line}
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
