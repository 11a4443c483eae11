package jinja

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// filter is a filter of Jinja2.
type filter struct {
	signature
	do func(f *frame, in any, a []any) any
	// open, if not nil, takes whatever arguments there are.
	open func(f *frame, in any, args Args) any
}

func (x *filter) call(f *frame, name string, in any, args Args) any {
	s, _ := asText(in)
	f.r.charge(1 + len(s)/chargedBytes)
	if x.open != nil {
		return x.open(f, in, args)
	}
	return x.do(f, in, x.bind(f, "the filter "+quoted(name), args))
}

func newFilter(params string, required int, do func(f *frame, in any, a []any) any) *filter {
	return &filter{signature: newSignature(params, required), do: do}
}

// simple is a filter without arguments.
func simple(do func(f *frame, in any) any) *filter {
	return newFilter("", 0, func(f *frame, in any, _ []any) any { return do(f, in) })
}

// soft returns a value as text, which stays Markup if it is.
func soft(f *frame, v any) any {
	if _, ok := asText(v); ok {
		return v
	}
	if m, ok := v.(*module); ok {
		return Markup(m.text)
	}
	return str(f, v)
}

// textFilter is a filter that changes text.
func textFilter(do func(s string) string) *filter {
	return simple(func(f *frame, in any) any {
		v := soft(f, in)
		s, _ := asText(v)
		f.r.charge(len(s) / chargedBytes)
		return like(v, do(s))
	})
}

func newFilters() map[string]*filter {
	filters := map[string]*filter{
		"abs":            simple(absolute),
		"attr":           newFilter("name", 1, func(f *frame, in any, a []any) any { return attr(f, in, textArg(f, a[0])) }),
		"batch":          newFilter("linecount fill_with", 1, batch),
		"capitalize":     textFilter(capitalize),
		"center":         newFilter("width", 0, center),
		"default":        newFilter("default_value boolean", 0, defaultTo),
		"dictsort":       newFilter("case_sensitive by reverse", 0, dictSort),
		"escape":         simple(func(f *frame, in any) any { return escape(f, in) }),
		"filesizeformat": newFilter("binary", 0, fileSize),
		"first":          simple(first),
		"float":          newFilter("default", 0, toFloat),
		"forceescape":    simple(func(f *frame, in any) any { return escape(f, str(f, in)) }),
		"format":         {open: formatFilter},
		"groupby":        newFilter("attribute default case_sensitive", 1, groupBy),
		"indent":         newFilter("width first blank", 0, indent),
		"int":            newFilter("default base", 0, toInt),
		"items":          simple(pairs),
		"join":           newFilter("d attribute", 0, join),
		"last":           simple(last),
		"length":         simple(lengthFilter),
		"list":           simple(func(f *frame, in any) any { return &List{all(f, in)} }),
		"lower":          textFilter(lower),
		"map":            {open: mapFilter},
		"max":            newFilter("case_sensitive attribute", 0, extreme(1)),
		"min":            newFilter("case_sensitive attribute", 0, extreme(-1)),
		"pprint":         simple(pretty),
		"random":         simple(random),
		"reject":         {open: chooser(false, false)},
		"rejectattr":     {open: chooser(false, true)},
		"replace":        newFilter("old new count", 2, replaceFilter),
		"reverse":        simple(reverse),
		"round":          newFilter("precision method", 0, round),
		"safe":           simple(func(f *frame, in any) any { return Markup(str(f, in)) }),
		"select":         {open: chooser(true, false)},
		"selectattr":     {open: chooser(true, true)},
		"slice":          newFilter("slices fill_with", 1, columns),
		"sort":           newFilter("reverse case_sensitive attribute", 0, sortFilter),
		"string":         simple(soft),
		"striptags":      simple(func(f *frame, in any) any { return stripTags(f, str(f, in)) }),
		"sum":            newFilter("attribute start", 0, sum),
		"title":          plainTextFilter(titleFilter),
		"tojson":         newFilter("indent", 0, toJSON),
		"trim":           newFilter("chars", 0, trim),
		"truncate":       newFilter("length killwords end leeway", 0, truncate),
		"unique":         newFilter("case_sensitive attribute", 0, unique),
		"upper":          textFilter(upper),
		"urlencode":      simple(urlEncode),
		"urlize":         newFilter("trim_url_limit nofollow target rel extra_schemes", 0, urlize),
		"wordcount":      simple(wordCount),
		"wordwrap":       newFilter("width break_long_words wrapstring break_on_hyphens", 0, wordWrap),
		"xmlattr":        newFilter("autospace", 0, xmlAttributes),
	}
	for alias, name := range map[string]string{"d": "default", "e": "escape", "count": "length"} {
		filters[alias] = filters[name]
	}
	return filters
}

