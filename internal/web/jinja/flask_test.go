package jinja

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"securechat/internal/web/jinja/jinjatest"
)

func snippets(t *testing.T) (all []jinjatest.Sample) {
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
		all = append(all, jinjatest.Sample{Name: fmt.Sprintf("line %d", i+1), Page: "page.html", Files: files, Refused: refused})
	}
	return all
}

func folders(t *testing.T) (all []jinjatest.Sample) {
	t.Helper()
	for part := range strings.SplitSeq("\n"+readFile(t, "testdata/folders.txt"), "\n=== ") {
		head, rest, _ := strings.Cut(part, "\n--- ")
		name, refused := strings.CutPrefix(head, "! ")
		if rest == "" {
			continue // what the file says about itself
		}
		s := jinjatest.Sample{Name: name, Page: "page.html", Files: map[string]string{}, Refused: refused}
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
func rendered(s jinjatest.Sample, vars map[string]any) (string, error) {
	set, err := Load(folder(s.Files), []string{s.Page}, nil)
	if err != nil {
		return "", err
	}
	var buf bytes.Buffer
	err = set.Render(&buf, s.Page, vars)
	return buf.String(), err
}

// A template does here what it does in Flask, or it is refused with a place and a sentence.
// Nothing differs silently.
func TestAsFlask(t *testing.T) {
	samples := append(snippets(t), folders(t)...)
	answers := jinjatest.Ask(t, json.RawMessage(readFile(t, "testdata/variables.json")), samples)
	for i, s := range samples {
		t.Run(s.Name, func(t *testing.T) {
			got, err := rendered(s, variables(t))
			problem := (*Error)(nil)
			if err != nil && (!errors.As(err, &problem) || problem.Line == 0 || strings.Contains(problem.Problem, "runtime error")) {
				t.Errorf("no place or no sentence: %v", err)
			}
			s.Compare(t, got, err, answers[i])
		})
	}
}
