package main

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// served are the kinds of files that pages are made of. All else in these folders would be
// served to everybody who asks for it.
var served = []string{".css", ".html", ".js", ".json", ".map", ".mjs", ".png", ".svg", ".txt", ".webmanifest"}

// tools are what makes static/vendor, and are left out.
var tools = []string{"static/package.json", "static/package-lock.json", "static/vendor.mjs", "static/bundle.mjs"}

// TestEmbedded: the program has all that the pages are made of, however deep it lies, and
// nothing else. The go command leaves out what begins with a dot or an underscore,
// and says nothing.
func TestEmbedded(t *testing.T) {
	for _, folder := range []string{"templates", "static"} {
		err := fs.WalkDir(os.DirFS("."), folder, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.Name() == "node_modules":
				return fs.SkipDir
			case entry.IsDir() || slices.Contains(tools, file) || isMark(file):
				return nil
			}
			if _, err := fs.Stat(embedded, file); err != nil {
				t.Errorf("%s is not in the program", file)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := fs.WalkDir(embedded, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || isMark(file) {
			return err
		}
		if name := entry.Name(); !slices.Contains(served, path.Ext(name)) || strings.Contains(name, ".test.") {
			t.Errorf("%s would be served", file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// isMark reports whether a file only keeps a folder in git, or notes when it was made.
func isMark(file string) bool {
	return file == "static/vendor/.gitkeep" || file == "static/vendor/.stamp"
}
