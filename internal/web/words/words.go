// Package words has the texts of the pages in several languages. The folder "words"
// among the templates has a file for each language.
//
// A file has four parts: the words of the templates by name, the words of the scripts by
// name, the sentences of refusals by code, and other sentences of the server's by their
// English form.
package words

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"securechat/internal/refusal"
)

// folder holds a file for each language, named after its BCP 47 tag.
const folder = "words"

// first is the language for people who speak none of the others.
var first = language.English

// Language is the words of one language. The zero value leaves all sentences in English.
type Language struct {
	Tag   string         // BCP 47
	Pages map[string]any // the words of the templates: strings, in the form that templates take
	// ForScripts is JSON with the objects "scripts", "refusals" and "sentences", which may
	// stand in a script element as it is.
	ForScripts string

	scripts  map[string]string
	refusals map[refusal.Code]string
	exact    map[string]string
	patterns []pattern
}

// pattern is a sentence with {placeholders}.
type pattern struct {
	shape    *regexp.Regexp
	template string // as regexp.Expand takes it
}

// Set has all languages. It is safe for concurrent use.
type Set struct {
	languages []*Language // in the matcher's order
	matcher   language.Matcher
}

// Load reads the words that come with templates. Templates without words are fine.
func Load(templates fs.FS) (*Set, error) {
	files, err := fs.ReadDir(templates, folder)
	if errors.Is(err, fs.ErrNotExist) {
		return &Set{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	s := &Set{}
	var tags []language.Tag
	for _, file := range files {
		name, ok := strings.CutSuffix(file.Name(), ".json")
		if !ok {
			continue
		}
		tag, err := language.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("words/%s is not named after a language: %w", file.Name(), err)
		}
		content, err := fs.ReadFile(templates, path.Join(folder, file.Name()))
		if err != nil {
			return nil, fmt.Errorf("words: %w", err)
		}
		l, err := parse(name, content)
		if err != nil {
			return nil, fmt.Errorf("words/%s: %w", file.Name(), err)
		}
		s.languages, tags = append(s.languages, l), append(tags, tag)
		if last := len(tags) - 1; tag == first {
			// The matcher falls back to the first language.
			s.languages[0], s.languages[last] = s.languages[last], s.languages[0]
			tags[0], tags[last] = tags[last], tags[0]
		}
	}
	if len(tags) > 0 && tags[0] != first {
		return nil, fmt.Errorf("words/%s.json is missing", first)
	}
	s.matcher = language.NewMatcher(tags)
	return s, nil
}

func parse(tag string, content []byte) (*Language, error) {
	parts := struct {
		Pages     map[string]string       `json:"pages"`
		Scripts   map[string]string       `json:"scripts"`
		Sentences map[string]string       `json:"sentences"`
		Refusals  map[refusal.Code]string `json:"refusals"`
	}{Scripts: map[string]string{}, Sentences: map[string]string{}, Refusals: map[refusal.Code]string{}} // never null
	if err := json.Unmarshal(content, &parts); err != nil {
		return nil, err
	}
	forScripts, err := json.Marshal(map[string]any{"scripts": parts.Scripts, "refusals": parts.Refusals, "sentences": parts.Sentences})
	if err != nil {
		return nil, err
	}
	l := &Language{Tag: tag, Pages: make(map[string]any), ForScripts: string(forScripts), scripts: parts.Scripts, refusals: parts.Refusals, exact: parts.Sentences}
	for name, text := range parts.Pages {
		l.Pages[name] = text
	}
	for english, text := range parts.Sentences {
		if placeholder.MatchString(english) {
			template := placeholder.ReplaceAllString(strings.ReplaceAll(text, "$", "$$"), "$${$1}")
			l.patterns = append(l.patterns, pattern{shapeOf(english), template})
		}
	}
	return l, nil
}

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// shapeOf returns the form of a sentence without the values of its placeholders.
func shapeOf(sentence string) *regexp.Regexp {
	var shape strings.Builder
	rest := sentence
	for _, at := range placeholder.FindAllStringSubmatchIndex(sentence, -1) {
		done := len(sentence) - len(rest)
		shape.WriteString(regexp.QuoteMeta(sentence[done:at[0]]) + "(?P<" + sentence[at[2]:at[3]] + ">.+)")
		rest = sentence[at[1]:]
	}
	return regexp.MustCompile("^" + shape.String() + regexp.QuoteMeta(rest) + "$")
}

// For returns the language that suits an Accept-Language header best (RFC 9110,
// section 12.5.4).
func (s *Set) For(accept string) *Language {
	if len(s.languages) == 0 {
		return &Language{}
	}
	_, i := language.MatchStrings(s.matcher, accept)
	return s.languages[i]
}

// endOfSentence is between two sentences.
var endOfSentence = regexp.MustCompile(`[.?!] `)

// Page returns a text of the templates, or one that scripts show as well and that has the name, or
// another if there is none.
func (l *Language) Page(name, or string) string {
	if text, ok := l.Pages[name].(string); ok {
		return text
	}
	if text, ok := l.scripts[name]; ok {
		return text
	}
	return or
}

// Counted returns the text of the templates for a number of things, which takes the place of
// {number}: by the form that the language's plural has for it, or the only one. It is empty if
// there is none.
func (l *Language) Counted(name string, number int) string {
	text := l.Page(name+"."+pluralForm(l.Tag, number), l.Page(name+".other", l.Page(name, "")))
	return strings.ReplaceAll(text, "{number}", strconv.Itoa(number))
}

// pluralForms are the names of the forms, as Intl.PluralRules and Unicode's CLDR have them.
var pluralForms = map[plural.Form]string{
	plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many",
}

func pluralForm(tag string, number int) string {
	return pluralForms[plural.Cardinal.MatchPlural(language.Make(tag), number, 0, 0, 0, 0)]
}

// Refusal returns the sentence of a refusal. A language without a sentence for the code may
// have a translation of the English sentence.
func (l *Language) Refusal(code refusal.Code, values refusal.Values) string {
	if text, ok := l.refusals[code]; ok {
		return values.In(text)
	}
	return l.translate(code.Sentence(values))
}

// translate returns a text of the server's, sentence by sentence. If one of them is
// not known, nothing is translated: half a text in each language would be worse.
func (l *Language) translate(text string) string {
	var translated []string
	for rest := text; rest != ""; {
		sentence := rest
		if end := endOfSentence.FindStringIndex(rest); end != nil {
			sentence = rest[:end[1]-1]
		}
		rest = strings.TrimPrefix(rest[len(sentence):], " ")
		words, ok := l.sentence(sentence)
		if !ok {
			return text
		}
		translated = append(translated, words)
	}
	return strings.Join(translated, " ")
}

func (l *Language) sentence(english string) (string, bool) {
	if text, ok := l.exact[english]; ok {
		return text, true
	}
	for _, p := range l.patterns {
		if match := p.shape.FindStringSubmatchIndex(english); match != nil {
			return string(p.shape.ExpandString(nil, p.template, english, match)), true
		}
	}
	return "", false
}
