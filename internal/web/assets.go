package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
)

// contentTypes are those that depend on the system's tables, or that some
// systems' tables have wrong; a browser refuses a script that is called text.
var contentTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".mjs":         "text/javascript; charset=utf-8",
	".svg":         "image/svg+xml",
	".webmanifest": "application/manifest+json",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
}

func setContentType(h http.Header, name string) {
	if contentType, ok := contentTypes[strings.ToLower(path.Ext(name))]; ok {
		h.Set("Content-Type", contentType)
	}
}

// static serves the static folder at /static/. It lists no folders, and has no
// hidden files.
type static struct {
	folder fs.FS
	// tags has the ETags of files without a time, which are embedded ones and
	// so do not change.
	tags sync.Map // name → string
}

// open returns the file of a request's path; it is not ok if there is none to show.
func (s *static) open(r *http.Request) (file fs.File, info fs.FileInfo, name string, ok bool) {
	name = strings.TrimPrefix(r.URL.Path, "/static/")
	if s.folder == nil || !fs.ValidPath(name) || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		return nil, nil, "", false
	}
	file, err := s.folder.Open(name)
	if err != nil {
		return nil, nil, "", false
	}
	info, err = file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = file.Close() // nothing was written
		return nil, nil, "", false
	}
	return file, info, name, true
}

func (s *server) serveStatic(w http.ResponseWriter, r *http.Request) {
	file, info, name, ok := s.static.open(r)
	if !ok {
		s.notFound(w, r)
		return
	}
	defer file.Close() // nothing was written
	content, ok := file.(io.ReadSeeker)
	if !ok {
		all, err := io.ReadAll(file)
		if err != nil {
			s.refuseUse(w, r, "static", err)
			return
		}
		content = bytes.NewReader(all)
	}
	tag, err := s.static.tag(name, info, content)
	if err != nil {
		s.refuseUse(w, r, "static", err)
		return
	}
	h := w.Header()
	h.Set("ETag", tag)
	// The names do not change with the content, and modules of two versions
	// must not meet: browsers may keep a copy but have to ask for news of it.
	h.Set("Cache-Control", "no-cache")
	setContentType(h, name)
	http.ServeContent(w, r, name, info.ModTime(), content)
}

// tag returns the ETag of a file. It is weak because the file may be sent compressed.
func (s *static) tag(name string, info fs.FileInfo, content io.ReadSeeker) (string, error) {
	if !info.ModTime().IsZero() {
		return fmt.Sprintf(`W/"%x-%x"`, info.ModTime().UnixNano(), info.Size()), nil
	}
	if tag, ok := s.tags.Load(name); ok {
		text, _ := tag.(string)
		return text, nil
	}
	all, err := io.ReadAll(content)
	if err != nil {
		return "", err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	tag := tagOf(all)
	s.tags.Store(name, tag)
	return tag, nil
}

func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}

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

func loadLibrary(folder fs.FS) (library, error) {
	l := library{}
	for _, name := range libraryFiles {
		l["/socket.io/"+name] = nil
		if folder == nil {
			continue
		}
		content, err := fs.ReadFile(folder, name)
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

const howToBuild = "Please start it with \"make run\", or build it with \"make build\", which fetch what is missing (Node.js with npm is needed once)."

// serveLibrary serves a file of the library.
func (s *server) serveLibrary(w http.ResponseWriter, r *http.Request) {
	// It is no route of the router's, but shall be seen as one.
	chi.RouteContext(r.Context()).RoutePatterns = []string{"/socket.io/*"}
	file := s.library[r.URL.Path]
	if file == nil {
		s.refuse(w, r, problem{
			status: http.StatusNotFound,
			text:   "This server was built without the Socket.IO client. " + howToBuild,
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
	setContentType(h, file.name)
	http.ServeContent(w, r, file.name, time.Time{}, bytes.NewReader(file.content))
}

// built is a middleware that stands in for the embedded pages if they cannot work.
func (s *server) built(next http.Handler) http.Handler {
	if s.foreign || s.library["/socket.io/"+ourLibrary] != nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, problem{
			status: http.StatusServiceUnavailable,
			text:   "This server runs, but it was built without the browser modules that its pages need. " + howToBuild,
			where:  "page", reason: "not built",
		})
	})
}
