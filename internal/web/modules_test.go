package web

import (
	"bytes"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"securechat/internal/folder"
)

// ours is a template folder with words, whose start page names the modules of a script.
func ours(head string) fstest.MapFS {
	files := fixture()
	files["words/en.json"] = &fstest.MapFile{Data: []byte(`{"pages": {}, "scripts": {}, "sentences": {}}`)}
	files[indexPage] = &fstest.MapFile{Data: []byte("<title>index</title>\n" + head)}
	return files
}

const namesModules = `[{% for module in modules('js/page.js') %}{{ module }} {% endfor %}]`

func scripts(sources map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, source := range sources {
		files[name] = &fstest.MapFile{Data: []byte(source)}
	}
	return files
}

func TestPagesNameTheirModules(t *testing.T) {
	files := scripts(map[string]string{
		"js/page.js": "import './a.js'", "js/a.js": "export * from '../lib/b.mjs'", "lib/b.mjs": "",
		"js/broken.js": "}", "other/app.js": "import 'bare'; import './nothing.js'",
	})
	for name, fixed := range map[string]bool{"files that may change": false, "a build": true} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) {
				o.Templates, o.Static, o.StaticFixed = ours(namesModules+"{{ modules('js/page.js').reverse() }}{{ modules('js/page.js').append('x') }}"), files, fixed
			}))
			for range 2 { // what a template does with its list stays there
				page := b.get("/")
				match := regexp.MustCompile(`\[(/static/.*js/)a\.js (/static/.*lib/)b\.mjs \]`).FindStringSubmatch(page.body)
				if match == nil || (match[1] != "/static/js/") != fixed {
					t.Fatalf("%s", page.body)
				}
				b.get(match[1]+"a.js").want(t, 200, "export")
			}
		})
	}
}

// A page that would have to load what is not there keeps the server from starting.
func TestModulesThatAreMissing(t *testing.T) {
	good := map[string]string{"js/page.js": "import './a.js'", "js/a.js": "export {}"}
	for name, tt := range map[string]struct {
		head    string
		sources map[string]string
		want    string
	}{
		"no script":          {"{{ modules('js/nothing.js') }}", nil, `template index.html, line 2: the call is wrong: module js/nothing.js: there is no such file in the static folder`},
		"no module":          {namesModules, map[string]string{"js/a.js": "//\nimport './b.js'"}, `module js/a.js, line 2: the import of "./b.js": there is no such file in the static folder`},
		"one that is hidden": {namesModules, map[string]string{"js/a.js": "import './.b.js'", "js/.b.js": ""}, `module js/a.js, line 1: the import of "./.b.js": there is no such file in the static folder`},
		"not relative":       {namesModules, map[string]string{"js/a.js": "\n\nexport * from 'lib'"}, `module js/a.js, line 3: the import of "lib": this is no relative address`},
		"no JavaScript":      {namesModules, map[string]string{"js/a.js": "const a = `"}, "module js/a.js, line 1: this template does not end"},
		"no name":            {"{{ modules() }}", nil, "modules takes the name of a script"},
		"no text":            {"{{ modules(1) }}", nil, "modules takes the name of a script"},
		"outside":            {"{{ modules('../page.js') }}", nil, "module ../page.js: there is no such file in the static folder"},
	} {
		t.Run(name, func(t *testing.T) {
			o := validOptions()
			o.Templates = ours(tt.head)
			sources := maps.Clone(good)
			maps.Copy(sources, tt.sources)
			o.Static = scripts(sources)
			if _, err := New(o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

// Templates that know nothing of this may mean something else by the name, and their static
// folder may hold whatever it likes.
func TestForeignPagesHaveNoModules(t *testing.T) {
	files := fixture()
	files[indexPage] = &fstest.MapFile{Data: []byte("<title>index</title>[{{ modules }}{% for m in modules %}{{ m }}{% endfor %}{{ modules is defined }}]")}
	b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) {
		o.Templates, o.Foreign = files, true
		o.Static = scripts(map[string]string{"js/page.js": "import 'bare'; `", "a.js": "}"})
	}))
	b.get("/").want(t, 200, "[False]")
	b.get("/static/js/page.js").want(t, 200, "bare")
}

// While somebody works on the modules, pages name what is there now.
func TestModulesThatChange(t *testing.T) {
	dir := t.TempDir()
	write := func(name, source string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("page.js", "import './a.js'")
	write("a.js", "")
	write("b.js", "")
	files, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	var log bytes.Buffer
	b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) {
		o.Templates = ours(`[{{ modules('page.js')|join(' ') }}]`)
		o.Static = files
		o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	}))
	b.get("/").want(t, 200, "[/static/a.js]")
	write("page.js", "import './b.js'") // as long as it was, and perhaps at the same instant
	b.get("/").want(t, 200, "[/static/b.js]")
	write("b.js", "import './a.js'")
	b.get("/").want(t, 200, "[/static/b.js /static/a.js]")
	write("a.js", "\nimport './c.js'")
	b.get("/").want(t, 500)
	for _, want := range []string{`"module":"a.js"`, `"line":2`, `./c.js`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %s: %s", want, log.String())
		}
	}
	write("c.js", "")
	b.get("/").want(t, 200, "[/static/b.js /static/a.js /static/c.js]")
}

// Our own pages name each module once, and only those that there are.
func TestOwnPagesNameModules(t *testing.T) {
	link := regexp.MustCompile(`<link rel="modulepreload" href="/static/([^"]+)">`)
	for name, page := range browse(t, ownPages) {
		var found []string
		for _, match := range link.FindAllStringSubmatch(page, -1) {
			found = append(found, match[1])
			if _, err := os.Stat("../../static/" + match[1]); err != nil && !strings.HasPrefix(match[1], "vendor/") {
				t.Errorf("%s: %v", name, err)
			}
		}
		slices.Sort(found)
		if len(found) < 5 || len(slices.Compact(slices.Clone(found))) != len(found) {
			t.Errorf("%s names %q", name, found)
		}
	}
}
