package jinja

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

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
			f.fail("%s takes no format %q", aType(v), text)
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
