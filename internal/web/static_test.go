package web

import (
	"compress/gzip"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andybalholm/brotli"

	"securechat/room"
)

func TestStatic(t *testing.T) {
	files := fstest.MapFS{
		"css/page.css":      {Data: []byte("body {}")},
		"js/a.js":           {Data: []byte("export {}" + strings.Repeat(" ", 2000)), ModTime: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		"img/i.svg":         {Data: []byte("<svg/>")},
		"index.html":        {Data: []byte("<p>index")},
		"no extension":      {Data: []byte("text")},
		".env":              {Data: []byte("SECRET=1")},
		"sub/.git/config":   {Data: []byte("x")},
		"font.woff2":        {Data: []byte("wOF2")},
		"video.mp4":         {Data: []byte(strings.Repeat("v", 100))},
		"site.webmanifest":  {Data: []byte("{}")},
		"vendor/m/index.js": {Data: []byte("1")},
	}
	b := newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Static = files }))
	for path, contentType := range map[string]string{
		"css/page.css":      "text/css; charset=utf-8",
		"js/a.js":           "text/javascript; charset=utf-8",
		"img/i.svg":         "image/svg+xml",
		"index.html":        "text/html; charset=utf-8", // as it is, and not as a folder's index
		"no%20extension":    "text/plain; charset=utf-8",
		"font.woff2":        "font/woff2",
		"site.webmanifest":  "application/manifest+json",
		"vendor/m/index.js": "text/javascript; charset=utf-8",
	} {
		got := b.get("/static/" + path)
		got.want(t, 200)
		if got.Header.Get("Content-Type") != contentType {
			t.Errorf("%s: Content-Type %q", path, got.Header.Get("Content-Type"))
		}
		if got.Header.Get("Cache-Control") != "no-cache" || len(got.Cookies()) != 0 {
			t.Errorf("%s: %v", path, got.Header)
		}
		tag := got.Header.Get("ETag")
		again := b.get("/static/"+path, header("If-None-Match", tag))
		if again.StatusCode != http.StatusNotModified || tag == "" {
			t.Errorf("%s with ETag %q: %d", path, tag, again.StatusCode)
		}
	}
	if got := b.get("/static/js/a.js", header("Accept-Encoding", "gzip, deflate, br, zstd")); got.Header.Get("Content-Encoding") != "br" {
		t.Errorf("not compressed: %v", got.Header)
	}
	if got := b.get("/static/video.mp4", header("Range", "bytes=10-19")); got.StatusCode != http.StatusPartialContent || len(got.body) != 10 {
		t.Errorf("range: %d, %d bytes", got.StatusCode, len(got.body))
	}
	b.do("HEAD", "/static/css/page.css", nil).want(t, 200)

	for _, path := range []string{
		".env", "css", "css/", "", "../web.go", "%2e%2e/web.go", "css/../index.html", "css/%2e%2e%2findex.html", "sub/.git/config", "sub/",
		"/etc/passwd", "css//page.css", "nothing.css", "%00", "css/page.css%00", "css/page.css/", "\\..\\x", "%ff", strings.Repeat("a/", 5000), "vendor/m", "./index.html",
	} {
		b.get("/static/"+path).want(t, 404)
	}
	// A changed file is a different file.
	files["css/page.css"].ModTime = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	before := b.get("/static/css/page.css").Header.Get("ETag")
	files["css/page.css"].ModTime = time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	if b.get("/static/css/page.css").Header.Get("ETag") == before {
		t.Error("the ETag does not change with the file")
	}

	newBrowser(t, newHandler(t, &fakeService{})).get("/static/css/page.css").want(t, 404)
}

