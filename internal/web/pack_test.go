package web

import (
	"strings"
	"testing"
	"testing/fstest"
)

// Threat: pictures, which get no smaller, are packed for a second while everyone waits for the lock.
func TestOnlyTextIsPacked(t *testing.T) {
	content := &fstest.MapFile{Data: []byte(strings.Repeat("a", 4<<10))}
	b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) {
		o.Static = fstest.MapFS{"a.png": content, "a.woff2": content, "a.zip": content, "a": content, "a.js": content, "A.SVG": content, "a.js.map": content}
	}))
	for name, packed := range map[string]string{"a.png": "", "a.woff2": "", "a.zip": "", "a": "", "a.js": "br", "A.SVG": "br", "a.js.map": "br"} {
		if got := b.get("/static/"+name, header("Accept-Encoding", "br")).Header.Get("Content-Encoding"); got != packed {
			t.Errorf("%s is packed as %q, want %q", name, got, packed)
		}
	}
}
