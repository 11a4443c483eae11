package web

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"securechat/room"
)

func TestLibrary(t *testing.T) {
	service := &fakeService{}
	b := newBrowser(t, newHandler(t, service, func(o *Options) {
		o.Socket = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	}))
	for path, contains := range map[string]string{
		"/socket.io/socket.io.min.js":               "var io",
		"/socket.io/socket.io.esm.min.js":           "export const io",
		"/socket.io/socket.io.esm.min.js.map":       "{}",
		"/socket.io/socket.io.min.js?version=4.8.1": "var io",
	} {
		got := b.get(path)
		got.want(t, 200, contains)
		if cache := got.Header.Get("Cache-Control"); cache != "public, max-age=604800" {
			t.Errorf("%s: Cache-Control %q", path, cache)
		}
		if len(got.Cookies()) != 0 {
			t.Errorf("%s: a cookie on something that may be shared", path)
		}
		want := "text/javascript; charset=utf-8"
		if strings.HasSuffix(path, ".map") {
			want = "application/json"
		}
		if got.Header.Get("Content-Type") != want {
			t.Errorf("%s: Content-Type %q", path, got.Header.Get("Content-Type"))
		}
		again := b.get(path, header("If-None-Match", got.Header.Get("ETag")))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %d with its own ETag", path, again.StatusCode)
		}
	}
	if got := b.get("/socket.io/socket.io.min.js", header("Accept-Encoding", "gzip")); got.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(got.Header["Vary"], ","), "Accept-Encoding") {
		t.Errorf("not compressed: %v", got.Header)
	}
	b.do("HEAD", "/socket.io/socket.io.min.js", nil).want(t, 200)
	b.do("POST", "/socket.io/socket.io.min.js", nil).want(t, 405)
	// It was not part of this build; the socket would not know it either.
	b.get("/socket.io/socket.io.min.js.map").want(t, 404, "make run")
	// Everything else is the socket's.
	b.get("/socket.io/socket.io.js").want(t, 418)
	b.get("/socket.io/?EIO=4").want(t, 418)
	b.get("/socket.io?EIO=4").want(t, 418) // of clients that are told to leave out the slash
}

// go run on a machine without Node.
func TestWithoutLibrary(t *testing.T) {
	for _, foreign := range []bool{false, true} {
		service := &fakeService{page: func(string, string) (room.Page, error) { return samplePage("Anna"), nil }}
		b := newBrowser(t, newHandler(t, service, func(o *Options) {
			o.Library, o.Foreign = nil, foreign
			o.Static = fstest.MapFS{"a.css": {Data: []byte("a {}")}}
		}))
		b.get("/socket.io/socket.io.min.js").want(t, 404, "make run")
		b.get("/static/a.css").want(t, 200)
		b.get("/healthz").want(t, 200)
		b.get("/room/"+roomID+"/status").want(t, 404)
		if foreign {
			b.get("/").want(t, 200, "<title>index</title>")
			b.create("Anna").wantRedirect(t, "/room/"+roomID)
			b.get("/room/"+roomID).want(t, 200)
			continue
		}
		for _, path := range []string{"/", "/room/" + roomID} {
			b.get(path).want(t, 503, "make run", "make build", "browser modules")
		}
	}
}
