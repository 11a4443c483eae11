package main

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// A comment that opens with one of these words has its subject somewhere behind. CONTRIBUTING.md
// forbids it, since nobody understands such a comment at the first reading. A phrase behind a
// name begins with a small letter, and its subject is the name.
var lateSubject = regexp.MustCompile(`^(What|Whoever|Whatever|Whose|Of)\b`)

func TestCommentsPutTheirSubjectFirst(t *testing.T) {
	for _, file := range ownFiles(t) {
		marks := marksOf(file)
		if marks == nil {
			continue
		}
		for _, o := range openings(readText(t, file), marks) {
			word := lateSubject.FindString(o.text)
			declared := word != "" && regexp.MustCompile(`\b`+word+`\b`).MatchString(o.below)
			if word != "" && !declared {
				t.Errorf("%s:%d: put the subject first: %s", file, o.line, o.text)
			}
		}
	}
}

// The way in which comments are told from code has to find each kind of them.
func TestOpeningsOfComments(t *testing.T) {
	for name, test := range map[string]struct {
		file, source string
		want         []string
	}{
		"lines":      {"a.go", "// One\n// two.\n\n// Three.\nx()\n", []string{"One", "Three."}},
		"paragraphs": {"a.go", "// One\n//\n// Two.\nx()\n", []string{"One", "Two."}},
		"directives": {"a.go", "//go:build x\n// One.\n", []string{"One."}},
		"trailing":   {"a.js", "x(); // One.\nx('http://a'); /* Two. */\n", []string{"One.", "Two. */"}},
		"a block":    {"a.css", "/* One\n   two. */\na {}\n", []string{"One"}},
		"blocks":     {"a.js", "/** One. */\n/** Two. */\n", []string{"One. */", "Two. */"}},
		"JSDoc":      {"a.mjs", "/**\n * One\n * two.\n *\n * Three.\n * @param x\n */\n", []string{"One", "Three."}},
		"a script":   {"a.sh", "#!/bin/sh\n# One\n# two.\nx # Three.\n", []string{"One", "Three."}},
		"make":       {"Makefile", "# One.\n\tx\n", []string{"One."}},
	} {
		var got []string
		for _, o := range openings(test.source, marksOf(test.file)) {
			got = append(got, o.text)
		}
		if strings.Join(got, "|") != strings.Join(test.want, "|") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// marks find comments in the lines of a language: those that have the line to themselves, and
// those behind code. Both have the comment's words as their only group.
type marks struct {
	whole, behind, begin, end *regexp.Regexp
}

var (
	slashes = &marks{
		whole:  regexp.MustCompile(`^\s*(?://+|/\*+|\*/|\*)\s*(.*)$`),
		behind: regexp.MustCompile(`\S.*\s(?://+|/\*+)\s*(.*)$`),
		begin:  regexp.MustCompile(`^\s*/\*`),
		end:    regexp.MustCompile(`\*/\s*$`),
	}
	hashes = &marks{
		whole:  regexp.MustCompile(`^\s*#+\s*(.*)$`),
		behind: regexp.MustCompile(`\S.*\s#\s+(.*)$`),
		begin:  regexp.MustCompile(`^#!`),
		end:    regexp.MustCompile(`^#!`),
	}
	directive = regexp.MustCompile(`^\s*(//(go|nolint):?\w*|#!)`)
)

// marksOf returns how comments are written in a file; nil for a language without a rule.
func marksOf(file string) *marks {
	switch ext := path.Ext(file); {
	case ext == ".go", ext == ".js", ext == ".mjs", ext == ".css":
		return slashes
	case ext == ".sh", ext == ".py", file == "Makefile", file == ".ci/run":
		return hashes
	}
	return nil
}

// opening is the first line of a comment, or of a paragraph in it.
type opening struct {
	line  int
	text  string
	below string // the first line of code behind the comment
}

func openings(source string, marks *marks) []opening {
	lines := strings.Split(source, "\n")
	var found []opening
	goesOn := false // whether a whole line of a comment would continue the one above
	for i, line := range lines {
		comment := marks.whole.FindStringSubmatch(line)
		opens := comment != nil && (!goesOn || marks.begin.MatchString(line))
		if comment == nil {
			comment = marks.behind.FindStringSubmatch(line)
			opens = comment != nil
		}
		isDirective := directive.MatchString(line)
		if opens && comment[1] != "" && comment[1] != "/" && !isDirective && !strings.HasPrefix(comment[1], "@") {
			below := i + 1
			for below < len(lines)-1 && marks.whole.MatchString(lines[below]) {
				below++
			}
			found = append(found, opening{i + 1, comment[1], lines[min(below, len(lines)-1)]})
		}
		goesOn = marks.whole.MatchString(line) && comment[1] != "" && !isDirective && !marks.end.MatchString(line)
	}
	return found
}
