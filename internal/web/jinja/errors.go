package jinja

import "fmt"

// Error is what is wrong with a template, or with what it does with its values.
type Error struct {
	// Template is the file's name, relative to the folder.
	Template string
	// Line counts from 1; 0 means the file as a whole.
	Line int
	// Problem is a sentence without its full stop. It can quote values.
	Problem string
	// Cause is the error of a [Function]; nil for all other problems.
	Cause error
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("template %s: %s", e.Template, e.Problem)
	}
	return fmt.Sprintf("template %s, line %d: %s", e.Template, e.Line, e.Problem)
}

// failAt ends the parsing or rendering that is going on. The function that began it has a
// deferred catch.
func failAt(template string, line int, format string, args ...any) {
	panic(&Error{Template: template, Line: line, Problem: fmt.Sprintf(format, args...)})
}

// catch turns a failure into an error. Any other panic goes on.
func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case *Error:
		*err = r
	default:
		panic(r)
	}
}