// Files that do not change are kept by browsers for good, under an address that does.
func TestStaticBuild(t *testing.T) {
	address := regexp.MustCompile(`static=\[([^\]]*)\]`)
	serve := func(content string, fixed bool) (*browser, string) {
		service := &fakeService{page: func(string, string) (room.Page, error) { return room.Page{}, nil }}
		b := newBrowser(t, newHandler(t, service, func(o *Options) {
			o.Static, o.StaticFixed = fstest.MapFS{"a b.css": {Data: []byte(content)}, ".env": {}, "css/x": {}}, fixed
		}))
		return b, address.FindStringSubmatch(b.get("/room/" + roomID).body)[1]
	}
	const (
		immutable = "public, max-age=31536000, immutable"
		missing   = "build-0123456789abcdef/"
	)
	b, first := serve("one", true)
	for path, cache := range map[string]string{
		first:                              immutable,
		"/static/a%20b.css":                "no-cache",
		"/static/" + missing + "a%20b.css": "no-store", // of another version
	} {
		got := b.get(path)
		got.want(t, 200, "one")
		if got.Header.Get("Cache-Control") != cache || len(got.Cookies()) != 0 {
			t.Errorf("%s: %v", path, got.Header)
		}
	}
	folder := strings.TrimSuffix(first, "a%20b.css")
	for _, path := range []string{folder, folder + "css", folder + ".env", folder + "../.env", folder + folder, "/static/" + missing, "/static/" + missing + ".env", "/static/build-"} {
		b.get(path).want(t, 404)
	}
	if _, again := serve("one", true); again != first {
		t.Errorf("%s and %s are the same", again, first)
	}
	if _, other := serve("two", true); other == first {
		t.Error("another content has the same address")
	}
	if _, plain := serve("one", false); plain != "/static/a%20b.css" {
		t.Errorf("a file that may change is at %s", plain)
	}
}

// Files that do not change are compressed once, as well as it can be done.
func TestStaticPacked(t *testing.T) {
	text := strings.Repeat("a {} b {} c {} ", 300)
	noise := make([]byte, 3000)
	rand.NewChaCha8([32]byte{}).Read(noise)
	files := fstest.MapFS{
		"text.css":  {Data: []byte(text)},
		"short.js":  {Data: []byte("export default [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];")}, // below what is worth compressing on the fly
		"tiny.js":   {Data: []byte("1")},
		"noise.png": {Data: noise},
	}
	serve := func(fixed bool) *browser {
		return newBrowser(t, newHandler(t, &fakeService{}, func(o *Options) { o.Static, o.StaticFixed = files, fixed }))
	}
	b := serve(true)
	for _, c := range []struct {
		file, accepts, coding string
	}{
		{"text.css", "gzip, deflate, br, zstd", "br"},
		{"text.css", "gzip, deflate", "gzip"},
		{"text.css", "br, zstd", "br"},
		{"text.css", "BR", "br"},
		{"text.css", "br;q=1.0, GZIP ;q=0.1", "br"},
		{"text.css", "br;q=0.1, gzip;q=1.0", "gzip"},
		{"text.css", "br;q=0.5, gzip;q=0.5", "br"},
		{"text.css", "br;q=0, gzip;q=0.001", "gzip"},
		{"text.css", "br;q=x, gzip", "gzip"},
		{"text.css", "gzip;q=0.5, *;q=0.1", "gzip"},
		{"text.css", "gzip;q=0.5, *", "br"},
		{"text.css", "*", "br"},
		{"text.css", "br;q=0, *", "gzip"},
		{"text.css", "gzip, identity", "gzip"},
		{"text.css", "identity;q=0, *;q=0.1", "br"},
		{"text.css", "identity;q=1, gzip;q=0.5", ""},
		{"text.css", "*;q=0", ""},
		{"text.css", "gzip;q=0, br;q=0, *", ""},
		{"short.js", "gzip", "gzip"},
		{"short.js", "br", "br"},
		{"tiny.js", "gzip, br", ""},
		{"noise.png", "gzip", ""},
		{"noise.png", "br", ""},
		{"text.css", "", ""},
		{"text.css", "deflate, zstd", ""},
		{"text.css", "gzip;q=x", ""},
		{"text.css", "xgzip, gzipped, brotli", ""},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			name := method + " " + c.file + " for " + c.accepts
			got := b.do(method, "/static/"+c.file, nil, header("Accept-Encoding", c.accepts))
			got.want(t, 200)
			want := string(files[c.file].Data)
			if coding := got.Header.Get("Content-Encoding"); coding != c.coding {
				t.Errorf("%s: packed by %q, want %q", name, coding, c.coding)
			}
			if method == "HEAD" {
				if get := b.get("/static/"+c.file, header("Accept-Encoding", c.accepts)); got.body != "" || got.Header.Get("Content-Length") != strconv.Itoa(len(get.body)) {
					t.Errorf("%s: %d bytes, %v", name, len(got.body), got.Header)
				}
				continue
			}
			if body := opened(t, got); body != want || got.Header.Get("Content-Length") != strconv.Itoa(len(got.body)) {
				t.Errorf("%s: %d bytes, %v", name, len(body), got.Header)
			}
			if len(got.Header["No-Gzip-Compression"]) != 0 {
				t.Errorf("%s: what was said to the middleware got out: %v", name, got.Header)
			}
			if vary := got.Header["Vary"]; !slices.Equal(vary, []string{"Accept-Encoding"}) {
				t.Errorf("%s: Vary %q", name, vary)
			}
		}
	}

	tags := map[string]bool{}
	for _, coding := range []string{"", "gzip", "br"} {
		accepts := header("Accept-Encoding", coding)
		whole := b.get("/static/text.css", accepts)
		tags[whole.Header.Get("ETag")] = true
		if again := b.get("/static/text.css", accepts, header("If-None-Match", whole.Header.Get("ETag"))); again.StatusCode != http.StatusNotModified || again.body != "" || again.Header.Get("Content-Encoding") != "" {
			t.Errorf("with its own ETag: %d, %d bytes, %v", again.StatusCode, len(again.body), again.Header)
		}
		part := b.get("/static/text.css", accepts, header("Range", "bytes=5-8"))
		if part.StatusCode != http.StatusPartialContent || part.body != text[5:9] || part.Header.Get("Content-Encoding") != "" {
			t.Errorf("range: %d, %q, %v", part.StatusCode, part.body, part.Header)
		}
		// Else an answer without a body would have the length of one.
		for _, condition := range []string{`"other"`, whole.Header.Get("ETag")} {
			failed := b.get("/static/text.css", accepts, header("If-Match", condition))
			if length := failed.Header.Get("Content-Length"); failed.StatusCode != http.StatusPreconditionFailed || failed.body != "" || length != "" && length != "0" || failed.Header.Get("Content-Encoding") != "" {
				t.Errorf("If-Match %s: %d, %d bytes, %v", condition, failed.StatusCode, len(failed.body), failed.Header)
			}
		}
	}
	// Threat: a cache in between gives one form to who asked for another.
	if len(tags) != 3 || tags[""] {
		t.Errorf("the forms of a file have the tags %v", tags)
	}
	// A file that may change is compressed as it goes, if that pays.
	changing, accepts := serve(false), header("Accept-Encoding", "gzip")
	if got := changing.get("/static/short.js", accepts); got.Header.Get("Content-Encoding") != "" {
		t.Errorf("short file that may change: %v", got.Header)
	}
	if got := changing.get("/static/text.css", accepts); unpacked(t, got.body) != text {
		t.Errorf("file that may change: %v", got.Header)
	}
	files["text.css"].ModTime = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	failed := changing.get("/static/text.css", accepts, header("If-Unmodified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"))
	if length := failed.Header.Get("Content-Length"); failed.StatusCode != http.StatusPreconditionFailed || length != "" && length != "0" {
		t.Errorf("If-Unmodified-Since: %d, %v", failed.StatusCode, failed.Header)
	}
}

