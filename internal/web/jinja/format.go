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

// leadingNumber reads the digits that s begins with.
func leadingNumber(f *frame, s string) (n int, after string, given bool) {
	after = strings.TrimLeft(s, "0123456789")
	digits := s[:len(s)-len(after)]
	n, err := strconv.Atoi(digits)
	if digits != "" && err != nil {
		f.sized(math.MaxInt)
	}
	return n, after, digits != ""
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
			f.fail("%%%c in a format asks for a number, not for a %s", verb, typeName(v))
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
		f.fail("%%%c in a format asks for a number, not for a %s", verb, typeName(v))
	}
	sp.verb = byte(verb)
	if isDecimal {
		sp.verb = 'd'
	}
	digits := sp.digits(asInt(v))
	digits = strings.Repeat("0", max(0, sp.precision-len(digits))) + digits
	return sp.number(asInt(v) < 0, sp.prefix(), digits)
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
	if sp.zero && sp.align != '<' && sp.align != '^' && (sp.fill == 0 || between) {
		fill, between = '0', true
	}
	if sp.group != 0 {
		width := 0
		if between && fill == '0' {
			width = sp.width - len(sign)
		}
		digits = sp.inGroups(digits, width)
	}
	if between {
		missing := sp.width - len(sign) - len(digits)
		return sign + strings.Repeat(string(fill), max(0, missing)) + digits
	}
	return sp.pad(sign+digits, fill)
}

// inGroups parts the digits before the point, with zeros in front up to the width.
func (sp spec) inGroups(digits string, width int) string {
	whole, rest := digits, ""
	if i := strings.IndexAny(digits, ".e"); i >= 0 {
		whole, rest = digits[:i], digits[i:]
	}
	for len(grouped(whole, sp.group, sp.groupSize()))+len(rest) < width {
		whole = "0" + whole
	}
	return grouped(whole, sp.group, sp.groupSize()) + rest
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
	if !sp.alternate {
		return s
	}
	return withPoint(s, verb == 'g' || verb == 'G', precision)
}

// withPoint returns digits with a point, and with as many of them as were asked for where zeros are left out.
func withPoint(s string, general bool, precision int) string {
	whole, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		whole, exponent = s[:i], s[i:]
	}
	if !strings.Contains(whole, ".") {
		whole += "."
	}
	if general {
		significant := len(strings.TrimLeft(strings.Replace(whole, ".", "", 1), "0"))
		if significant == 0 {
			significant = len(whole) - 1 // of zero itself, every digit counts
		}
		whole += strings.Repeat("0", max(0, precision-significant))
	}
	return whole + exponent
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
	only := bracesInto(f, &out, s, isMarkup(format), args, &numbering{}, 0)
	f.r.charge(out.Len() / chargedBytes)
	if m, ok := only.(Markup); ok && string(m) == out.String() {
		return m
	}
	return like(format, out.String())
}

// bracesInto puts the format into out. It returns the value of a field that has a format of its own and
// is all there is: Python hands that on as it is, Markup too, if the format changes nothing.
func bracesInto(f *frame, out *strings.Builder, s string, safe bool, args Args, auto *numbering, depth int) (only any) {
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
		end := endOfField(f, s)
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
			v = converted(f, v, conversion)
		}
		out.WriteString(fieldText(f, v, nested.String(), safe))
		f.sized(out.Len())
	}
	return only
}

// endOfField returns where the brace is that closes the field which s begins with.
func endOfField(f *frame, s string) int {
	open := 1
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			open--
		}
		if open == 0 {
			return i
		}
	}
	f.fail("a { in a format is not closed")
	return 0
}

func converted(f *frame, v any, conversion string) any {
	switch conversion {
	case "s":
		return str(f, v)
	case "r":
		return repr(f, v)
	case "a":
		return escapeNonASCII(repr(f, v), true)
	}
	f.fail("there is no conversion !%s", conversion)
	return nil
}

