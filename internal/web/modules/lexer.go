package modules

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a token is, as far as imports need it told apart.
type kind int

const (
	end    kind = iota
	word        // a name or a keyword
	text        // in quotes
	value       // a number, a template or a regular expression
	symbol      // all else; the token's text says which
)

// token is a piece of a module.
type token struct {
	kind kind
	// text is what stands there, of a text what is between its quotes.
	text string
	pos  int
	// depth is how many brackets are open around it.
	depth int
	// property is true for the name behind a dot, which is no keyword.
	property bool
	// condition is true for "if" and its like, whose parentheses have a statement behind them.
	condition bool
}

func (t token) is(kind kind, text string) bool { return t.kind == kind && t.text == text }

// isKeyword reports whether the token is a certain keyword at the top of the module.
func (t token) isKeyword(name string) bool { return t.is(word, name) && !t.property && t.depth == 0 }

// bracket is an open one.
type bracket struct {
	char byte // '(', '[', '{', or '$' for the "${" of a template
	// operator is true if a slash behind the closing bracket divides.
	operator bool
}

var closing = map[byte]string{'(': ")", '[': "]", '{': "}", '$': "}"}

// lexer reads the tokens of a module one by one. After a mistake it only finds the end.
type lexer struct {
	source string
	pos    int
	last   token // the one before
	open   []bracket
	// operator is true if a slash at pos divides, and begins no regular expression.
	operator bool
	comments []span
	err      *Error // without a file

	counted, breaks int // how far lineOf came, and how many lines ended up to there
}

// span is from where to where something stands in the source.
type span struct{ start, end int }

// next returns the next token.
func (l *lexer) next() token {
	l.skip()
	t := token{pos: l.pos, depth: len(l.open)}
	if l.err == nil && l.pos < len(l.source) {
		l.read(&t)
	}
	if l.err != nil {
		t = token{pos: l.pos}
	}
	l.last = t
	return t
}

func (l *lexer) fail(pos int, problem string) {
	if l.err == nil {
		l.err = &Error{Line: l.lineOf(pos), Problem: problem}
	}
}

// problem returns what was wrong with the source, once its end is reached.
func (l *lexer) problem() error {
	if len(l.open) > 0 {
		l.fail(len(l.source), "a bracket is open at the end")
	}
	if l.err != nil {
		return l.err
	}
	return nil
}

// skip goes past white space and comments.
func (l *lexer) skip() {
	// Browsers take off the mark at the beginning before they look for "#!".
	if l.pos == 0 && strings.HasPrefix(strings.TrimPrefix(l.source, "\ufeff"), "#!") {
		l.skipLine()
	}
	for l.err == nil && l.pos < len(l.source) {
		r, size := utf8.DecodeRuneInString(l.source[l.pos:])
		rest := l.source[l.pos:]
		switch {
		case isSpace(r):
			l.pos += size
		case strings.HasPrefix(rest, "//"):
			start := l.pos
			l.skipLine()
			l.comments = append(l.comments, span{start, l.pos})
		case strings.HasPrefix(rest, "/*"):
			length := strings.Index(rest[2:], "*/")
			if length < 0 {
				l.fail(l.pos, "this comment does not end")
				return
			}
			start := l.pos
			l.pos += length + len("/**/")
			l.comments = append(l.comments, span{start, l.pos})
		default:
			return
		}
	}
}

// skipLine goes to the end of the line.
func (l *lexer) skipLine() {
	length := strings.IndexAny(l.source[l.pos:], lineEnds)
	if length < 0 {
		length = len(l.source) - l.pos
	}
	l.pos += length
}

const lineEnds = "\n\r\u2028\u2029"

func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', '\v', '\f', '\u2028', '\u2029', '\ufeff':
		return true
	}
	return r >= utf8.RuneSelf && unicode.Is(unicode.Zs, r)
}

// lineOf returns the line of a position, counted from 1. It counts on from the position before.
func (l *lexer) lineOf(pos int) int {
	if pos < l.counted {
		l.counted, l.breaks = 0, 0
	}
	between := l.source[l.counted:pos]
	l.breaks += strings.Count(between, "\n") + strings.Count(between, "\r") - strings.Count(between, "\r\n")
	l.counted = pos
	return 1 + l.breaks
}

// read fills in the token that begins at pos.
func (l *lexer) read(t *token) {
	rest := l.source[l.pos:]
	c, size := utf8.DecodeRuneInString(rest)
	switch {
	case isDigit(rest[0]), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		l.pos += len(number.FindString(rest))
		t.kind, l.operator = value, true
	case isWordPart(c), c == '#': // of a private name
		if c == '#' {
			l.pos += size
		}
		l.readWord()
		t.kind, t.text = word, l.source[t.pos:l.pos]
		l.classify(t)
	case c == '"', c == '\'':
		t.kind, t.text, l.operator = text, l.readText(rest[0]), true
	case c == '`':
		l.pos++
		l.readTemplate(t)
	case c == '/' && !l.operator:
		l.readRegexp()
		t.kind, l.operator = value, true
	default:
		l.readSymbol(t)
	}
}

// beforeOperand are the keywords behind which a slash begins a regular expression, and a
// brace an object.
var beforeOperand = map[string]bool{
	"await": true, "break": true, "case": true, "continue": true, "debugger": true, "default": true, "delete": true,
	"do": true, "else": true, "extends": true, "in": true, "instanceof": true, "new": true, "return": true,
	"throw": true, "typeof": true, "void": true, "yield": true,
}

// beforeBlock are those of them whose brace opens a block.
var beforeBlock = map[string]bool{"break": true, "continue": true, "debugger": true, "do": true, "else": true}

// beforeCondition are the keywords whose parentheses have a statement behind them.
var beforeCondition = map[string]bool{"for": true, "if": true, "while": true, "with": true}

