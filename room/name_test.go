package room

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestParseNameAccepts(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{"join rule of the original", "Alice_01-x", "Alice_01-x"},
		{"one character", "Z", "Z"},
		{"twenty characters", strings.Repeat("a", 20), strings.Repeat("a", 20)},
		{"stripped", " \t\u00a0\u3000Ana\u2029\n", "Ana"},
		{"inner space", "Ana María", "Ana María"},
		{"two spaces", "Ana  María", "Ana María"},
		{"tab", "Ana\tMaría", "Ana María"},
		{"line break, ends a JavaScript string", "Ana\u2028María", "Ana María"},
		{"no-break space, looks like another's name", "Ana\u00a0María", "Ana María"},
		{"ideographic space", "山田\u3000太郎", "山田 太郎"},
		{"every white space", "a\v\f\r\n\u0085\u1680\u2000\u200a\u2029\u202f\u205f b", "a b"},
		{"much space is no long name", "Ana" + strings.Repeat("\u3000", 1<<16) + "María", "Ana María"},
		{"composed", "Ana Mari\u0301a", "Ana María"},
		{"apostrophe", "O'Brien", "O'Brien"},
		{"punctuation", "J. R. R.; #1 (me)!", "J. R. R.; #1 (me)!"},
		{"chinese", "李小龍", "李小龍"},
		{"arabic", "محمد", "محمد"},
		{"vowel signs do not count", "क्षत्रिय कुमारी देवी", "क्षत्रिय कुमारी देवी"},
		{"four marks", "a\u0323\u0330\u0331\u032d", "\u1ea1\u0330\u0331\u032d"},
		{"emoji", "🦊 Fox", "🦊 Fox"},
		{"emoji style", "I \u2764\ufe0f U", "I \u2764\ufe0f U"},
		{"skin tone", "👍🏽", "👍🏽"},
		{"twenty emoji", strings.Repeat("🎉", 20), strings.Repeat("🎉", 20)},
		{"eighty code points", strings.Repeat("z\u0330\u0331\u032d", 20), strings.Repeat("z\u0330\u0331\u032d", 20)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseName(tt.raw)
			if err != nil || got != tt.want {
				t.Fatalf("ParseName(%+q) = %+q, %v; want %+q", tt.raw, got, err, tt.want)
			}
		})
	}
}

