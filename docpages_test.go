package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// README.md lists the folders. Those below internal stand there with their whole path.
func TestREADMEListsTheFolders(t *testing.T) {
	readme := readText(t, "README.md")
	_, layout, _ := strings.Cut(readme, "## Layout")
	layout, _, _ = strings.Cut(layout, "\n## ")
	var folders []string
	for _, file := range ownFiles(t) {
		folder, rest, inFolder := strings.Cut(file, "/")
		if folder == "internal" {
			inner, _, _ := strings.Cut(rest, "/")
			folder += "/" + inner
		}
		if inFolder && !strings.HasPrefix(folder, ".") && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	for _, folder := range folders {
		if !regexp.MustCompile(`(?m)(^|\s)` + regexp.QuoteMeta(folder) + `/(\s|$)`).MatchString(layout) {
			t.Errorf("README.md, Layout: %s/ is missing", folder)
		}
	}
}

// A page that names a file of ours, by its path or the end of it, sends its reader there.
func TestFilesInPagesExist(t *testing.T) {
	files := ownFiles(t)
	for line := range docLines(t, "docs/*.md") {
		for _, name := range quotedIn(line.text) {
			if sourceName.MatchString(name) && len(endingIn(files, name)) == 0 {
				t.Errorf("%s: there is no %s", line, name)
			}
		}
	}
}

// docs/architecture.md has names of the code between backticks. A name in parentheses behind a
// file, or behind a file and a colon, is declared in that file. Any other is declared
// somewhere in Go, is a word of a page's script, or is a folder.
func TestNamesInArchitectureExist(t *testing.T) {
	code, files := readSource(t), ownFiles(t)
	known := make(map[string]bool) // besides those declared in Go
	for _, file := range files {
		if strings.HasPrefix(file, "static/js/") || file == "e2e/unit/guards.mjs" {
			for _, word := range scriptWord.FindAllString(scriptComment.ReplaceAllString(readText(t, file), " "), -1) {
				known[word] = true
			}
		}
		for folder := range strings.SplitSeq(path.Dir(file), "/") {
			known[folder] = true
		}
	}
	beside := 0
	for line := range docLines(t, "docs/architecture.md") {
		for _, name := range identifiersIn(line.text) {
			for part := range strings.SplitSeq(name, ".") {
				if code.files[part] == nil && !known[part] {
					t.Errorf("%s: the code has no %s", line, name)
				}
			}
		}
		for _, said := range namesBeside.FindAllStringSubmatch(line.text, -1) {
			places := endingIn(files, said[1])
			for _, name := range identifiersIn(said[2]) {
				beside++
				if !slices.ContainsFunc(places, func(file string) bool { return declares(t, code, file, name) }) {
					t.Errorf("%s: %s does not declare %s", line, said[1], name)
				}
			}
		}
	}
	if beside == 0 {
		t.Error("no name stands beside its file")
	}
}

var (
	sourceName    = regexp.MustCompile(`^\w[\w/.-]*\.(go|m?js)$`)
	identifier    = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$`)
	scriptWord    = regexp.MustCompile(`\w+`)
	scriptComment = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`)
	namesBeside   = regexp.MustCompile("`([\\w/.-]+\\.(?:go|m?js))`(?: \\(|: )((?:`[\\w.]+`(?:, | and )?)+)")
)

// identifiersIn returns the names of the code that a text has between backticks.
func identifiersIn(text string) []string {
	return slices.DeleteFunc(quotedIn(text), func(name string) bool {
		return !identifier.MatchString(name) || sourceName.MatchString(name)
	})
}

func quotedIn(text string) []string {
	var names []string
	for _, match := range quoted.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

// declares reports whether a file declares a name, with a type before it or without.
func declares(t *testing.T, code source, file, name string) bool {
	t.Helper()
	name = name[strings.LastIndex(name, ".")+1:]
	if strings.HasSuffix(file, ".go") {
		return slices.Contains(code.files[name], file)
	}
	script := scriptComment.ReplaceAllString(readText(t, file), " ")
	return regexp.MustCompile(`\b(function|class|const|let)\s+` + name + `\b|(?m)^ +(static |async )*#?` + name + `(\(.*\{| =|;)`).MatchString(script)
}

// endingIn returns the files whose path is or ends in one.
func endingIn(files []string, end string) []string {
	var found []string
	for _, file := range files {
		if file == end || strings.HasSuffix(file, "/"+end) {
			found = append(found, file)
		}
	}
	return found
}

// docLine is a line of a page.
type docLine struct {
	page   string
	number int
	text   string
}

func (l docLine) String() string { return fmt.Sprintf("%s:%d", l.page, l.number) }

// docLines yields the lines of the pages that a pattern matches.
func docLines(t *testing.T, pattern string) func(yield func(docLine) bool) {
	t.Helper()
	pages, err := filepath.Glob(pattern)
	if err != nil || len(pages) == 0 {
		t.Fatalf("no page is called %s: %v", pattern, err)
	}
	return func(yield func(docLine) bool) {
		for _, page := range pages {
			for i, text := range strings.Split(readText(t, page), "\n") {
				if !yield(docLine{page, i + 1, text}) {
					return
				}
			}
		}
	}
}

// ownFiles returns the files of the repository, as paths from its root: all but those that
// the build has made or fetched, and hidden ones outside of .ci.
func ownFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS("."), ".", func(file string, d fs.DirEntry, err error) error {
		name := path.Base(file)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "node_modules" || file == "bin" || file == "static/vendor"),
			d.IsDir() && name != "." && name != ".ci" && strings.HasPrefix(name, "."):
			return fs.SkipDir
		case d.Type().IsRegular() && !strings.HasPrefix(name, "."):
			files = append(files, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
