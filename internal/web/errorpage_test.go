package web

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"securechat/room"
)

// Beside the embedded pages an error looks as they do, and its policy lets it.
func TestOwnErrorPage(t *testing.T) {
	b := newBrowser(t, newHandler(t, &fakeService{}, ownPages, func(o *Options) { o.StaticFixed = true }))
	page := b.get("/nothing", header("Accept-Language", "de"))
	page.want(t, 404, `<html lang="de">`, "<title>Seite nicht gefunden · Secure Chat</title>", "<h1>Seite nicht gefunden</h1>", `href="/"`)
	if got := page.Header.Get("Content-Security-Policy"); got != ownErrorPolicy || strings.Contains(got, "unsafe") {
		t.Errorf("policy %q", got)
	}
	doc, err := xhtml.Parse(strings.NewReader(page.body))
	if err != nil {
		t.Fatal(err)
	}
	var loaded []string
	for node := range doc.Descendants() {
		if node.DataAtom == atom.Style || node.DataAtom == atom.Script && node.FirstChild != nil {
			t.Errorf("<%s> in the page", node.Data)
		}
		for _, attr := range node.Attr {
			if attr.Key == "src" || node.DataAtom == atom.Link && attr.Key == "href" {
				loaded = append(loaded, attr.Val)
			}
		}
	}
	for _, address := range loaded {
		if b.get(address).want(t, 200); !strings.HasPrefix(address, "/static/build-") {
			t.Errorf("it loads %q", address)
		}
	}
	if len(loaded) != 4 {
		t.Errorf("it loads %q", loaded)
	}
}

// A page that needs nothing else stands beside foreign pages, and where our styles are missing.
func TestPlainErrorPage(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"foreign pages": func(o *Options) { o.Foreign, o.Static = true, os.DirFS("../../static") },
		"no files":      func(*Options) {},
		"other files":   func(o *Options) { o.Static = fstest.MapFS{"css/app.css": {Data: []byte("b {}")}} },
	} {
		page := newBrowser(t, newHandler(t, &fakeService{}, change)).get("/nothing")
		page.want(t, 404, "<h1>Page not found</h1>", "<style>", `href="/"`)
		if strings.Contains(page.body, "src=") || strings.Contains(page.body, "<link") {
			t.Errorf("%s: it loads something: %s", name, page.body)
		}
		if got := page.Header.Get("Content-Security-Policy"); got != plainErrorPolicy {
			t.Errorf("%s: policy %q", name, got)
		}
	}
}

func TestErrorTitles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // all of it in one minute
		service := &fakeService{create: func(room.Creation) (room.Seat, error) { return room.Seat{}, room.ErrTooManyRoomsHere }}
		b := newBrowser(t, newHandler(t, service, ownPages))
		b.get("/nothing").want(t, 404, "<h1>Page not found</h1>")
		b.create("Anna").want(t, 403, "<h1>That didn’t work</h1>")
		form := joinForm(b.token())
		for range joinsPerMinute {
			b.do("POST", "/join", form)
		}
		b.do("POST", "/join", form).want(t, 429, "<h1>Please wait a moment</h1>")
	})
}
