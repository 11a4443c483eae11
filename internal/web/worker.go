package web

import (
	"bytes"
	_ "embed"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
)

// The embedded pages have a service worker. Its scope is the folder that its address is in, and so
// it cannot lie in /static/.
const (
	workerPath = "/sw.js"
	workerFile = "sw.js" // in the static folder
)

// farewell is a service worker that ends the registration it is an update of.
//
//go:embed farewell.js
var farewell []byte

// serveWorker serves the service worker. Other pages than the embedded ones have none. A browser
// that has once registered it keeps it, even if there is nothing at its address any more. It asks for
// an update when it opens a page, and gets a farewell.
func (s *server) serveWorker(w http.ResponseWriter, r *http.Request) {
	// It is no route of the router's, but shall be seen as one.
	chi.RouteContext(r.Context()).RoutePatterns = []string{workerPath}
	const cache = "no-cache"
	if file, info, ok := s.static.open(workerFile); ok && !s.foreign {
		defer file.Close() // nothing was written
		// A worker goes by the policies that come with it.
		s.serveFile(w, r, workerFile, cache, file, info, false)
		return
	}
	w.Header().Add("Vary", "Service-Worker")
	if r.Header.Get("Service-Worker") != "script" { // who sends this runs the answer as a worker
		s.notFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", cache)
	setContentType(h, workerFile)
	http.ServeContent(w, r, workerFile, time.Time{}, bytes.NewReader(farewell))
}
