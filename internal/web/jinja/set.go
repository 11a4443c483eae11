package jinja

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/nikolalohinski/gonja/v2/builtins"
	controlstructures "github.com/nikolalohinski/gonja/v2/builtins/control_structures"
	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"
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
	pages map[string]*exec.Template
}

// Load reads the folder and parses the given pages, which are names of files in
// it. Later changes of the files have no effect.
//
// Every template may use the globals. A template that another one extends,
// includes or imports is named by its path from the folder's root, wherever the
// name stands. The error says which file and line is to blame.
func Load(folder fs.FS, pages []string, globals map[string]any) (*Set, error) {
	files, err := read(folder)
	if err != nil {
		return nil, err
	}
	env, err := environment(files, globals)
	if err != nil {
		return nil, err
	}
	cfg := config.New()
	cfg.AutoEscape = true
	set := &Set{pages: make(map[string]*exec.Template, len(pages))}
	for _, page := range pages {
		if _, ok := files[page]; !ok {
			return nil, fmt.Errorf("template %s is missing", page)
		}
		template, err := parse(page, cfg, files, env)
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", page, err)
		}
		set.pages[page] = template
	}
	return set, nil
}

// Render appends the rendered page to the buffer. After an error the buffer's
// content is undefined. The error can quote values from vars.
//
// Strings in vars are escaped where they are printed. Functions without
// parameters and with one result can be called from the template.
func (s *Set) Render(buf *bytes.Buffer, page string, vars map[string]any) error {
	template, ok := s.pages[page]
	if !ok {
		return fmt.Errorf("jinja: page %s was not loaded", page)
	}
	if err := template.Execute(buf, exec.NewContext(vars)); err != nil {
		return err
	}
	escapePrivate(buf)
	return nil
}

// sources maps template names to their text. It is a gonja loader for which
// every name is relative to the folder, as in Jinja2; those of gonja resolve
// names relative to the file that uses them.
type sources map[string]string

// Resolve implements loaders.Loader.
func (s sources) Resolve(name string) (string, error) {
	clean := strings.TrimPrefix(path.Clean("/"+name), "/")
	if _, ok := s[clean]; !ok {
		return "", fmt.Errorf("template %s is missing", name)
	}
	return clean, nil
}

// Read implements loaders.Loader.
func (s sources) Read(name string) (io.Reader, error) {
	clean, err := s.Resolve(name)
	if err != nil {
		return nil, err
	}
	return strings.NewReader(s[clean]), nil
}

// Inherit implements loaders.Loader.
func (s sources) Inherit(string) (loaders.Loader, error) { return s, nil }

// read returns the folder's files, with token fields added to their forms.
func read(folder fs.FS) (sources, error) {
	files, total := sources{}, int64(0)
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
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a link to nowhere
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Size() > maxFileBytes {
			return nil
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

func environment(files sources, globals map[string]any) (*exec.Environment, error) {
	tests, err := tests()
	if err != nil {
		return nil, fmt.Errorf("jinja: %w", err)
	}
	filters, err := filters()
	if err != nil {
		return nil, fmt.Errorf("jinja: %w", err)
	}
	names := exec.EmptyContext().Update(builtins.GlobalFunctions).Update(exec.NewContext(globals))
	names.Update(exec.NewContext(undefinedNames(names, files)))
	return &exec.Environment{
		Context:           names,
		Filters:           filters,
		Tests:             tests,
		ControlStructures: controlstructures.All,
		Methods:           builtins.Methods,
	}, nil
}

// parse turns gonja's errors, which quote the whole file, and its panics at some
// malformed templates into errors of one line.
func parse(page string, cfg *config.Config, files sources, env *exec.Environment) (template *exec.Template, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed: %v", r)
		}
	}()
	template, err = exec.NewTemplate(page, cfg, files, env)
	if inner := errors.Unwrap(err); inner != nil {
		err = inner
	}
	return template, err
}
