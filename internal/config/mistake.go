package config

import "fmt"

// Mistake is one setting that the server cannot start with.
type Mistake struct {
	// Variable is the variable's name, or the path of a file that cannot be
	// read.
	Variable string
	// Problem says what is wrong, with the value unless it may be a secret.
	Problem string
	// Fix says what to do about it, as a command.
	Fix string
}

// Error returns the mistake as one line of two sentences.
func (m *Mistake) Error() string {
	return fmt.Sprintf("%s: %s. %s.", m.Variable, m.Problem, m.Fix)
}
