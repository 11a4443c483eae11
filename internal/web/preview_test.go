package web

import (
	"image/png"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"securechat/room"
)

// metas returns what a page says of itself, by name or property.
func metas(t *testing.T, page string) map[string]string {
	t.Helper()
	doc, err := xhtml.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for node := range doc.Descendants() {
		attrs := map[string]string{}
		for _, attr := range node.Attr {
			attrs[attr.Key] = attr.Val
		}
		if node.DataAtom == atom.Meta {
			found[attrs["name"]+attrs["property"]] = attrs["content"]
		}
	}
	return found
}

// The addresses in a preview are whole, as the browser knows them.
func TestPreview(t *testing.T) {
	handler := newHandler(t, &fakeService{}, ownPages, func(o *Options) {
		o.StaticFixed = true
		o.Proxies = Proxies{Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.9/32")}}
	})
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   string // "" for no address
	}{
		"plain":       {func(*http.Request) {}, "http://chat.example"},
		"with a port": {func(r *http.Request) { r.Host = "127.0.0.1:5000" }, "http://127.0.0.1:5000"},
		"behind a proxy": {func(r *http.Request) {
			from("192.0.2.9:1")(r)
			r.Header.Set("X-Forwarded-Proto", "https")
			r.Header.Set("X-Forwarded-Host", "public.example")
		}, "https://public.example"},
		"behind somebody's proxy": {func(r *http.Request) {
			r.Header.Set("X-Forwarded-Proto", "https")
			r.Header.Set("X-Forwarded-Host", "evil.example")
		}, "http://chat.example"},
		// Threat: the client chooses the header Host.
		"a host with markup": {func(r *http.Request) { r.Host = `a"><script>` }, ""},
		"a host with a path": {func(r *http.Request) { r.Host = "a/b" }, ""},
		"a user":             {func(r *http.Request) { r.Host = "a@b" }, ""},
		"no host":            {func(r *http.Request) { r.Host = "" }, ""},
	} {
		page := newBrowser(t, handler).get("/", test.change)
		page.want(t, 200)
		if page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the page may be kept for somebody else", name)
		}
		got := metas(t, page.body)
		for _, always := range []string{"description", "og:title", "og:description"} {
			if got[always] == "" {
				t.Errorf("%s: no %s", name, always)
			}
		}
		picture, found := strings.CutPrefix(got["og:image"], test.want+"/static/build-")
		switch {
		case test.want == "":
			if got["og:image"] != "" || got["og:url"] != "" || strings.Contains(page.body, "<script>") {
				t.Errorf("%s: %v", name, got)
			}
		case got["og:url"] != test.want+"/" || !found || !strings.HasSuffix(picture, "/img/preview.png"):
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The picture has the size that the page says.
func TestPreviewPicture(t *testing.T) {
	file, err := os.Open("../../static/img/preview.png")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.DecodeConfig(file)
	if err != nil || picture.Width != 1200 || picture.Height != 630 {
		t.Errorf("%d × %d, %v", picture.Width, picture.Height, err)
	}
	if info, err := file.Stat(); err != nil || info.Size() > 100<<10 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
}

// The start page is for everybody. The others are one person's, and no search engine shows them.
func TestOnlyTheStartPageIsFound(t *testing.T) {
	service := &fakeService{page: func(string, string) (room.Page, error) { return samplePage("Anna"), nil }}
	b := newBrowser(t, newHandler(t, service, ownPages))
	for name, test := range map[string]struct {
		page answer
		want string
	}{
		"start":   {b.get("/"), ""},
		"room":    {b.get("/room/" + roomID), "noindex"},
		"waiting": {b.join("123456", "Anna"), "noindex"},
	} {
		test.page.want(t, 200)
		if got := test.page.Header.Get("X-Robots-Tag"); got != test.want {
			t.Errorf("%s: X-Robots-Tag %q, want %q", name, got, test.want)
		}
	}
	// Foreign pages say what they like.
	foreign := newBrowser(t, newHandler(t, service)).get("/room/" + roomID)
	foreign.want(t, 200)
	if got := foreign.Header.Get("X-Robots-Tag"); got != "" {
		t.Errorf("a foreign page: X-Robots-Tag %q", got)
	}
}
