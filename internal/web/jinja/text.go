package jinja

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	htmlTag     = regexp.MustCompile(`(?s)<.*?>`)
)

// stripTags returns the text of HTML, its white space made one.
func stripTags(f *frame, s string) string {
	f.r.charge(len(s) / chargedBytes)
	s = htmlTag.ReplaceAllString(htmlComment.ReplaceAllString(s, ""), "")
	return unescapeHTML(strings.Join(strings.FieldsFunc(s, isSpace), " "))
}

func unescapeHTML(s string) string { return html.UnescapeString(s) }

// escapeNonASCII writes characters outside of ASCII as escapes: those of Python or those of JSON.
func escapeNonASCII(s string, python bool) string {
	if isASCII(s) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf || isPrivate(r):
			out.WriteRune(r)
		case python || r <= 0xFFFF && r > 0xFF:
			out.WriteString(escaped(r))
		case r <= 0xFF:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		}
	}
	return out.String()
}

// percentEncode encodes a text for an address. In a query, a space is a plus and a slash is encoded.
func percentEncode(s string, query bool) string {
	var out strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_.-~", c) >= 0,
			c == '/' && !query:
			out.WriteByte(c)
		case c == ' ' && query:
			out.WriteByte('+')
		default:
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

func urlEncode(f *frame, in any) any {
	var pairs []any
	if d, ok := asDict(f, in); ok {
		pairs = (&dictView{"items", d}).items()
	} else if _, isText := asText(in); isText {
		return percentEncode(str(f, in), false)
	} else if _, ok := iterate(f, in); ok {
		pairs = all(f, in)
	} else {
		return percentEncode(str(f, in), false)
	}
	var out []string
	for _, pair := range pairs {
		parts := all(f, pair)
		if len(parts) != 2 {
			f.fail("pairs are expected here")
		}
		out = append(out, percentEncode(str(f, parts[0]), true)+"="+percentEncode(str(f, parts[1]), true))
	}
	return strings.Join(out, "&")
}

// prettyWidth is how long a line of pprint is.
const prettyWidth = 80

func pretty(f *frame, in any) any {
	s := repr(f, sortedDicts(f, in, 0))
	if utf8.RuneCountInString(s) > prettyWidth {
		f.fail("the filter 'pprint' is not supported for values longer than %d characters", prettyWidth)
	}
	return s
}

// sortedDicts returns a value with the keys of its dictionaries in order.
func sortedDicts(f *frame, v any, depth int) any {
	if depth > maxNesting {
		f.fail("this value is too large to be printed")
	}
	each := func(items []any) []any {
		out := make([]any, len(items))
		for i, item := range items {
			out[i] = sortedDicts(f, item, depth+1)
		}
		return out
	}
	switch v := v.(type) {
	case *List:
		return &List{each(v.items)}
	case tuple:
		return tuple(each(v))
	case *dict:
		out := newDict()
		for _, k := range sorted(f, v.keys, func(k any) any { return k }, false) {
			value, _ := v.get(f, k)
			out.set(f, k, sortedDicts(f, value, depth+1))
		}
		return out
	}
	return v
}

var (
	spaces     = regexp.MustCompile(`\s+`)
	openMarks  = regexp.MustCompile(`^(?:[(<]|&lt;)+`)
	closeMarks = regexp.MustCompile(`(?:[)>.,\n]|&gt;)+$`)
	mailForm   = regexp.MustCompile(`^\S+@[\pL\pN_][\pL\pN_.-]*\.[\pL\pN_]+$`)
	schemeForm = regexp.MustCompile(`^[\pL\pN_.+-]{2,}:/{0,2}$`)

	// linkForm are the addresses that a page is likely to mean as links.
	linkForm = func() *regexp.Regexp {
		const (
			letters = `[\pL\pN_%-]`
			named   = `(?:https?://|www\.)(?:(?:` + letters + `+\.)+)?(?:[a-z]{2,63}|xn--[\pL\pN_%]{2,59})`
			known   = `(?:` + letters + `{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)`
			ip4     = `\d{1,3}(?:\.\d{1,3}){3}`
			ip6     = `\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\]`
			numbers = `https?://(?:` + ip4 + `|` + ip6 + `)`
		)
		return regexp.MustCompile(`(?i)^(?:` + named + `|` + known + `|` + numbers + `)(?::\d{1,5})?(?:[/?#]\S*)?$`)
	}()
)

// urlize makes links of the addresses in a text.
func urlize(f *frame, in any, a []any) any {
	text := string(escape(f, in))
	limit := intArg(f, a[0], -1)
	rel := strings.Fields(textOr(f, a[3]))
	if a[1] != absent && truth(f, a[1]) {
		rel = append(rel, "nofollow")
	}
	rel = append(rel, "noopener")
	slices.Sort(rel)
	attributes := ` rel="` + html.EscapeString(strings.Join(slices.Compact(rel), " ")) + `"`
	if target := textOr(f, a[2]); target != "" {
		attributes += ` target="` + html.EscapeString(target) + `"`
	}
	var schemes []string
	if extra := or(a[4], nil); extra != nil {
		for _, v := range all(f, extra) {
			scheme := textArg(f, v)
			if !schemeForm.MatchString(scheme) {
				f.fail("%q begins no address", scheme)
			}
			schemes = append(schemes, scheme)
		}
	}
	short := func(s string) string {
		if limit >= 0 && utf8.RuneCountInString(s) > limit {
			return firstRunes(s, limit) + "..."
		}
		return s
	}
	var out strings.Builder
	for text != "" {
		part, space := text, ""
		if at := spaces.FindStringIndex(text); at != nil {
			part, space = text[:at[0]], text[at[0]:at[1]]
		}
		text = text[len(part)+len(space):]
		out.WriteString(linked(part, attributes, short, schemes))
		out.WriteString(space)
		f.sized(out.Len())
	}
	f.r.charge(out.Len() / chargedBytes)
	return f.ctx.safe(out.String())
}

func textOr(f *frame, v any) string {
	if v == absent || v == nil {
		return ""
	}
	return textArg(f, v)
}

// linked returns a word as a link, if it is an address. Brackets and the like around it stay outside.
func linked(word, attributes string, short func(string) string, schemes []string) string {
	head := openMarks.FindString(word)
	middle, tail := withoutTail(word[len(head):])
	link := func(address, attributes, text string) string {
		return head + `<a href="` + address + `"` + attributes + `>` + text + `</a>` + tail
	}
	switch {
	case linkForm.MatchString(middle):
		address := middle
		if !strings.HasPrefix(middle, "https://") && !strings.HasPrefix(middle, "http://") {
			address = "https://" + middle
		}
		return link(address, attributes, short(middle))
	case strings.HasPrefix(middle, "mailto:") && mailForm.MatchString(middle[len("mailto:"):]):
		return link(middle, "", middle[len("mailto:"):])
	case strings.Contains(middle, "@") && !strings.HasPrefix(middle, "www.") && !strings.Contains(middle, ":") && mailForm.MatchString(middle):
		return link("mailto:"+middle, "", middle)
	}
	for _, scheme := range schemes {
		if middle != scheme && strings.HasPrefix(middle, scheme) {
			return link(middle, attributes, middle)
		}
	}
	return word
}

// withoutTail parts a word from the marks behind it.
func withoutTail(word string) (middle, tail string) {
	middle = word
	if at := closeMarks.FindStringIndex(word); at != nil {
		middle, tail = word[:at[0]], word[at[0]:]
	}
	// Brackets that are closed behind the address but opened in it belong to it.
	for _, pair := range [][2]string{{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}} {
		opened := strings.Count(middle, pair[0])
		if opened <= strings.Count(middle, pair[1]) {
			continue
		}
		for range min(opened, strings.Count(tail, pair[1])) {
			end := strings.Index(tail, pair[1]) + len(pair[1])
			middle, tail = middle+tail[:end], tail[end:]
		}
	}
	return middle, tail
}
