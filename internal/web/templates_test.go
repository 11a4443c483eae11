package web

import (
	"encoding/json"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"securechat/internal/refusal"
	"securechat/internal/session"
	"securechat/internal/web/words"
	"securechat/room"
)

func TestNamesAreEscapedOnce(t *testing.T) {
	for _, name := range []string{"Anna", "O'Brien", "Ana María", "李 小龍", "🦊"} {
		service := &fakeService{page: func(string, string) (room.Page, error) { return samplePage(name), nil }}
		b := newBrowser(t, newHandler(t, service))
		want := "name=[" + html.EscapeString(name) + "]"
		b.get("/room/"+roomID).want(t, 200, want)
		b.join("123456", name).want(t, 200, want)
	}
}

// The token is put into scripts as well, and must be the one that forms have.
func TestTokenInScript(t *testing.T) {
	service := &fakeService{page: func(string, string) (room.Page, error) { return samplePage("Anna"), nil }}
	b := newBrowser(t, newHandler(t, service))
	match := regexp.MustCompile(`const t = "([^"]*)"`).FindStringSubmatch(b.get("/room/" + roomID).body)
	if match == nil || strings.ContainsAny(match[1], `\'<>&`) {
		t.Fatalf("token in the script: %q", match)
	}
	b.do("POST", "/join", joinForm(match[1])).want(t, 200)
}

