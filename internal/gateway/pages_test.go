package gateway

import "testing"

func TestPages(t *testing.T) {
	var p pages
	p.remember("s", "page", "a")
	p.remember("s", "", "b")
	if got := p.seat("s", "page"); got != "a" {
		t.Errorf("got %q", got)
	}
	if p.seat("s", "") != "" || p.seat("other", "page") != "" {
		t.Error("a page without anything of its own, and another session's, are not known")
	}
	for i := range 3 * maxPages {
		p.remember("s", string(rune(i)), "x")
		if len(p.young)+len(p.old) > 2*maxPages {
			t.Fatalf("%d pages are remembered", len(p.young)+len(p.old))
		}
	}
	if p.seat("s", "page") != "" {
		t.Error("the old ones are forgotten at last")
	}
}
