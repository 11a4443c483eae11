package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"securechat/internal/folder"
)

// Templates are the pages that a folder of templates must have.
func Templates() []string {
	return []string{"index.html", "waiting_approval.html", "chatroom.html"}
}

type staticDir string

func (d *staticDir) UnmarshalText(text []byte) error {
	if err := checkDir(string(text)); err != nil {
		return err
	}
	*d = staticDir(text)
	return nil
}

type templatesDir string

func (d *templatesDir) UnmarshalText(text []byte) error {
	dir := string(text)
	if err := checkDir(dir); err != nil {
		return err
	}
	missing := missingTemplates(dir)
	if len(missing) == 0 {
		*d = templatesDir(dir)
		return nil
	}
	problem := fmt.Sprintf("%q has no readable %s", dir, strings.Join(missing, ", "))
	// People easily name the app's folder instead of its templates folder.
	if inside := filepath.Join(dir, "templates"); len(missingTemplates(inside)) == 0 {
		problem += fmt.Sprintf(" (did you mean %q?)", inside)
	}
	return errors.New(problem)
}

func checkDir(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%q does not exist", path)
	case err != nil:
		return fmt.Errorf("%q can't be read: %w", path, err)
	case !info.IsDir():
		return fmt.Errorf("%q is not a folder", path)
	}
	files, err := folder.Open(path)
	if err != nil {
		return fmt.Errorf("%q can't be read: %w", path, err)
	}
	defer files.Close() // nothing was written
	return files.Check()
}

func missingTemplates(dir string) []string {
	files, err := folder.Open(dir)
	if err != nil {
		return Templates()
	}
	defer files.Close() // nothing was written
	var missing []string
	for _, name := range Templates() {
		if _, err := fs.ReadFile(files, name); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}
