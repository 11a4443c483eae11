package sanitize

import (
	"strings"
	"testing"
)

// FuzzShortcut: text without a tag does not go through the policy, and must
// come out just as if it had.
func FuzzShortcut(f *testing.F) {
	for _, seed := range []string{"Hello", `it's "x" & &amp; &lt; &#13; &#x80; &nosuch; &amp`, "a>b", "x\ny\tz", "\u00a0", "&#0;", "\u200b", "&notit;"} {
		f.Add(seed)
	}
	s := New(Options{})
	f.Fuzz(func(t *testing.T, text string) {
		got := s.clean(text)
		text = newlines.Replace(strings.ToValidUTF8(text, "\uFFFD"))
		if want := balance(s.policy.Sanitize(keepOpenBrackets(text))); got != want {
			t.Fatalf("clean(%q) = %q; the policy makes it %q", text, got, want)
		}
	})
}
