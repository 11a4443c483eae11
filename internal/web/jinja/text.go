package jinja

import (
	"fmt"
	"html"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
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

// toJSON returns a value as JSON that can stand in a script.
func toJSON(f *frame, in any, a []any) any {
	var out strings.Builder
	j := &jsonWriter{f: f, out: &out}
	if v := or(a[0], nil); v != nil {
		if s, ok := asText(v); ok {
			j.indent = s
		} else {
			n := intArg(f, v, 0)
			f.sized(max(n, 0))
			j.indent = strings.Repeat(" ", max(0, n))
		}
		j.lines = true
	}
	j.write(in, 0)
	f.r.charge(out.Len() / chargedBytes)
	return Markup(inScript.Replace(out.String()))
}

var inScript = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`)

type jsonWriter struct {
	f      *frame
	out    *strings.Builder
	lines  bool
	indent string
}

func (j *jsonWriter) write(v any, depth int) {
	if depth > maxNesting {
		j.f.fail("this value is too deep for JSON")
	}
	j.f.r.charge(1)
	j.f.sized(j.out.Len())
	switch v := v.(type) {
	case nil:
		j.out.WriteString("null")
	case bool:
		j.out.WriteString(strconv.FormatBool(v))
	case int:
		j.out.WriteString(strconv.Itoa(v))
	case float64:
		j.out.WriteString(jsonFloat(v))
	case string:
		j.text(v)
	case Markup:
		j.text(string(v))
	case *List:
		j.sequence(v.items, depth)
	case tuple:
		j.sequence(v, depth)
	case group:
		j.sequence(v.tuple(), depth)
	case *dict, Dict:
		d, _ := asDict(j.f, v)
		j.object(d, depth)
	case *Object:
		d, ok := asDict(j.f, v)
		if !ok {
			j.f.fail("a %s cannot be written as JSON", typeName(v))
		}
		j.object(d, depth)
	default:
		j.f.mustBeDefined(v)
		j.f.fail("a %s cannot be written as JSON", typeName(v))
	}
}

func jsonFloat(x float64) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case math.IsInf(x, 1):
		return "Infinity"
	case math.IsInf(x, -1):
		return "-Infinity"
	}
	return floatText(x)
}

func (j *jsonWriter) text(s string) {
	j.out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			j.out.WriteByte('\\')
			j.out.WriteRune(r)
		case r == '\n':
			j.out.WriteString(`\n`)
		case r == '\r':
			j.out.WriteString(`\r`)
		case r == '\t':
			j.out.WriteString(`\t`)
		case r == '\b':
			j.out.WriteString(`\b`)
		case r == '\f':
			j.out.WriteString(`\f`)
		case r < ' ' || r == 0x7F:
			fmt.Fprintf(j.out, `\u%04x`, r)
		default:
			j.out.WriteString(escapeNonASCII(string(r), false))
		}
	}
	j.out.WriteByte('"')
}

// between writes what stands before the item i, or behind the last one.
func (j *jsonWriter) between(i, depth int, end bool) {
	if i > 0 && !end {
		j.out.WriteByte(',')
		if !j.lines {
			j.out.WriteByte(' ')
		}
	}
	if j.lines {
		j.out.WriteByte('\n')
		j.out.WriteString(strings.Repeat(j.indent, depth))
	}
}

func (j *jsonWriter) sequence(items []any, depth int) {
	j.out.WriteByte('[')
	for i, item := range items {
		j.between(i, depth+1, false)
		j.write(item, depth+1)
	}
	if len(items) > 0 {
		j.between(0, depth, true)
	}
	j.out.WriteByte(']')
}

func (j *jsonWriter) object(d *dict, depth int) {
	order := make([]any, len(d.keys))
	copy(order, d.keys)
	order = sorted(j.f, order, func(k any) any { return k }, false)
	j.out.WriteByte('{')
	for i, k := range order {
		j.between(i, depth+1, false)
		switch k := k.(type) {
		case string:
			j.text(k)
		case Markup:
			j.text(string(k))
		case nil, bool, int, float64:
			var name strings.Builder
			(&jsonWriter{f: j.f, out: &name}).write(k, depth)
			j.text(name.String())
		default:
			j.f.fail("a %s cannot be a name in JSON", typeName(k))
		}
		j.out.WriteString(": ")
		v, _ := d.get(j.f, k)
		j.write(v, depth+1)
	}
	if len(order) > 0 {
		j.between(0, depth, true)
	}
	j.out.WriteByte('}')
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
	return f.safe(out.String())
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

// wordWrap breaks lines that are too long, at white space and behind hyphens.
func wordWrap(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	s := textArg(f, in)
	width := intArg(f, a[0], 79)
	breakLong := a[1] == absent || truth(f, a[1])
	hyphens := a[3] == absent || truth(f, a[3])
	between := any("\n")
	if a[2] != absent && a[2] != nil {
		between = a[2]
	}
	if width <= 0 {
		f.fail("nothing can be wrapped to a width of %d", width)
	}
	if strings.Contains(s, "--") && hyphens {
		f.fail("the filter 'wordwrap' is not supported for texts with dashes made of hyphens")
	}
	f.r.charge(len(s))
	var lines []any
	for _, line := range splitLines(s, false) {
		var wrapped []any
		for _, one := range wrap(f, line, width, breakLong, hyphens) {
			wrapped = append(wrapped, like(in, one))
		}
		lines = append(lines, joinTexts(f, between, wrapped))
	}
	return joinTexts(f, between, lines)
}

// wrap breaks one line.
func wrap(f *frame, line string, width int, breakLong, hyphens bool) []string {
	chunks := chunksOf(line, hyphens)
	size := utf8.RuneCountInString
	isBlank := func(s string) bool { return strings.Trim(s, asciiSpace) == "" }
	var lines []string
	for len(chunks) > 0 {
		// A long word is looked through for each line that it is broken into.
		f.r.charge(1 + len(chunks[0])/chargedBytes)
		if len(lines) > 0 && isBlank(chunks[0]) {
			chunks = chunks[1:]
		}
		var current []string
		used := 0
		for len(chunks) > 0 && used+size(chunks[0]) <= width {
			current, used = append(current, chunks[0]), used+size(chunks[0])
			chunks = chunks[1:]
		}
		switch {
		case len(chunks) == 0 || size(chunks[0]) <= width:
		case breakLong:
			part := partOf(chunks[0], width-used, hyphens)
			current, chunks[0] = append(current, part), chunks[0][len(part):]
		case len(current) == 0:
			current, chunks = append(current, chunks[0]), chunks[1:]
		}
		if n := len(current); n > 0 && isBlank(current[n-1]) {
			current = current[:n-1]
		}
		if len(current) > 0 {
			lines = append(lines, strings.Join(current, ""))
		}
	}
	return lines
}

// partOf returns as much of a word as there is room for, up to a hyphen if there is one to break behind.
func partOf(word string, room int, hyphens bool) string {
	part := firstRunes(word, room)
	if !hyphens || len(part) == len(word) {
		return part
	}
	if i := strings.LastIndexByte(part, '-'); i > 0 && strings.Trim(part[:i], "-") != "" {
		return part[:i+1]
	}
	return part
}

const asciiSpace = " \t\n\r\v\f"

// chunksOf returns the parts of a line that stay whole: white space, and words, or
// the parts of words up to a hyphen between letters.
func chunksOf(line string, hyphens bool) []string {
	var chunks []string
	for line != "" {
		at := strings.IndexAny(line, asciiSpace)
		if at == 0 {
			rest := strings.TrimLeft(line, asciiSpace)
			chunks = append(chunks, line[:len(line)-len(rest)])
			line = rest
			continue
		}
		if at < 0 {
			at = len(line)
		}
		word := line[:at]
		line = line[at:]
		if !hyphens {
			chunks = append(chunks, word)
			continue
		}
		runes := []rune(word)
		begin := 0
		for i := 2; i+2 < len(runes); i++ {
			if runes[i] == '-' && letterAt(runes, i-1) && (letterAt(runes, i-2) || runes[i-2] == '-' && letterAt(runes, i-3)) &&
				letterAt(runes, i+1) && (letterAt(runes, i+2) || runes[i+2] == '-' && letterAt(runes, i+3)) {
				chunks = append(chunks, string(runes[begin:i+1]))
				begin = i + 1
			}
		}
		chunks = append(chunks, string(runes[begin:]))
	}
	return chunks
}

func letterAt(runes []rune, i int) bool {
	return 0 <= i && i < len(runes) && (unicode.IsLetter(runes[i]) || runes[i] == '_')
}
