package jinja

import (
	"math"
	"strconv"
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
		if _, isText := asText(args); !isText {
			_, p.lenient = args.(*List)
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
	lenient bool // what Python lets pass: a list that is not asked for
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
	var sp spec
	var value any
	hasValue := false
	if strings.HasPrefix(rest, "(") {
		end := strings.IndexByte(rest, ')')
		if end < 0 || p.named == nil {
			p.f.fail("the format %q asks for a dictionary", p.s)
		}
		v, ok := p.named.get(p.f, rest[1:end])
		if !ok {
			p.f.fail("there is no value %q for the format", rest[1:end])
		}
		value, hasValue, p.byName = v, true, true
		rest = rest[end+1:]
	}
	sp.align = '>'
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
	number := func() (n int, given bool) {
		if strings.HasPrefix(rest, "*") {
			v := p.next()
			if !isInt(v) {
				p.f.fail("* in a format asks for a whole number")
			}
			rest = rest[1:]
			return asInt(v), true
		}
		end := 0
		for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(rest[:end])
		if end > 0 && err != nil {
			p.f.sized(math.MaxInt)
		}
		rest = rest[end:]
		return n, end > 0
	}
	sp.width, _ = number()
	if sp.width < 0 {
		sp.align, sp.width = '<', -sp.width
	}
	sp.precision = -1
	if strings.HasPrefix(rest, ".") {
		rest = rest[1:]
		n, _ := number()
		sp.precision = max(n, 0)
	}
	rest = strings.TrimLeft(rest, "hlL")
	if rest == "" {
		p.f.fail("the format %q is incomplete", p.s)
	}
	verb, size := utf8.DecodeRuneInString(rest)
	if verb == '%' {
		p.out.WriteByte('%')
		return rest[size:]
	}
	if !hasValue {
		value = p.next()
	}
	p.out.WriteString(p.formatted(sp, verb, value))
	return rest[size:]
}

func (p *percent) formatted(sp spec, verb rune, v any) string {
	f := p.f
	f.sized(max(sp.width, sp.precision, 0))
	switch verb {
	case 's', 'r', 'a':
		var s string
		switch {
		case verb == 's' && p.safe:
			s = string(escape(f, v))
		case verb == 's':
			s = str(f, v)
		default:
			s = repr(f, v)
			if verb == 'a' {
				s = escapeNonASCII(s, true)
			}
			if p.safe {
				s = string(escape(f, s))
			}
		}
		if sp.precision >= 0 {
			s = firstRunes(s, sp.precision)
		}
		sp.zero = false
		return sp.pad(s, ' ')
	case 'c':
		if s, ok := asText(v); ok && utf8.RuneCountInString(s) == 1 {
			return sp.pad(s, ' ')
		}
		if i := asInt(v); isInt(v) && i >= 0 && i <= utf8.MaxRune {
			return sp.pad(string(rune(i)), ' ')
		}
		f.fail("%%c in a format asks for one character")
	case 'd', 'i', 'u', 'x', 'X', 'o':
		f.mustBeDefined(v)
		if x, ok := v.(float64); ok && (verb == 'd' || verb == 'i' || verb == 'u') {
			v = truncated(f, x)
		}
		if !isInt(v) {
			f.fail("%%%c in a format asks for a number, not for a %s", verb, typeName(v))
		}
		if verb == 'i' || verb == 'u' {
			verb = 'd'
		}
		sp.verb = byte(verb)
		digits := sp.digits(asInt(v))
		if missing := sp.precision - len(digits); missing > 0 {
			digits = strings.Repeat("0", missing) + digits
		}
		return sp.number(asInt(v) < 0, sp.prefix(), digits)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		f.mustBeDefined(v)
		if !isNumber(v) {
			f.fail("%%%c in a format asks for a number, not for a %s", verb, typeName(v))
		}
		sp.verb = byte(verb)
		x := asFloat(v)
		return sp.number(math.Signbit(x) && !math.IsNaN(x), "", sp.floatDigits(math.Abs(x)))
	}
	f.fail("there is no format %%%c", verb)
	return ""
}

// spec is how a value is to be formatted.
type spec struct {
	fill      rune
	align     rune // one of <>^=
	sign      byte // '+', ' ' or 0
	alternate bool
	zero      bool
	width     int
	group     byte // ',', '_' or 0
	precision int  // -1: none
	verb      byte // 0: none
}

// pad fills s up to the width.
func (sp spec) pad(s string, fill rune) string {
	missing := sp.width - utf8.RuneCountInString(s)
	if missing <= 0 {
		return s
	}
	left := 0
	switch sp.align {
	case '>', '=':
		left = missing
	case '^':
		left = missing / 2
	}
	return strings.Repeat(string(fill), left) + s + strings.Repeat(string(fill), missing-left)
}

// number puts sign, prefix and digits together, with zeros or the fill between if asked.
func (sp spec) number(negative bool, prefix, digits string) string {
	sign := ""
	switch {
	case negative:
		sign = "-"
	case sp.sign == '+' || sp.sign == ' ':
		sign = string(sp.sign)
	}
	sign += prefix
	fill := sp.fill
	if fill == 0 {
		fill = ' '
	}
	between := sp.align == '='
	if sp.zero && sp.align != '<' && (sp.align != '^') && (sp.fill == 0 || between) {
		fill, between = '0', true
	}
	if sp.group != 0 {
		whole, rest := digits, ""
		if i := strings.IndexAny(digits, ".e"); i >= 0 {
			whole, rest = digits[:i], digits[i:]
		}
		if between && fill == '0' {
			for len(grouped(whole, sp.group, sp.groupSize()))+len(rest)+len(sign) < sp.width {
				whole = "0" + whole
			}
		}
		digits = grouped(whole, sp.group, sp.groupSize()) + rest
	}
	if between {
		missing := sp.width - len(sign) - len(digits)
		return sign + strings.Repeat(string(fill), max(0, missing)) + digits
	}
	return sp.pad(sign+digits, fill)
}

func (sp spec) groupSize() int {
	if strings.IndexByte("xXob", sp.verb) >= 0 && sp.verb != 0 {
		return 4
	}
	return 3
}

func grouped(digits string, by byte, size int) string {
	var out strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%size == 0 {
			out.WriteByte(by)
		}
		out.WriteByte(digits[i])
	}
	return out.String()
}

