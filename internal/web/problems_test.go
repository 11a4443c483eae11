package web

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"securechat/room"
)

func TestPreferred(t *testing.T) {
	for accept, want := range map[string]string{
		"":    "text/plain",
		"*/*": "text/plain",
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8": "text/html",
		"application/json":                       "application/json",
		"application/json, text/plain, */*":      "application/json",
		"application/json;q=0.5, text/html;q=.9": "text/html",
		"application/json, text/html;q=0.9":      "application/json",
		"text/html;q=0":                          "text/plain",
		"text/html;q=0, application/json;q=0.1":  "application/json",
		"TEXT/HTML ; Q=1":                        "text/html",
		"text/css,*/*;q=0.1":                     "text/plain",
		"text/*":                                 "text/plain",
		"text/html;q=x":                          "text/plain",
		"text/html;q=2":                          "text/plain",
		"text/html;q=NaN":                        "text/plain",
		"text/html;level=1;q=0.4":                "text/html",
		",,;;=,":                                 "text/plain",
		"application/xhtml+xml":                  "text/html",
	} {
		if got := preferred(accept); got != want {
			t.Errorf("%q → %s, want %s", accept, got, want)
		}
	}
}

func TestErrorForms(t *testing.T) {
	service := &fakeService{create: func(room.Creation) (room.Seat, error) { return room.Seat{}, room.ErrTooManyRooms }}
	b := newBrowser(t, newHandler(t, service))

	page := b.create("Anna")
	page.want(t, 503, "<!DOCTYPE html>", `href="/">`)
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(page.body, "<script") || strings.Contains(page.body, "{{") {
		t.Error("a script, or a template that was not rendered")
	}

	b.header.Set("Accept", "application/json")
	var got struct {
		Code, Error string
		Status      int
	}
	answer := b.create("Anna")
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil || got.Status != 503 || got.Code != "too_many_rooms" || got.Error == "" {
		t.Errorf("%s, %v", answer.body, err)
	}

	b.header.Set("Accept", "text/plain")
	if text := b.create("Anna").body; text != got.Error {
		t.Errorf("plain text %q, JSON %q", text, got.Error)
	}
	if vary := strings.Join(answer.Header["Vary"], ","); !strings.Contains(vary, "Accept") {
		t.Errorf("Vary %q", vary)
	}
}

// The sentence about a hostile name must not carry the name's markup into the page.
func TestErrorPageEscapes(t *testing.T) {
	service := &fakeService{create: func(room.Creation) (room.Seat, error) {
		return room.Seat{}, &room.NameError{Problem: room.NameBadCharacter, Char: '<'}
	}}
	page := newBrowser(t, newHandler(t, service)).create("<script>alert(1)</script>")
	page.want(t, 400, "can’t contain &lt;")
	if strings.Contains(page.body, "alert(1)") {
		t.Error("the name is in the page")
	}
}

func TestPanics(t *testing.T) {
	var log strings.Builder
	service := &fakeService{page: func(string, string) (room.Page, error) { panic("the name was Anna Smith") }}
	h := newHandler(t, service, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.Socket = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var empty []int
			_ = empty[len(r.URL.Path)]
		})
	})
	b := newBrowser(t, h)
	b.get("/room/"+roomID).want(t, 500, "Something went wrong", `href="/"`)
	if text := log.String(); !strings.Contains(text, "panic=string") || !strings.Contains(text, "pages.go") || strings.Contains(text, "Smith") || strings.Contains(text, roomID) {
		t.Errorf("logged %s", text)
	}
	log.Reset()

	// Nothing can be said on a socket's connection, so it is cut.
	func() {
		defer func() {
			if value := recover(); !errors.Is(value.(error), http.ErrAbortHandler) {
				t.Errorf("panic %v, want http.ErrAbortHandler", value)
			}
		}()
		b.get("/socket.io/?EIO=4")
		t.Error("an answer")
	}()
	if !strings.Contains(log.String(), "index out of range") {
		t.Errorf("logged %s", log.String())
	}
	b.get("/").want(t, 200)
}

// Paths hold ids, so only the routes are told.
func TestObservation(t *testing.T) {
	var log strings.Builder
	seen := &refusals{}
	service := &fakeService{page: func(string, string) (room.Page, error) { return samplePage("Anna"), nil }}
	b := newBrowser(t, newHandler(t, service, func(o *Options) {
		o.Metrics = seen
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}))
	b.get("/room/" + roomID)
	b.get("/room/" + roomID + "/status")
	b.get("/nothing/" + roomID)
	b.get("/socket.io/socket.io.min.js")
	b.get("/static/nothing.css")
	b.do("POST", "/join", nil)
	b.do("SECRET-"+roomID, "/", nil)
	want := "/room/{id} 200|/room/{id}/status 404|/* 404|/socket.io/* 200|/static/* 404|/* 400|/* 400"
	if got := strings.Join(seen.seen, "|"); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if text := log.String(); strings.Contains(text, roomID) || !strings.Contains(text, "route=/room/{id} status=200") {
		t.Errorf("logged %s", text)
	}
}

// Errors are answered in full length even if the client asked for it compressed.
func TestCompression(t *testing.T) {
	service := &fakeService{page: func(string, string) (room.Page, error) { return samplePage("Anna"), nil }}
	b := newBrowser(t, newHandler(t, service, func(o *Options) {
		files := fixture()
		files["chatroom.html"].Data = append(files["chatroom.html"].Data, strings.Repeat("padding ", 1000)...)
		o.Templates = files
	}))
	plain := b.get("/room/" + roomID)
	plain.want(t, 200, "padding")
	compressed := b.get("/room/"+roomID, header("Accept-Encoding", "gzip"))
	if compressed.Header.Get("Content-Encoding") != "gzip" || len(compressed.body) > len(plain.body)/2 {
		t.Errorf("%d bytes of %d, %v", len(compressed.body), len(plain.body), compressed.Header)
	}
	if compressed.Header.Get("Content-Length") == plain.Header.Get("Content-Length") {
		t.Error("the length is that of the page before compression")
	}
	if _, err := io.Copy(io.Discard, compressed.Body); err != nil {
		t.Error(err)
	}
}
