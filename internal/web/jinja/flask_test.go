package jinja

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// python is the system's, whose packages apt installs.
const python = "/usr/bin/python3"

// sample is a folder that Flask renders as well.
type sample struct {
	Name    string            `json:"name"`
	Files   map[string]string `json:"files"`
	Page    string            `json:"page"`
	refused bool
}

// answer is what Flask made of a sample.
type answer struct {
	Text    *string `json:"text"`
	Problem string  `json:"problem"`
}

func snippets(t *testing.T) (all []sample) {
	t.Helper()
	for i, line := range strings.Split(readFile(t, "testdata/snippets.txt"), "\n") {
		if line == "" || strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "# for") {
			continue
		}
		source, refused := strings.CutPrefix(line, "! ")
		page, others, _ := strings.Cut(strings.ReplaceAll(source, "⏎", "\n"), " ⇒ ")
		files := map[string]string{"page.html": page}
		for other := range strings.SplitSeq(others, " ⇒ ") {
			name, text, _ := strings.Cut(other, " ")
			files[name] = text
		}
		all = append(all, sample{Name: fmt.Sprintf("line %d", i+1), Page: "page.html", Files: files, refused: refused})
	}
	return all
}

func folders(t *testing.T) (all []sample) {
	t.Helper()
	for part := range strings.SplitSeq("\n"+readFile(t, "testdata/folders.txt"), "\n=== ") {
		head, rest, _ := strings.Cut(part, "\n--- ")
		name, refused := strings.CutPrefix(head, "! ")
		if rest == "" {
			continue // what the file says about itself
		}
		s := sample{Name: name, Page: "page.html", Files: map[string]string{}, refused: refused}
		for file := range strings.SplitSeq(rest, "\n--- ") {
			name, text, _ := strings.Cut(file, "\n")
			s.Files[name] = text
		}
		all = append(all, s)
	}
	return all
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// askFlask returns what Flask makes of the samples.
func askFlask(t *testing.T, samples []sample) []answer {
	t.Helper()
	input, err := json.Marshal(map[string]any{"variables": json.RawMessage(readFile(t, "testdata/variables.json")), "cases": samples})
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd := exec.Command(python, "testdata/render.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s with Flask is needed (scripts/test-deps.sh installs it; by hand: apt-get install python3-flask): %v\n%s", python, err, complaint.String())
	}
	var answers []answer
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(samples) {
		t.Fatalf("%d answers to %d samples: %v", len(answers), len(samples), err)
	}
	return answers
}

// variables returns the variables of the samples, as Go has them.
func variables(t *testing.T) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(readFile(t, "testdata/variables.json")))
	decoder.UseNumber()
	var vars map[string]any
	if err := decoder.Decode(&vars); err != nil {
		t.Fatal(err)
	}
	vars = withNumbers(vars).(map[string]any)
	vars["session"] = Dict{"display_name": "Ana", "user_id": "u-1"}
	vars["csrf_token"] = func() string { return "the-token" }
	vars["g"] = &Object{Type: "_AppCtxGlobals", Attribute: func(string) (any, bool, error) { return nil, false, nil }}
	vars["request"] = &Object{Type: "Request", Attribute: func(name string) (any, bool, error) {
		v, ok := map[string]any{"path": "/room/r-1", "args": Dict{"a": "1"}}[name]
		return v, ok, nil
	}}
	return vars
}

func withNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return int(i)
		}
		x, _ := v.Float64()
		return x
	case []any:
		for i := range v {
			v[i] = withNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = withNumbers(v[k])
		}
	}
	return v
}

// rendered returns what we make of a sample.
func rendered(s sample, vars map[string]any) (string, error) {
	set, err := Load(folder(s.Files), []string{s.Page}, nil)
	if err != nil {
		return "", err
	}
	var buf bytes.Buffer
	err = set.Render(&buf, s.Page, vars)
	return buf.String(), err
}

// Whatever a template does, it does here what it does in Flask, or it is refused with a place and a
// sentence. Nothing differs silently.
func TestAsFlask(t *testing.T) {
	samples := append(snippets(t), folders(t)...)
	answers := askFlask(t, samples)
	for i, s := range samples {
		t.Run(s.Name, func(t *testing.T) {
			got, err := rendered(s, variables(t))
			problem := (*Error)(nil)
			if err != nil && (!errors.As(err, &problem) || problem.Line == 0 || strings.Contains(problem.Problem, "runtime error")) {
				t.Errorf("no place or no sentence: %v", err)
			}
			want := answers[i]
			switch {
			case s.refused && want.Text == nil:
				t.Errorf("Flask has a problem as well: %s", want.Problem)
			case s.refused && err == nil:
				t.Errorf("no longer refused: %q", got)
			case s.refused:
			case want.Text == nil && err == nil:
				t.Errorf("%s\n got %q\nFlask: %s", s.Files[s.Page], got, want.Problem)
			case want.Text == nil:
			case err != nil:
				t.Errorf("%s\n got %v\nwant %q", s.Files[s.Page], err, *want.Text)
			case got != *want.Text:
				t.Errorf("%s\n got %q\nwant %q", s.Files[s.Page], got, *want.Text)
			}
		})
	}
}