func (sp spec) prefix() string {
	if sp.alternate && strings.IndexByte("xXob", sp.verb) >= 0 {
		return "0" + string(sp.verb)
	}
	return ""
}

// digits returns the digits of a whole number, without its sign.
func (sp spec) digits(i int) string {
	base := 10
	switch sp.verb {
	case 'x', 'X':
		base = 16
	case 'o':
		base = 8
	case 'b':
		base = 2
	}
	s := strconv.FormatUint(magnitude(i), base)
	if sp.verb == 'X' {
		s = strings.ToUpper(s)
	}
	return s
}

// floatDigits returns the digits of a number that is not negative.
func (sp spec) floatDigits(x float64) string {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		s := strings.TrimPrefix(floatText(x), "-")
		if 'A' <= sp.verb && sp.verb <= 'Z' {
			return strings.ToUpper(s)
		}
		return s
	}
	precision := sp.precision
	if precision < 0 {
		precision = 6
	}
	verb := sp.verb
	switch verb {
	case 'F':
		verb = 'f'
	case 'g', 'G':
		precision = max(precision, 1)
	}
	s := strconv.FormatFloat(x, verb, precision, 64)
	if sp.alternate && !strings.Contains(s, ".") {
		s += "."
	}
	return s
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// truncated returns a number without its fraction.
func truncated(f *frame, x float64) int {
	if math.IsNaN(x) || math.Abs(x) >= math.MaxInt64 {
		tooLarge(f)
	}
	return int(x)
}

// formatBraces does what Python's str.format does.
func formatBraces(f *frame, format any, args Args) any {
	s, _ := asText(format)
	var out strings.Builder
	auto := 0
	only := bracesInto(f, &out, s, isMarkup(format), args, &auto, 0)
	f.r.charge(out.Len() / chargedBytes)
	if m, ok := only.(Markup); ok && string(m) == out.String() {
		return m
	}
	return like(format, out.String())
}

