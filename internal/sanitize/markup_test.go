package sanitize

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// FuzzShortcut: text without a tag does not go through the policy, and must
// come out just as if it had when its entities were resolved.
func FuzzShortcut(f *testing.F) {
	for _, seed := range []string{"Hello", `it's "x" & &amp; &lt; &#13; &#x80; &nosuch; &amp`, "a>b", "x\ny\tz", "\u00a0", "&#0;", "\u200b", "&notit;"} {
		f.Add(seed)
	}
	s := New(Options{})
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "<") {
			return
		}
		got, _ := s.clean(text, len(text))
		text = newlines.Replace(strings.ToValidUTF8(text, "\uFFFD"))
		if want := balance(s.policy.Sanitize(escape(resolve(text)))); got != want {
			t.Fatalf("clean(%q) = %q; the policy makes it %q", text, got, want)
		}
	})
}

// FuzzTags: where a tag ends is what the tokenizer says, by which the policy goes. And
// nothing of a message is between the pieces.
func FuzzTags(f *testing.F) {
	for _, seed := range []string{"<b>", "</b x='>'>", "<a =\">\" b= '>' c/=d>", "<i/a=\"/>\"/>", "<em a='b'c=\"d\">", "<strong\f=\n=a >", "<a a= >", "<b a==\">", "<b a/b=\">"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = newlines.Replace(text)
		var whole strings.Builder
		for p := range split(text) {
			whole.WriteString(p.raw)
			if !p.tag {
				continue
			}
			tokens := html.NewTokenizer(strings.NewReader(p.raw + "x"))
			if kind := tokens.Next(); kind != html.StartTagToken && kind != html.EndTagToken && kind != html.SelfClosingTagToken {
				t.Fatalf("%q is a %v", p.raw, kind)
			}
			if raw := string(tokens.Raw()); raw != p.raw {
				t.Fatalf("%q has its end after %q", p.raw, raw)
			}
		}
		if whole.String() != text {
			t.Fatalf("%q is split into %q", text, whole.String())
		}
	})
}
