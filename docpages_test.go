package main

import (
	"io/fs"
	"os"
	"path"
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
