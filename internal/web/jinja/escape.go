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

var (
	toPrivate   = replacer(func(c byte) (string, string) { return string(c), private(c) })
	fromPrivate = replacer(func(c byte) (string, string) { return private(c), html.EscapeString(string(c)) },
		// What became part of an address does so as the character itself.
		func(c byte) (string, string) { return url.PathEscape(private(c)), fmt.Sprintf("%%%02X", c) })

	// privateMark is common to all private characters, as rendered and as percent-encoded.
	privateMark, privateMarkEncoded = []byte("\xF4\x8F\xB8"), []byte("%F4%8F%B8")
)

func private(c byte) string { return string(rune(privateBase + int(c))) }

func replacer(pairs ...func(c byte) (from, to string)) *strings.Replacer {
	var table []string
	for _, pair := range pairs {
		for i := range len(special) {
			from, to := pair(special[i])
			table = append(table, from, to)
		}
	}
	return strings.NewReplacer(table...)
}

// escapePrivate replaces the private characters in a rendered page by escapes.
func escapePrivate(page *bytes.Buffer) {
	if !bytes.Contains(page.Bytes(), privateMark) && !bytes.Contains(page.Bytes(), privateMarkEncoded) {
		return
	}
	escaped := fromPrivate.Replace(page.String())
	page.Reset()
	page.WriteString(escaped)
}
