package jinja

import (
	"math"
	"strings"
	"unicode/utf8"
)

// formatPercent does what Python's % does with a string.
func formatPercent(f *frame, format, args any) any {
	s, _ := asText(format)
	_, safe := format.(Markup)
	f.r.charge(len(s) / chargedBytes)
	p := &percent{f: f, s: s, safe: safe}
	switch args := args.(type) {
	case tuple:
		p.args = args
	case group:
		p.args = args.tuple()
	case *dict, Dict:
		p.named, _ = asDict(f, args)
		p.args, p.single = tuple{args}, true
	default:
		p.args, p.single = tuple{args}, true
		switch args.(type) {
		case *List, interval, *undefined:
			p.lenient = true
		}
	}
	p.run()
	f.r.charge(p.out.Len() / chargedBytes)
	return like(format, p.out.String())
}

type percent struct {
	f       *frame
	s       string
	safe    bool
	args    tuple
	used    int
	single  bool
	lenient bool // what Python lets pass: a list, or what is like one, that is not asked for
	named   *dict
	byName  bool
	out     strings.Builder
}

func (p *percent) next() any {
	if p.used >= len(p.args) {
		p.f.fail("there are not enough values for %q", p.s)
	}
	p.used++
	return p.args[p.used-1]
}

func (p *percent) run() {
	for rest := p.s; rest != ""; {
		at := strings.IndexByte(rest, '%')
		if at < 0 {
			p.out.WriteString(rest)
			break
		}
		p.out.WriteString(rest[:at])
		rest = p.directive(rest[at+1:])
		p.f.sized(p.out.Len())
	}
	if p.used < len(p.args) && !p.byName && p.named == nil && !p.lenient {
		p.f.fail("there are more values than %q has places", p.s)
	}
}

// directive reads what follows a percent sign, and returns the rest.
func (p *percent) directive(rest string) string {
	if strings.HasPrefix(rest, "%") {
		p.out.WriteByte('%')
		return rest[1:]
	}
	value, hasValue := any(nil), strings.HasPrefix(rest, "(")
	if hasValue {
		end := strings.IndexByte(rest, ')')
		if end < 0 || p.named == nil {
			p.f.fail("the format %q asks for a dictionary", p.s)
		}
		v, ok := p.named.get(p.f, rest[1:end])
		if !ok {
			p.f.fail("there is no value %q for the format", rest[1:end])
		}
		value, p.byName = v, true
		rest = rest[end+1:]
	}
	sp, rest := percentFlags(rest)
	sp.width, rest = p.number(rest)
	if sp.width < 0 {
		sp.align, sp.width = '<', -sp.width
	}
	if after, ok := strings.CutPrefix(rest, "."); ok {
		sp.precision, rest = p.number(after)
		sp.precision = max(sp.precision, 0)
	}
	rest = strings.TrimLeft(rest, "hlL")
	if rest == "" {
		p.f.fail("the format %q is incomplete", p.s)
	}
	verb, size := utf8.DecodeRuneInString(rest)
	if !hasValue {
		value = p.next()
	}
	p.out.WriteString(p.formatted(sp, verb, value))
	return rest[size:]
}

// percentFlags reads the marks before the width.
func percentFlags(rest string) (sp spec, after string) {
	sp = spec{align: '>', precision: -1}
	for ; rest != "" && strings.IndexByte("-+ 0#", rest[0]) >= 0; rest = rest[1:] {
		switch rest[0] {
		case '-':
			sp.align = '<'
		case '+':
			sp.sign = '+'
		case ' ':
			if sp.sign == 0 {
				sp.sign = ' '
			}
		case '0':
			sp.zero = true
		case '#':
			sp.alternate = true
		}
	}
	return sp, rest
}

// number reads a width or a precision; a star takes the next of the values.
func (p *percent) number(rest string) (n int, after string) {
	if after, ok := strings.CutPrefix(rest, "*"); ok {
		v := p.next()
		if !isInt(v) {
			p.f.fail("* in a format asks for a whole number")
		}
		return asInt(v), after
	}
	n, after, _ = leadingNumber(p.f, rest)
	return n, after
}

func (p *percent) formatted(sp spec, verb rune, v any) string {
	f := p.f
	f.sized(max(sp.width, sp.precision, 0))
	switch verb {
	case 's', 'r', 'a':
		return p.text(sp, verb, v)
	case 'c':
		return p.character(sp, v)
	case 'd', 'i', 'u', 'x', 'X', 'o':
		return p.whole(sp, verb, v)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		f.mustBeDefined(v)
		if !isNumber(v) {
			f.fail("%%%c in a format asks for a number, not for %s", verb, aType(v))
		}
		sp.verb = byte(verb)
		x := asFloat(v)
		return sp.number(math.Signbit(x) && !math.IsNaN(x), "", sp.floatDigits(math.Abs(x)))
	}
	f.fail("there is no format %%%c", verb)
	return ""
}

func (p *percent) text(sp spec, verb rune, v any) string {
	s := soft(p.f, v)
	if verb != 's' {
		s = repr(p.f, v)
	}
	if verb == 'a' {
		s = escapeNonASCII(repr(p.f, v), true)
	}
	text := str(p.f, s)
	if p.safe {
		text = string(escape(p.f, s))
	}
	if sp.precision >= 0 {
		text = firstRunes(text, sp.precision)
	}
	sp.zero = false
	return sp.pad(text, ' ')
}

func (p *percent) character(sp spec, v any) string {
	if s, ok := asText(v); ok && utf8.RuneCountInString(s) == 1 {
		return sp.pad(s, ' ')
	}
	i := asInt(v)
	if !isInt(v) || i < 0 || i > utf8.MaxRune {
		p.f.fail("%%c in a format asks for one character")
	}
	return sp.pad(string(rune(i)), ' ')
}

func (p *percent) whole(sp spec, verb rune, v any) string {
	f, isDecimal := p.f, verb == 'd' || verb == 'i' || verb == 'u'
	f.mustBeDefined(v)
	if x, ok := v.(float64); ok && isDecimal {
		v = truncated(f, x)
	}
	if !isInt(v) {
		f.fail("%%%c in a format asks for a number, not for %s", verb, aType(v))
	}
	sp.verb = byte(verb)
	if isDecimal {
		sp.verb = 'd'
	}
	digits := sp.digits(asInt(v))
	digits = strings.Repeat("0", max(0, sp.precision-len(digits))) + digits
	return sp.number(asInt(v) < 0, sp.prefix(), digits)
}