// Threat: a large file is asked for, and packing it holds up everybody else's.
func TestOnlySmallFilesArePackedAtAnyCost(t *testing.T) {
	for size, want := range map[int]int{0: 11, 64 << 10: 11, 64<<10 + 1: 5, maxPacked: 5} {
		if got := quality(size); got != want {
			t.Errorf("%d bytes: quality %d, want %d", size, got, want)
		}
	}
}

// Files fit into the windows of what packs them, from the smallest window on.
func TestWindow(t *testing.T) {
	for size, want := range map[int]int{0: 16, 1<<16 - 16: 16, 1<<16 - 15: 17, 1<<17 - 16: 17, maxPacked: 22, 1 << 30: 22} {
		if got := window(size); got != want {
			t.Errorf("%d bytes: %d, want %d", size, got, want)
		}
	}
	noise := make([]byte, 40<<10)
	rand.NewChaCha8([32]byte{}).Read(noise)
	large := strings.Repeat(string(noise), 3) // what repeats lies beyond the smallest window
	packed, err := codings[0].pack([]byte(large))
	if err != nil || len(packed) > 45<<10 {
		t.Errorf("%d bytes of %d, %v", len(packed), len(large), err)
	}
}

// opened returns the body of an answer as it was before it was packed.
func opened(t *testing.T, a answer) string {
	t.Helper()
	switch a.Header.Get("Content-Encoding") {
	case "":
		return a.body
	case "br":
		content, err := io.ReadAll(brotli.NewReader(strings.NewReader(a.body)))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	return unpacked(t, a.body)
}

func unpacked(t *testing.T, body string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
