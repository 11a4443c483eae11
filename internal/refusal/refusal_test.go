package refusal

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	shape       = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	placeholder = regexp.MustCompile(`\{[a-z]+\}`)
)

// declared returns the codes that this package names.
func declared(t *testing.T) []Code {
	t.Helper()
	source, err := os.ReadFile("refusal.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []Code
	for _, match := range regexp.MustCompile(`(?m)^\t\w+ +Code = "(.*?)"`).FindAllSubmatch(source, -1) {
		codes = append(codes, Code(match[1]))
	}
	return codes
}

func TestCodes(t *testing.T) {
	codes := declared(t)
	for i, code := range codes {
		if !shape.MatchString(string(code)) || slices.Index(codes, code) != i {
			t.Errorf("%q is no code, or stands there twice", code)
		}
		if len(sentences[code]) < len("Invalid input.") {
			t.Errorf("%s has no sentence", code)
		}
	}
	if len(codes) != len(sentences) {
		t.Errorf("%d codes, %d sentences", len(codes), len(sentences))
	}
	if got := Code("unknown").Sentence(Values{"wait": "5 minutes"}); got != "" {
		t.Errorf("of an unknown code: %q", got)
	}
}

// The contract quotes how these begin, and old pages may compare it.
func TestLiterals(t *testing.T) {
	for code, literal := range map[Code]string{InvalidCode: "Invalid input.", NoSuchCode: "Room not found."} {
		if said := code.Sentence(nil); said != literal && !strings.HasPrefix(said, literal+" ") {
			t.Errorf("%s: %q", code, said)
		}
	}
}

// Every code has its sentence in every language, with the same placeholders, and no language
// has one of a code that there is not. Pages in English say what all other clients are told.
func TestWords(t *testing.T) {
	files, err := filepath.Glob("../../templates/words/*.json")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var words struct{ Refusals map[Code]string }
		if err := json.Unmarshal(content, &words); err != nil {
			t.Fatal(file, err)
		}
		for code, said := range sentences {
			text := words.Refusals[code]
			if text == "" || !slices.Equal(placeholders(text), placeholders(said)) {
				t.Errorf("%s: %s is %q", file, code, text)
			}
			if filepath.Base(file) == "en.json" && text != said {
				t.Errorf("%s: %s is %q, and the server says %q", file, code, text, said)
			}
		}
		for code := range words.Refusals {
			if _, known := sentences[code]; !known {
				t.Errorf("%s: there is no %s", file, code)
			}
		}
	}
}

func placeholders(text string) []string {
	return slices.Sorted(slices.Values(placeholder.FindAllString(text, -1)))
}

// The document for frontends has every code, and none that there is not.
func TestDocument(t *testing.T) {
	content, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(content), "## Codes\n")
	if !found {
		t.Fatal("docs/events.md has no codes")
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	listed := make(map[Code]bool)
	for _, match := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(section, -1) {
		listed[Code(match[1])] = true
	}
	want, got := slices.Sorted(slices.Values(declared(t))), slices.Sorted(maps.Keys(listed))
	if !slices.Equal(got, want) {
		t.Errorf("listed are\n%s, want\n%s", got, want)
	}
}

func TestValues(t *testing.T) {
	for _, test := range []struct {
		text   string
		values Values
		want   string
	}{
		{"no placeholder", nil, "no placeholder"},
		{"{a} and {b}", Values{"a": "{b}", "b": "$1"}, "{b} and $1"},
		{"{a} {a}", Values{"a": "x"}, "x x"},
		{"{unknown}", Values{"a": "x"}, "{unknown}"},
	} {
		if got := test.values.In(test.text); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}
