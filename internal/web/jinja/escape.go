package jinja

import (
	"bytes"
	"fmt"
	"html"
	"net/url"
	"strings"
)

// EscapedOnce returns s in a form that renders as html.EscapeString(s), wherever
// and however a template uses it: printed, concatenated, passed through filters,
// marked safe, with autoescape on or off.
//
// Markup alone would not do: a template that says "safe" would put out a name that can hold a quote
// or an ampersand as it is. So the characters in question are replaced by private ones, which
// compare as what they stand for, and those by the escapes when the page is rendered.
func EscapedOnce(s string) string { return toPrivate.Replace(s) }

// privateBase begins a block of Unicode's last private plane that no font and
// no template has a use for; names cannot hold private characters at all.
const privateBase = 0x10FE00

const special = `<>&'"`

func private(c byte) string { return string(rune(privateBase + int(c))) }

func isPrivate(r rune) bool {
	return privateBase <= r && r < privateBase+0x80 && strings.ContainsRune(special, r-privateBase)
}

// privateMark is common to all private characters, as rendered and as percent-encoded.
const (
	privateMark        = "\xF4\x8F\xB8"
	privateMarkEncoded = "%F4%8F%B8"
)

var toPrivate, toPlain = func() (*strings.Replacer, *strings.Replacer) {
	var to, from []string
	for i := range len(special) {
		to = append(to, special[i:i+1], private(special[i]))
		from = append(from, private(special[i]), special[i:i+1])
	}
	return strings.NewReplacer(to...), strings.NewReplacer(from...)
}()

// plain returns what s stands for.
func plain(s string) string {
	if !strings.Contains(s, privateMark) {
		return s
	}
	return toPlain.Replace(s)
}

// inTheWayOf returns what to look for in s for the part to be found.
func inTheWayOf(s, part string) string {
	if !strings.Contains(s, privateMark) {
		return part
	}
	return toPrivate.Replace(part)
}

// fromPrivate says what each private character becomes in the end.
var fromPrivate = func() (pairs [][2][]byte) {
	for _, c := range []byte(special) {
		pairs = append(pairs,
			[2][]byte{[]byte(private(c)), []byte(html.EscapeString(string(c)))},
			// A character that became part of an address is encoded as itself.
			[2][]byte{[]byte(url.PathEscape(private(c))), fmt.Appendf(nil, "%%%02X", c)})
	}
	return pairs
}()

// escapePrivate replaces the private characters in a rendered page by escapes.
func escapePrivate(page *bytes.Buffer) {
	text := page.Bytes()
	if !bytes.Contains(text, []byte(privateMark)) && !bytes.Contains(text, []byte(privateMarkEncoded)) {
		return
	}
	for _, pair := range fromPrivate {
		if bytes.Contains(text, pair[0]) {
			text = bytes.ReplaceAll(text, pair[0], pair[1])
		}
	}
	page.Reset()
	page.Write(text)
}

// escape returns a value as Markup.
func escape(f *frame, v any) Markup {
	switch v := v.(type) {
	case Markup:
		return v
	case *module:
		return Markup(v.text)
	}
	s := str(f, v)
	f.r.charge(len(s) / chargedBytes)
	return Markup(html.EscapeString(s))
}
