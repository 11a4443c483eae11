// Package jinjatest asks Flask what it makes of templates, for tests that compare.
package jinjatest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os/exec"
	"testing"
)

// python is the system's, whose packages apt installs.
const python = "/usr/bin/python3"

//go:embed render.py
var script string

// Sample is a folder of templates, of which Flask renders one.
type Sample struct {
	Name  string            `json:"name"`
	Files map[string]string `json:"files"`
	Page  string            `json:"page"`
	// Refused is what works in Flask and must not work here.
	Refused bool `json:"-"`
}

// Answer is what Flask made of a sample: a text or a problem.
type Answer struct {
	Text    *string `json:"text"`
	Problem string  `json:"problem"`
}

// Ask returns what Flask makes of each sample, with the same variables for all.
func Ask(t *testing.T, variables any, samples []Sample) []Answer {
	t.Helper()
	input, err := json.Marshal(map[string]any{"variables": variables, "cases": samples})
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), python, "-c", script) //nolint:gosec // the script is our own
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s with Flask is needed (scripts/test-deps.sh installs it; by hand: apt-get install python3-flask): %v\n%s", python, err, complaint.String())
	}
	var answers []Answer
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(samples) {
		t.Fatalf("%d answers to %d samples: %v", len(answers), len(samples), err)
	}
	return answers
}

// Compare fails the test unless what was made here of a sample is what Flask made of it. Where Flask
// has a problem, there has to be one.
func (s Sample) Compare(t *testing.T, got string, err error, want Answer) {
	t.Helper()
	source := s.Files[s.Page]
	switch {
	case s.Refused && want.Text == nil:
		t.Errorf("Flask has a problem as well: %s", want.Problem)
	case s.Refused && err == nil:
		t.Errorf("no longer refused: %q", got)
	case s.Refused:
	case want.Text == nil && err == nil:
		t.Errorf("%s\n got %q\nFlask: %s", source, got, want.Problem)
	case want.Text == nil:
	case err != nil:
		t.Errorf("%s\n got %v\nwant %q", source, err, *want.Text)
	case got != *want.Text:
		t.Errorf("%s\n got %q\nwant %q", source, got, *want.Text)
	}
}