// plainTextFilter is a filter that makes text of text, which is not Markup any more.
func plainTextFilter(do func(s string) string) *filter {
	return simple(func(f *frame, in any) any {
		s := str(f, in)
		f.r.charge(len(s) / chargedBytes)
		return do(s)
	})
}

func absolute(f *frame, in any) any {
	f.mustBeDefined(in)
	switch {
	case isInt(in):
		if i := asInt(in); i < 0 {
			return subtract(f, 0, i)
		}
		return asInt(in)
	case isNumber(in):
		return math.Abs(asFloat(in))
	}
	f.fail("a %s has no absolute value", typeName(in))
	return nil
}

func attr(f *frame, in any, name string) any {
	if v, ok := attributeOf(f, in, name); ok {
		return v
	}
	return missing(in, name)
}

func batch(f *frame, in any, a []any) any {
	size, fill := intArg(f, a[0], 0), or(a[1], nil)
	next := mustIterate(f, in)
	if size == 0 {
		f.fail("nothing can be cut into rows of 0")
	}
	done := false
	return &generator{kind: "generator", next: func() (any, bool) {
		var row []any
		for !done && (len(row) != size || len(row) == 0) {
			item, ok := next()
			if !ok {
				done = true
				break
			}
			row = append(row, item)
		}
		if len(row) == 0 {
			return nil, false
		}
		if fill != nil && len(row) < size {
			f.r.charge(size - len(row))
			row = append(row, slices.Repeat([]any{fill}, size-len(row))...)
		}
		return &List{row}, true
	}}
}

// columns deals items out to n lists.
func columns(f *frame, in any, a []any) any {
	n, fill := intArg(f, a[0], 0), or(a[1], nil)
	items := all(f, in)
	if n == 0 {
		f.fail("nothing can be cut into 0 slices")
	}
	each, extra := len(items)/max(n, 1), len(items)%max(n, 1)
	i := 0
	return &generator{kind: "generator", next: func() (any, bool) {
		if i >= n {
			return nil, false
		}
		f.r.charge(1)
		size := each
		if i < extra {
			size++
		}
		part := slices.Clone(items[:size])
		items = items[size:]
		if fill != nil && i >= extra {
			part = append(part, fill)
		}
		i++
		return &List{part}, true
	}}
}

func center(f *frame, in any, a []any) any {
	v := soft(f, in)
	return textMethods["center"].do(f, v, []any{or(a[0], 80), absent})
}

func defaultTo(f *frame, in any, a []any) any {
	_, unset := in.(*undefined)
	if unset || a[1] != absent && truth(f, a[1]) && !truth(f, in) {
		return or(a[0], "")
	}
	return in
}

// folded returns text in lower case, unless case matters, and other values as they are.
func folded(f *frame, v any, caseSensitive any) any {
	if s, ok := asText(v); ok && (caseSensitive == absent || !truth(f, caseSensitive)) {
		return like(v, lower(s))
	}
	return v
}

func dictSort(f *frame, in any, a []any) any {
	by := 0
	switch v := or(a[1], "key"); v {
	case "key":
	case "value":
		by = 1
	default:
		f.fail("a dictionary can be sorted by \"key\" or by \"value\"")
	}
	d := mustDict(f, in)
	return &List{sorted(f, (&dictView{"items", d}).items(), func(pair any) any {
		v, _ := itemOf(f, pair, by)
		return folded(f, v, a[0])
	}, asked(f, a[2]))}
}

// asked returns a switch, which has to be a truth value or a number.
func asked(f *frame, v any) bool {
	if v == absent {
		return false
	}
	if !isInt(v) {
		f.fail("true or false is expected here, not a %s", typeName(v))
	}
	return truth(f, v)
}

func mustDict(f *frame, in any) *dict {
	d, ok := asDict(f, in)
	if !ok {
		f.mustBeDefined(in)
		f.fail("a dictionary is expected here, not a %s", typeName(in))
	}
	return d
}