func TestParseNameRefuses(t *testing.T) {
	tests := []struct {
		name, raw string
		problem   NameProblem
		char      rune
	}{
		{"empty", "", NameBlank, 0},
		{"only space", " \t\r\n\u3000", NameBlank, 0},
		{"21 characters", strings.Repeat("a", 21), NameTooLong, 0},
		{"21 with spaces", strings.Repeat("a ", 10) + "b", NameTooLong, 0},
		{"81 code points", strings.Repeat("z\u0330\u0331\u032d", 20) + "\u0332", NameTooLong, 0},
		{"megabytes are not normalised", strings.Repeat("e\u0301", 1<<20), NameTooLong, 0},
		{"markup", "<b>Ana", NameBadCharacter, '<'},
		{"end of a tag", "a>b", NameBadCharacter, '>'},
		{"entity", "&lt;", NameBadCharacter, '&'},
		{"end of an attribute", `a"b`, NameBadCharacter, '"'},
		{"backslash swallows the closing quote of a script's string", `Ana\`, NameBadCharacter, '\\'},
		{"template literal", "a`b", NameBadCharacter, '`'},
		{"backtick that only normalisation shows", "a\u1fefb", NameBadCharacter, '`'},
		{"control", "a\x00b", NameBadCharacter, 0},
		{"escape sequence in a terminal", "a\x1b[31m", NameBadCharacter, 0x1b},
		{"delete", "a\x7f", NameBadCharacter, 0x7f},
		{"C1 control", "a\u009bb", NameBadCharacter, 0x9b},
		{"right-to-left override turns the page's text", "Ana\u202egnp", NameBadCharacter, 0x202e},
		{"bidi isolate", "a\u2066b", NameBadCharacter, 0x2066},
		{"right-to-left mark", "a\u200fb", NameBadCharacter, 0x200f},
		{"zero-width space, a second Ana", "An\u200ba", NameBadCharacter, 0x200b},
		{"joiner between words", "An\u200da", NameBadCharacter, 0x200d},
		{"byte order mark", "a\ufeffb", NameBadCharacter, 0xfeff},
		{"soft hyphen", "a\u00adb", NameBadCharacter, 0xad},
		{"tag characters hide a text", "a\U000E0041", NameBadCharacter, 0xE0041},
		{"grapheme joiner", "a\u034fb", NameBadCharacter, 0x34f},
		{"hangul filler is a letter of no ink", "\u3164", NameBadCharacter, 0x3164},
		{"halfwidth filler", "a\uffa0", NameBadCharacter, 0xffa0},
		{"braille blank", "\u2800", NameBadCharacter, 0x2800},
		{"object replacement", "a\ufffc", NameBadCharacter, 0xfffc},
		{"replacement character", "a\ufffd", NameBadCharacter, 0xfffd},
		{"invisible operator", "a\u2062", NameBadCharacter, 0x2062},
		{"private use", "a\ue000", NameBadCharacter, 0xe000},
		{"unassigned", "a\u0378", NameBadCharacter, 0x378},
		{"noncharacter", "a\uffff", NameBadCharacter, 0xffff},
		{"invalid UTF-8", "a\xffb", NameBadCharacter, utf8.RuneError},
		{"overlong UTF-8 of a less-than sign", "a\xc0\xbcb", NameBadCharacter, utf8.RuneError},
		{"encoded surrogate", "a\xed\xa0\x80", NameBadCharacter, utf8.RuneError},
		{"selector on a letter", "a\ufe0f", NameBadCharacter, emojiStyle},
		{"selector at the beginning", "\ufe0fa", NameBadCharacter, emojiStyle},
		{"two selectors", "\u2764\ufe0f\ufe0f", NameBadCharacter, emojiStyle},
		{"selector on a sign that is no emoji", "a+\ufe0f", NameBadCharacter, emojiStyle},
		{"selector on a digit that is no keycap", "1\ufe0f", NameBadCharacter, emojiStyle},
		{"text-style selector", "\u2764\ufe0e", NameBadCharacter, 0xfe0e},
		{"ideographic selector", "葛\U000E0100", NameBadCharacter, 0xE0100},
		{"mark first, would sit on the label before", "\u0301a", NameBadMarks, 0},
		{"mark after a space", "a \u0330b", NameBadMarks, 0},
		{"towers of marks", "z\u0330\u0331\u032d\u0332\u0333", NameBadMarks, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseName(tt.raw)
			var ne *NameError
			if got != "" || !errors.As(err, &ne) {
				t.Fatalf("ParseName(%+.100q) = %+q, %v; want a *NameError", tt.raw, got, err)
			}
			if ne.Problem != tt.problem || ne.Char != tt.char {
				t.Errorf("problem %q, char %U; want %q, %U", ne.Problem, ne.Char, tt.problem, tt.char)
			}
		})
	}
}

// The text may go into a log, which must not have a name in it.
func TestNameErrorText(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                "room: name: blank",
		strings.Repeat("a", 21):           "room: name: too long",
		"z\u0330\u0331\u032d\u0332\u0333": "room: name: bad marks",
		"a\\":                             "room: name: bad character",
		"a\u202eb":                        "room: name: bad character",
		"a\xff":                           "room: name: bad character",
	} {
		if _, err := ParseName(raw); err == nil || err.Error() != want {
			t.Errorf("ParseName(%+q): %v, want %q", raw, err, want)
		}
	}
}

