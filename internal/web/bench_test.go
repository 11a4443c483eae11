package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"securechat/room"
)

// discard is a ResponseWriter that costs next to nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// benchmarkPage serves a page over and over, on one core, with all that a
// request passes through. ORIGINAL_TEMPLATES names another folder than ours.
func benchmarkPage(b *testing.B, path string) {
	service := &quietService{shown: samplePage("O'Brien")}
	h := newHandler(b, service, func(o *Options) {
		ownPages(o)
		o.StaticFixed, o.RateLimits = true, false
		if dir := os.Getenv("ORIGINAL_TEMPLATES"); dir != "" {
			o.Templates, o.Foreign = os.DirFS(dir), true
		}
	})
	guest := newBrowser(b, h)
	guest.get(path).want(b, 200)
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for name, value := range guest.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(discard{http.Header{}}, r)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}

// quietService has one page for everybody, and remembers nothing.
type quietService struct {
	fakeService
	shown room.Page
}

func (q *quietService) Page(context.Context, string, string) (room.Page, error) { return q.shown, nil }

func BenchmarkIndex(b *testing.B) { benchmarkPage(b, "/") }
func BenchmarkRoom(b *testing.B)  { benchmarkPage(b, "/room/"+roomID) }