// sorted returns items in the order of their keys. Equal ones stay in the order they have.
func sorted(f *frame, items []any, by func(any) any, reverse bool) []any {
	type entry struct{ key, item any }
	entries := make([]entry, len(items))
	for i, item := range items {
		entries[i] = entry{by(item), item}
	}
	f.r.charge(len(items))
	slices.SortStableFunc(entries, func(a, b entry) int {
		c := compare(f, "<", a.key, b.key)
		if reverse {
			return -c
		}
		return c
	})
	out := make([]any, len(items))
	for i, e := range entries {
		out[i] = e.item
	}
	return out
}

// getter returns a function that follows an attribute's path, such as "user.name" or "0".
func getter(f *frame, path any, otherwise any) func(any) any {
	var parts []any
	switch path := path.(type) {
	case nil, absentValue:
	case string, Markup:
		s, _ := asText(path)
		for part := range strings.SplitSeq(s, ".") {
			if i, err := strconv.Atoi(part); err == nil && i >= 0 {
				parts = append(parts, i)
			} else {
				parts = append(parts, part)
			}
		}
	default:
		parts = []any{path}
	}
	return func(v any) any {
		for _, part := range parts {
			v = getItem(f, v, part)
			if _, unset := v.(*undefined); unset && otherwise != nil && otherwise != absent {
				v = otherwise
			}
		}
		return v
	}
}

func sortFilter(f *frame, in any, a []any) any {
	paths := []any{or(a[2], nil)}
	if s, ok := asText(a[2]); ok {
		paths = nil
		for path := range strings.SplitSeq(s, ",") {
			paths = append(paths, path)
		}
	}
	getters := make([]func(any) any, len(paths))
	for i, path := range paths {
		getters[i] = getter(f, path, nil)
	}
	return &List{sorted(f, all(f, in), func(v any) any {
		keys := make(tuple, len(getters))
		for i, get := range getters {
			keys[i] = folded(f, get(v), a[1])
		}
		return keys
	}, asked(f, a[0]))}
}

func unique(f *frame, in any, a []any) any {
	get, next := getter(f, a[1], nil), mustIterate(f, in)
	seen := map[any]bool{}
	return &generator{kind: "generator", next: func() (any, bool) {
		for {
			item, ok := next()
			if !ok {
				return nil, false
			}
			if k := key(f, folded(f, get(item), a[0])); !seen[k] {
				seen[k] = true
				return item, true
			}
		}
	}}
}

func extreme(sign int) func(f *frame, in any, a []any) any {
	return func(f *frame, in any, a []any) any {
		get, next := getter(f, a[1], nil), mustIterate(f, in)
		by := func(v any) any { return folded(f, get(v), a[0]) }
		best, ok := next()
		if !ok {
			return &undefined{"there is no least or greatest of nothing"}
		}
		bestKey := by(best)
		for item, ok := next(); ok; item, ok = next() {
			if k := by(item); compare(f, "<", k, bestKey)*sign > 0 {
				best, bestKey = item, k
			}
		}
		return best
	}
}

func fileSize(f *frame, in any, a []any) any {
	size := toFloatOr(f, in)
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if a[0] != absent && truth(f, a[0]) {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case size == 1:
		return "1 Byte"
	case size < base:
		return strconv.Itoa(truncated(f, size)) + " Bytes"
	}
	last := len(units) - 1
	for i, unit := range units {
		next := math.Pow(base, float64(i+2))
		if size < next || i == last {
			return strconv.FormatFloat(base*size/next, 'f', 1, 64) + " " + unit
		}
	}
	return nil
}

// toFloatOr returns what Python's float does.
func toFloatOr(f *frame, v any) float64 {
	f.mustBeDefined(v)
	if isNumber(v) {
		return asFloat(v)
	}
	s, ok := asText(v)
	x, err := parseFloat(s)
	if !ok || err != nil {
		f.fail("a number is expected here, not a %s", typeName(v))
	}
	return x
}

var underscores = regexp.MustCompile(`^[^_]*(?:\d_\d[^_]*)*$`)

func parseFloat(s string) (float64, error) {
	s = westernDigits(strings.TrimFunc(s, isSpace))
	if strings.EqualFold(s, "-nan") || strings.EqualFold(s, "+nan") {
		return math.NaN(), nil
	}
	if strings.ContainsAny(s, "xXpP") || !underscores.MatchString(s) {
		return 0, strconv.ErrSyntax
	}
	x, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if math.IsInf(x, 0) {
		return x, nil
	}
	return x, err
}

func first(f *frame, in any) any {
	if v, ok := mustIterate(f, in)(); ok {
		return v
	}
	return &undefined{"there is no first item of nothing"}
}

