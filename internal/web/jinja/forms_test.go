package jinja

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestAddTokenFields(t *testing.T) {
	// ⟨T⟩ stands for the inserted field.
	for _, test := range []struct{ name, source, want string }{
		{"lacking", `<form method="post"><input name=a></form>`, `<form method="post">⟨T⟩<input name=a></form>`},
		{"any case", `<FORM action="/" METHOD="POST"></FORM>`, `<FORM action="/" METHOD="POST">⟨T⟩</FORM>`},
		{"unquoted", `<form method=Post action=/join></form>`, `<form method=Post action=/join>⟨T⟩</form>`},
		{"single quotes", `<form method='post'></form>`, `<form method='post'>⟨T⟩</form>`},
		{"on many lines", "<form\n\taction='/'\n\tmethod = 'post'\n>\n</form>", "<form\n\taction='/'\n\tmethod = 'post'\n>⟨T⟩\n</form>"},
		{"two", `<form method=post></form><form method=post></form>`, `<form method=post>⟨T⟩</form><form method=post>⟨T⟩</form>`},
		{"has one", `<form method=post><input type=hidden name="csrf_token" value="{{ csrf_token() }}"></form>`, ``},
		{"has one last", `<form method=post><p><input name=a></p><input name='csrf_token' value='{{ csrf_token() }}'/></form>`, ``},
		{"one of two has one", `<form method=post><input name=csrf_token></form><form method=post></form>`, `<form method=post><input name=csrf_token></form><form method=post>⟨T⟩</form>`},
		{"another form's does not count", `<form><input name=csrf_token></form><form method=post></form>`, `<form><input name=csrf_token></form><form method=post>⟨T⟩</form>`},
		{"similar name", `<form method=post><input name=csrf_token2></form>`, `<form method=post>⟨T⟩<input name=csrf_token2></form>`},
		{"get", `<form><form method="get"><form method=dialog><form method>`, ``},
		{"first attribute wins", `<form method=get method=post></form>`, ``},
		{"data attribute", `<form data-method="post"></form>`, ``},
		{"not closed", `<form method=post><input name=a>`, `<form method=post>⟨T⟩<input name=a>`},
		{"tag cut off", `<form method=post`, ``},
		{"other elements", `<formula method=post></formula><input method=post>`, ``},

		// These only look like forms.
		{"comment", `<!-- <form method=post></form> -->`, ``},
		{"script", `<script>x = '<form method=post></form>'</script>`, ``},
		{"style", `<style>/* <form method=post> */</style>`, ``},
		{"textarea and title", `<title><form method=post></title><textarea><form method=post></textarea>`, ``},
		{"attribute", `<p title="<form method=post>">`, ``},
		{"template comment", `{# <form method=post></form> #}`, ``},
		{"string in code", `{{ '<form method=post>' }}{% set a = "<form method=post>" %}`, ``},
		{"without scripts", `<noscript><form method=post></form></noscript>`, `<noscript><form method=post>⟨T⟩</form></noscript>`},
		{"template element", `<template><form method=post></form></template>`, `<template><form method=post>⟨T⟩</form></template>`},

		// Jinja2 code that an HTML parser would stumble over.
		{"comparison", `{% if a <b %}<form method=post></form>{% endif %}`, `{% if a <b %}<form method=post>⟨T⟩</form>{% endif %}`},
		{"comment code in text", `{% if a <!--b %}<form method=post></form>{% endif %}`, `{% if a <!--b %}<form method=post>⟨T⟩</form>{% endif %}`},
		{"quote in code", `<p title="{{ '"' }}"><form method=post>`, `<p title="{{ '"' }}"><form method=post>⟨T⟩`},
		{"delimiter in string", `{{ "}}<form method=post>" }}`, ``},
		{"delimiter in brackets", `{{ {'a': {'b': 1}}['a'] }}<form method=post>`, `{{ {'a': {'b': 1}}['a'] }}<form method=post>⟨T⟩`},
		{"expression as action", `<form action={{ url }} method=post></form>`, `<form action={{ url }} method=post>⟨T⟩</form>`},
		{"bracket in the tag", `<form action="{{ a > b }}" method=post></form>`, `<form action="{{ a > b }}" method=post>⟨T⟩</form>`},
		{"code in the tag", `<form{{ attrs }} method=post{% if a > 1 %} class="x"{% endif %}></form>`, `<form{{ attrs }} method=post{% if a > 1 %} class="x"{% endif %}>⟨T⟩</form>`},
		{"method is code", `<form method="{{ m }}"></form>`, ``},
		{"two branches", `{% if a %}<form method=post class=a>{% else %}<form method=post class=b>{% endif %}<p></form>`,
			`{% if a %}<form method=post class=a>⟨T⟩{% else %}<form method=post class=b>⟨T⟩{% endif %}<p></form>`},
		{"two branches with a field", `{% if a %}<form method=post>{% else %}<form method=post id=b>{% endif %}<input name=csrf_token></form>`, ``},
		{"code not closed", `<form method=post>{{ `, `<form method=post>⟨T⟩{{ `},
		{"raw", `{% raw %}<form method=post>{{ vue }}</form>{% endraw %}`, `{% raw %}<form method=post>{% endraw %}⟨T⟩{% raw %}{{ vue }}</form>{% endraw %}`},
		{"raw up to the tag", `{%- raw -%}<form method=post>{%- endraw %}</form>`, `{%- raw -%}<form method=post>{%- endraw %}⟨T⟩</form>`},
		{"raw after the tag", `<form method=post>{% raw %}{{ vue }}{% endraw %}</form>`, `<form method=post>⟨T⟩{% raw %}{{ vue }}{% endraw %}</form>`},
		{"raw not closed", `{% raw %}<form method=post>`, `{% raw %}<form method=post>{% endraw %}⟨T⟩{% raw %}`},
		{"nothing", ``, ``},
		{"braces", `{ {x} }% #} {`, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := strings.ReplaceAll(test.want, "⟨T⟩", tokenField)
			if want == "" {
				want = test.source
			}
			got := addTokenFields(test.source)
			if got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if again := addTokenFields(got); again != got {
				t.Errorf("the second time:\n got %s\nwant %s", again, got)
			}
		})
	}
}

