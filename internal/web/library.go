package web

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"securechat/internal/refusal"
)

// libraryFiles are the files of socket.io-client that every Socket.IO server
// has under its own path.
var libraryFiles = []string{
	"socket.io.min.js", "socket.io.min.js.map",
	"socket.io.esm.min.js", "socket.io.esm.min.js.map",
}

// ourLibrary is the file without which the embedded pages do not work.
const ourLibrary = "socket.io.esm.min.js"

// library holds those files of socket.io-client that were put into the build,
// by their path. A nil content means that it was not.
type library map[string]*asset

type asset struct {
	name, tag string
	content   []byte
}

func loadLibrary(files fs.FS) (library, error) {
	l := library{}
	for _, name := range libraryFiles {
		l["/socket.io/"+name] = nil
		if files == nil {
			continue
		}
		content, err := fs.ReadFile(files, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l["/socket.io/"+name] = &asset{name: name, tag: tagOf(content), content: content}
	}
	return l, nil
}

// serveLibrary serves a file of the library.
func (s *server) serveLibrary(w http.ResponseWriter, r *http.Request) {
	// It is no route of the router's, but shall be seen as one.
	chi.RouteContext(r.Context()).RoutePatterns = []string{"/socket.io/*"}
	file := s.clientFiles[r.URL.Path]
	if file == nil {
		s.refuse(w, r, problem{
			status: http.StatusNotFound,
			code:   refusal.BuiltWithoutClient,
			where:  "library", reason: "not built",
		})
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, r, wrongMethod)
		return
	}
	h := w.Header()
	h.Set("ETag", file.tag)
	h.Set("Cache-Control", "public, max-age=604800")
	h.Add("Vary", "Accept-Encoding")
	setContentType(h, file.name)
	content := bytes.NewReader(file.content)
	if c := codingFor(r); c != nil {
		packed, err := s.static.packs.of(packedName{r.URL.Path, c}, file.tag, int64(len(file.content)), content)
		if err != nil {
			s.refuseUse(w, r, "library", err)
			return
		}
		if packed != nil {
			content = c.content(h, packed)
		}
	}
	http.ServeContent(w, r, file.name, time.Time{}, content)
}

// built is a middleware that stands in for the embedded pages if they cannot work.
func (s *server) built(next http.Handler) http.Handler {
	if s.foreign || s.clientFiles["/socket.io/"+ourLibrary] != nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, problem{
			status: http.StatusServiceUnavailable,
			code:   refusal.BuiltWithoutModules,
			where:  "page", reason: "not built",
		})
	})
}
