package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of what is parsed: what nests deeper is refused, since each level costs stack.
const (
	maxNesting = 100
	maxChain   = 500 // of operators, filters or attributes in a row
)

// parser makes a template of tokens. The grammar, with all its precedences, is that of Jinja2 3.1.
type parser struct {
	builtins *library
	template *template
	tokens   []token
	pos      int
	depth    int
	// soft counts the conditions around. Templates named in them may never be needed.
	soft int
	// loops counts the loops around.
	loops int
	// captures counts the tags around that take the text in them for themselves.
	captures int
	// unknown are the problems with filters and tests that there are not. Those in
	// conditions are forgotten: they fail only when they are asked for.
	unknown []*Error
	// reads are the names that are read in the macro that is being parsed.
	reads map[string]bool
}

func parse(name, source string, lib *library) (t *template, err error) {
	if !utf8.ValidString(source) {
		before, _, _ := strings.Cut(strings.ToValidUTF8(source, "\xff"), "\xff")
		return nil, &Error{Template: name, Line: 1 + strings.Count(before, "\n"), Problem: "this is not UTF-8, which templates have to be saved as"}
	}
	tokens, err := tokenize(name, source)
	if err != nil {
		return nil, err
	}
	defer catch(&err)
	t = &template{name: name, autoescape: autoescapes(name), blocks: map[string]*blockDef{}}
	p := &parser{template: t, builtins: lib, tokens: tokens, reads: map[string]bool{}}
	t.body = p.statements()
	t.late = lateNames(nil, nil, func(s *scope) { s.statements(t.body) })
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

// forget drops the unknown filters and tests after the first n.
func (p *parser) forget(n int) { p.unknown = p.unknown[:min(n, len(p.unknown))] }

func (p *parser) miss(line int, what, name string) {
	p.unknown = append(p.unknown, &Error{Template: p.template.name, Line: line, Problem: "there is no " + what + " " + strconv.Quote(name)})
}
