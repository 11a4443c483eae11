package jinja

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// No template ends the process, takes all of its time or memory, or fails without saying where.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		"{{ 1 + 2 * 3 }}", "{% for x in range(10**9) %}{{ x }}{% endfor %}", "{{ 'x' * 10**9 }}", "{{ [0] * 10**9 }}", "{{ '%1000000000d' % 1 }}",
		"{{ '{:>1000000000}'.format(1) }}", "{{ range(10**18)|list }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% include 'page.html' %}",
		"{% set l = [] %}{{ l.append(l) }}{{ l }}{{ l == l }}{{ l|tojson }}", "{% set x = 'x' %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
		"{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "{{ 2 ** 10 ** 10 }}", "{{ ((((((((1)))))))) }}",
		"{% block a %}{{ self.a() }}{% endblock %}", "{{ 'abc'|center(10**9) }}", "{{ 'a\nb'|indent(10**9) }}", "{{ range(10**9)|sum }}", "{{ 1|round(10**9) }}",
		"{{ lipsum(10**9) }}", "{{ 'a'.replace('', 'b' * 9999) }}", "{{ dict(a=1)['a'] }}", "{{ x.y }}", "{{ (1, [2])|tojson(10**9) }}", "{{ ''.join(['a'] * 10**7) }}",
		"{% set d = {} %}{% for i in range(10**7) %}{{ d.update({i: i}) }}{% endfor %}", "{{ -9223372036854775807 - 1 }}",
		"{% set s = 'x' * 8000000 %}{% for i in range(900000) %}{% if 'y' in s or s|length == 1 or s == 'z' or s[5] == 'y' or s.find('y') > 0 %}{% endif %}{% endfor %}",
		"{% set d = dict(range(400000)|batch(2)) %}{% for i in range(400000) %}{{ d.pop(i, 0) }}{% endfor %}",
		"{% set l = range(400000)|list %}{% for i in range(400000) %}{{ l.pop(0) }}{% endfor %}", "{{ range(100000)|map('string')|join|urlize|wordwrap(1)|striptags }}", "{{ (-9223372036854775807 - 1) // -1 }}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		set, err := Load(folder(map[string]string{"page.html": source}), []string{"page.html"}, nil)
		var buf bytes.Buffer
		if err == nil {
			err = set.Render(&buf, "page.html", map[string]any{"x": "<x>", "n": 3, "l": []any{1, "a"}})
		}
		problem := (*Error)(nil)
		if err != nil && (!errors.As(err, &problem) || problem.Line == 0 || strings.Contains(err.Error(), "cannot be rendered")) {
			t.Fatalf("%q: %v", source, err)
		}
		if buf.Len() > 2*maxPage {
			t.Fatalf("%d bytes", buf.Len())
		}
	})
}