func last(f *frame, in any) any {
	f.mustBeDefined(in)
	if _, ok := in.(Markup); ok {
		// Python looks at the end of Markup by its items, which are Markup, too.
		if v, ok := itemOf(f, in, -1); ok {
			return v
		}
	}
	items := reversible(f, in)
	if len(items) == 0 {
		return &undefined{"there is no last item of nothing"}
	}
	return items[len(items)-1]
}

// reversible returns the items of what has an end to begin from.
func reversible(f *frame, in any) []any {
	switch in.(type) {
	case *generator, *loop:
		f.fail("a %s has no end to begin from: make a list of it", typeName(in))
	}
	return all(f, in)
}

func random(f *frame, in any) any {
	n, ok := length(f, in)
	if !ok {
		f.fail("nothing can be chosen from a %s", typeName(in))
	}
	if n == 0 {
		return &undefined{"there is nothing to choose from"}
	}
	v, ok := itemOf(f, in, chance(n))
	if !ok {
		f.fail("nothing can be chosen from a %s", typeName(in))
	}
	return v
}

func toFloat(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	if isNumber(in) {
		return asFloat(in)
	}
	if s, ok := asText(in); ok {
		if x, err := parseFloat(s); err == nil {
			return x
		}
	}
	return or(a[0], 0.0)
}

func toInt(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	if isInt(in) {
		return asInt(in)
	}
	x, isFloat := in.(float64)
	if s, ok := asText(in); ok {
		digits := westernDigits(strings.TrimFunc(s, isSpace))
		base := intArg(f, a[1], 10)
		i, err := parseInt(digits, base)
		switch {
		case err == nil:
			return i
		case strings.Contains(err.Error(), "out of range"):
			tooLarge(f)
		}
		if x, err = parseFloat(s); err != nil {
			return or(a[0], 0)
		}
		isFloat = true
	}
	if !isFloat || math.IsNaN(x) {
		return or(a[0], 0)
	}
	return truncated(f, x)
}

func parseInt(digits string, base int) (int, error) {
	sign := ""
	if strings.HasPrefix(digits, "-") || strings.HasPrefix(digits, "+") {
		sign, digits = digits[:1], digits[1:]
	}
	prefixes := map[int]string{2: "0b", 8: "0o", 16: "0x"}
	if p, ok := prefixes[base]; ok && len(digits) > 2 && strings.EqualFold(digits[:2], p) {
		digits = strings.TrimPrefix(digits[2:], "_")
	}
	if strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") ||
		strings.HasPrefix(digits, "-") || strings.HasPrefix(digits, "+") {
		return 0, strconv.ErrSyntax
	}
	if base != 0 {
		digits = strings.ReplaceAll(digits, "_", "")
	}
	i, err := strconv.ParseInt(sign+digits, base, strconv.IntSize)
	return int(i), err
}

func formatFilter(f *frame, in any, args Args) any {
	format := soft(f, in)
	switch {
	case len(args.Positional) > 0 && len(args.Names) > 0:
		f.fail("the filter 'format' takes values either by place or by name")
	case len(args.Names) > 0:
		d := newDict()
		for i, name := range args.Names {
			d.set(f, name, args.Named[i])
		}
		return formatPercent(f, format, d)
	}
	return formatPercent(f, format, tuple(args.Positional))
}

// group is one of what the filter groupby returns: a pair with names.
type group struct {
	grouper any
	list    *List
}

func (g group) tuple() tuple { return tuple{g.grouper, g.list} }

func (g group) attribute(name string) (any, bool) {
	switch name {
	case "grouper":
		return g.grouper, true
	case "list":
		return g.list, true
	}
	return nil, false
}

func groupBy(f *frame, in any, a []any) any {
	get := getter(f, a[0], or(a[1], nil))
	by := func(v any) any { return folded(f, get(v), a[2]) }
	var groups []any
	var last any
	members := &List{}
	for i, item := range sorted(f, all(f, in), by, false) {
		k := by(item)
		if i == 0 || !equal(f, k, last) {
			members, last = &List{}, k
			groups = append(groups, group{get(item), members})
		}
		members.items = append(members.items, item)
	}
	return &List{groups}
}

