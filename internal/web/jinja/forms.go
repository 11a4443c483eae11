package jinja

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// tokenField is what a form needs to be accepted.
const tokenField = `<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">`

// addTokenFields returns the template's source with a csrf_token field in every
// POST form that has none; the earliest generation of pages was written before
// there was such a field. Nothing but these insertions changes. Text that looks like
// a form in a script, a style, a comment or a text area is left alone.
//
// A form whose method is an expression is not recognised as a POST form.
func addTokenFields(source string) string {
	pieces := scan(source)
	at := formsWithoutToken(masked(source, pieces))
	if len(at) == 0 {
		return source
	}
	var out strings.Builder
	done := 0
	for _, pos := range at {
		pos, field := placed(pos, pieces)
		out.WriteString(source[done:pos])
		out.WriteString(field)
		done = pos
	}
	out.WriteString(source[done:])
	return out.String()
}

// placed returns where to put the field of a form whose tag ends at pos, and
// the field. In a verbatim piece, where {{ }} means nothing, the piece is
// interrupted.
func placed(pos int, pieces []piece) (int, string) {
	for i, p := range pieces {
		if p.kind != verbatim || pos <= p.start || p.end < pos {
			continue
		}
		if pos == p.end && i+1 < len(pieces) {
			return pieces[i+1].end, tokenField // behind the endraw tag
		}
		return pos, "{% endraw %}" + tokenField + "{% raw %}"
	}
	return pos, tokenField
}

// masked returns the source as an HTML tokenizer should see it: of the same
// length, without the quotes and angle brackets of Jinja2 code.
func masked(source string, pieces []piece) string {
	out := []byte(source)
	for _, p := range pieces {
		if p.kind == verbatim {
			continue
		}
		filler := byte(' ')
		if p.start > 0 && source[p.start-1] == '=' {
			filler = 'x' // an unquoted attribute value stays one
		}
		for i := p.start; i < p.end; i++ {
			out[i] = filler
		}
	}
	return string(out)
}

// formsWithoutToken returns the offsets behind the opening tags of POST forms
// that have no csrf_token field, in rising order.
//
// Two opening tags without a closing one between them are taken for the two
// branches of an {% if %}: both get a field unless one follows.
func formsWithoutToken(page string) []int {
	var found, open []int
	tokenizer := html.NewTokenizer(strings.NewReader(page))
	for pos := 0; ; {
		kind := tokenizer.Next()
		pos += len(tokenizer.Raw())
		switch kind {
		case html.ErrorToken: // the end: there is no error in reading from a string
			// The forms still open go on in another template.
			found = append(found, open...)
			slices.Sort(found)
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			name, hasAttr := tokenizer.TagName()
			switch string(name) {
			case "form":
				if hasAttr && hasAttribute(tokenizer, "method", strings.EqualFold, "post") {
					open = append(open, pos)
				}
			case "input":
				if hasAttr && hasAttribute(tokenizer, "name", func(a, b string) bool { return a == b }, "csrf_token") {
					open = open[:0]
				}
			case "noscript":
				// A browser that runs no scripts shows what is in it.
				tokenizer.NextIsNotRawText()
			}
		case html.EndTagToken:
			if name, _ := tokenizer.TagName(); string(name) == "form" {
				found = append(found, open...)
				open = open[:0]
			}
		}
	}
}

// hasAttribute reports whether the current tag has the attribute with the value.
func hasAttribute(tokenizer *html.Tokenizer, name string, equal func(a, b string) bool, value string) bool {
	for more := true; more; {
		var key, val []byte
		key, val, more = tokenizer.TagAttr()
		if string(key) == name {
			return equal(string(val), value)
		}
	}
	return false
}
