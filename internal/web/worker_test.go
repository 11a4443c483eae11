package web

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

func TestServiceWorker(t *testing.T) {
	const source = "addEventListener('notificationclick', show);"
	own := fstest.MapFS{"sw.js": {Data: []byte(source)}}
	update := header("Service-Worker", "script") // what browsers say when they ask for a worker
	for _, c := range []struct {
		name    string
		static  fs.FS
		foreign bool
		worker  bool
	}{
		{name: "embedded pages", static: own, worker: true},
		{name: "embedded pages, a static folder of one's own", static: fstest.MapFS{"css/app.css": {}}},
		{name: "no static folder"},
		{name: "foreign pages", static: own, foreign: true},
		{name: "foreign pages without a static folder", foreign: true},
	} {
		for _, fixed := range []bool{true, false} {
			b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Static, o.Foreign, o.StaticFixed = c.static, c.foreign, fixed }))
			asked := b.get("/sw.js", update)
			asked.want(t, 200)
			if h := asked.Header; h.Get("Content-Type") != "text/javascript; charset=utf-8" || h.Get("Cache-Control") != "no-cache" ||
				h.Get("Content-Security-Policy") != b.get("/").Header.Get("Content-Security-Policy") || h.Get("X-Content-Type-Options") != "nosniff" || len(asked.Cookies()) != 0 {
				t.Errorf("%s: %v", c.name, h)
			}
			if got := b.do("HEAD", "/sw.js", nil, update); got.StatusCode != http.StatusOK || got.body != "" {
				t.Errorf("%s: HEAD: %d, %q", c.name, got.StatusCode, got.body)
			}
			if c.worker {
				if asked.body != source || b.get("/sw.js").body != source {
					t.Errorf("%s: %q", c.name, asked.body)
				}
				if again := b.get("/sw.js", update, header("If-None-Match", asked.Header.Get("ETag"))); again.StatusCode != http.StatusNotModified {
					t.Errorf("%s, with its ETag: %d", c.name, again.StatusCode)
				}
				continue
			}
			// One that was left behind is ended, and nobody else sees that there was one.
			if !strings.Contains(asked.body, "unregister()") || strings.Contains(asked.body, "notificationclick") || asked.Header.Get("Vary") == "" {
				t.Errorf("%s: %q %v", c.name, asked.body, asked.Header)
			}
			if other := b.get("/sw.js"); other.StatusCode != http.StatusNotFound || !strings.Contains(strings.Join(other.Header.Values("Vary"), ","), "Service-Worker") {
				t.Errorf("%s, for nobody's worker: %d %v", c.name, other.StatusCode, other.Header)
			}
			b.get("/sw.js", header("Service-Worker", "other")).want(t, 404)
		}
	}
}
