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
// gonja's own notion of safe strings does not survive a concatenation or most
// filters, after which the escaped form would be escaped again. So the
// characters in question are replaced by private ones that mean nothing to
// gonja, and those by the escapes when the page is rendered.
func EscapedOnce(s string) string { return toPrivate.Replace(s) }

// privateBase begins a block of Unicode's last private plane that no font and
// no template has a use for; names cannot hold private characters at all.
const privateBase = 0x10FE00

const special = `<>&'"`

func private(c byte) string { return string(rune(privateBase + int(c))) }

// privateMark is common to all private characters, as rendered and as percent-encoded.
var privateMark, privateMarkEncoded = []byte("\xF4\x8F\xB8"), []byte("%F4%8F%B8")

var toPrivate = func() *strings.Replacer {
	var pairs []string
	for i := range len(special) {
		pairs = append(pairs, special[i:i+1], private(special[i]))
	}
	return strings.NewReplacer(pairs...)
}()

// fromPrivate says what each private character becomes in the end.
var fromPrivate = func() (pairs [][2][]byte) {
	for _, c := range []byte(special) {
		pairs = append(pairs,
			[2][]byte{[]byte(private(c)), []byte(html.EscapeString(string(c)))},
			// What became part of an address does so as the character itself.
			[2][]byte{[]byte(url.PathEscape(private(c))), fmt.Appendf(nil, "%%%02X", c)})
	}
	return pairs
}()

// escapePrivate replaces the private characters in a rendered page by escapes.
func escapePrivate(page *bytes.Buffer) {
	text := page.Bytes()
	if !bytes.Contains(text, privateMark) && !bytes.Contains(text, privateMarkEncoded) {
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