// The token is rendered afresh into what was added to the source once.
func TestTokenFieldIsRendered(t *testing.T) {
	tokens := []string{"one", "two"}
	vars := map[string]any{"csrf_token": func() string {
		token := tokens[0]
		tokens = tokens[1:]
		return token
	}}
	set := mustLoad(t, map[string]string{"p": "<form method=post></form>"}, "p")
	for _, token := range []string{"one", "two"} {
		var buf bytes.Buffer
		if err := set.Render(&buf, "p", vars); err != nil {
			t.Fatal(err)
		}
		want := `<form method=post><input type="hidden" name="csrf_token" value="` + token + `"></form>`
		if buf.String() != want {
			t.Errorf("got %s, want %s", buf.String(), want)
		}
	}
}

func FuzzAddTokenFields(f *testing.F) {
	for _, seed := range []string{
		`<form method=post></form>`,
		`{% raw %}<form method=post>{{ x }}</form>{% endraw %}`,
		`<form method="post">{{ "}}" }}<input name=csrf_token></form>`,
		`{% if a <b %}<form method=post {# > #}>{% endif %}`,
		`<script><!-- <form method=post> --></script><form method=post>`,
		`{{{`, `{%`, `{#`, `<form method={{ x }}post>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		got := addTokenFields(source)
		// Nothing but whole insertions has happened.
		rest := got
		for _, inserted := range []string{"{% endraw %}" + tokenField + "{% raw %}", tokenField} {
			rest = strings.ReplaceAll(rest, inserted, "")
		}
		plain := source
		for _, inserted := range []string{"{% endraw %}" + tokenField + "{% raw %}", tokenField} {
			plain = strings.ReplaceAll(plain, inserted, "")
		}
		if rest != plain {
			t.Fatalf("changed more than it inserted:\n%q\n%q", source, got)
		}
		if again := addTokenFields(got); again != got {
			t.Fatalf("not done the first time:\n%q\n%q\n%q", source, got, again)
		}
	})
}

// For the original's folders, which are not part of this repository.
func TestOriginalTemplates(t *testing.T) {
	dir := os.Getenv("ORIGINAL_TEMPLATES")
	if dir == "" {
		t.Skip("ORIGINAL_TEMPLATES is not set")
	}
	names, err := fs.Glob(os.DirFS(dir), "*.html")
	if err != nil || len(names) == 0 {
		t.Fatalf("no templates in %s: %v", dir, err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(os.DirFS(dir), name)
		if err != nil {
			t.Fatal(err)
		}
		forms := strings.Count(string(text), `method="POST"`)
		fields := strings.Count(addTokenFields(string(text)), `name="csrf_token"`)
		if forms != fields {
			t.Errorf("%s: %d POST forms and %d token fields", name, forms, fields)
		}
	}
}
