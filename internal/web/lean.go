package web

import (
	"errors"
	"io/fs"
	"path"

	"securechat/internal/web/modules"
)

// ownModules is where our own modules are in the static folder.
const ownModules = "js"

// takeComments takes the comments out of our own modules, more than a third of them even
// when packed. files must not change. A module that cannot be read stays as it is:
// browsers say more of its mistake than could be said here.
func takeComments(files fs.FS) (fs.FS, error) {
	contents := map[string][]byte{}
	err := fs.WalkDir(files, ownModules, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == ownModules {
			return fs.SkipDir // a folder of others
		}
		if err != nil || entry.IsDir() || path.Ext(name) != ".js" && path.Ext(name) != ".mjs" {
			return err
		}
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if lean, err := modules.WithoutComments(string(source)); err == nil && len(lean) < len(source) {
			contents[name] = lean
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return replaced{files, contents}, nil
}
