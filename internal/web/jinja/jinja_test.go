package jinja

import (
	"bytes"
	"html"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"securechat/internal/web/jinja/jinjatest"
)

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func mustLoad(t testing.TB, files map[string]string, pages ...string) *Set {
	t.Helper()
	set, err := Load(folder(files), pages, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func render(t testing.TB, source string, vars map[string]any) string {
	t.Helper()
	var buf bytes.Buffer
	if err := mustLoad(t, map[string]string{"page.html": source}, "page.html").Render(&buf, "page.html", vars); err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return buf.String()
}

func TestRender(t *testing.T) {
	vars := map[string]any{
		"markup": `<b a="1">&'`,
		"code":   "123456",
		"count":  3,
		"call":   func() string { return "a+b/c==" },
		"dict":   Dict{"key": "value"},
	}
	for _, test := range []struct{ name, source, want string }{
		{"string", "{{ code }}", "123456"},
		{"number", "{{ count }}", "3"},
		{"call", `x("{{ call() }}")`, `x("a+b/c==")`},
		{"autoescape", "{{ markup }}", "&lt;b a=&#34;1&#34;&gt;&amp;&#39;"},
		{"safe is not escaped", "{{ markup|safe }}", `<b a="1">&'`},
		{"loop over digits", "{% for d in code %}[{{ d }}]{% endfor %}", "[1][2][3][4][5][6]"},
		{"loop variable", "{% for d in code %}{{ loop.index }}{% if not loop.last %},{% endif %}{% endfor %}", "1,2,3,4,5,6"},
		{"item", "{{ dict['key'] }} {{ dict.key }} {{ dict[\"key\"]|upper }}", "value value VALUE"},
		{"condition", "{% if count > 2 %}many{% else %}few{% endif %}", "many"},
		{"set", "{% set x = count + 1 %}{{ x }}", "4"},
		{"comment", "a{# {{ nope() }} #}b", "ab"},
		{"raw", "{% raw %}{{ code }}{% endraw %}", "{{ code }}"},
		{"one trailing newline is dropped", "a\n", "a"},
		// As in Jinja2, what nobody has set renders as nothing.
		{"unknown variable", "[{{ nope }}]", "[]"},
		{"unknown key", "[{{ dict['nope'] }}{{ dict.nope }}]", "[]"},
		{"unknown number as key", "[{{ dict[3] }}]", "[]"},
		{"unknown is false", "{{ 'yes' if nope else 'no' }}{% if not nope %}!{% endif %}", "no!"},
		{"unknown is not defined", "{{ nope is defined }} {{ nope is undefined }} {{ code is defined }} {{ dict.nope is defined }}", "False True True False"},
		{"unknown has a default", "{{ nope|default('d') }}{{ nope|d('e') }}{{ dict.nope|default('f') }}{{ code|default('g') }}", "def123456"},
		{"unknown is empty", "{% for x in nope %}x{% else %}none{% endfor %}{{ nope|length }}", "none0"},
		{"unknown in text", "{{ nope ~ 'x' }}{{ nope|upper }}{{ nope or 'y' }}", "xy"},
		{"unknown in a condition", "{% if nope and nope.a %}a{% elif nope == 'x' %}b{% else %}c{% endif %}", "c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := render(t, test.source, vars); got != test.want {
				t.Errorf("%s\n got %q\nwant %q", test.source, got, test.want)
			}
		})
	}
}

// The pages compare the name they were rendered with to the name in events, so
// it has to be escaped the same way everywhere: once.
func TestEscapedOnce(t *testing.T) {
	for _, name := range []string{"Anna", "O'Brien", "'", `<&>"'`, "Ana María", "李 小龍"} {
		vars := map[string]any{"session": Dict{"display_name": EscapedOnce(name)}}
		for _, test := range []struct{ name, source string }{
			{"printed", "{{ session['display_name'] }}"},
			{"attribute", "{{ session.display_name }}"},
			{"escaped", "{{ session['display_name']|e }}"},
			{"escaped twice", "{{ session['display_name']|e|escape }}"},
			{"safe", "{{ session['display_name']|safe }}"},
			{"default", "{{ session['display_name']|default('x') }}"},
			{"trim", "{{ session['display_name']|trim }}"},
			{"string", "{{ session['display_name']|string }}"},
			{"concatenated", "{{ '' ~ session['display_name'] ~ '' }}"},
			{"added", "{{ '' + session['display_name'] }}"},
			{"set", "{% set n = session['display_name'] %}{{ n }}"},
			{"with", "{% with n = session['display_name'] %}{{ n }}{% endwith %}"},
			{"macro", "{% macro m(n) %}{{ n }}{% endmacro %}{{ m(session['display_name']) }}"},
			{"inside a list", "{{ [session['display_name']]|join(',') }}"},
			{"autoescape off", "{% autoescape false %}{{ session['display_name'] }}{% endautoescape %}"},
		} {
			if got, want := render(t, test.source, vars), html.EscapeString(name); got != want {
				t.Errorf("%s: %s = %q, want %q", test.name, test.source, got, want)
			}
		}
	}
	vars := map[string]any{"name": EscapedOnce("O'Brien")}
	if got := render(t, "{{ name|tojson }} {{ name|length }} {{ name|upper }}", vars); got != `"O&#39;Brien" 7 O&#39;BRIEN` {
		t.Errorf("got %s", got)
	}
	if got := render(t, "/?name={{ name|urlencode }}", vars); got != `/?name=O%27Brien` {
		t.Errorf("got %s", got)
	}
}

