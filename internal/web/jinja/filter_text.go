package jinja

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

func center(f *frame, in any, a []any) any {
	v := soft(f, in)
	return textMethods["center"].do(f, v, []any{or(a[0], 80), absent})
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

func indent(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	s, ok := asText(in)
	if !ok {
		f.fail("%s has no lines to indent", aType(in))
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

func join(f *frame, in any, a []any) any {
	items := all(f, in)
	if a[1] != absent && a[1] != nil {
		get := getter(f, a[1], nil)
		for i := range items {
			items[i] = get(items[i])
		}
	}
	d := or(a[0], "")
	if !f.ctx.autoescape {
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

func replaceFilter(f *frame, in any, a []any) any {
	count := intArg(f, a[2], -1)
	if !f.ctx.autoescape {
		return replaceText(f, str(f, in), str(f, a[0]), str(f, a[1]), count)
	}
	s := soft(f, in)
	if isMarkup(a[0]) || isMarkup(a[1]) && !isMarkup(in) {
		s = escape(f, in)
	}
	old, by := soft(f, a[0]), soft(f, a[1])
	if isMarkup(s) {
		old, by = escape(f, old), escape(f, by)
	}
	text, _ := asText(s)
	return like(s, replaceText(f, text, textArg(f, old), textArg(f, by), count))
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
	return f.ctx.safe(s)
}
