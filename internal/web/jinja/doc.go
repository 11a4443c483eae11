// Package jinja renders folders of Jinja2 templates as Flask would: escaped by
// default, lenient about names that nobody has set, with template names
// relative to the folder wherever they are used.
//
// It is an interpreter with the grammar of Jinja2 3.1 and the values of Python. It
// refuses, with file and line, everything that it cannot do as Flask does (docs/templates.md).
// A template is cut into tokens (lexer.go), parsed (parser.go, statements.go, expressions.go) into nodes
// (nodes.go), and these are run (run.go, eval.go) with bounds on time, memory and depth (frame.go).
// The parts of Jinja2's and Python's libraries that templates may use are in library.go.
//
// Beyond Jinja2, it does what Flask's extensions do around it: a display name
// that is escaped exactly once, and a token field in forms that lack one.
package jinja
