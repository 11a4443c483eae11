package sanitize

import (
	stdhtml "html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// linkRel is on every link. With it the page behind the link does not learn the
// room's address and cannot reach the window, and search engines do not follow.
const linkRel = "noopener noreferrer nofollow"

// newPolicy returns the original's policy: b, i, em, strong and links. No other tags
// reach it, so it only decides which attributes a link may have.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("b", "i", "em", "strong")
	p.AllowAttrs("href", "title").OnElements("a")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	// "https:path" without a host would be an address of this very site.
	p.AllowURLSchemeWithCustomPolicy("http", hasHost)
	p.AllowURLSchemeWithCustomPolicy("https", hasHost)
	p.AllowURLSchemes("mailto")
	return p
}

func hasHost(u *url.URL) bool { return u.Host != "" }

var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD")

// clean returns text as markup that is balanced and safe for innerHTML. The markup is
// "" if nothing visible is left. whole is false if text and tags beyond maxLength
// characters were left out; an entity counts as one character. Anything that only
// looks like a tag is text. clean(clean(x)) is clean(x).
func (s *Sanitizer) clean(text string, maxLength int) (markup string, whole bool) {
	// A browser would replace NUL and invalid UTF-8 by itself. The policy must see
	// the same text as the browser.
	text = strings.ToValidUTF8(text, "\uFFFD")
	if strings.ContainsAny(text, "\r\x00") {
		text = newlines.Replace(text)
	}
	var b strings.Builder
	left, tags := maxLength, false
	for p := range split(text) {
		resolved := resolve(p.raw)
		kept, length, fits := firstChars(resolved, left)
		if !p.tag {
			b.WriteString(escape(kept))
		} else if fits {
			b.WriteString(p.raw)
			tags = true
		}
		if !fits {
			return s.balanced(b.String(), tags), false
		}
		left -= length
	}
	return s.balanced(b.String(), tags), true
}

// resolve returns text with the characters that its entities stand for. An entity ends
// with a semicolon. Browsers take some without one, but people write addresses, and an
// address may have a parameter named copy or lt.
func resolve(text string) string {
	if !strings.Contains(text, "&") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for {
		before, rest, found := strings.Cut(text, "&")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		char, length := entity(text[len(before):])
		b.WriteString(char)
		text = rest[length-1:]
	}
}

// entity returns the character that the entity at the beginning of text stands for, and
// the entity's length. If there is none, it is the "&" itself.
func entity(text string) (char string, length int) {
	const none = "&"
	end := 1
	for end < len(text) && (text[end] == '#' || isLetter(text[end]) || '0' <= text[end] && text[end] <= '9') {
		end++
	}
	if end == 1 || end == len(text) || text[end] != ';' {
		return none, len(none)
	}
	char = html.UnescapeString(text[:end+1])
	// The library resolves the known beginning of an unknown name. Its end is still there then.
	if strings.HasSuffix(char, text[end-1:end+1]) {
		return none, len(none)
	}
	return char, end + 1
}

// balanced returns markup, whose text is escaped, as the policy lets it through. Most
// messages have no tag. The policy would return those unchanged, at ten times the cost.
func (s *Sanitizer) balanced(markup string, tags bool) string {
	if !tags {
		return visible(markup)
	}
	return balance(s.policy.Sanitize(markup))
}

// escape writes text as the policy does. A carriage return can only come from an
// entity here, and stays one.
func escape(text string) string {
	return strings.ReplaceAll(stdhtml.EscapeString(text), "\r", "&#13;")
}

// balance rewrites the policy's result so that every element is closed, none is inside
// another of its kind and every link has the one rel. An element that is open at the end
// of a message would go on in the page, and make the time below it bold, or the next
// button a link.
func balance(markup string) string {
	if !strings.Contains(markup, "<") {
		return visible(markup)
	}
	b := balancer{levels: make(map[string]int, 5)}
	b.out.Grow(len(markup) + len(markup)/4)
	tokens := html.NewTokenizer(strings.NewReader(markup))
	for {
		switch tokens.Next() {
		case html.ErrorToken: // the end: a string has no other error
			b.closeAll()
			if !b.visible {
				return ""
			}
			return b.out.String()
		case html.TextToken:
			b.text(tokens.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken: // <b/> opens, as it does in a browser
			b.open(tokens.Token())
		case html.EndTagToken:
			b.end(tokens.Token().Data)
		}
	}
}

// balancer writes elements so that they nest, each name at most once.
type balancer struct {
	out     strings.Builder
	stack   []string       // names of the open elements, outermost first
	levels  map[string]int // how often each was opened and not ended
	visible bool           // some text shows
}

func (b *balancer) text(text string) {
	b.visible = b.visible || hasInk(text)
	b.out.WriteString(escape(text))
}

func (b *balancer) open(tag html.Token) {
	if tag.Data == "a" {
		b.end("a") // a link inside a link ends the outer one, as in a browser
	}
	if b.levels[tag.Data]++; b.levels[tag.Data] > 1 {
		return
	}
	b.stack = append(b.stack, tag.Data)
	b.out.WriteString("<" + tag.Data)
	if tag.Data == "a" {
		b.linkAttributes(tag.Attr)
	}
	b.out.WriteString(">")
}

// linkAttributes writes href, rel and title, each once: of a repeated attribute,
// a browser takes the first.
func (b *balancer) linkAttributes(attributes []html.Attribute) {
	b.attribute("href", attributes)
	b.out.WriteString(` rel="` + linkRel + `"`)
	b.attribute("title", attributes)
}

func (b *balancer) attribute(key string, attributes []html.Attribute) {
	for _, a := range attributes {
		if a.Key == key {
			b.out.WriteString(" " + key + `="` + escape(a.Val) + `"`)
			return
		}
	}
}

func (b *balancer) end(name string) {
	switch b.levels[name] {
	case 0: // closes nothing
	case 1:
		b.closeTo(name)
	default:
		b.levels[name]--
	}
}

// closeTo closes the innermost elements up to and including name, which is open.
func (b *balancer) closeTo(name string) {
	for {
		last := len(b.stack) - 1
		top := b.stack[last]
		b.stack = b.stack[:last]
		b.levels[top] = 0
		b.out.WriteString("</" + top + ">")
		if top == name {
			return
		}
	}
}

func (b *balancer) closeAll() {
	if len(b.stack) > 0 {
		b.closeTo(b.stack[0])
	}
}

// visible returns text, or "" if there is nothing to be seen in it.
func visible(text string) string {
	if !hasInk(strings.ReplaceAll(text, "&#13;", "")) { // see escape
		return ""
	}
	return text
}

// hasInk reports whether text has a character that shows: not only spaces,
// controls and zero-width characters.
func hasInk(text string) bool { return strings.ContainsFunc(text, isInk) }

func isInk(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' < r && r < 0x7F
	}
	return !unicode.IsSpace(r) && !unicode.IsControl(r) &&
		!unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