func indent(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	s, ok := asText(in)
	if !ok {
		f.fail("a %s has no lines to indent", typeName(in))
	}
	by, ok := asText(or(a[0], 4))
	if !ok {
		n := intArg(f, or(a[0], 4), 4)
		f.sized(max(n, 0))
		by = strings.Repeat(" ", max(0, n))
	}
	blank := a[2] != absent && truth(f, a[2])
	lines := splitLines(s+"\n", false)
	f.sized(len(s) + len(lines)*len(by))
	f.r.charge((len(s) + len(lines)*len(by)) / chargedBytes)
	for i, line := range lines {
		if i > 0 && (blank || line != "") {
			lines[i] = by + line
		}
	}
	s = strings.Join(lines, "\n")
	if a[1] != absent && truth(f, a[1]) {
		s = by + s
	}
	return like(in, s)
}

func pairs(f *frame, in any) any {
	if _, unset := in.(*undefined); unset {
		return &generator{kind: "generator", next: func() (any, bool) { return nil, false }}
	}
	d := mustDict(f, in)
	next, _ := iterate(f, &dictView{"items", d})
	return &generator{kind: "generator", next: next}
}

func join(f *frame, in any, a []any) any {
	items := all(f, in)
	if a[1] != absent && a[1] != nil {
		get := getter(f, a[1], nil)
		for i := range items {
			items[i] = get(items[i])
		}
	}
	d := or(a[0], "")
	if !f.autoescape {
		for i, item := range items {
			items[i] = str(f, item)
		}
		return joinTexts(f, str(f, d), items)
	}
	if isMarkup(d) || slices.ContainsFunc(items, isMarkup) {
		d = escape(f, d)
	} else {
		d = str(f, d)
		for i, item := range items {
			items[i] = str(f, item)
		}
	}
	return joinTexts(f, d, items)
}

func lengthFilter(f *frame, in any) any {
	n, ok := length(f, in)
	if !ok {
		f.fail("a %s has no length", typeName(in))
	}
	return n
}

// applied returns a function that filters values by the filter of a name.
func applied(f *frame, args Args) func(any) any {
	if v, ok := args.Get("attribute"); ok && len(args.Positional) == 0 {
		otherwise, _ := args.Get("default")
		for _, name := range args.Names {
			if name != "attribute" && name != "default" {
				f.fail("the filter 'map' takes no argument %q", name)
			}
		}
		return getter(f, v, otherwise)
	}
	if len(args.Positional) == 0 {
		f.fail("the filter 'map' needs the name of another one, or an attribute")
	}
	name, _ := asText(args.Positional[0])
	x := f.r.set.library.filters[name]
	if x == nil {
		f.fail("there is no filter %q", name)
	}
	rest := Args{args.Positional[1:], args.Names, args.Named}
	return func(v any) any { return x.call(f, name, v, rest) }
}

func mapFilter(f *frame, in any, args Args) any {
	if !truth(f, in) {
		return &generator{kind: "generator", next: never}
	}
	next := mustIterate(f, in)
	var do func(any) any
	return &generator{kind: "generator", next: func() (any, bool) {
		if do == nil {
			do = applied(f, args)
		}
		item, ok := next()
		if !ok {
			return nil, false
		}
		return do(item), true
	}}
}

func never() (any, bool) { return nil, false }

// chooser is a filter that passes on the items for which a test holds, or does not.
func chooser(want, byAttribute bool) func(f *frame, in any, args Args) any {
	return func(f *frame, in any, args Args) any {
		next := never
		if truth(f, in) {
			next = mustIterate(f, in)
		}
		var holds func(any) bool
		return &generator{kind: "generator", next: func() (any, bool) {
			for {
				item, ok := next()
				if !ok {
					return nil, false
				}
				if holds == nil {
					holds = condition(f, args, byAttribute)
				}
				if holds(item) == want {
					return item, true
				}
			}
		}}
	}
}

func condition(f *frame, args Args, byAttribute bool) func(any) bool {
	get, rest := func(v any) any { return v }, args.Positional
	if byAttribute {
		if len(rest) == 0 {
			f.fail("the name of an attribute is missing")
		}
		get, rest = getter(f, rest[0], nil), rest[1:]
	}
	if len(rest) == 0 {
		return func(v any) bool { return truth(f, get(v)) }
	}
	name, _ := asText(rest[0])
	t := f.r.set.library.tests[name]
	if t == nil {
		f.fail("there is no test %q", name)
	}
	testArgs := Args{rest[1:], args.Names, args.Named}
	return func(v any) bool { return t.call(f, name, get(v), testArgs) }
}

