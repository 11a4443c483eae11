package jinja

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

func attr(f *frame, in any, name string) any {
	if v, ok := attributeOf(f, in, name); ok {
		return v
	}
	return missing(in, name)
}

func defaultTo(f *frame, in any, a []any) any {
	_, unset := in.(*undefined)
	if unset || a[1] != absent && truth(f, a[1]) && !truth(f, in) {
		return or(a[0], "")
	}
	return in
}

// asked returns a switch, which has to be a truth value or a number.
func asked(f *frame, v any) bool {
	if v == absent {
		return false
	}
	if !isInt(v) {
		f.fail("true or false is expected here, not %s", aType(v))
	}
	return truth(f, v)
}

func mustDict(f *frame, in any) *dict {
	d, ok := asDict(f, in)
	if !ok {
		f.mustBeDefined(in)
		f.fail("a dictionary is expected here, not %s", aType(in))
	}
	return d
}