// validOptions are no more than what New requires.
func validOptions() Options {
	return Options{
		Service: &fakeService{}, Sessions: session.New(testSecret, session.Options{}), AddressKey: []byte("k"),
		Templates: fixture(), MaxMessageLength: 1000,
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(validOptions()); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"service":        {func(o *Options) { o.Service = nil }, "required"},
		"sessions":       {func(o *Options) { o.Sessions = nil }, "required"},
		"key":            {func(o *Options) { o.AddressKey = nil }, "required"},
		"templates":      {func(o *Options) { o.Templates = nil }, "required"},
		"message length": {func(o *Options) { o.MaxMessageLength = 0 }, "required"},
		"page missing": {func(o *Options) {
			files := fixture()
			delete(files, "waiting_approval.html")
			o.Templates = files
		}, "waiting_approval.html: the file is missing"},
		"syntax error": {func(o *Options) {
			files := fixture()
			files["index.html"] = &fstest.MapFile{Data: []byte("{% for %}")}
			o.Templates = files
		}, "index.html"},
		"include missing": {func(o *Options) {
			files := fixture()
			files["chatroom.html"] = &fstest.MapFile{Data: []byte("{% include 'parts/nowhere.html' %}")}
			o.Templates = files
		}, "parts/nowhere.html"},
		"unknown filter": {func(o *Options) {
			files := fixture()
			files["chatroom.html"] = &fstest.MapFile{Data: []byte("{{ room_code|nonsense }}")}
			o.Templates = files
		}, "nonsense"},
	} {
		o := validOptions()
		test.change(&o)
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

func TestURLFor(t *testing.T) {
	files := fixture()
	files["chatroom.html"] = &fstest.MapFile{Data: []byte(
		`[{{ url_for('static', filename='css/a?b.css') }}][{{ url_for('static', filename='/x') }}][{{ url_for('index') }}][{{ url_for('join_room_route') }}]` +
			`[{{ url_for('chatroom', room_code=room_code) }}][{{ url_for('room_status', room_code='a?b') }}]`)}
	service := &fakeService{page: func(string, string) (room.Page, error) { return samplePage("Anna"), nil }}
	b := newBrowser(t, newHandler(t, service, func(o *Options) { o.Templates = files }))
	b.get("/room/"+roomID).want(t, 200, "[/static/css/a%3Fb.css][/static/x][/][/join][/room/"+roomID+"][/room/a%3Fb/status]")
}

// browse opens the three pages of a template folder.
func browse(t *testing.T, change func(*Options)) map[string]string {
	t.Helper()
	service := &fakeService{page: func(string, string) (room.Page, error) { return samplePage("O'Brien"), nil }}
	b := newBrowser(t, newHandler(t, service, change))
	pages := map[string]string{}
	for name, got := range map[string]answer{
		indexPage:   b.get("/"),
		waitingPage: b.join("123456", "O'Brien"),
		roomPage:    b.get("/room/" + knockID),
	} {
		got.want(t, 200)
		for _, left := range []string{"{{", "{%", "{#", "&amp;#39;", "%!"} {
			if strings.Contains(got.body, left) {
				t.Errorf("%s contains %q", name, left)
			}
		}
		pages[name] = got.body
	}
	return pages
}

// The embedded pages render, and hold nothing that their policy forbids.
func TestOwnTemplates(t *testing.T) {
	pages := browse(t, ownPages)
	for name, page := range pages {
		doc, err := xhtml.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for node := range doc.Descendants() {
			if node.DataAtom == atom.Script && node.FirstChild != nil && !isWords(node) {
				t.Errorf("%s has an inline script", name)
			}
			if node.DataAtom == atom.Style {
				t.Errorf("%s has an inline style sheet", name)
			}
			for _, attr := range node.Attr {
				if strings.HasPrefix(attr.Key, "on") || attr.Key == "style" || strings.HasPrefix(attr.Val, "http") && !isPreview(node, attr) || strings.HasPrefix(attr.Val, "//") {
					t.Errorf("%s: <%s %s=%q>", name, node.Data, attr.Key, attr.Val)
				}
			}
		}
	}
}

// isPreview reports whether an attribute tells those who show a preview of the page where things
// are on this site: they take no other addresses.
func isPreview(node *xhtml.Node, attr xhtml.Attribute) bool {
	return node.DataAtom == atom.Meta && attr.Key == "content" && strings.HasPrefix(attr.Val, "http://chat.example/")
}

// isWords reports whether an element is data for the scripts, which no policy minds.
func isWords(node *xhtml.Node) bool {
	return slices.Contains(node.Attr, xhtml.Attribute{Key: "type", Val: "application/json"}) && json.Valid([]byte(node.FirstChild.Data))
}

// The embedded pages, and errors, come in the language that the browser asks for.
func TestLanguages(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}, ownPages))
	for accept, want := range map[string][]string{
		"":               {"en", `<html lang="en">`, "Start a new chat", "There’s nothing at this address."},
		"de-CH, en;q=.5": {"de", `<html lang="de">`, "Neuen Chat starten", "Unter dieser Adresse gibt es nichts."},
		"tlh":            {"en", `<html lang="en">`, "Start a new chat", "There’s nothing at this address."},
	} {
		ask := header("Accept-Language", accept)
		page := b.get("/", ask)
		page.want(t, 200, want[1], want[2])
		missing := b.get("/nothing", ask, header("Accept", "text/html"))
		missing.want(t, 404, want[1], want[3])
		for _, got := range []answer{page, missing} {
			if h := got.Header; h.Get("Content-Language") != want[0] || !strings.Contains(strings.Join(h["Vary"], ","), "Accept-Language") {
				t.Errorf("%q: %v", accept, h)
			}
		}
	}
	// Foreign pages have a language of their own.
	foreign := newBrowser(t, newHandler(t, &fakeService{}))
	got := foreign.get("/nothing", header("Accept-Language", "de"))
	got.want(t, 404, "There’s nothing at this address.")
	if got.Header.Get("Content-Language") != "" {
		t.Errorf("%v", got.Header)
	}
}

// Fields count UTF-16 units, and cut what is beyond while it is typed. The longest name is one of
// emoji, of which each code point has two.
func TestTheLongestNameCanBeTyped(t *testing.T) {
	const england = "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"
	name, err := room.ParseName(strings.Repeat(england, 11) + "🦊🦊🦊")
	if err != nil {
		t.Fatal(err)
	}
	units := len(utf16.Encode([]rune(name)))
	field := regexp.MustCompile(`<input [^>]*name="display_name"[^>]* maxlength="(\d+)"`)
	for _, page := range []string{indexPage, waitingPage} {
		source, err := os.ReadFile("../../templates/" + page)
		if err != nil {
			t.Fatal(err)
		}
		match := field.FindSubmatch(source)
		if match == nil {
			t.Fatalf("%s has no field for a name", page)
		}
		if most, err := strconv.Atoi(string(match[1])); err != nil || most < units {
			t.Errorf("%s: a name of %d units is cut after %s", page, units, match[1])
		}
	}
}

