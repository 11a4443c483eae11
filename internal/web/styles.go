package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
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

// shrink returns a style sheet that means the same in fewer bytes: without comments, without
// white space and semicolons that mean nothing. e2e/unit/styles.test.mjs holds it
// against what a browser reads in the sheets as they are written.
func shrink(sheet []byte) ([]byte, error) {
	lexer := css.NewLexer(parse.NewInputBytes(bytes.Clone(sheet))) // the lexer writes to what it reads
	small := make([]byte, 0, len(sheet))
	var between string // what stands between two tokens that are not to become one
	for {
		token, text := lexer.Next()
		switch token {
		case css.ErrorToken:
			if err := lexer.Err(); !errors.Is(err, io.EOF) {
				return nil, err
			}
			return small, nil
		case css.WhitespaceToken:
			between = " "
			continue
		case css.CommentToken:
			if between == "" {
				between = "/**/" // a space would mean more than a comment: "a.b" is not "a .b"
			}
			continue
		case css.RightBraceToken:
			small = bytes.TrimSuffix(small, []byte(";"))
		}
		if n := len(small); n > 0 && !bytes.ContainsAny(small[n-1:], "{};:,") && !bytes.ContainsAny(text[:1], "{};") {
			small = append(small, between...)
		}
		small, between = append(small, text...), ""
	}
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