// classify says of a word what may follow.
func (l *lexer) classify(t *token) {
	t.property = l.last.is(symbol, ".") || l.last.is(symbol, "?.")
	t.condition = !t.property && (beforeCondition[t.text] || t.text == "await" && l.last.condition)
	l.operator = t.property || !beforeOperand[t.text] && !l.isOf(t)
}

// isOf reports whether a word is the "of" of a loop. Everywhere else it is a name.
func (l *lexer) isOf(t *token) bool {
	if t.text != "of" || len(l.open) == 0 || l.open[len(l.open)-1] != (bracket{char: '('}) {
		return false
	}
	switch l.last.kind {
	case word:
		return l.last.property || !beforeOperand[l.last.text]
	case symbol:
		return l.last.text == "]" || l.last.text == "}" || l.last.text == ")"
	case end, text, value:
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isWordPart reports whether a character belongs to words, as a backslash does that stands for one.
func isWordPart(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		r == '_' || r == '$' || r == '\\' || r >= utf8.RuneSelf && !isSpace(r)
}

// readWord goes past the rest of a word, of which there may be none.
func (l *lexer) readWord() {
	for l.pos < len(l.source) {
		rest := l.source[l.pos:]
		if strings.HasPrefix(rest, `\u{`) {
			length := strings.IndexByte(rest, '}')
			if length < 0 {
				l.fail(l.pos, "this character's number does not end")
				return
			}
			l.pos += length + len("}")
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		if !isWordPart(r) {
			return
		}
		l.pos += size
	}
}

// number is as much of a number as tells it from what follows.
var number = regexp.MustCompile(`^(?:0[xXoObB][\da-fA-F_]+|[\d_]*\.?[\d_]*(?:[eE][+-]?\d[\d_]*)?)n?`)

// readText goes past a text in quotes and returns what is between them, as it is written.
func (l *lexer) readText(quote byte) string {
	start := l.pos
	for l.pos++; l.pos < len(l.source); l.pos++ {
		switch l.source[l.pos] {
		case quote:
			l.pos++
			return l.source[start+1 : l.pos-1]
		case '\\':
			l.pos++
			if strings.HasPrefix(l.source[l.pos:], "\r\n") {
				l.pos++
			}
		case '\n', '\r':
			l.fail(start, "this text does not end in its line")
			return ""
		}
	}
	l.fail(start, "this text does not end")
	return ""
}

// readTemplate goes on in a template, to its end or to what is filled in.
func (l *lexer) readTemplate(t *token) {
	for ; l.pos < len(l.source); l.pos++ {
		switch {
		case l.source[l.pos] == '`':
			l.pos++
			t.kind, l.operator = value, true
			return
		case l.source[l.pos] == '\\':
			l.pos++
		case strings.HasPrefix(l.source[l.pos:], "${"):
			l.pos += len("${")
			l.open = append(l.open, bracket{char: '$'})
			t.kind, t.text, l.operator = symbol, "${", false
			return
		}
	}
	l.fail(t.pos, "this template does not end")
}

// readRegexp goes past a regular expression and its flags.
func (l *lexer) readRegexp() {
	start, inClass := l.pos, false
	for l.pos++; l.pos < len(l.source); l.pos++ {
		switch c := l.source[l.pos]; {
		case c == '\\' && l.pos+1 < len(l.source) && !strings.ContainsRune("\n\r", rune(l.source[l.pos+1])):
			l.pos++
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		case c == '\n', c == '\r':
			l.fail(start, "this regular expression does not end in its line")
			return
		case c == '/' && !inClass:
			l.pos++
			l.readWord() // its flags
			return
		}
	}
	l.fail(start, "this regular expression does not end")
}

// longSymbols are those that must not be taken for several.
var longSymbols = []string{"...", "=>", "++", "--"}

func (l *lexer) readSymbol(t *token) {
	rest := l.source[l.pos:]
	t.kind, t.text = symbol, rest[:1]
	for _, long := range longSymbols {
		if strings.HasPrefix(rest, long) {
			t.text = long
		}
	}
	// A digit behind it makes it a question and a number.
	if strings.HasPrefix(rest, "?.") && (len(rest) == 2 || !isDigit(rest[2])) {
		t.text = "?."
	}
	l.pos += len(t.text)
	switch t.text {
	case "(":
		l.openBracket('(', !l.last.condition)
	case "[":
		l.openBracket('[', true)
	case "{":
		l.openBracket('{', l.beforeObject())
	case ")", "]", "}":
		l.closeBracket(t)
	case "++", "--":
		l.operator = true // hardly anybody adds one to a regular expression
	default:
		l.operator = false
	}
}

func (l *lexer) openBracket(char byte, operator bool) {
	l.open = append(l.open, bracket{char, operator})
	l.operator = false
}

// beforeObject reports whether a brace that opens now is the one of an object and not of a block. The body
// of a function or class counts as a block even where it is a value: nobody divides one.
func (l *lexer) beforeObject() bool {
	switch l.last.kind {
	case word:
		return !l.last.property && beforeOperand[l.last.text] && !beforeBlock[l.last.text]
	case symbol:
		switch l.last.text {
		case ")", "]", "}", "{", ";", ":", "=>":
			return false
		}
		return true
	case end, text, value:
	}
	return false
}

func (l *lexer) closeBracket(t *token) {
	if len(l.open) == 0 || closing[l.open[len(l.open)-1].char] != t.text {
		l.fail(t.pos, "this bracket closes none that is open")
		return
	}
	closed := l.open[len(l.open)-1]
	l.open = l.open[:len(l.open)-1]
	t.depth = len(l.open)
	if closed.char == '$' {
		l.readTemplate(t)
		return
	}
	l.operator = closed.operator
}
