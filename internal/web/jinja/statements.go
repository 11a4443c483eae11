package jinja

import (
	"maps"
	"slices"
	"strings"
)

// statements parses up to a statement whose name is one of ends, of which the current token is then
// the name; without ends, up to the template's end.
func (p *parser) statements(ends ...string) []statement {
	return nested(p, func() []statement { return p.statementsUpTo(ends) })
}

func (p *parser) statementsUpTo(ends []string) (body []statement) {
	begin := p.current().line
	for {
		t := p.next()
		switch t.kind {
		case tokenText:
			body = append(body, &text{t.text})
		case tokenPrint:
			body = append(body, &output{p.tuple(p.expression, false), t.line})
			p.expectKind(tokenPrintEnd, `"}}"`)
		case tokenStatement:
			name := p.current()
			if name.kind != tokenName {
				p.fail(name.line, "the name of a tag is expected here, not %s", name.describe())
			}
			if slices.Contains(ends, name.text) {
				return body
			}
			body = append(body, p.statement(ends))
			p.expectKind(tokenStatementEnd, `"%}"`)
		default:
			if len(ends) > 0 {
				p.fail(begin, "a tag is not closed: %q is missing", ends[len(ends)-1])
			}
			return body
		}
	}
}

// body parses the statements within a tag, and the name of the tag that ends them.
func (p *parser) body(ends ...string) (body []statement, end string) {
	p.skipIf(":")
	p.expectKind(tokenStatementEnd, `"%}"`)
	body = p.statements(ends...)
	return body, p.next().text
}

// captured parses what is in a tag that takes its text for itself.
func (p *parser) captured(end string) []statement {
	p.captures++
	defer func() { p.captures-- }()
	body, _ := p.body(end)
	return body
}

func (p *parser) statement(ends []string) statement {
	t := p.next()
	switch t.text {
	case "set":
		return p.set(t.line)
	case "for":
		return p.loop(t.line)
	case "if":
		return p.condition(t.line)
	case "with":
		return p.with(t.line)
	case "autoescape":
		n := &autoescapeBlock{on: p.expression(), line: t.line}
		n.body, _ = p.body("endautoescape")
		return n
	case "filter":
		n := &filterBlock{via: p.filterChain(true), line: t.line}
		n.body = p.captured("endfilter")
		return n
	case "macro":
		name := p.name().text
		return &macroBlock{p.macro(name, p.parameters, "endmacro"), t.line}
	case "call":
		return p.callBlock(t.line)
	case "block":
		return p.block(t.line)
	case "extends":
		return p.extends(t.line)
	case "include":
		return p.include(t.line)
	case "import":
		n := &importTag{template: p.templateName(t.line), line: t.line}
		p.expect("as")
		n.as = p.name().text
		n.withContext = p.context(false)
		return n
	case "from":
		return p.from(t.line)
	case "print":
		return p.print(t.line)
	}
	p.unknownTag(t, ends)
	return nil
}

func (p *parser) unknownTag(t token, ends []string) {
	if len(ends) > 0 {
		p.fail(t.line, "there is no tag %q here: %q is expected", t.text, strings.Join(ends, `" or "`))
	}
	p.fail(t.line, "there is no tag %q", t.text)
}

func (p *parser) print(line int) statement {
	n := &printTag{line: line}
	for p.current().kind != tokenStatementEnd {
		if len(n.values) > 0 {
			p.expect(",")
		}
		n.values = append(n.values, p.expression())
	}
	return n
}

// target parses what is assigned to.
func (p *parser) target() target {
	line := p.current().line
	return p.asTarget(p.tuple(p.primary, false), line)
}

