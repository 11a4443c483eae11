package jinja

import (
	"math/rand/v2" //nolint:depguard // what a page picks at random is no secret
	"strings"
)

// chance returns some number from 0 to n-1.
func chance(n int) int { return rand.IntN(n) } //nolint:gosec // what a page picks at random is no secret

// newGlobals returns what Jinja2 gives to every template.
func newGlobals() map[string]any {
	return map[string]any{
		"range":     &callable{"range", newRange},
		"dict":      &callable{"dict", func(f *frame, args Args) any { return asNewDict(f, args) }},
		"lipsum":    &callable{"lipsum", lipsum},
		"cycler":    &callable{"cycler", newCycler},
		"joiner":    &callable{"joiner", newJoiner},
		"namespace": &callable{"namespace", func(f *frame, args Args) any { return &namespace{asNewDict(f, args)} }},
	}
}

func newRange(f *frame, args Args) any {
	if len(args.Names) > 0 || len(args.Positional) == 0 || len(args.Positional) > 3 {
		f.fail("range takes one to three whole numbers")
	}
	n := make([]int, len(args.Positional))
	for i, v := range args.Positional {
		f.mustBeDefined(v)
		if !isInt(v) {
			f.fail("range takes whole numbers, not %s", aType(v))
		}
		n[i] = asInt(v)
	}
	switch len(n) {
	case 1:
		return interval{0, n[0], 1}
	case 2:
		return interval{n[0], n[1], 1}
	}
	if n[2] == 0 {
		f.fail("the step of a range cannot be 0")
	}
	return interval{n[0], n[1], n[2]}
}

// asNewDict returns a dictionary of another one, or of pairs, and of named arguments.
func asNewDict(f *frame, args Args) *dict {
	d := newDict()
	if len(args.Positional) > 1 {
		f.fail("a dictionary is made of one other")
	}
	if len(args.Positional) == 1 {
		if other, ok := asDict(f, args.Positional[0]); ok {
			d = other.copy()
		} else {
			for _, pair := range all(f, args.Positional[0]) {
				parts := all(f, pair)
				if len(parts) != 2 {
					f.fail("a dictionary is made of pairs")
				}
				d.set(f, parts[0], parts[1])
			}
		}
	}
	f.r.charge(len(d.keys))
	for i, name := range args.Names {
		d.set(f, name, args.Named[i])
	}
	return d
}

// cycler gives its values in turn.
type cycler struct {
	items []any
	pos   int
}

func newCycler(f *frame, args Args) any {
	if len(args.Positional) == 0 || len(args.Names) > 0 {
		f.fail("cycler needs values to choose from")
	}
	return &cycler{items: args.Positional}
}

func (c *cycler) attribute(name string) (any, bool) {
	withoutArguments := func(do func() any) (any, bool) {
		return &callable{name, func(f *frame, args Args) any {
			if len(args.Positional)+len(args.Names) > 0 {
				f.fail("%q of a cycler takes no arguments", name)
			}
			return do()
		}}, true
	}
	switch name {
	case "current":
		return c.items[c.pos], true
	case "pos":
		return c.pos, true
	case "items":
		return tuple(c.items), true
	case "next":
		return withoutArguments(func() any {
			v := c.items[c.pos]
			c.pos = (c.pos + 1) % len(c.items)
			return v
		})
	case "reset":
		return withoutArguments(func() any { c.pos = 0; return nil })
	}
	return nil, false
}

// joiner gives nothing the first time, and what stands between things after that.
type joiner struct {
	between any
	used    bool
}

func newJoiner(f *frame, args Args) any {
	s := newSignature("sep", 0)
	return &joiner{between: or(s.bind(f, "joiner", args)[0], ", ")}
}

func (j *joiner) call(f *frame, args Args) any {
	if len(args.Positional)+len(args.Names) > 0 {
		f.fail("a joiner takes no arguments")
	}
	if !j.used {
		j.used = true
		return ""
	}
	return j.between
}

// latin are words that printers have filled pages with for ages.
var latin = strings.Fields("lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut " +
	"labore et dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo " +
	"consequat duis aute irure in reprehenderit voluptate velit esse cillum eu fugiat nulla pariatur excepteur sint occaecat " +
	"cupidatat non proident sunt culpa qui officia deserunt mollit anim id est laborum")

func lipsum(f *frame, args Args) any {
	s := newSignature("n html min max", 0)
	a := s.bind(f, "lipsum", args)
	n, low, high := intArg(f, a[0], 5), intArg(f, a[2], 20), intArg(f, a[3], 100)
	if low >= high || low < 0 {
		f.fail("lipsum has no number of words to choose")
	}
	html := a[1] == absent || truth(f, a[1])
	var paragraphs []string
	for range n {
		words := make([]string, 0, 16)
		for range low + chance(high-low) {
			f.r.charge(1)
			words = append(words, latin[chance(len(latin))])
		}
		text := capitalize(strings.Join(words, " ")) + "."
		if html {
			text = "<p>" + text + "</p>"
		}
		paragraphs = append(paragraphs, text)
	}
	if html {
		return Markup(strings.Join(paragraphs, "\n"))
	}
	return strings.Join(paragraphs, "\n\n")
}
