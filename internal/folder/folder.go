// Package folder opens folders whose files are shown to strangers. Nothing outside of such a folder
// can be reached through it, whatever links are in it, now or later; and nothing in it makes
// a reader wait.
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Folder is the files of a folder, as an [fs.FS]. It is safe for concurrent use.
//
// Links that stay in the folder are followed. All others, and those with an absolute
// target, cannot be opened. Neither can what is neither a file nor a folder: opening a
// pipe would wait for somebody to write into it.
type Folder struct{ root *os.Root }

// Open opens a folder, which may itself be reached by links. It stays open for good.
func Open(path string) (*Folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &Folder{root}, nil
}

// Close ends the use of the folder.
func (f *Folder) Close() error { return f.root.Close() }

// Open implements [fs.FS].
func (f *Folder) Open(name string) (fs.File, error) {
	if _, err := f.plain("open", name); err != nil {
		return nil, err
	}
	// Without O_NONBLOCK, a pipe that has taken the file's place since would be waited for.
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = mustBePlain("open", name, info)
	}
	if err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	return file, nil
}

// Stat implements [fs.StatFS]. It follows links.
func (f *Folder) Stat(name string) (fs.FileInfo, error) { return f.plain("stat", name) }

func (f *Folder) plain(op, name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	info, err := f.root.Stat(name)
	if err != nil {
		return nil, err
	}
	return info, mustBePlain(op, name, info)
}

var errNotPlain = errors.New("neither a file nor a folder")

func mustBePlain(op, name string, info fs.FileInfo) error {
	if info.Mode().IsRegular() || info.IsDir() {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: errNotPlain}
}

// Hidden reports whether a file is never shown: its name, or that of a folder it is in,
// begins with a dot.
func Hidden(name string) bool {
	return name != "." && (strings.HasPrefix(name, ".") || strings.Contains(name, "/."))
}

// maxReported is how many links [Folder.Check] names. The rest is found when these are mended.
const maxReported = 5

// Check looks at all that is shown of a folder, and returns an error that names the links that
// cannot be followed: those that lead out of it, those with an absolute target and those that
// lead to themselves. A link to a file that is not there yet is none of these.
func (f *Folder) Check() error {
	var found []string
	err := fs.WalkDir(f, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case Hidden(name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case err != nil && name == ".":
			return err
		case err != nil:
			return nil //nolint:nilerr // a folder that may not be read is not shown either
		case entry.Type()&fs.ModeSymlink == 0:
			return nil
		}
		_, err = f.root.Stat(name)
		if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return nil
		}
		target, err := f.root.Readlink(name)
		if err != nil {
			return err
		}
		found = append(found, fmt.Sprintf("%q (to %q)", filepath.Join(f.root.Name(), name), target))
		if len(found) == maxReported {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		return err
	}
	return fmt.Errorf("links have to be relative and lead to something within the folder, and these do not: %s", strings.Join(found, ", "))
}
