package modules

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestImports has what our own modules do not have. e2e/unit/modules.test.mjs holds the reader against
// es-module-lexer, on far more.
func TestImports(t *testing.T) {
	for source, want := range map[string][]Import{
		"": nil,
		"import './a.js'; import b from \"./b.js\"\nimport * as c from './c.js'":                    {{"./a.js", 1}, {"./b.js", 1}, {"./c.js", 2}},
		"import {\n  a, // from './no.js'\n  b as c,\n} from './a.js';":                             {{"./a.js", 4}},
		"import d, { default as e, 'f-g' as f } from './a.js' with { type: 'x' };import'./b.js'":    {{"./a.js", 1}, {"./b.js", 1}},
		"export * from './a.js'; export * as ns from './b.js'; export { x as 'y z' } from './c.js'": {{"./a.js", 1}, {"./b.js", 1}, {"./c.js", 1}},
		"const x = 1; export { x }\nimport './a.js'":                                                {{"./a.js", 2}},
		"export default { from: './no.js' }":                                                        nil,
		"const a = import('./no.js'); import.meta.url; x.import('./no.js'); x?.import":              nil,
		"\ufeff#!no\r\n": nil,
		"#!/usr/bin/env import './no.js'\rimport './a.js'":          {{"./a.js", 2}},
		"a = b / c; import './a.js' // d / e":                       {{"./a.js", 1}},
		"\ufeff#! /*\nimport './a.js' /* */":                        {{"./a.js", 2}},
		"if (a) /'/.test(b)\nimport './a.js'":                       {{"./a.js", 2}},
		"for (const a of /'/.exec(b));\nimport './a.js'":            {{"./a.js", 2}},
		"for (const [a] of /'/.exec(b));\nimport './a.js'":          {{"./a.js", 2}},
		"for (a.b of /'/.exec(c));\nimport './a.js'":                {{"./a.js", 2}},
		"for (of of /'/.exec(b));\nimport './a.js'":                 {{"./a.js", 2}},
		"for (of / 2; a; b = '/');\nimport './a.js'":                {{"./a.js", 2}},
		"for (let a = of / 2; a; b = '/');\nimport './a.js'":        {{"./a.js", 2}},
		"if (of / 2) b = '/';\nimport './a.js'":                     {{"./a.js", 2}},
		"`${`import './no.js'${ { a: 1 } / 2 }`}`; import './a.js'": {{"./a.js", 1}},
		"function a() { return { b: 1 } / 2 }\nimport './a.js'":     {{"./a.js", 2}},
		"export { from } from './a.js'":                             {{"./a.js", 1}},
		"import from from './a.js'":                                 {{"./a.js", 1}},
	} {
		got, err := Imports(source)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s\n got %v, %v\nwant %v", source, got, err, want)
		}
	}
}

func TestImportsRefuses(t *testing.T) {
	for source, want := range map[string]Error{
		"\nimport a":               {Line: 2, Problem: "this import names no module"},
		"import { a from './a.js'": {Line: 1, Problem: "this import names no module"},
		"a = 'b\nimport 'c'":       {Line: 1, Problem: "this text does not end in its line"},
		"\r\na = 'b":               {Line: 2, Problem: "this text does not end"},
		"a = 'b\\":                 {Line: 1, Problem: "this text does not end"},
		"\n\na = `${b}":            {Line: 3, Problem: "this template does not end"},
		"a = `${b":                 {Line: 1, Problem: "a bracket is open at the end"},
		"/* ":                      {Line: 1, Problem: "this comment does not end"},
		"a = /[/]\n":               {Line: 1, Problem: "this regular expression does not end in its line"},
		"a = /[/]":                 {Line: 1, Problem: "this regular expression does not end"},
		"a = (b]":                  {Line: 1, Problem: "this bracket closes none that is open"},
		"}":                        {Line: 1, Problem: "this bracket closes none that is open"},
		"function a() {\n":         {Line: 2, Problem: "a bracket is open at the end"},
		"\\u{":                     {Line: 1, Problem: "this character's number does not end"},
	} {
		_, err := Imports(source)
		if got := (*Error)(nil); !errors.As(err, &got) || *got != want {
			t.Errorf("%q: %+v, want %+v", source, err, want)
		}
	}
}

func folder(files map[string]string) fstest.MapFS {
	f := fstest.MapFS{}
	for name, source := range files {
		f[name] = &fstest.MapFile{Data: []byte(source)}
	}
	return f
}