// bracesInto puts the format into out. It returns the value of a field that has a format of its own and
// is all there is: Python hands that on as it is, Markup too, if the format changes nothing.
func bracesInto(f *frame, out *strings.Builder, s string, safe bool, args Args, auto *int, depth int) (only any) {
	if depth > 2 {
		f.fail("the format is nested too deeply")
	}
	for s != "" {
		at := strings.IndexAny(s, "{}")
		if at < 0 {
			out.WriteString(s)
			return nil
		}
		whole := at == 0 && out.Len() == 0
		out.WriteString(s[:at])
		if at+1 < len(s) && s[at+1] == s[at] {
			out.WriteByte(s[at])
			s = s[at+2:]
			continue
		}
		if s[at] == '}' {
			f.fail("a single } stands in a format")
		}
		s = s[at+1:]
		open, end := 1, 0
		for ; end < len(s); end++ {
			if s[end] == '{' {
				open++
			} else if s[end] == '}' {
				if open--; open == 0 {
					break
				}
			}
		}
		if open > 0 {
			f.fail("a { in a format is not closed")
		}
		field := s[:end]
		s = s[end+1:]
		name, specText, _ := strings.Cut(field, ":")
		name, conversion, converts := strings.Cut(name, "!")
		v := fieldValue(f, name, args, auto)
		var nested strings.Builder
		bracesInto(f, &nested, specText, false, args, auto, depth+1)
		if whole && s == "" && !converts && nested.Len() > 0 {
			only = v
		}
		if converts {
			switch conversion {
			case "s":
				v = str(f, v)
			case "r":
				v = repr(f, v)
			case "a":
				v = escapeNonASCII(repr(f, v), true)
			default:
				f.fail("there is no conversion !%s", conversion)
			}
		}
		if safe && isMarkup(v) {
			if nested.Len() > 0 {
				f.fail("Markup in a format cannot be formatted any further")
			}
			out.WriteString(string(escape(f, v)))
		} else if text := formatSpec(f, v, nested.String()); safe {
			out.WriteString(string(escape(f, text)))
		} else {
			out.WriteString(text)
		}
		f.sized(out.Len())
	}
	return only
}

func fieldValue(f *frame, name string, args Args, auto *int) any {
	first := name
	if i := strings.IndexAny(name, ".["); i >= 0 {
		first = name[:i]
	}
	rest := name[len(first):]
	var v any
	if first == "" {
		first = strconv.Itoa(*auto)
		*auto++
	}
	if i, err := strconv.Atoi(first); err == nil {
		if i < 0 || i >= len(args.Positional) {
			f.fail("the format asks for more values than there are")
		}
		v = args.Positional[i]
	} else if named, ok := args.Get(first); ok {
		v = named
	} else {
		f.fail("there is no value %q for the format", first)
	}
	for rest != "" {
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			attr, ok := attributeOf(f, v, rest[1:end])
			if !ok {
				f.fail("a %s has no attribute %q", typeName(v), rest[1:end])
			}
			v, rest = attr, rest[end:]
			continue
		}
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			f.fail("a [ in a format is not closed")
		}
		var k any = rest[1:end]
		if i, err := strconv.Atoi(rest[1:end]); err == nil {
			k = i
		}
		item, ok := itemOf(f, v, k)
		if !ok {
			f.fail("a %s has no item %q", typeName(v), rest[1:end])
		}
		v, rest = item, rest[end+1:]
	}
	return v
}

// formatSpec formats a value as Python's format does.
func formatSpec(f *frame, v any, text string) string {
	if text == "" {
		return str(f, v)
	}
	sp := parseSpec(f, text)
	f.sized(max(sp.width, sp.precision, 0))
	switch {
	case isNumber(v):
		return sp.formatNumber(f, v)
	default:
		s, ok := asText(v)
		if !ok {
			f.mustBeDefined(v)
			f.fail("a %s takes no format %q", typeName(v), text)
		}
		if sp.verb != 0 && sp.verb != 's' || sp.sign != 0 || sp.alternate || sp.group != 0 || sp.align == '=' {
			f.fail("a string takes no format %q", text)
		}
		if sp.precision >= 0 {
			s = firstRunes(s, sp.precision)
		}
		if sp.align == 0 {
			sp.align = '<'
		}
		fill := sp.fill
		if fill == 0 {
			fill = ' '
			if sp.zero {
				fill = '0'
			}
		}
		return sp.pad(s, fill)
	}
}

