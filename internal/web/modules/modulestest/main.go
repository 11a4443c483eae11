// Command modulestest says what package modules finds in sources, for tests that compare it with other
// readers (e2e/unit/modules.test.mjs, comments.test.mjs). It reads an object of sources by name from
// standard input and writes one of answers by the same names, both as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"securechat/internal/web/modules"
)

// answer is what was found in a source: imports and what is left without comments, or a problem.
type answer struct {
	Imports []modules.Import `json:"imports"`
	Lean    string           `json:"lean"`
	Problem string           `json:"problem,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var sources map[string]string
	if err := json.NewDecoder(os.Stdin).Decode(&sources); err != nil {
		return err
	}
	answers := make(map[string]answer, len(sources))
	for name, source := range sources {
		imports, err := modules.Imports(source)
		if err != nil {
			answers[name] = answer{Problem: err.Error()}
			continue
		}
		lean, err := modules.WithoutComments(source)
		if err != nil {
			return fmt.Errorf("%s has imports and no tokens: %w", name, err)
		}
		answers[name] = answer{Imports: imports, Lean: string(lean)}
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}
