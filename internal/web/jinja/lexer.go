package jinja

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is what a token of a template is.
type tokenKind int

const (
	tokenEnd          tokenKind = iota
	tokenText                   // what is put out as it stands
	tokenPrint                  // {{
	tokenPrintEnd               // }}
	tokenStatement              // {%
	tokenStatementEnd           // %}
	tokenName
	tokenString
	tokenNumber
	tokenOperator
)

type token struct {
	kind tokenKind
	text string
	// value is a number's, an int or a float64.
	value any
	line  int
}

// is reports whether the token is the operator or the name.
func (t token) is(text string) bool {
	return (t.kind == tokenOperator || t.kind == tokenName) && t.text == text
}

func (t token) describe() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the template"
	case tokenPrintEnd, tokenStatementEnd:
		return "the end of the tag"
	case tokenString:
		return "a string"
	default:
		return strconv.Quote(t.text)
	}
}

// lexer cuts a template into tokens.
type lexer struct {
	template string
	source   string
	pos      int
	line     int
	tokens   []token
}

var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func tokenize(template, source string) (tokens []token, err error) {
	defer catch(&err)
	// As Jinja2 does by default, one newline at the very end is dropped.
	l := &lexer{template: template, source: strings.TrimSuffix(newlines.Replace(source), "\n"), line: 1}
	for l.pos < len(l.source) {
		l.text()
	}
	l.add(tokenEnd, "")
	return l.tokens, nil
}

func (l *lexer) fail(format string, args ...any) { failAt(l.template, l.line, format, args...) }

func (l *lexer) add(kind tokenKind, text string) {
	l.tokens = append(l.tokens, token{kind: kind, text: text, line: l.line})
}

// skip moves on by n bytes and counts the lines.
func (l *lexer) skip(n int) {
	l.line += strings.Count(l.source[l.pos:l.pos+n], "\n")
	l.pos += n
}

func (l *lexer) skipSpace() {
	rest := l.source[l.pos:]
	l.skip(len(rest) - len(strings.TrimLeftFunc(rest, isSpace)))
}

var (
	openTag  = regexp.MustCompile(`\{[{%#][-+]?`)
	rawBegin = regexp.MustCompile(`^\{%[-+]?\s*raw\s*(-?)%\}`)
	rawEnd   = regexp.MustCompile(`\{%([-+]?)\s*endraw\s*([-+]?)%\}`)
)

// text reads up to the next tag, and the tag.
func (l *lexer) text() {
	rest := l.source[l.pos:]
	at := openTag.FindStringIndex(rest)
	if at == nil {
		l.add(tokenText, rest)
		l.pos = len(l.source)
		return
	}
	text, tag := rest[:at[0]], rest[at[0]:at[1]]
	if strings.HasSuffix(tag, "-") {
		text = strings.TrimRightFunc(text, isSpace)
	}
	if text != "" {
		l.add(tokenText, text)
	}
	l.skip(at[0])
	switch tag[1] {
	case '#':
		l.comment(len(tag))
	case '{':
		l.add(tokenPrint, "{{")
		l.skip(len(tag))
		l.code(tokenPrintEnd, "}}", false)
	default:
		if raw := rawBegin.FindStringSubmatch(l.source[l.pos:]); raw != nil {
			l.raw(raw)
			return
		}
		l.add(tokenStatement, "{%")
		l.skip(len(tag))
		l.code(tokenStatementEnd, "%}", true)
	}
}

func (l *lexer) comment(open int) {
	end := strings.Index(l.source[l.pos+open:], "#}")
	if end < 0 {
		l.fail("a comment is not closed: \"#}\" is missing")
	}
	strip := end > 0 && l.source[l.pos+open+end-1] == '-'
	l.skip(open + end + len("#}"))
	if strip {
		l.skipSpace()
	}
}

func (l *lexer) raw(begin []string) {
	line := l.line
	l.skip(len(begin[0]))
	if begin[1] == "-" {
		l.skipSpace()
	}
	rest := l.source[l.pos:]
	end := rawEnd.FindStringSubmatchIndex(rest)
	if end == nil {
		failAt(l.template, line, "the tag \"raw\" is not closed: \"endraw\" is missing")
	}
	text := rest[:end[0]]
	if rest[end[2]:end[3]] == "-" {
		text = strings.TrimRightFunc(text, isSpace)
	}
	if text != "" {
		l.add(tokenText, text)
	}
	l.skip(end[1])
	if rest[end[4]:end[5]] == "-" {
		l.skipSpace()
	}
}

var (
	floatForm   = regexp.MustCompile(`^(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][-+]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)`)
	integerForm = regexp.MustCompile(`^(?:0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*)`)
	nameForm    = regexp.MustCompile(`^[\pL_][\pL\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*`)
	operators   = []string{"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"}
	brackets    = map[string]string{"(": ")", "[": "]", "{": "}"}
)