func parseSpec(f *frame, text string) spec {
	sp := spec{precision: -1}
	rest := text
	if r, size := utf8.DecodeRuneInString(rest); len(rest) > size && strings.IndexByte("<>=^", rest[size]) >= 0 {
		sp.fill, sp.align = r, rune(rest[size])
		rest = rest[size+1:]
	} else if strings.IndexByte("<>=^", rest[0]) >= 0 {
		sp.align = rune(rest[0])
		rest = rest[1:]
	}
	take := func(set string) byte {
		if rest != "" && strings.IndexByte(set, rest[0]) >= 0 {
			c := rest[0]
			rest = rest[1:]
			return c
		}
		return 0
	}
	digits := func() (int, bool) {
		n := 0
		for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
			n++
		}
		value, err := strconv.Atoi(rest[:n])
		if n > 0 && err != nil {
			f.sized(math.MaxInt)
		}
		rest = rest[n:]
		return value, n > 0
	}
	sp.sign = take("+- ")
	sp.alternate = take("#") != 0
	sp.zero = take("0") != 0
	sp.width, _ = digits()
	sp.group = take(",_")
	if take(".") != 0 {
		n, ok := digits()
		if !ok {
			f.fail("a precision is missing in the format %q", text)
		}
		sp.precision = n
	}
	sp.verb = take("bcdeEfFgGnosxX%")
	if rest != "" {
		f.fail("%q is no format", text)
	}
	return sp
}

func (sp spec) formatNumber(f *frame, v any) string {
	if sp.align == 0 {
		sp.align = '>'
		if sp.zero && sp.fill == 0 {
			sp.align = '='
			sp.fill = '0'
		}
	} else if sp.zero && sp.fill == 0 {
		sp.fill = '0'
	}
	sp.zero = false
	_, isBool := v.(bool)
	if isBool && sp.verb == 0 {
		// Python takes it for a number as soon as there is any format.
		v = asInt(v)
	}
	if isInt(v) && (sp.verb == 0 || strings.IndexByte("bdoxXnc", sp.verb) >= 0) {
		if sp.precision >= 0 {
			f.fail("a whole number takes no precision")
		}
		if sp.verb == 'c' {
			return sp.pad(string(rune(asInt(v))), ' ')
		}
		return sp.number(asInt(v) < 0, sp.prefix(), sp.digits(asInt(v)))
	}
	x := asFloat(v)
	suffix := ""
	switch sp.verb {
	case '%':
		x, suffix, sp.verb = x*100, "%", 'f'
	case 'n':
		sp.verb = 'g'
	case 'e', 'E', 'f', 'F', 'g', 'G':
	case 0:
		digits := strings.TrimPrefix(floatText(x), "-")
		if sp.precision >= 0 {
			sp.verb = 'g'
			digits = sp.floatDigits(math.Abs(x))
			if !strings.ContainsAny(digits, ".en") {
				digits = generalDigits(digits, sp.precision)
			}
		}
		return sp.number(math.Signbit(x), "", digits)
	default:
		f.fail("a float takes no format %q", string(sp.verb))
	}
	return sp.number(math.Signbit(x) && !math.IsNaN(x), "", sp.floatDigits(math.Abs(x))+suffix)
}

// generalDigits returns the digits of a float that happens to be whole: it shows a fraction,
// or else an exponent if it takes all the digits asked for.
func generalDigits(digits string, precision int) string {
	if len(digits) < max(precision, 1) {
		return digits + ".0"
	}
	x, _ := strconv.ParseFloat(digits, 64) // of digits that were just made
	return strconv.FormatFloat(x, 'e', max(precision, 1)-1, 64)
}
