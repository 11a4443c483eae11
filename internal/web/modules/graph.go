// Package modules finds the JavaScript modules that a page's script needs, so that a browser
// can be told of all of them at once instead of finding one in another. And it takes the comments
// out of modules, which are for whoever reads the source and not for whoever waits for the page.
package modules

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Bounds of what a script may need. They are far beyond any real one, and end the reading of
// what was named by mistake.
const (
	maxModules     = 1000
	maxModuleBytes = 1 << 20 // of a module
)

// Needed returns the names of the modules that a script imports, and of those that these import,
// the nearest first. Neither the script itself is among them nor what is imported by import(),
// when the time has come.
//
// Names are relative to the folder. Nothing else of it is read. The error is an [*Error] if a
// module is missing, cannot be read as JavaScript, or imports what is no module of the folder.
func Needed(folder fs.FS, script string) ([]string, error) {
	source, err := read(folder, script)
	if err != nil {
		return nil, &Error{File: script, Problem: problemOf(err)}
	}
	s := &search{folder: folder, sources: map[string]string{script: source}}
	var needed []string
	for left := []string{script}; len(left) > 0; left = left[1:] {
		found, err := s.visit(left[0])
		if err != nil {
			return nil, err
		}
		left, needed = append(left, found...), append(needed, found...)
	}
	return needed, nil
}

// search is what was found so far.
type search struct {
	folder  fs.FS
	sources map[string]string // by name, that of the script as well
}

// visit returns the modules that a module imports and that were not found before.
func (s *search) visit(name string) ([]string, error) {
	imports, err := Imports(s.sources[name])
	if mistake := (*Error)(nil); errors.As(err, &mistake) {
		return nil, &Error{name, mistake.Line, mistake.Problem}
	}
	var found []string
	for _, i := range imports {
		other, problem := s.follow(name, i.Specifier)
		if problem != "" {
			return nil, &Error{name, i.Line, fmt.Sprintf("the import of %q: %s", i.Specifier, problem)}
		}
		if other != "" {
			found = append(found, other)
		}
	}
	return found, nil
}

// follow returns the name of the module that another one imports, empty if it was found before, or what
// is wrong with the import.
func (s *search) follow(from, specifier string) (name, problem string) {
	name, problem = resolve(from, specifier)
	if _, known := s.sources[name]; known || problem != "" {
		return "", problem
	}
	if len(s.sources) > maxModules {
		return "", fmt.Sprintf("the script needs more than %d modules", maxModules)
	}
	source, err := read(s.folder, name)
	if err != nil {
		return "", problemOf(err)
	}
	s.sources[name] = source
	return name, ""
}

// address is the address of a module beside another one, in characters that every address has as
// they are: a browser takes a module for another one if it is written in two ways.
var address = regexp.MustCompile(`^\.\.?(/[\w.~-]+)+\.m?js$`)

// resolve returns the name of the module that another one imports, or what is wrong with it.
func resolve(from, specifier string) (name, problem string) {
	if !address.MatchString(specifier) {
		return "", `this is no relative address of a module, such as "./name.js"`
	}
	name = path.Join(path.Dir(from), specifier)
	if strings.HasPrefix(name, "../") {
		return "", "this leads out of the static folder"
	}
	return name, ""
}

var errTooLarge = errors.New("too large")

func read(folder fs.FS, name string) (string, error) {
	file, err := folder.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close() // nothing was written
	source, err := io.ReadAll(io.LimitReader(file, maxModuleBytes+1))
	if err != nil {
		return "", err
	}
	if len(source) > maxModuleBytes {
		return "", errTooLarge
	}
	return string(source), nil
}

func problemOf(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return "there is no such file in the static folder"
	case errors.Is(err, errTooLarge):
		return fmt.Sprintf("the file is larger than %d MiB", maxModuleBytes>>20)
	}
	return fmt.Sprintf("the file cannot be read: %v", err)
}
