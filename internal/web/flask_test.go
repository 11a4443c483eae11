package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"securechat/internal/session"
	"securechat/internal/web/jinja"
	"securechat/internal/web/jinja/jinjatest"
	"securechat/room"
)

// The variables that Flask gives to templates have the values that they have in Flask, or
// are refused.
func TestAsFlask(t *testing.T) {
	text, err := os.ReadFile("jinja/testdata/flask.txt")
	if err != nil {
		t.Fatal(err)
	}
	var samples []jinjatest.Sample
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		source, refused := strings.CutPrefix(line, "! ")
		samples = append(samples, jinjatest.Sample{
			Name: fmt.Sprintf("line %d", i+1), Files: map[string]string{roomPage: source}, Page: roomPage, Refused: refused,
		})
	}
	answers := jinjatest.Ask(t, map[string]any{"no": false}, samples)
	for i, s := range samples {
		t.Run(s.Name, func(t *testing.T) {
			got, err := renderRoom(t, s.Files[roomPage])
			s.Compare(t, got, err, answers[i])
		})
	}
}

// renderRoom returns the page for members, of this source.
func renderRoom(t *testing.T, source string) (string, error) {
	t.Helper()
	files := fstest.MapFS{roomPage: {Data: []byte(source)}, indexPage: {}, waitingPage: {}}
	pages, err := loadPages(files, 1000, 60)
	if err != nil {
		return "", err
	}
	s := &server{pages: pages, static: &static{}}
	r := httptest.NewRequest(http.MethodGet, "http://chat.example:8000/room/r-1?a=1&b=two%20words", http.NoBody)
	r.Header.Set("User-Agent", "test")
	r.Header.Set("Accept-Language", "de")
	vars := roomVars(func() string { return "the-token" }, room.Page{Seat: room.Seat{ID: "u-1", Name: "Ana"}})
	vars["no"] = false
	var buf bytes.Buffer
	err = s.renderTo(&buf, r, roomPage, vars)
	return buf.String(), err
}

// A template that fails with some values fails its page, and nothing else. The log says where, and
// nothing of what was to be shown. That is so for what is wrong, and for what would take too much.
func TestTemplateThatFailsWithSomeValues(t *testing.T) {
	for what, source := range map[string]string{
		"a mistake":      "{{ session.display_name + 1 }}",
		"too much work":  "{% for i in range(10**9) %}{% endfor %}",
		"too large":      "{% for i in range(100) %}{{ session.display_name * 10**5 }}{% endfor %}",
		"a long text":    "{% set x = session.display_name * 10**9 %}",
		"too deep":       "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
		"includes self":  "{% include 'chatroom.html' %}",
		"a list of many": "{% set l = [session.display_name] * 10**9 %}",
	} {
		t.Run(what, func(t *testing.T) {
			var log bytes.Buffer
			files := fixture()
			files["chatroom.html"] = &fstest.MapFile{Data: []byte("<p>\n{% if session.display_name == 'Eve' %}" + source + "{% endif %}fine")}
			name := "Ana"
			service := &fakeService{page: func(string, string) (room.Page, error) { return samplePage(name), nil }}
			b := newBrowser(t, newHandler(t, service, func(o *Options) { o.Templates, o.Log = files, slog.New(slog.NewJSONHandler(&log, nil)) }))
			b.get("/room/"+roomID).want(t, 200, "fine")
			name = "Eve"
			b.get("/room/"+roomID).want(t, 500, "Something went wrong")
			b.get("/").want(t, 200, "<title>index</title>")
			name = "Ana"
			b.get("/room/"+roomID).want(t, 200, "fine")
			if text := log.String(); !strings.Contains(text, `"template":"chatroom.html","line":2`) || strings.Contains(text, "Eve") {
				t.Errorf("log: %s", text)
			}
		})
	}
}

// A template that cannot work is refused at start, with the place and a sentence.
func TestTemplatesThatAreRefused(t *testing.T) {
	for source, want := range map[string]string{
		"a\n{% if %}":                             "template chatroom.html, line 2: a value is expected here",
		"\n\n{{ x|nonsense }}":                    `template chatroom.html, line 3: there is no filter "nonsense"`,
		"{{ nope() }}":                            "template chatroom.html, line 1: 'nope' is undefined",
		"\n{{ url_for('elsewhere') }}":            `line 2: the call is wrong: url_for knows no endpoint "elsewhere"`,
		"{% for i in range(10**9) %}{% endfor %}": "line 1: the page takes too much work",
		"{{ 'x' * 10**9 }}":                       "line 1: a text becomes too large",
		"\n{% include '../secret' %}":             `line 2: there is no template "../secret"`,
		"{{ config.SECRET_KEY }}":                 "line 1: of the Flask app's configuration",
	} {
		files := fixture()
		files["chatroom.html"] = &fstest.MapFile{Data: []byte(source)}
		_, err := New(Options{
			Service: &fakeService{}, Sessions: session.New(testSecret, session.Options{}), AddressKey: []byte("k"),
			Templates: files, MaxMessageLength: 1000,
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", source, err, want)
		}
	}
}

// Names are escaped once in whatever way a template uses them.
func TestNamesWithinFlaskObjects(t *testing.T) {
	vars := waitingVars(func() string { return "" }, room.Seat{Name: "O'Brien"})
	pages, err := jinja.Load(fstest.MapFS{"p.html": {Data: []byte(
		`{{ session.display_name }}|{{ session.get('display_name')|safe }}|{{ session.display_name == "O'Brien" }}|{{ session.display_name|replace("'", '') }}`)}},
		[]string{"p.html"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := pages.Render(&buf, "p.html", vars); err != nil || buf.String() != "O&#39;Brien|O&#39;Brien|True|OBrien" {
		t.Errorf("%q, %v", buf.String(), err)
	}
}