// Every problem has a code, and the code a sentence in every language.
func TestProblemsHaveCodes(t *testing.T) {
	set, err := words.Load(os.DirFS("../../templates"))
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`problem\{\s*status: [^{}]*`)
	constant := regexp.MustCompile(`refusal\.([A-Z]\w+)`)
	used := make(map[string]bool)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range constant.FindAllStringSubmatch(string(source), -1) {
			used[match[1]] = true
		}
		for _, match := range literal.FindAllString(string(source), -1) {
			if found++; !strings.Contains(match, "code: ") {
				t.Errorf("%s: a problem without a code: %s", file, match)
			}
		}
	}
	if found < 25 {
		t.Fatalf("only %d problems were found", found)
	}
	// The document for frontends says which codes the JSON may have.
	declarations, err := os.ReadFile("../refusal/refusal.go")
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?m)^\t(\w+) +Code = "(\w+)"`).FindAllStringSubmatch(string(declarations), -1) {
		documented := regexp.MustCompile("(?m)^\\| `" + match[2] + "` \\|[^|]*JSON").Match(document)
		// No answer has these: the start page says them once.
		flashed := slices.Contains([]string{"Unentered", "Expired", "Ended"}, match[1])
		if answered := used[match[1]] && !flashed; answered != documented && !slices.Contains([]string{"Code", "Values"}, match[1]) {
			t.Errorf("%s: answered %t, documented %t", match[2], answered, documented)
		}
	}
	told := []problem{tooManyGuesses(time.Minute), tooManyGuesses(time.Hour), {code: refusal.Unentered}, {code: refusal.Expired}, {code: refusal.Ended}}
	for _, p := range problems {
		told = append(told, p.problem)
	}
	for _, p := range told {
		english, german := p.in(set.For("en")), p.in(set.For("de"))
		if english == "" || german == "" || english == german || strings.ContainsAny(english+german, "{}") {
			t.Errorf("%s: %q, %q", p.code, english, german)
		}
	}
}

// The problem of a name is told by its code, in the words of the name's own error.
func TestCodesOfNames(t *testing.T) {
	set, err := words.Load(os.DirFS("../../templates"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		err  room.NameError
		code refusal.Code
		said string
	}{
		{room.NameError{Problem: room.NameBlank}, refusal.NameBlank, "Please enter your name."},
		{room.NameError{Problem: room.NameTooLong}, refusal.NameTooLong, "too long"},
		{room.NameError{Problem: room.NameBadMarks}, refusal.NameMarks, "accent"},
		{room.NameError{Problem: room.NameBadCharacter, Char: '<'}, refusal.NameSign, "can’t contain <"},
		{room.NameError{Problem: room.NameBadCharacter, Char: '\\'}, refusal.NameSign, "can’t contain \\"},
		{room.NameError{Problem: room.NameBadCharacter, Char: utf8.RuneError}, refusal.NameCharacter, "invisible or unknown"},
		{room.NameError{Problem: room.NameBadCharacter, Char: '\u200b'}, refusal.NameCharacter, "invisible or unknown"},
	} {
		p, ok := problemOf(&test.err, "create")
		if !ok || p.code != test.code || p.status != 400 || p.field != nameField || p.where != "create" {
			t.Errorf("%v: %+v", test.err, p)
		}
		said := p.code.Sentence(p.values)
		if !strings.Contains(said, test.said) || !strings.Contains(said, "20") {
			t.Errorf("%v: %q does not say %q and what is allowed", test.err, said, test.said)
		}
		if strings.ContainsFunc(said, func(r rune) bool { return r > '~' && r != '’' || r < ' ' }) {
			t.Errorf("%v: %+q carries the character", test.err, said)
		}
		german := set.For("de").Refusal(p.code, p.values)
		if german == said || strings.ContainsAny(german, "{}") || test.code == refusal.NameSign && !strings.Contains(german, string(test.err.Char)) {
			t.Errorf("%s in German: %q", p.code, german)
		}
	}
}

// The original's own pages, which are not part of this repository.
func TestOriginalTemplates(t *testing.T) {
	dir := os.Getenv("ORIGINAL_TEMPLATES")
	if dir == "" {
		t.Skip("ORIGINAL_TEMPLATES names no folder")
	}
	pages := browse(t, func(o *Options) { o.Templates, o.Foreign, o.Library = os.DirFS(dir), true, nil })
	for name, wants := range map[string][]string{
		indexPage:   {"<html", "</html>"},
		waitingPage: {`=== "` + knockID + `"`, `"/room/` + knockID + `"`},
		roomPage:    {`room: "` + roomID + `"`, "243"},
	} {
		for _, want := range wants {
			if !strings.Contains(pages[name], want) {
				t.Errorf("%s does not contain %s", name, want)
			}
		}
	}
	if strings.Contains(pages[waitingPage], roomID) {
		t.Error("the waiting page holds the room's id")
	}
	if digits := regexp.MustCompile(`\s|<span class="digit">|</span>`).ReplaceAllString(pages[roomPage], ""); !strings.Contains(digits, "123456") {
		t.Error("the chat page does not show the code")
	}
	forms := strings.Count(strings.ToLower(pages[indexPage]), `method="post"`)
	if fields := len(tokenPattern.FindAllString(pages[indexPage], -1)); forms != 2 || fields != forms {
		t.Errorf("%d forms and %d token fields", forms, fields)
	}
	// Other than that, a page without variables is the file.
	source, err := os.ReadFile(dir + "/" + indexPage)
	if err != nil {
		t.Fatal(err)
	}
	field := regexp.MustCompile(`<input type="hidden" name="csrf_token" value="[^"]*">`)
	strip := func(s string) string {
		return strings.ReplaceAll(strings.TrimSuffix(field.ReplaceAllString(s, ""), "\n"), "\r\n", "\n")
	}
	// The field of a template is written {{ csrf_token() }}.
	if got, want := strip(pages[indexPage]), strip(strings.ReplaceAll(string(source), "{{ csrf_token() }}", "x")); got != want {
		t.Error("the start page differs from its file in more than the token")
	}
}