func (p *parser) asTarget(n expression, line int) target {
	switch n := n.(type) {
	case *variable:
		switch n.name {
		case "true", "false", "none", "True", "False", "None":
		case "loop":
			if p.loops == 0 {
				return &nameTarget{n.name}
			}
			p.fail(line, "the name \"loop\" is the loop's own and cannot be assigned to")
		default:
			return &nameTarget{n.name}
		}
	case *tupleItems:
		t := &tupleTarget{}
		for _, item := range n.items {
			t.items = append(t.items, p.asTarget(item, line))
		}
		return t
	}
	p.fail(line, "there is nothing here that can be assigned to")
	return nil
}

func (p *parser) set(line int) statement {
	var to target
	if p.look().is(".") {
		name := p.name()
		p.next()
		to = &namespaceTarget{name.text, p.name().text, name.line}
		p.reads[name.text] = true
	} else {
		to = p.target()
	}
	if p.skipIf("=") {
		return &set{to, p.tuple(p.expression, false), line}
	}
	n := &setBlock{to: to, via: p.filterChain(false), line: line}
	n.body = p.captured("endset")
	return n
}

func (p *parser) loop(line int) statement {
	p.loops++
	defer func() { p.loops-- }()
	n := &loopBlock{to: p.target(), line: line}
	p.expect("in")
	n.over = p.tuple(p.disjunction, false)
	if p.skipIf("if") {
		n.test = p.expression()
	}
	if n.recursive = p.skipIf("recursive"); n.recursive {
		p.captures++
		defer func() { p.captures-- }()
	}
	outer := p.reads
	p.reads = map[string]bool{}
	var end string
	n.body, end = p.body("endfor", "else")
	n.asked = n.recursive || p.reads["loop"] || p.reads[scopedBlock]
	maps.Copy(outer, p.reads)
	p.reads = outer
	if end == "else" {
		n.otherwise, _ = p.body("endfor")
	}
	return n
}

func (p *parser) condition(line int) statement {
	n := &conditionBlock{}
	p.soft++
	defer func() { p.soft-- }()
	defer p.forget(len(p.unknown))
	for {
		b := branch{test: p.tuple(p.disjunction, false), line: line}
		var end string
		b.body, end = p.body("elif", "else", "endif")
		n.branches = append(n.branches, b)
		switch end {
		case "else":
			n.otherwise, _ = p.body("endif")
			return n
		case "endif":
			return n
		}
		line = p.current().line
	}
}

func (p *parser) with(line int) statement {
	n := &withBlock{line: line}
	for p.current().kind != tokenStatementEnd {
		if len(n.targets) > 0 {
			p.expect(",")
		}
		n.targets = append(n.targets, p.target())
		p.expect("=")
		n.values = append(n.values, p.expression())
	}
	n.body, _ = p.body("endwith")
	return n
}

// macro parses what a macro and the body of a call block have in common.
func (p *parser) macro(name string, head func(*macroDef), end string) *macroDef {
	def := &macroDef{name: name, template: p.template}
	outer, line := p.reads, p.current().line
	p.reads = map[string]bool{}
	head(def)
	clear(p.reads) // the defaults belong to nobody's body
	def.body = p.captured(end)
	wants := func(special string) bool { return p.reads[special] && !slices.Contains(def.params, special) }
	def.wantsCaller, def.wantsKwargs, def.wantsVarargs = wants("caller"), wants("kwargs"), wants("varargs")
	if i := slices.Index(def.params, "caller"); p.reads["caller"] && i >= 0 && i < len(def.params)-len(def.defaults) {
		p.fail(line, "the parameter \"caller\" needs a default value")
	}
	inner := p.reads
	if def.wantsCaller {
		delete(inner, "caller")
	}
	p.reads = outer
	maps.Copy(p.reads, inner)
	return def
}

func (p *parser) parameters(def *macroDef) {
	p.expect("(")
	for !p.current().is(")") {
		if len(def.params) > 0 {
			p.expect(",")
		}
		t := p.name()
		if slices.Contains(def.params, t.text) {
			p.fail(t.line, "there are two parameters %q", t.text)
		}
		def.params = append(def.params, t.text)
		if p.skipIf("=") {
			def.defaults = append(def.defaults, p.expression())
		} else if len(def.defaults) > 0 {
			p.fail(t.line, "the parameter %q needs a default value, as those before it have one", t.text)
		}
	}
	p.expect(")")
}

