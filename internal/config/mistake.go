package config

import "fmt"

// Mistake is one setting that the server cannot start with.
type Mistake struct {
	// Variable is the variable's name, or the path of a file that cannot be
	// read.
	Variable string
	// Problem says what is wrong, with the value unless it is a secret.
	Problem string
	// Allowed says what the variable takes.
	Allowed string
}

// Error returns the mistake as one line.
func (m *Mistake) Error() string {
	return fmt.Sprintf("%s: %s; allowed: %s", m.Variable, m.Problem, m.Allowed)
}
