package jinja

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Bounds of a template folder. They are far beyond any real one and end the
// reading of a folder that was named by mistake, such as the root of a disk.
const (
	maxFiles     = 1000
	maxFileBytes = 1 << 20 // larger files are no templates and are left out
	maxAllBytes  = 32 << 20
)

// Set is a folder of templates, read and parsed once. It is safe for concurrent use.
type Set struct {
	files    map[string]file
	globals  map[string]any
	builtins *library
	pages    map[string]bool
}

// file is a parsed template or what is wrong with it.
type file struct {
	template *template
	err      *Error
}

// Load reads the folder and parses the templates in it. Later changes of the files have no effect.
//
// Every template may use the globals. A template that another one extends,
// includes or imports is named by its path from the folder's root, wherever the
// name stands. Load fails if one of the pages, or a template that they are sure to need, is
// missing or malformed; the error is an [*Error] then. Mistakes in other files
// show when they are used.
func Load(folder fs.FS, pages []string, globals map[string]any) (*Set, error) {
	sources, err := read(folder)
	if err != nil {
		return nil, err
	}
	s := &Set{files: make(map[string]file, len(sources)), globals: globals, builtins: newLibrary(), pages: map[string]bool{}}
	for name, source := range sources {
		t, err := parse(name, source, s.builtins)
		if f := (file{template: t}); err == nil || errors.As(err, &f.err) {
			s.files[name] = f
			continue
		}
		return nil, err
	}
	for _, page := range pages {
		if err := s.check(page, &Error{Template: page, Problem: "the file is missing"}); err != nil {
			return nil, err
		}
		s.pages[page] = true
	}
	return s, nil
}

// check returns what keeps a template from being rendered, and what keeps those that it is sure to need. If
// there is no such template, that is the missing.
func (s *Set) check(name string, missing *Error) error {
	seen := map[string]bool{}
	var visit func(name string, missing *Error) error
	visit = func(name string, missing *Error) error {
		if seen[name] {
			return nil
		}
		seen[name] = true
		t, err := s.template(name)
		if err != nil {
			return err
		}
		if t == nil {
			return missing
		}
		for _, n := range t.needs {
			problem := fmt.Sprintf("there is no template %q", n.name)
			if err := visit(n.name, &Error{Template: t.name, Line: n.line, Problem: problem}); err != nil {
				return err
			}
		}
		return nil
	}
	return visit(name, missing)
}

// template returns the template of a name, nil if there is none. The error is nil unless it is malformed.
func (s *Set) template(name string) (*template, error) {
	// A name that leads out of the folder is that of no file in it.
	f := s.files[strings.TrimPrefix(path.Clean("/"+name), "/")]
	if strings.Contains("/"+name+"/", "/../") {
		return nil, nil
	}
	if f.err != nil {
		return nil, f.err
	}
	return f.template, nil
}

// Render appends the rendered page to the buffer. After an error, which is an [*Error], the buffer's
// content is undefined.
//
// Strings in vars are escaped where they are printed. A func() string and a [Function] can be
// called from the template. The variables that Flask has as globals (session, request, g and
// csrf_token) are known to imported templates, too.
func (s *Set) Render(buf *bytes.Buffer, page string, vars map[string]any) (err error) {
	if !s.pages[page] {
		return fmt.Errorf("jinja: page %s was not loaded", page)
	}
	defer func() {
		// No page may end the process, whatever is wrong with it or with us.
		if r := recover(); r != nil {
			known, ok := r.(*Error)
			if !ok {
				known = &Error{Template: page, Problem: fmt.Sprintf("the page cannot be rendered: %v", r)}
			}
			err = known
		}
	}()
	t := s.files[page].template
	ctx := newContext(t, vars)
	ctx.addBlocks(t)
	runTemplate(&rendering{set: s, vars: vars, out: buf, template: page, line: 1}, ctx, t)
	escapePrivate(buf)
	return nil
}

// read returns the folder's files, with token fields added to their forms.
func read(folder fs.FS) (map[string]string, error) {
	files, total := map[string]string{}, int64(0)
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") && name != "." {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		// Stat follows symbolic links, which entry does not.
		info, err := fs.Stat(folder, name)
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxFileBytes {
			return nil //nolint:nilerr // a link to nowhere, a pipe: there is no such template
		}
		if total += info.Size(); len(files) == maxFiles || total > maxAllBytes {
			return fmt.Errorf("there are more than %d files or %d MiB: this is no folder of templates", maxFiles, maxAllBytes>>20)
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		files[name] = addTokenFields(string(text))
		return nil
	})
	return files, err
}

// Mentions reports whether the word stands in any file of the folder that a template
// can be made of.
func Mentions(folder fs.FS, word string) (bool, error) {
	files, err := read(folder)
	if err != nil {
		return false, err
	}
	for _, text := range files {
		if strings.Contains(text, word) {
			return true, nil
		}
	}
	return false, nil
}