func TestFoldName(t *testing.T) {
	same := [][2]string{
		{"Alice", "aLICE"},
		{"ÉMILE", "émile"},
		{"Straße", "STRASSE"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος"},
		{"Ａｌｉｃｅ", "alice"}, // fullwidth forms look like Latin letters
		{"ﬁn", "FIN"},      // ligature
		{"①", "1"},
		{"\u2764\ufe0f", "\u2764"},
		{"K", "k"}, // Kelvin sign
		{"ᾳ", "ΑΙ"},
		{"𝒜lice", "alice"},
	}
	for _, pair := range same {
		if a, b := foldName(pair[0]), foldName(pair[1]); a != b {
			t.Errorf("%q and %q are told apart: %+q, %+q", pair[0], pair[1], a, b)
		}
	}
	different := [][2]string{
		{"Ana", "Anna"},
		{"Ana", "Aná"},
		{"Ana Maria", "AnaMaria"},
		{"a-b", "a_b"},
		{"🦊", "🐺"},
	}
	for _, pair := range different {
		if a, b := foldName(pair[0]), foldName(pair[1]); a == b {
			t.Errorf("%q and %q are the same: %+q", pair[0], pair[1], a)
		}
	}
}

// FuzzParseName holds every accepted name against the rule, and the rule against
// the original's: whoever could join a room there can join one here, unchanged.
func FuzzParseName(f *testing.F) {
	joinRule := regexp.MustCompile(`^[a-zA-Z0-9_-]{3,20}$`)
	for _, seed := range []string{
		"Alice", "Ana Mari\u0301a", "  x  ", "a\u1fefb", "\u2764\ufe0f", "क्षत्रिय", "a\xff", "İI", "ᾳ\u0345",
		"<script>", `\`, "a\u202eb", "\u3164", "z\u0330\u0331\u032d\u0332", "\u1100\u1161\u11a8", "ﬃ", "\u2000",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name, err := ParseName(raw)
		if joinRule.MatchString(raw) && (err != nil || name != raw) {
			t.Fatalf("ParseName(%q) = %q, %v: the original took it", raw, name, err)
		}
		if err != nil {
			var ne *NameError
			if !errors.As(err, &ne) || name != "" {
				t.Fatalf("ParseName(%+q) = %+q, %T", raw, name, err)
			}
			return
		}
		if again, err := ParseName(name); err != nil || again != name {
			t.Fatalf("%+q is not accepted again: %+q, %v", name, again, err)
		}
		if !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) || name != strings.TrimSpace(name) {
			t.Fatalf("%+q is not in the form promised", name)
		}
		if strings.ContainsAny(name, "<>&\"\\`") || strings.Contains(name, "  ") {
			t.Fatalf("%+q holds a forbidden sign or two spaces", name)
		}
		chars := 0
		for _, r := range name {
			if unicode.Is(unicode.Cf, r) && (isJoiner(r) || r >= tagBase) {
				continue // TestInvisible tells where
			}
			if !unicode.IsGraphic(r) && !isRecent(r) || (unicode.IsSpace(r) && r != ' ') || unicode.Is(unicode.Cf, r) {
				t.Fatalf("%+q holds %U", name, r)
			}
			chars++
		}
		if runes := utf8.RuneCountInString(name); chars < 1 || runes > 80 {
			t.Fatalf("%+q has %d characters, %d code points", name, chars, runes)
		}
		if visible := bare(name); visible == "" || unicode.IsMark([]rune(visible)[0]) {
			t.Fatalf("%+q has nothing to see at its beginning", name)
		}
		key := foldName(name)
		if key == "" || foldName(key) != key {
			t.Fatalf("foldName(%+q) = %+q, folded again %+q", name, key, foldName(key))
		}
	})
}

// bare is a name without what is invisible.
func bare(name string) string { return strings.Map(withoutInvisible, name) }

func BenchmarkParseName(b *testing.B) {
	for _, name := range []string{"Alice", "Ana Mari\u0301a 🦊"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseName(name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFoldName(b *testing.B) {
	for _, name := range []string{"Alice", "Ana María 🦊"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				foldName(name)
			}
		})
	}
}