func TestAsksForKey(t *testing.T) {
	for name, tt := range map[string]struct {
		folder fs.FS
		want   bool
	}{
		"our own":         {os.DirFS("../../templates"), false},
		"the contract's":  {fixture(), true},
		"in a part of it": {fstest.MapFS{"chatroom.html": {Data: []byte("{% include 'parts/x.js' %}")}, "parts/x.js": {Data: []byte("{{encryption_key|e}}")}}, true},
		"nothing":         {fstest.MapFS{}, false},
	} {
		if got, err := AsksForKey(tt.folder); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Templates without words get the English sentence, and a number that needs no plural.
func TestHowLongToWait(t *testing.T) {
	set, err := words.Load(os.DirFS("../../templates"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		language *words.Language
		wait     time.Duration
		want     string
	}{
		{set.For("en"), time.Minute, "up to 1 minute,"},
		{set.For("en"), 59*time.Minute + time.Second, "up to 60 minutes,"},
		{set.For("de"), time.Second, "bis zu 1 Minute und"},
		{set.For("de"), time.Hour, "bis zu 60 Minuten und"},
		{&words.Language{}, time.Hour, "up to 60 min,"},
	} {
		p := tooManyGuesses(test.wait)
		if got := p.in(test.language); !strings.Contains(got, test.want) {
			t.Errorf("%v: %q, want %q", test.wait, got, test.want)
		}
	}
}
