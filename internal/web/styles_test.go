package web

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestSheetsAreJoined(t *testing.T) {
	files := scripts(map[string]string{
		"css/app.css":   "/* a list\n@import \"no.css\"; */\n@import \"b.css\";\n\n  @import \"a.css\"; /* after */\n",
		"css/a.css":     "/* a comment */\n.a :hover { width: calc(1px + 2px); content: \"a  b\"; }\n" + strings.Repeat("a { color: red }\n", 200),
		"css/b.css":     "b { margin: 0 }\n",
		"img/i.svg":     "<svg/>",
		"other/own.css": "@import \"elsewhere.css\";",
	})
	const path = "/static/css/app.css"
	want := `b{margin:0}.a :hover{width:calc(1px + 2px);content:"a  b"}` + strings.Repeat("a{color:red}", 200)
	handler := func(fixed bool) *browser {
		return newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Static, o.StaticFixed = files, fixed }))
	}

	b := handler(true)
	got := b.get(path)
	got.want(t, 200)
	if got.body != want || got.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("%q, %v", got.body, got.Header)
	}
	packed := b.get(path, header("Accept-Encoding", "gzip"))
	if unpacked(t, packed.body) != want || packed.Header.Get("ETag") == got.Header.Get("ETag") {
		t.Errorf("packed: %v", packed.Header)
	}
	b.get(path, header("If-None-Match", got.Header.Get("ETag"))).want(t, 304)
	if part := b.get(path, header("Range", "bytes=0-3")); part.StatusCode != http.StatusPartialContent || part.body != "b{ma" {
		t.Errorf("a range: %d %q", part.StatusCode, part.body)
	}
	b.get("/static/other/own.css").want(t, 200, "elsewhere.css")

	// A folder that changes is served as it is; browsers follow the list.
	b = handler(false)
	if got := b.get(path); got.body != string(files["css/app.css"].Data) {
		t.Errorf("%q", got.body)
	}
	files["css/a.css"] = &fstest.MapFile{Data: []byte("a { color: blue }")}
	b.get("/static/css/a.css").want(t, 200, "blue")
}

// The build, which is part of every address, changes with each sheet and with their order.
func TestABuildIsNamedAfterItsSheets(t *testing.T) {
	build := func(list, a string) string {
		s, err := newStatic(scripts(map[string]string{"css/app.css": list, "css/a.css": a, "css/b.css": "b { margin: 0 }"}), true)
		if err != nil {
			t.Fatal(err)
		}
		return s.build
	}
	const list = "@import \"a.css\";\n@import \"b.css\";\n"
	first := build(list, "a { color: blue }")
	if build(list, "a { color: blue }") != first {
		t.Error("it changes by itself")
	}
	if build(list, "a { color: red }") == first || build("@import \"b.css\";\n@import \"a.css\";\n", "a { color: blue }") == first {
		t.Error("a change makes no new build")
	}
}

func TestShrink(t *testing.T) {
	for sheet, want := range map[string]string{
		"":                                    "",
		" /* a */ ":                           "",
		"a { color : red ; }\n\nb{}":          "a{color :red}b{}",
		"a :hover, b:hover > c + d { }":       "a :hover,b:hover > c + d{}",
		"a/**/.b, a /* c */ .b, a.b":          "a/**/.b,a .b,a.b",
		"a { margin: -0.5px 0.5em 10% 0 }":    "a{margin:-0.5px 0.5em 10% 0}",
		"a { width: calc( 1px + 2px ) }":      "a{width:calc( 1px + 2px )}",
		"a { content: \"0.5 ;  }/*\"; b: c }": "a{content:\"0.5 ;  }/*\";b:c}",
		"a { b: url( x y;0.5 ) }":             "a{b:url( x y;0.5 )}",
		"@media (min-width: 0.5px) { a { } }": "@media (min-width:0.5px){a{}}",
		":root { --a: ; --b:  x , y }":        ":root{--a:;--b:x ,y}",
	} {
		got, err := shrink([]byte(sheet))
		if err != nil || string(got) != want {
			t.Errorf("%q\n got %q, %v\nwant %q", sheet, got, err, want)
		}
	}
}

func TestSheetsWithMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		want  string // "" means none
	}{
		"no sheets":        {map[string]string{"js/a.js": ""}, ""},
		"in one piece":     {map[string]string{"css/app.css": "a {}", "css/print.css": ""}, ""},
		"not on the list":  {map[string]string{"css/app.css": "@import \"a.css\";", "css/a.css": "", "css/b.css": ""}, "css/b.css is not imported by css/app.css"},
		"deeper":           {map[string]string{"css/app.css": "@import \"a.css\";", "css/a.css": "", "css/deep/b.css": ""}, "css/deep/b.css is not imported by css/app.css"},
		"in a comment":     {map[string]string{"css/app.css": "@import \"a.css\";\n/* @import \"b.css\"; */", "css/a.css": "", "css/b.css": ""}, "css/b.css is not imported by css/app.css"},
		"missing":          {map[string]string{"css/app.css": "@import \"a.css\";"}, "css/a.css"},
		"twice":            {map[string]string{"css/app.css": "@import \"a.css\";\n\n@import \"a.css\";", "css/a.css": ""}, "css/app.css, line 3: css/a.css is imported twice"},
		"itself":           {map[string]string{"css/app.css": "@import \"app.css\";"}, "css/app.css, line 1: css/app.css is imported twice"},
		"a rule":           {map[string]string{"css/app.css": "/*\n*/\n@import \"a.css\";\na {}", "css/a.css": ""}, "css/app.css, line 4: a list of style sheets has only comments and lines such as"},
		"with a medium":    {map[string]string{"css/app.css": "@import \"a.css\" print;", "css/a.css": ""}, "line 1: a list"},
		"another folder":   {map[string]string{"css/app.css": "@import \"../a.css\";", "a.css": ""}, "line 1: a list"},
		"elsewhere":        {map[string]string{"css/app.css": "@import url(https://elsewhere.example/a.css);"}, "line 1: a list"},
		"a list in a list": {map[string]string{"css/app.css": "@import \"a.css\";", "css/a.css": "\n@IMPORT 'b.css';"}, "css/a.css imports another style sheet"},
	} {
		_, err := newStatic(scripts(tt.files), true)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if _, err := newStatic(scripts(tt.files), false); err != nil {
			t.Errorf("%s, in a folder that changes: %v", name, err)
		}
	}
}

// Our own sheets are all in the one that the pages ask for.
func TestOwnSheets(t *testing.T) {
	s, err := newStatic(os.DirFS("../../static"), true)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := fs.ReadFile(s.files, mainSheet)
	if err != nil {
		t.Fatal(err)
	}
	sheets, err := fs.Glob(os.DirFS("../../static"), "css/*.css")
	if err != nil || len(sheets) < 5 {
		t.Fatalf("%q, %v", sheets, err)
	}
	for _, name := range sheets {
		source, err := os.ReadFile("../../static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		small, err := shrink(source)
		if err != nil || name != mainSheet && (len(small) == 0 || !bytes.Contains(joined, small)) {
			t.Errorf("%s is not in it (%v)", name, err)
		}
	}
}
