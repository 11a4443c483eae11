package web

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
)

// mainSheet is the style sheet of our pages. In the static folder it is a list of the others
// in the order of the cascade, which a browser can follow by itself.
const mainSheet = "css/app.css"

// joinSheets puts the sheets that the main sheet lists into the main sheet, so that browsers
// need not ask for a list first. files must not change. A main sheet that imports nothing
// stays as it is.
//
// A sheet of the same folder that is not on the list is a mistake: it would be without effect.
func joinSheets(files fs.FS) (fs.FS, error) {
	list, err := fs.ReadFile(files, mainSheet)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Contains(list, []byte("@import")) {
		return files, nil
	}
	if err != nil {
		return nil, err
	}
	names, err := listed(string(list))
	if err != nil {
		return nil, err
	}
	if err := allListed(files, names); err != nil {
		return nil, err
	}
	sheets := make([][]byte, len(names))
	for i, name := range names {
		if sheets[i], err = fs.ReadFile(files, name); err != nil {
			return nil, fmt.Errorf("%s imports a style sheet that cannot be read: %w", mainSheet, err)
		}
		if anyImport.Match(comment.ReplaceAll(sheets[i], nil)) {
			return nil, fmt.Errorf("%s imports another style sheet, which only %s may", name, mainSheet)
		}
	}
	joined, err := shrink(bytes.Join(sheets, []byte("\n")))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read as CSS: %w", mainSheet, err)
	}
	return replaced{files, map[string][]byte{mainSheet: joined}}, nil
}

// shrink returns a style sheet that means the same without comments and white space, which
// are a fifth of it even when packed.
func shrink(sheet []byte) ([]byte, error) {
	var small bytes.Buffer
	err := css.Minify(minify.New(), &small, bytes.NewReader(sheet), nil)
	return small.Bytes(), err
}

var (
	comment     = regexp.MustCompile(`(?s)/\*.*?\*/`)
	anyImport   = regexp.MustCompile(`(?i)@import\b`) // it counts at the beginning of a sheet alone
	sheetImport = regexp.MustCompile(`^@import "([\w-]+\.css)";$`)
)

// listed returns the names of the sheets that a list imports.
func listed(list string) ([]string, error) {
	list = comment.ReplaceAllStringFunc(list, func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) })
	var names []string
	for i, line := range strings.Split(list, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		match := sheetImport.FindStringSubmatch(line)
		if match == nil {
			return nil, fmt.Errorf(`%s, line %d: a list of style sheets has only comments and lines such as @import "name.css";`, mainSheet, i+1)
		}
		name := path.Join(path.Dir(mainSheet), match[1])
		if name == mainSheet || slices.Contains(names, name) {
			return nil, fmt.Errorf("%s, line %d: %s is imported twice", mainSheet, i+1, name)
		}
		names = append(names, name)
	}
	return names, nil
}

// allListed returns an error for a sheet that is not on the list.
func allListed(files fs.FS, names []string) error {
	return fs.WalkDir(files, path.Dir(mainSheet), func(name string, _ fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".css" && name != mainSheet && !slices.Contains(names, name) {
			return fmt.Errorf("%s is not imported by %s, and so has no effect", name, mainSheet)
		}
		return err
	})
}
