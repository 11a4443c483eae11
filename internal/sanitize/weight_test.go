package sanitize

import (
	"encoding/json"
	"strings"
	"testing"
)

// The others are sent at most ten bytes of JSON for each character of a text, whichever
// characters it has. The rates rely on it (package gateway).
func TestWhatACharacterIsSentAs(t *testing.T) {
	const perCharacter, aroundAll = 10, 100
	for _, length := range []int{100, 1000, 20_000} {
		s := New(Options{MaxLength: length})
		for _, piece := range []string{
			"<", ">", "&", `"`, "'", "\x01", "\n", "\u2028", "語", "😀", "&amp;", "&lt;", "&nbsp;", "&#39;", "&NotEqualTilde;",
			"<b>", "<i>", "<em>", "<strong>", "<b></b>x", "x<b>", "<a href=//a>", "<a href=//a>x</a>", "<a>", `<a href="https://a/&'">`, "<br>",
			"<a href=//'''''''>", "<a href=//語語語>x",
		} {
			sent, err := s.Message(strings.Repeat(piece, min(2*length, MaxPlain/len(piece))))
			if err != nil {
				t.Fatalf("%q: %v", piece, err)
			}
			inJSON, err := json.Marshal(sent)
			if err != nil {
				t.Fatal(err)
			}
			if most := perCharacter*length + aroundAll; len(inJSON) > most {
				t.Errorf("%d characters of %q are sent as %d bytes, want %d at most", length, piece, len(inJSON), most)
			}
		}
	}
}
