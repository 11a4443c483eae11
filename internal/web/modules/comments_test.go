package modules

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestWithoutComments has what can go wrong. e2e/unit/comments.test.mjs holds what is left against acorn, on far more.
func TestWithoutComments(t *testing.T) {
	for source, want := range map[string]string{
		"":        "",
		"a\n":     "a\n",
		"// a":    "",
		"// a\nb": "\nb",
		"/** Does it.\n * @param {string} a\n */\nexport function b(a) {\n\treturn a; // so\n}\n": "\n\n\nexport function b(a){\nreturn a;\n}\n",
		"  // a\n  b()  // c\n  // d":                  "\nb()\n",
		"a // b\r\n/* c\r\nd */ e":                     "a\r\n\r\ne",
		"a // b\u2028c /* \u2029 */ d":                 "a\u2028c\u2029d",
		"a /* \n */ b":                                 "a\nb",
		"\ta\n\t\tb\r\n  c\u2028 d\n \n e":             "\ta\nb\r\nc\u2028d\n\ne",
		"a = `\n  b\n  ${\n  c}\n  d`\n  e":            "a= `\n  b\n  ${\nc}\n  d`\ne",
		"a = 'b\\\n  c'\n  d":                          "a='b\\\n  c'\nd",
		"return /*\n*/ 1":                              "return\n1",
		"a/**/b":                                       "a b",
		"a/**//**/b":                                   "a b",
		"a /**/ /**/ b":                                "a   b",
		"a/* b */\n":                                   "a\n",
		"a /* b *//* c */ // d\ne":                     "a\ne",
		"a =/**/> b, c -/**/- d":                       "a= >b,c - - d",
		"a = b ? - c : +d + +e / 2":                    "a=b? - c:+d + +e / 2",
		"a ? .5 : b ?. c":                              "a? .5:b?. c",
		"class A { static #b = 1; get [c] () {} }":     "class A{static #b=1;get[c](){}}",
		"import * as a from 'b'; yield * `c`":          "import*as a from 'b';yield* `c`",
		"a </**/!--b":                                  "a< !--b",
		"a <!-- b /* c */\n--> d // e\n":               "a<!-- b\n-->d\n",
		"f(/* first */ 1, 2 /* second */)":             "f(1,2)",
		"x = y / 2 // z":                               "x=y / 2",
		"x = y / 2 /* z */ / 3":                        "x=y / 2  / 3",
		"x = /[/*]/ // z":                              "x= /[/*]/",
		"x = /\\/*/.test('//') /* ' */":                "x= /\\/*/.test('//')",
		"x = '/* a */' + \"// b\"; // c":               "x='/* a */' + \"// b\";",
		"x = 'a\\\n// b' // c":                         "x='a\\\n// b'",
		"x = `// ${/* c */a} /* ${ b // d\n} */` // e": "x= `// ${a} /* ${b\n} */`",
		"x = `${`/* ${/* a */ '`/**/'}`}` // b":        "x= `${`/* ${'`/**/'}`}`",
		"#!/usr/bin/env node // a\nb // c":             "#!/usr/bin/env node // a\nb",
		"\ufeff#! /*\na() /* */":                       "\ufeff#! /*\na()",
		"/**/#!a":                                      " #!a",
		"for (const a of /[/*]/.exec(b)) c // d":       "for(const a of /[/*]/.exec(b))c",
		"/*! a\n*/ b //! c":                            "/*! a\n*/ b //! c",
		"/*@license MIT */ a /* of b\n @preserve */":   "/*@license MIT */ a /* of b\n @preserve */",
		"a // b\n//# sourceMappingURL=a.js.map":        "a\n//# sourceMappingURL=a.js.map",
		"/*# a */ /* ! */ b // !\n//#region":           "  b\n",
	} {
		got, err := WithoutComments(source)
		if err != nil || string(got) != want {
			t.Errorf("%q\n got %q, %v\nwant %q", source, got, err, want)
		}
	}
}

func TestWithoutCommentsRefuses(t *testing.T) {
	for source, want := range map[string]Error{
		"// a\nb = 'c": {Line: 2, Problem: "this text does not end"},
		"/* a":         {Line: 1, Problem: "this comment does not end"},
		"// a\n(":      {Line: 2, Problem: "a bracket is open at the end"},
	} {
		got, err := WithoutComments(source)
		if mistake := (*Error)(nil); !errors.As(err, &mistake) || *mistake != want || got != nil {
			t.Errorf("%q: %q, %+v, want %+v", source, got, err, want)
		}
	}
}

// FuzzWithoutComments: whatever a module is, the same tokens are left in the same lines, with the ends of lines
// between the same two of them, and no comment but those for others.
func FuzzWithoutComments(f *testing.F) {
	for _, seed := range []string{
		"a /* \n */ b // c\r\nd", "`// ${/* c */a} /* ${ b // d\n} */`", "x = y / 2 // z", "/[/*]/ /**/ / 2", "a/**/+/**/+/**/b", "\ufeff#! /*\n/**/", "/*! a */ //# b",
		"//\u2028/*\u2029*/a", "?/**/.5 ?./**/5", "/**/#!", "//\r", "\xff/**/\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		lean, err := WithoutComments(source)
		if err != nil {
			return
		}
		was, _ := tokens(t, source)
		is, comments := tokens(t, string(lean))
		if !slices.Equal(was, is) {
			t.Fatalf("%q\n has %v\n%q\n has %v", source, was, lean, is)
		}
		for _, comment := range comments {
			if !isForOthers(comment) || !strings.Contains(source, comment) {
				t.Fatalf("%q: %q is left", source, comment)
			}
		}
	})
}

// placed is a token, the line in which it stands, and whether one ends between it and the token before.
type placed struct {
	token  string
	line   int
	breaks bool
}

func tokens(t *testing.T, source string) (found []placed, comments []string) {
	t.Helper()
	l := lexer{source: source}
	for from := 0; ; from = l.pos {
		next := l.next()
		if l.err != nil {
			t.Fatalf("%q: %v", source, l.err)
		}
		breaks := strings.ContainsAny(source[from:next.pos], lineEnds)
		found = append(found, placed{source[next.pos:l.pos], l.lineOf(next.pos), breaks})
		if next.kind == end {
			break
		}
	}
	for _, c := range l.comments {
		comments = append(comments, source[c.start:c.end])
	}
	return found, comments
}