func TestTemplatesOfTemplates(t *testing.T) {
	files := map[string]string{
		"layouts/base.html":    "<{% block body %}base{% endblock %}|{% include 'parts/foot.html' %}>",
		"parts/foot.html":      "{% include 'parts/deep/name.html' %}{{ unknown }}",
		"parts/deep/name.html": "{{ name }}",
		"parts/macros.html":    "{% macro twice(x) %}{{ x }}{{ x }}{% endmacro %}",
		"page.html":            "{% extends 'layouts/base.html' %}{% block body %}{{ super() }}+{{ name }}{% endblock %}",
		"sub/page.html":        "{% extends 'layouts/base.html' %}{% block body %}sub{% endblock %}",
		"import.html":          "{% import 'parts/macros.html' as m %}{{ m.twice(name) }}{% from 'parts/macros.html' import twice %}{{ twice('x') }}",
		"broken.html":          "{% if %}",
		".git/config.html":     "{% nonsense",
	}
	set := mustLoad(t, files, "page.html", "sub/page.html", "import.html")
	for page, want := range map[string]string{
		"page.html":     "<base+n|n>",
		"sub/page.html": "<sub|n>",
		"import.html":   "nnxx",
	} {
		var buf bytes.Buffer
		if err := set.Render(&buf, page, map[string]any{"name": "n"}); err != nil {
			t.Fatal(err)
		}
		if buf.String() != want {
			t.Errorf("%s = %q, want %q", page, buf.String(), want)
		}
	}
}

func TestGlobals(t *testing.T) {
	set, err := Load(folder(map[string]string{"p": "{{ site }} {{ name }}"}), []string{"p"}, map[string]any{"site": "S", "name": "global"})
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := set.Render(&buf, "p", map[string]any{"name": "own"}); err != nil || buf.String() != "S own" {
		t.Errorf("%q, %v", buf.String(), err)
	}
}

func TestLoadErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"missing page", map[string]string{"other.html": ""}, []string{"page.html", "is missing"}},
		{"syntax", map[string]string{"page.html": "one\n{% if x %}two"}, []string{"page.html"}},
		{"missing base", map[string]string{"page.html": "{% extends 'base.html' %}"}, []string{"page.html", "base.html"}},
		{"malformed base", map[string]string{"page.html": "{% extends 'base.html' %}", "base.html": "\n{{"}, []string{"base.html, line 2"}},
		{"unknown filter", map[string]string{"page.html": "a\nb{{ x|nope }}"}, []string{"page.html, line 2", `"nope"`}},
		{"another block's end", map[string]string{"page.html": "{% block a %}\n{% endblock b %}"}, []string{"page.html, line 2", `ends the block "a", not "b"`}},
		{"not UTF-8", map[string]string{"page.html": "a\nb\xe4\n"}, []string{"page.html, line 2", "UTF-8"}},
		{"base not UTF-8", map[string]string{"page.html": "{% extends 'base.html' %}", "base.html": "\xff\xfe{"}, []string{"base.html, line 1", "UTF-8"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(folder(test.files), []string{"page.html"}, nil)
			if err == nil {
				t.Fatal("loaded")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not mention %q", err, want)
				}
			}
			if len(err.Error()) > 300 {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestSentencesHaveTheirArticles(t *testing.T) {
	for source, want := range map[string]string{
		"{{ 5|reverse }}":        "an int",
		"{{ self }}":             "an object",
		"{{ 'a' + 1 }}":          "a str and an int",
		"{{ count.bit_length }}": "of an int",
		"{{ none|length }}":      "a NoneType",
	} {
		_, err := rendered(jinjatest.Sample{Page: "page.html", Files: map[string]string{"page.html": source}}, variables(t))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}

// A folder named by mistake must not be read into memory.
func TestLoadIsBounded(t *testing.T) {
	many := map[string]string{"page.html": "x"}
	for i := range maxFiles {
		many[strings.Repeat("a", i+1)] = ""
	}
	if _, err := Load(folder(many), []string{"page.html"}, nil); err == nil {
		t.Error("read too many files")
	}
	large := map[string]string{"page.html": "x", "video": strings.Repeat("x", maxFileBytes+1)}
	if _, err := Load(folder(large), []string{"page.html"}, nil); err != nil {
		t.Errorf("a large file that is no template: %v", err)
	}
}

func TestRenderConcurrently(t *testing.T) {
	set := mustLoad(t, map[string]string{
		"page.html": "{% extends 'base.html' %}{% block b %}{% for d in code %}{{ d }}{% endfor %}{{ name|safe }}{{ nope }}{% endblock %}",
		"base.html": "{% include 'foot.html' %}{% block b %}{% endblock %}",
		"foot.html": "foot ",
	}, "page.html")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			name := strings.Repeat("n'", i)
			for range 50 {
				var buf bytes.Buffer
				if err := set.Render(&buf, "page.html", map[string]any{"code": "12", "name": EscapedOnce(name)}); err != nil {
					t.Error(err)
					return
				}
				if want := "foot 12" + html.EscapeString(name); buf.String() != want {
					t.Errorf("got %q, want %q", buf.String(), want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestRenderUnknownPage(t *testing.T) {
	set := mustLoad(t, map[string]string{"page.html": ""}, "page.html")
	if err := set.Render(new(bytes.Buffer), "other.html", nil); err == nil {
		t.Error("no error")
	}
}