// code reads what is within a tag, and the tag's end.
func (l *lexer) code(kind tokenKind, closing string, plus bool) {
	var open []string // the brackets that are to come
	begin := l.line
	for {
		l.skipSpace()
		rest := l.source[l.pos:]
		if rest == "" {
			failAt(l.template, begin, "a tag is not closed: %q is missing", closing)
		}
		if len(open) == 0 && l.closes(rest, kind, closing, plus) {
			return
		}
		switch {
		case rest[0] == '"' || rest[0] == '\'':
			l.quoted(rest)
		case '0' <= rest[0] && rest[0] <= '9':
			l.number(rest)
		default:
			if name := nameForm.FindString(rest); name != "" {
				l.add(tokenName, name)
				l.pos += len(name)
				continue
			}
			open = l.bracket(open, l.operator(rest))
		}
	}
}

// closes reads the end of a tag, if it is there, and the white space that it takes along.
func (l *lexer) closes(rest string, kind tokenKind, closing string, plus bool) bool {
	minus := strings.HasPrefix(rest, "-"+closing)
	switch {
	case strings.HasPrefix(rest, closing):
		l.pos += len(closing)
	case minus, plus && strings.HasPrefix(rest, "+"+closing):
		l.pos += len(closing) + 1
	default:
		return false
	}
	l.add(kind, closing)
	if minus {
		l.skipSpace()
	}
	return true
}

// bracket returns the brackets that are still to come after an operator, which may be one.
func (l *lexer) bracket(open []string, op string) []string {
	if closes, ok := brackets[op]; ok {
		return append(open, closes)
	}
	if op != ")" && op != "]" && op != "}" {
		return open
	}
	if len(open) == 0 || open[len(open)-1] != op {
		l.fail("unexpected %q", op)
	}
	return open[:len(open)-1]
}

func (l *lexer) operator(rest string) string {
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.add(tokenOperator, op)
			l.pos += len(op)
			return op
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	l.fail("unexpected character %q", r)
	return ""
}

func (l *lexer) number(rest string) {
	afterDot := len(l.tokens) > 0 && l.source[l.pos-1] == '.'
	if text := floatForm.FindString(rest); text != "" && !afterDot {
		value, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		if err != nil && !math.IsInf(value, 0) {
			l.fail("%q is no number", text)
		}
		l.add(tokenNumber, text)
		l.tokens[len(l.tokens)-1].value = value
		l.pos += len(text)
		return
	}
	text := integerForm.FindString(rest)
	digits := strings.ReplaceAll(text, "_", "")
	if strings.Trim(digits, "0") == "" {
		digits = "0"
	}
	value, err := strconv.ParseInt(digits, 0, strconv.IntSize)
	if err != nil {
		l.fail("the number %s is too large", text)
	}
	l.add(tokenNumber, text)
	l.tokens[len(l.tokens)-1].value = int(value)
	l.pos += len(text)
}

func (l *lexer) quoted(rest string) {
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case rest[0]:
			text := l.unescape(rest[1:i])
			l.add(tokenString, text)
			l.skip(i + 1)
			return
		}
	}
	l.fail("a string is not closed: %q is missing", rest[:1])
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': `\`, '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// unescape resolves a string's escapes as Python does.
func (l *lexer) unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out.WriteByte(s[i])
			continue
		}
		i++
		if text, ok := simpleEscapes[s[i]]; ok {
			out.WriteString(text)
			continue
		}
		switch s[i] {
		case 'x', 'u', 'U', '0', '1', '2', '3', '4', '5', '6', '7':
			r, size := l.numericEscape(s[i:])
			out.WriteRune(r)
			i += size - 1
		case 'N':
			l.fail(`the escape \N{…} is not supported: write the character itself`)
		default: // no escape at all
			out.WriteByte('\\')
			i--
		}
	}
	return out.String()
}

// numericEscape returns the character that is written as a number behind a backslash, and its size there.
func (l *lexer) numericEscape(s string) (r rune, size int) {
	base, from, digits := 16, 1, map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if digits == 0 {
		base, from = 8, 0
		short := s[:min(3, len(s))]
		digits = len(short) - len(strings.TrimLeft(short, "01234567"))
	}
	to := from + digits
	if to > len(s) {
		l.fail("an escape in a string is cut off")
	}
	code, err := strconv.ParseUint(s[from:to], base, 32)
	if err != nil || code > unicode.MaxRune || 0xD800 <= code && code < 0xE000 {
		l.fail("%q in a string stands for no character", `\`+s[:to])
	}
	return rune(code), to
}

// isSpace reports whether Python takes r for white space.
func isSpace(r rune) bool { return unicode.IsSpace(r) || 0x1C <= r && r <= 0x1F }
