package room

import (
	"strings"
	"unicode"
)

// letterForms are the letters and digits in another dress that neither Unicode's
// compatibility forms nor its lists of confusables undo without more signs: runs of them,
// each with what the first of the run stands for.
var letterForms = []struct{ first, last, plain rune }{
	{'🅐', '🅩', 'A'}, {'🅰', '🆉', 'A'}, {'🇦', '🇿', 'A'}, // white on a disc, on a square; halves of flags
	{'⒜', '⒵', 'a'}, {'🄐', '🄩', 'A'}, {'⑴', '⑼', '1'}, {'⒈', '⒐', '1'}, // with signs of their own
	{'❶', '❾', '1'}, {'➀', '➈', '1'}, {'➊', '➒', '1'}, {'⓵', '⓽', '1'}, {'⓿', '⓿', '0'}, {'🄋', '🄌', '0'},
	{'│', '│', '|'}, {'┃', '┃', '|'}, {'❘', '❘', '|'}, // as good for an l as a bar
	{'゛', '゜', '\u3099'}, // the marks of kana: か゛ is が
}

// smallCapitals and capitals correspond letter by letter.
const (
	smallCapitals = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ"
	capitals      = "abcdefghijklmnopqrstuvwyz"
)

var smallCapital = pairs(smallCapitals, capitals)

// pairs maps each character of from to the one of to at its place.
func pairs(from, to string) map[rune]rune {
	all, plain := make(map[rune]rune, len(to)), []rune(to)
	for i, r := range []rune(from) {
		all[r] = plain[i]
	}
	return all
}

// plainLetters returns a text without what only dresses its letters: small capitals,
// letters and digits on discs and squares, lines above and below, frames around.
func plainLetters(text string) string {
	if isASCII(text) {
		return text
	}
	return strings.Map(plainLetter, text)
}

func plainLetter(r rune) rune {
	if isDecoration(r) {
		return -1
	}
	if plain, ok := smallCapital[r]; ok {
		return plain
	}
	for _, forms := range letterForms {
		if forms.first <= r && r <= forms.last {
			return forms.plain + r - forms.first
		}
	}
	return r
}

// isDecoration tells the marks that no alphabet has: lines over and under a text, and
// what encloses a letter or is meant for symbols.
func isDecoration(r rune) bool {
	switch r {
	case '\u0305', '\u0332', '\u0333', '\u033F':
		return true
	}
	return unicode.Is(unicode.Me, r) || '\u20D0' <= r && r <= '\u20F0'
}