func (p *parser) callBlock(line int) statement {
	n := &callBlock{line: line}
	n.caller = p.macro("", func(def *macroDef) {
		if p.current().is("(") {
			p.parameters(def)
		}
		called := p.current()
		c, ok := p.expression().(*call)
		if !ok {
			p.fail(called.line, "a call is expected here")
		}
		n.call = c
	}, "endcall")
	return n
}

// scopedBlock is noted among the names that are read where there is a block that sees
// the variables around it.
const scopedBlock = "scoped block"

func (p *parser) block(line int) statement {
	name := p.name().text
	def := &blockDef{name: name, template: p.template, line: line}
	n := &blockTag{def: def, line: line, scoped: p.skipIf("scoped")}
	def.required = p.skipIf("required")
	if p.current().is("-") {
		p.fail(line, "the name of a block cannot have a hyphen in it: use an underscore")
	}
	if p.template.blocks[name] != nil {
		p.fail(line, "there are two blocks %q", name)
	}
	p.template.blocks[name] = def
	outer, captures := p.reads, p.captures
	p.reads, p.captures = map[string]bool{}, 0
	def.body, _ = p.body("endblock")
	scoped := n.scoped || p.reads[scopedBlock]
	p.reads, p.captures = outer, captures
	if scoped {
		p.reads[scopedBlock] = true
	}
	if t := p.current(); !p.skipIf(name) && t.kind == tokenName {
		p.fail(t.line, "this ends the block %q, not %q", name, t.text)
	}
	if def.required {
		for _, s := range def.body {
			if t, ok := s.(*text); !ok || strings.TrimSpace(t.text) != "" {
				p.fail(line, "a required block can hold nothing but comments and white space")
			}
		}
	}
	return n
}

// templateName parses the name of a template, and notes it if it is constant and sure to be needed.
func (p *parser) templateName(line int) expression {
	n := p.expression()
	if l, ok := n.(*literal); ok && p.soft == 0 {
		if name, ok := l.value.(string); ok {
			p.template.needs = append(p.template.needs, need{name, line})
		}
	}
	return n
}

func (p *parser) extends(line int) statement { return &extends{p.templateName(line), line} }

func (p *parser) include(line int) statement {
	needs := len(p.template.needs)
	n := &include{template: p.templateName(line), line: line}
	if p.current().is("ignore") && p.look().is("missing") {
		p.pos += 2
		n.ignoreMissing = true
		p.template.needs = p.template.needs[:needs]
	}
	n.withContext = p.context(true)
	if !n.withContext && p.captures > 0 {
		p.fail(line, "an include without context cannot be in a macro, call, set, filter or recursive loop: its text would go past it")
	}
	return n
}

// context parses "with context" or "without context", if it is there.
func (p *parser) context(otherwise bool) bool {
	t := p.current()
	if (t.is("with") || t.is("without")) && p.look().is("context") {
		p.pos += 2
		return t.is("with")
	}
	return otherwise
}

func (p *parser) from(line int) statement {
	n := &fromImport{template: p.templateName(line), line: line}
	p.expect("import")
	for {
		t := p.current()
		if (t.is("with") || t.is("without")) && p.look().is("context") {
			break
		}
		p.name()
		if strings.HasPrefix(t.text, "_") {
			p.fail(t.line, "%q cannot be imported: names that begin with an underscore are a template's own", t.text)
		}
		alias := t.text
		if p.skipIf("as") {
			alias = p.name().text
		}
		n.names, n.aliases = append(n.names, t.text), append(n.aliases, alias)
		if !p.skipIf(",") {
			break
		}
	}
	n.withContext = p.context(false)
	return n
}
