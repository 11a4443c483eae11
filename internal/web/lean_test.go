package web

import (
	"io/fs"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"

	"securechat/internal/web/modules"
)

func TestOwnModulesAreServedWithoutComments(t *testing.T) {
	licence := "/*! MIT */\nexport {} // so\n"
	files := scripts(map[string]string{
		"js/a.js":          "/** Says it.\n" + strings.Repeat(" * At length.\n", 200) + " */\nexport const a = '// a'; // so\n",
		"js/deep/b.mjs":    "export {}; /* b */",
		"js/licence.js":    licence,
		"js/none.js":       "export {};",
		"js/broken.js":     "( // a",
		"js/notes.txt":     "( // a",
		"vendor/lib/c.mjs": "export {}; // c",
	})
	want := map[string]string{
		"js/a.js":       strings.Repeat("\n", 202) + "export const a='// a';\n",
		"js/deep/b.mjs": "export{};",
		"js/licence.js": "/*! MIT */\nexport{}\n",
		"js/none.js":    "export{};",
	}
	handler := func(fixed bool) *browser {
		return newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Static, o.StaticFixed = files, fixed }))
	}

	b := handler(true)
	for name, file := range files {
		lean, ok := want[name]
		if !ok {
			lean = string(file.Data)
		}
		if got := b.get("/static/" + name); got.StatusCode != http.StatusOK || got.body != lean || got.Header.Get("Content-Length") != strconv.Itoa(len(lean)) {
			t.Errorf("%s: %d, %q, %v", name, got.StatusCode, got.body, got.Header)
		}
	}
	const at = "/static/js/a.js"
	got := b.get(at)
	tag := got.Header.Get("ETag")
	if tag != tagOf([]byte(want["js/a.js"])) || got.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%v", got.Header)
	}
	packed := b.get(at, header("Accept-Encoding", "gzip"))
	if unpacked(t, packed.body) != want["js/a.js"] || packed.Header.Get("Content-Length") != strconv.Itoa(len(packed.body)) || packed.Header.Get("ETag") == tag {
		t.Errorf("packed: %v", packed.Header)
	}
	if head := b.do("HEAD", at, nil); head.Header.Get("Content-Length") != strconv.Itoa(len(want["js/a.js"])) {
		t.Errorf("HEAD: %v", head.Header)
	}
	b.get(at, header("If-None-Match", tag)).want(t, 304)
	if part := b.get(at, header("Range", "bytes=202-207")); part.StatusCode != http.StatusPartialContent || part.body != "export" {
		t.Errorf("a range: %d %q", part.StatusCode, part.body)
	}

	// Somebody who works on a folder finds in the browser what they wrote.
	b = handler(false)
	for name, file := range files {
		if got := b.get("/static/" + name); got.body != string(file.Data) {
			t.Errorf("%s in a folder that changes: %q", name, got.body)
		}
	}
}

// The build, which is part of every address, is named after what browsers get.
func TestABuildIsNamedAfterItsModules(t *testing.T) {
	build := func(source string) string {
		s, err := newStatic(scripts(map[string]string{"js/a.js": source}), true)
		if err != nil {
			t.Fatal(err)
		}
		return s.build
	}
	first := build("export {}; // one")
	if build("export {}; // two") != first {
		t.Error("a comment makes a new build")
	}
	if build("export {};\n// one") == first || build("export {a}; // one") == first {
		t.Error("a change makes no new build")
	}
}

// No module of ours is beyond our own reader.
func TestOwnModules(t *testing.T) {
	folder := os.DirFS("../../static")
	s, err := newStatic(folder, true)
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(folder, ownModules, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if extension := path.Ext(name); extension != ".js" && extension != ".mjs" {
			t.Errorf("%s is no module", name)
		}
		source, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		want, err := modules.WithoutComments(string(source))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		lean, err := fs.ReadFile(s.files, name)
		if err != nil {
			return err
		}
		if string(lean) != string(want) || strings.Count(string(lean), "\n") != strings.Count(string(source), "\n") {
			t.Errorf("%s is served as\n%s", name, lean)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