// fieldText returns what a field becomes, escaped if the format is Markup.
func fieldText(f *frame, v any, spec string, safe bool) string {
	if !safe {
		return formatSpec(f, v, spec)
	}
	if !isMarkup(v) {
		return string(escape(f, formatSpec(f, v, spec)))
	}
	if spec != "" {
		f.fail("Markup in a format cannot be formatted any further")
	}
	return string(escape(f, v))
}

// numbering is how the fields of a format get their numbers: all by themselves, or none.
type numbering struct {
	next       int
	byItself   bool
	byTemplate bool
}

// number returns the number of a field. It is not ok if the field has a name.
func (n *numbering) number(f *frame, field string) (i int, ok bool) {
	if field == "" {
		n.byItself = true
		n.next++
		i, ok = n.next-1, true
	} else if i, ok = decimal(field); ok {
		n.byTemplate = true
	}
	if n.byItself && n.byTemplate {
		f.fail("a format numbers all of its fields, or none of them")
	}
	return i, ok
}

// decimal returns the number that is written in plain digits.
func decimal(s string) (int, bool) {
	i, err := strconv.ParseUint(s, 10, strconv.IntSize-1)
	return int(i), err == nil
}

func fieldValue(f *frame, name string, args Args, auto *numbering) any {
	first := name
	if i := strings.IndexAny(name, ".["); i >= 0 {
		first = name[:i]
	}
	rest := name[len(first):]
	var v any
	if i, ok := auto.number(f, first); ok {
		if i >= len(args.Positional) {
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
		if i, ok := decimal(rest[1:end]); ok {
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
	sp.sign = take("+- ")
	sp.alternate = take("#") != 0
	sp.zero = take("0") != 0
	sp.width, rest, _ = leadingNumber(f, rest)
	sp.group = take(",_")
	if take(".") != 0 {
		var given bool
		if sp.precision, rest, given = leadingNumber(f, rest); !given {
			f.fail("a precision is missing in the format %q", text)
		}
	}
	sp.verb = take("bcdeEfFgGnosxX%")
	if rest != "" {
		f.fail("%q is no format", text)
	}
	return sp
}

func (sp spec) formatNumber(f *frame, v any) string {
	if sp.zero && sp.fill == 0 {
		sp.fill = '0'
		if sp.align == 0 {
			sp.align = '='
		}
	}
	if sp.align == 0 {
		sp.align = '>'
	}
	sp.zero = false
	// Python takes a truth value for a number as soon as there is any format.
	if isInt(v) && (sp.verb == 0 || strings.IndexByte("bdoxXnc", sp.verb) >= 0) {
		if sp.precision >= 0 {
			f.fail("a whole number takes no precision")
		}
		if sp.verb == 'c' {
			return sp.pad(string(rune(asInt(v))), ' ')
		}
		return sp.number(asInt(v) < 0, sp.prefix(), sp.digits(asInt(v)))
	}
	return sp.formatFloat(f, asFloat(v))
}

func (sp spec) formatFloat(f *frame, x float64) string {
	suffix := ""
	switch sp.verb {
	case '%':
		x, suffix, sp.verb = x*100, "%", 'f'
	case 'n':
		sp.verb = 'g'
	case 'e', 'E', 'f', 'F', 'g', 'G':
	case 0:
		return sp.number(math.Signbit(x), "", sp.shortDigits(x))
	default:
		f.fail("a float takes no format %q", string(sp.verb))
	}
	return sp.number(math.Signbit(x) && !math.IsNaN(x), "", sp.floatDigits(math.Abs(x))+suffix)
}

// shortDigits returns the digits of a float for which there is no verb.
func (sp spec) shortDigits(x float64) string {
	if sp.precision < 0 {
		return strings.TrimPrefix(floatText(x), "-")
	}
	sp.verb = 'g'
	digits := sp.floatDigits(math.Abs(x))
	if !strings.ContainsAny(digits, ".en") {
		return generalDigits(digits, sp.precision)
	}
	return digits
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
