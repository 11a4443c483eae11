package modules

import "fmt"

// Import is a static import, or an export of what another module has.
type Import struct {
	// Specifier is the other module, as it is written between the quotes.
	Specifier string
	// Line counts from 1.
	Line int
}

// Error is what is wrong with a module.
type Error struct {
	// File is the module's name, relative to the folder.
	File string
	// Line counts from 1; 0 means the file as a whole.
	Line int
	// Problem is a sentence without its full stop.
	Problem string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("module %s: %s", e.File, e.Problem)
	}
	return fmt.Sprintf("module %s, line %d: %s", e.File, e.Line, e.Problem)
}

// Imports returns the static imports of a module, in the order in which they stand there. It
// reads no more of the language than it needs to find them, and accepts what browsers do not
// yet know. The error is an [*Error] without a File.
func Imports(source string) ([]Import, error) {
	r := &reader{lexer: lexer{source: source}}
	for t := r.next(); t.kind != end; {
		switch {
		case t.isKeyword("import"):
			t = r.readImport(t)
		case t.isKeyword("export"):
			t = r.readExport()
		default:
			t = r.next()
		}
	}
	if err := r.problem(); err != nil {
		return nil, err
	}
	return r.found, nil
}

type reader struct {
	lexer
	found []Import
}

// readImport reads what follows the word "import", and returns the first token that it does not need.
func (r *reader) readImport(start token) token {
	t := r.next()
	if t.is(symbol, "(") || t.is(symbol, ".") {
		return t // a dynamic one, or import.meta
	}
	for t.kind == word || t.is(symbol, "*") || t.is(symbol, ",") || t.is(symbol, "{") {
		t = r.afterNames(t)
	}
	if t.kind != text {
		r.fail(start.pos, "this import names no module")
		return t
	}
	return r.add(t)
}

// readExport does the same for the word "export".
func (r *reader) readExport() token {
	t := r.next()
	switch {
	case t.is(symbol, "*"):
		if t = r.next(); t.isKeyword("as") {
			r.next() // a name, or a text
			t = r.next()
		}
	case t.is(symbol, "{"):
		t = r.afterNames(t)
	default:
		return t // of something here
	}
	if !t.isKeyword("from") {
		return t
	}
	if t = r.next(); t.kind != text {
		return t
	}
	return r.add(t)
}

// afterNames returns the token behind t, or behind the list of names that begins with it.
func (r *reader) afterNames(t token) token {
	if t.is(symbol, "{") {
		for closed := false; !closed && t.kind != end; closed = t.is(symbol, "}") && t.depth == 0 {
			t = r.next()
		}
	}
	return r.next()
}

func (r *reader) add(t token) token {
	r.found = append(r.found, Import{t.text, r.lineOf(t.pos)})
	return r.next()
}