func replaceFilter(f *frame, in any, a []any) any {
	count := intArg(f, a[2], -1)
	if !f.autoescape {
		return replaceText(f, str(f, in), str(f, a[0]), str(f, a[1]), count)
	}
	s := soft(f, in)
	if isMarkup(a[0]) || isMarkup(a[1]) && !isMarkup(s) {
		s = escape(f, in)
	}
	old, by := soft(f, a[0]), soft(f, a[1])
	if isMarkup(s) {
		old, by = escape(f, old), escape(f, by)
	}
	text, _ := asText(s)
	return like(s, replaceText(f, text, textArg(f, old), textArg(f, by), count))
}

func reverse(f *frame, in any) any {
	if s, ok := asText(in); ok {
		runes := []rune(s)
		f.r.charge(len(runes) / chargedBytes)
		slices.Reverse(runes)
		return like(in, string(runes))
	}
	items := all(f, in)
	slices.Reverse(items)
	switch in.(type) {
	case *generator, *undefined:
		return &List{items}
	}
	next, _ := iterate(f, &List{items})
	return &generator{kind: "list_reverseiterator", next: next}
}

func round(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	if !isNumber(in) {
		f.fail("a %s cannot be rounded", typeName(in))
	}
	digits, method := intArg(f, a[0], 0), or(a[1], "common")
	switch method {
	case "common":
		if isInt(in) && digits >= 0 {
			return asInt(in)
		}
		x := roundTo(asFloat(in), digits)
		if isInt(in) {
			return truncated(f, x)
		}
		return x
	case "ceil", "floor":
		scale := math.Pow(10, float64(digits))
		x := asFloat(in) * scale
		if method == "ceil" {
			x = math.Ceil(x)
		} else {
			x = math.Floor(x)
		}
		return x / scale
	}
	f.fail("a number can be rounded by \"common\", \"ceil\" or \"floor\"")
	return nil
}

// roundTo rounds the number that x really is: 2.675 is a little less than it seems. Halves
// are rounded to even.
func roundTo(x float64, digits int) float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) || digits > 320 {
		return x
	}
	if digits >= 0 {
		y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'f', digits, 64), 64) // of a number just written
		return y
	}
	scale := math.Pow(10, float64(-max(digits, -320)))
	return math.RoundToEven(x/scale) * scale
}

func sum(f *frame, in any, a []any) any {
	get, next := getter(f, a[0], nil), mustIterate(f, in)
	total := or(a[1], 0)
	if _, ok := asText(total); ok {
		f.fail("strings cannot be summed up: join them")
	}
	for item, ok := next(); ok; item, ok = next() {
		total = operate(f, "+", total, get(item))
	}
	return total
}

func trim(f *frame, in any, a []any) any {
	v := soft(f, in)
	s, _ := asText(v)
	return like(v, strings.TrimFunc(s, trimmer(f, v, a[0])))
}

func truncate(f *frame, in any, a []any) any {
	size, leeway := intArg(f, a[0], 255), intArg(f, a[3], 5)
	end := or(a[2], "...")
	endText := textArg(f, end)
	if size < utf8.RuneCountInString(endText) || leeway < 0 {
		f.fail("the text that a truncated one ends with is longer than what is left")
	}
	n, ok := length(f, in)
	if ok && n <= size+leeway {
		return in
	}
	s := textArg(f, in)
	short := firstRunes(s, size-utf8.RuneCountInString(endText))
	if a[1] == absent || !truth(f, a[1]) {
		if i := strings.LastIndexByte(short, ' '); i >= 0 {
			short = short[:i]
		}
	}
	v, _ := add(f, like(in, short), end)
	return v
}

var word = regexp.MustCompile(`[\pL\pN_]+`)

func wordCount(f *frame, in any) any {
	s := str(f, in)
	f.r.charge(len(s) / chargedBytes)
	return len(word.FindAllStringIndex(s, -1))
}

func xmlAttributes(f *frame, in any, a []any) any {
	d := mustDict(f, in)
	var parts []string
	for i, k := range d.keys {
		v := d.values[i]
		if _, unset := v.(*undefined); unset || v == nil {
			continue
		}
		if strings.ContainsAny(textArg(f, k), " \t\n\r\f\v/>=") {
			f.fail("there are characters in the name of an attribute that cannot be there")
		}
		parts = append(parts, string(escape(f, k))+`="`+string(escape(f, v))+`"`)
	}
	s := strings.Join(parts, " ")
	if s != "" && (a[0] == absent || truth(f, a[0])) {
		s = " " + s
	}
	return f.safe(s)
}