func TestNeeded(t *testing.T) {
	files := folder(map[string]string{
		"js/page.js":       "import './near.js';\nimport { a } from '../lib/a.mjs';\nimport './near.js';\nimport('./late.js')",
		"js/near.js":       "export * from './deep/far.js';\nimport './page.js'", // in a circle
		"js/deep/far.js":   "import '../../lib/a.mjs'; import '../near.js'",
		"lib/a.mjs":        "export const a = 1",
		"js/late.js":       "import './nothing.js'",
		"js/broken.js":     "}",
		"js/own.js":        "import './own.js'",
		"js/deep/alone.js": "",
	})
	for script, want := range map[string][]string{
		"js/page.js":       {"js/near.js", "lib/a.mjs", "js/deep/far.js"},
		"js/own.js":        nil,
		"js/deep/alone.js": nil,
	} {
		if got, err := Needed(files, script); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", script, got, err, want)
		}
	}
}

func TestNeededRefuses(t *testing.T) {
	large := strings.Repeat(" ", maxModuleBytes)
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no script":                {nil, "module js/a.js: there is no such file in the static folder"},
		"a script outside":         {map[string]string{"js/a.js": "import '../../a.js'"}, `module js/a.js, line 1: the import of "../../a.js": this leads out of the static folder`},
		"a module that is missing": {map[string]string{"js/a.js": "\nimport './b.js'"}, `module js/a.js, line 2: the import of "./b.js": there is no such file in the static folder`},
		"one behind another":       {map[string]string{"js/a.js": "import './b.js'", "js/b.js": "//\n//\nexport * from './c.js'"}, `module js/b.js, line 3: the import of "./c.js": there is no such file in the static folder`},
		"a mistake behind another": {map[string]string{"js/a.js": "import './b.js'", "js/b.js": "\n}"}, "module js/b.js, line 2: this bracket closes none that is open"},
		"the largest":              {map[string]string{"js/a.js": large}, ""},
		"too large":                {map[string]string{"js/a.js": "import './b.js'", "js/b.js": large + " "}, `module js/a.js, line 1: the import of "./b.js": the file is larger than 1 MiB`},
		"a folder":                 {map[string]string{"js/a.js": "import './b.js'", "js/b.js/c.js": ""}, `module js/a.js, line 1: the import of "./b.js": there is no such file in the static folder`},
	} {
		_, err := Needed(folder(tt.files), "js/a.js")
		if got := errorText(err); got != tt.want {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
	// A browser would ask for each of these, or for another than the one that is meant.
	for _, specifier := range []string{
		"bare", "@scope/bare", "/js/b.js", "https://elsewhere.example/b.js", "//elsewhere.example/b.js", "data:text/javascript,", "b.js",
		"./b.json", "./b.css", "./b", ".", "..", "./", "", "./b.js?v=1", "./b.js#x", "./%62.js", `./\u0062.js`, `.\\b.js`, ".//b.js", "./b c.js", "./bé.js", "./b.js ", "./b&.js",
	} {
		_, err := Needed(folder(map[string]string{"js/a.js": "import '" + specifier + "'", "js/b.js": ""}), "js/a.js")
		if got := errorText(err); !strings.HasPrefix(got, "module js/a.js, line 1: ") || !strings.HasSuffix(got, `this is no relative address of a module, such as "./name.js"`) {
			t.Errorf("%q: %s", specifier, got)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestNeededIsBounded(t *testing.T) {
	files := map[string]string{"js/a.js": ""}
	for i := range maxModules {
		name := "./" + strings.Repeat("b", i+1) + ".js"
		files["js/a.js"] += "import '" + name + "';"
		files["js/"+name[2:]] = ""
	}
	if got, err := Needed(folder(files), "js/a.js"); err != nil || len(got) != maxModules {
		t.Fatalf("%d modules, %v", len(got), err)
	}
	files["js/b.js"] = "import './one-more.js'"
	files["js/one-more.js"] = ""
	if _, err := Needed(folder(files), "js/a.js"); errorText(err) != `module js/b.js, line 1: the import of "./one-more.js": the script needs more than 1000 modules` {
		t.Error(err)
	}
}

// FuzzImports: whatever stands in a file, its reading ends, and what is found stands there.
func FuzzImports(f *testing.F) {
	for _, seed := range []string{"import a from './a.js'", "export { a } from './a.js'", "`${a / b}` /c[/]/g", "if (a) /b/ / c", "\\u{61}#b 0x1n 1e+5 .5 ?.5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		found, err := Imports(source)
		if mistake := (*Error)(nil); err != nil && (!errors.As(err, &mistake) || mistake.Line < 1 || found != nil) {
			t.Fatalf("%v, %v", found, err)
		}
		for _, i := range found {
			if !strings.Contains(source, i.Specifier) || i.Line < 1 {
				t.Fatalf("%+v", i)
			}
		}
	})
}
