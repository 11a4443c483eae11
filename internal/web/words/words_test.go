package words

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"securechat/internal/refusal"
)

func set(t *testing.T, files map[string]string) *Set {
	t.Helper()
	folder := fstest.MapFS{}
	for name, content := range files {
		folder["words/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	s, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFor(t *testing.T) {
	s := set(t, map[string]string{"de.json": `{}`, "en.json": `{}`, "pt-BR.json": `{}`, "README": "no words"})
	for accept, want := range map[string]string{
		"":                          "en",
		"de":                        "de",
		"de-AT,de;q=0.9,en;q=0.8":   "de",
		"en-GB,de;q=0.9":            "en",
		"ja,fr;q=0.5":               "en",
		"ja,de;q=0.1":               "de",
		"pt":                        "pt-BR",
		"*":                         "en",
		"de;q=0,en":                 "en",
		"!!,;;q=x":                  "en",
		strings.Repeat("x-y,", 1e4): "en",
	} {
		if got := s.For(accept).Tag; got != want {
			t.Errorf("%.40q: %s, want %s", accept, got, want)
		}
	}
}

func TestTranslate(t *testing.T) {
	l := set(t, map[string]string{"en.json": `{}`, "de.json": `{"sentences": {
		"One.": "Eins.", "Two?": "Zwei?", "It took {minutes} minutes (at most).": "In {minutes} Minuten (höchstens).",
		"Swap {a} and {b}.": "{b}, dann {a}.", "Without a full stop": "Ohne Punkt", "Costs {a}.": "Kostet $1 {a}."
	}}`}).For("de")
	for text, want := range map[string]string{
		"One.":                               "Eins.",
		"One. Two? One. Without a full stop": "Eins. Zwei? Eins. Ohne Punkt",
		"It took 12 minutes (at most). One.": "In 12 Minuten (höchstens). Eins.",
		"Swap x and y.":                      "y, dann x.",
		"Costs 5.":                           "Kostet $1 5.",
		"Swap {a} and $2.":                   "$2, dann {a}.",
		"One. Three.":                        "One. Three.", // half of it would be worse
		"":                                   "",
		"One.Two?":                           "One.Two?",
	} {
		if got := l.translate(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := set(t, nil).For("de").translate("One."); got != "One." {
		t.Errorf("without words: %q", got)
	}
}

func TestCounted(t *testing.T) {
	s := set(t, map[string]string{
		"en.json": `{"pages": {"p.one": "{number} person", "p.other": "{number} people", "h": "{number} h"}}`,
		"pl.json": `{"pages": {"p.one": "{number} osoba", "p.few": "{number} osoby", "p.other": "{number} osób"}}`,
		"ja.json": `{"pages": {"p.other": "{number}人"}}`,
	})
	for _, test := range []struct {
		language, name string
		number         int
		want           string
	}{
		{"en", "p", 0, "0 people"},
		{"en", "p", 1, "1 person"},
		{"en", "p", 2, "2 people"},
		{"en", "h", 1, "1 h"},
		{"en", "unknown", 1, ""},
		{"pl", "p", 1, "1 osoba"},
		{"pl", "p", 3, "3 osoby"},
		{"pl", "p", 5, "5 osób"},
		{"ja", "p", 1, "1人"},
	} {
		if got := s.For(test.language).Counted(test.name, test.number); got != test.want {
			t.Errorf("%d %s in %s: %q, want %q", test.number, test.name, test.language, got, test.want)
		}
	}
	if got := set(t, nil).For("de").Counted("p", 1); got != "" {
		t.Errorf("without words: %q", got)
	}
}

func TestForScripts(t *testing.T) {
	l := set(t, map[string]string{"en.json": `{"pages": {"p": "q"}, "scripts": {"a": "</script><!--"}, "refusals": {"c": "d"}, "sentences": {"x": "y"}}`}).For("")
	if strings.ContainsAny(l.ForScripts, "<>") || strings.Contains(l.ForScripts, `"p"`) {
		t.Errorf("%s", l.ForScripts)
	}
	var got map[string]map[string]string
	if err := json.Unmarshal([]byte(l.ForScripts), &got); err != nil || got["scripts"]["a"] != "</script><!--" || got["refusals"]["c"] != "d" || got["sentences"]["x"] != "y" {
		t.Errorf("%v, %v", got, err)
	}
	// Scripts look into each part, and not at whether it is there.
	if l := set(t, map[string]string{"en.json": `{}`}).For(""); strings.Contains(l.ForScripts, "null") {
		t.Errorf("without words: %s", l.ForScripts)
	}
}

func TestRefusal(t *testing.T) {
	s := set(t, map[string]string{
		"en.json": `{}`,
		"de.json": `{"refusals": {"name_sign": "Ohne {character}, bitte."}, "sentences": {"You left this chat in another tab.": "Anderswo verlassen."}}`,
	})
	invalid := refusal.InvalidCode.Sentence(nil)
	for _, test := range []struct {
		language string
		code     refusal.Code
		want     string
	}{
		{"de", refusal.NameSign, "Ohne {, bitte."},
		{"de", refusal.LeftElsewhere, "Anderswo verlassen."}, // by the English sentence
		{"de", refusal.InvalidCode, invalid},
		{"en", refusal.InvalidCode, invalid},
	} {
		if got := s.For(test.language).Refusal(test.code, refusal.Values{"character": "{"}); got != test.want {
			t.Errorf("%s in %s: %q, want %q", test.code, test.language, got, test.want)
		}
	}
	if got := set(t, nil).For("de").Refusal(refusal.InvalidCode, nil); got != invalid {
		t.Errorf("without words: %q", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"no English":    {"words/de.json": {Data: []byte(`{}`)}},
		"no language":   {"words/en.json": {Data: []byte(`{}`)}, "words/no language.json": {Data: []byte(`{}`)}},
		"no JSON":       {"words/en.json": {Data: []byte(`{`)}},
		"not only text": {"words/en.json": {Data: []byte(`{"pages": {"a": 1}}`)}},
	} {
		if _, err := Load(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// file is a language as it is written.
type file struct{ Pages, Scripts, Refusals, Sentences map[string]string }

func read(t *testing.T, name string) file {
	t.Helper()
	content, err := os.ReadFile("../../../templates/words/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var f file
	if err := json.Unmarshal(content, &f); err != nil {
		t.Fatal(name, err)
	}
	return f
}

// Every language of the embedded pages says all that English does, with the same placeholders.
func TestLanguagesAreComplete(t *testing.T) {
	english := read(t, "en.json")
	others, err := os.ReadDir("../../../templates/words")
	if err != nil || len(others) < 2 {
		t.Fatal(others, err)
	}
	for _, other := range others {
		got := read(t, other.Name())
		for part, words := range map[string][2]map[string]string{"pages": {english.Pages, got.Pages}, "scripts": {english.Scripts, got.Scripts}, "refusals": {english.Refusals, got.Refusals}} {
			compare(t, other.Name()+" "+part, words[0], words[1])
		}
		for sentence, text := range got.Sentences {
			if !slices.Equal(placeholders(sentence), placeholders(text)) {
				t.Errorf("%s: %q is %q", other.Name(), sentence, text)
			}
		}
	}
}

func compare(t *testing.T, where string, want, got map[string]string) {
	t.Helper()
	for name, text := range want {
		if got[name] == "" || !slices.Equal(placeholders(got[name]), placeholders(text)) {
			t.Errorf("%s: %s is %q, and %q in English", where, name, got[name], text)
		}
	}
	for name := range got {
		if want[name] == "" {
			t.Errorf("%s: there is no %s in English", where, name)
		}
	}
}

// Pages are set with the marks that their language is printed with, and not with those of a
// typewriter. Quotes that a name must not have stand between blanks.
func TestMarks(t *testing.T) {
	typewriter := regexp.MustCompile(`\pL['"]|['"]\pL|\.\.| …| - `)
	languages := map[string]struct{ quoted, wrong *regexp.Regexp }{
		"en.json": {regexp.MustCompile(`“[^“”]*”`), regexp.MustCompile(`[„“”‚«»]|\pZ…`)},
		"de.json": {regexp.MustCompile(`„[^„“]*“`), regexp.MustCompile(`[„“”‚«»]|\pL…`)},
	}
	for name, marks := range languages {
		file := read(t, name)
		for _, words := range []map[string]string{file.Pages, file.Scripts, file.Refusals, file.Sentences} {
			for key, text := range words {
				wrong := typewriter.FindString(text) + marks.wrong.FindString(marks.quoted.ReplaceAllString(text, ""))
				if wrong != "" {
					t.Errorf("%s: %s has %q: %q", name, key, wrong, text)
				}
			}
		}
	}
}

func placeholders(text string) []string {
	return slices.Sorted(slices.Values(placeholder.FindAllString(text, -1)))
}

// The words that the templates and scripts ask for are there, and no others.
func TestWordsAreUsed(t *testing.T) {
	english := read(t, "en.json")
	for pattern, asked := range map[string]struct {
		folder string
		kinds  []string
		words  map[string]string
		// elsewhere are asked for by Go, or by a name that is put together.
		elsewhere []string
	}{
		`words\['([^']+)'\]`: {"templates", []string{".html"}, english.Pages, []string{
			"minutes.one", "minutes.other", "error.failed", "error.nothing-here", "error.wait",
			"start.chats.people.one", "start.chats.people.other", "start.chats.nobody", "start.chats.ends", "start.chats.held",
			"start.tagline", "start.tagline.minutes.one", "start.tagline.minutes.other", "start.tagline.hours.one", "start.tagline.hours.other", "start.tagline.days",
			"start.how.end", "start.how.end.minutes.one", "start.how.end.minutes.other", "start.how.end.hours.one", "start.how.end.hours.other", "start.how.end.days",
			"start.kept.cookies.session", "start.kept.cookies.session.days",
			"span.minutes", "span.hours", "span.days.one", "span.days.other",
		}},
		`'([a-z]+\.[a-z.-]+)'`: {"static/js", []string{".js", ".mjs"}, english.Scripts, []string{"connection.online", "connection.offline", "connection.closed"}},
	} {
		used := map[string]bool{}
		for _, name := range asked.elsewhere {
			used[name] = true
		}
		for _, file := range filesBelow(t, "../../../"+asked.folder, asked.kinds) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(source), -1) {
				if used[match[1]] = true; asked.words[match[1]] == "" && !strings.HasSuffix(match[1], ".js") {
					t.Errorf("%s asks for %s, which there is not", filepath.Base(file), match[1])
				}
			}
		}
		for name := range asked.words {
			if !used[name] {
				t.Errorf("nobody asks for %s", name)
			}
		}
	}
}

// filesBelow returns the files of some kinds in a folder and all below it.
func filesBelow(t *testing.T, folder string, kinds []string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains(kinds, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return files
}
