//go:build unix

package folder

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

// tree makes a folder "shown" beside a file "secret", and returns the folder's path.
func tree(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shown")
	for name, text := range map[string]string{"a.txt": "a", "sub/b.txt": "b", "../secret": "s", "../beside/c.txt": "c"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func link(t *testing.T, dir, name, target string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestFolder(t *testing.T) {
	dir := tree(t)
	link(t, dir, "sub/up.txt", "../a.txt")
	link(t, dir, "inside", "sub")
	if err := fstest.TestFS(open(t, tree(t)), "a.txt", "sub/b.txt"); err != nil {
		t.Error(err)
	}
	f := open(t, dir)
	for name, want := range map[string]string{"a.txt": "a", "sub/up.txt": "a", "inside/b.txt": "b"} {
		if got, err := fs.ReadFile(f, name); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := f.Check(); err != nil {
		t.Error(err)
	}
}

// A way out must not open, even if it was made after the folder was checked.
func TestNothingLeadsOut(t *testing.T) {
	for name, target := range map[string]string{
		"relative": "../secret", "absolute": "/etc/passwd", "folder": "../beside", "root": "/",
		"parent": "..", "through the folder's own name": "../shown/a.txt", "loop": "loop", "in sub": "sub/../../secret",
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t)
			f := open(t, dir)
			if err := f.Check(); err != nil {
				t.Fatal(err)
			}
			link(t, dir, name, target)
			link(t, dir, "again", name)
			for _, tried := range []string{name, "again", name + "/c.txt", name + "/etc/passwd", name + "/secret"} {
				if file, err := f.Open(tried); err == nil {
					text, _ := io.ReadAll(file)
					t.Errorf("%s could be opened: %q", tried, text)
				}
				if _, err := f.Stat(tried); err == nil {
					t.Errorf("%s can be seen", tried)
				}
			}
			err := f.Check()
			if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, name)) || !strings.Contains(err.Error(), target) {
				t.Errorf("reported: %v", err)
			}
		})
	}
}

// An absolute link into the folder is one out of it as soon as the folder is moved.
func TestAbsoluteLinkInside(t *testing.T) {
	dir := tree(t)
	link(t, dir, "absolute", filepath.Join(dir, "a.txt"))
	f := open(t, dir)
	if _, err := f.Open("absolute"); err == nil {
		t.Error("opened")
	}
	if err := f.Check(); err == nil {
		t.Error("not reported")
	}
}

func TestWhatIsNotShownIsNotChecked(t *testing.T) {
	dir := tree(t)
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	link(t, dir, ".git/hook", "/etc/passwd")
	link(t, dir, ".env", "../secret")
	link(t, dir, "later.css", "not-built-yet.css")
	if err := open(t, dir).Check(); err != nil {
		t.Error(err)
	}
}

func TestManyLinksAreNotAllNamed(t *testing.T) {
	dir := tree(t)
	for name := range strings.SplitSeq("abcdefghijklmnopqrstuvwxyz", "") {
		link(t, dir, "sub/"+name, "/"+name)
	}
	if err := open(t, dir).Check(); err == nil || strings.Count(err.Error(), "(to ") != maxReported {
		t.Errorf("%v", err)
	}
}

// A pipe that nobody writes into must keep nobody waiting.
func TestPipesAndDevicesAreNoFiles(t *testing.T) {
	dir := tree(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, dir, "link", "pipe")
	f := open(t, dir)
	for _, name := range []string{"pipe", "link"} {
		if _, err := f.Open(name); !errors.Is(err, errNotPlain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.Check(); err != nil {
		t.Error(err)
	}
}
