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
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"securechat/internal/folder"
	"securechat/internal/refusal"
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
	".txt":         "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
	".woff":        "font/woff",
	".woff2":       "font/woff2",
}

func setContentType(h http.Header, name string) {
	if contentType, ok := contentTypes[strings.ToLower(path.Ext(name))]; ok {
		h.Set("Content-Type", contentType)
	}
}

const staticPath = "/static/"

// static serves the static folder at /static/. It lists no folders, and has no
// hidden files.
type static struct {
	files fs.FS
	// build, if not empty, is the first folder in the address of every static file.
	// There is no such folder. It is named after the content of the files, which do not
	// change: browsers need not ask again, and modules of two versions cannot meet.
	build string
	packs packs
	// tags has the ETags of files without a time, which are embedded ones and
	// so do not change.
	tags tags
}

// newStatic returns what serves a folder, which may be nil. The files of a fixed one do
// not change; its style sheets are joined, and our own modules have no comments.
func newStatic(files fs.FS, fixed bool) (*static, error) {
	if files == nil || !fixed {
		return &static{files: files}, nil
	}
	files, err := joinSheets(files)
	if err != nil {
		return nil, err
	}
	if files, err = takeComments(files); err != nil {
		return nil, err
	}
	sum := sha256.New()
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		fmt.Fprintf(sum, "%s\n%d\n%s", name, len(content), content)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &static{files: files, build: buildPrefix + hex.EncodeToString(sum.Sum(nil)[:8]) + "/"}, nil
}

// address returns the address of a file, from the site's root.
func (s *static) address(name string) string { return staticPath + s.build + escapePath(name) }

// buildPrefix begins the names of builds.
const buildPrefix = "build-"

// nameOf returns the name of the file that a path is about, and how long a browser
// may keep it.
func (s *static) nameOf(path string) (name, cache string) {
	name = strings.TrimPrefix(path, staticPath)
	if s.build == "" || !strings.HasPrefix(name, buildPrefix) {
		// The names do not change with the content: browsers may keep a copy but
		// have to ask for news of it.
		return name, "no-cache"
	}
	if name, ok := strings.CutPrefix(name, s.build); ok {
		return name, "public, max-age=31536000, immutable"
	}
	// While one version replaces another, a page of the one may ask the other.
	_, name, _ = strings.Cut(name, "/")
	return name, "no-store"
}

// open returns a file; it is not ok if there is none to show.
func (s *static) open(name string) (file fs.File, info fs.FileInfo, ok bool) {
	if s.files == nil || !fs.ValidPath(name) || folder.Hidden(name) {
		return nil, nil, false
	}
	file, err := s.files.Open(name)
	if err != nil {
		return nil, nil, false
	}
	info, err = file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = file.Close() // nothing was written
		return nil, nil, false
	}
	return file, info, true
}

func (s *server) serveStatic(w http.ResponseWriter, r *http.Request) {
	// It is no route of the router's, but shall be seen as one.
	chi.RouteContext(r.Context()).RoutePatterns = []string{staticPath + "*"}
	name, cache := s.static.nameOf(r.URL.Path)
	file, info, ok := s.static.open(name)
	if !ok {
		s.notFound(w, r)
		return
	}
	defer file.Close() // nothing was written
	content, ok := file.(io.ReadSeeker)
	if !ok {
		s.refuseUse(w, r, "static", errors.New("web: a static file cannot be read again"))
		return
	}
	tag, err := s.static.tags.of(name, info, content)
	if err != nil {
		s.refuseUse(w, r, "static", err)
		return
	}
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", cache)
	h.Add("Vary", "Accept-Encoding")
	setContentType(h, name)
	if takesPacked(r) && (s.static.build != "" || info.Size() >= minPacked) {
		packed, err := s.static.packs.of(name, tag, info.Size(), content)
		if err != nil {
			s.refuseUse(w, r, "static", err)
			return
		}
		if packed != nil {
			content = packedContent(h, packed)
		}
	}
	http.ServeContent(w, r, name, info.ModTime(), content)
}

// packedContent announces packed content and returns it.
func packedContent(h http.Header, packed []byte) *bytes.Reader {
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Length", strconv.Itoa(len(packed)))
	return bytes.NewReader(packed)
}

// tags remembers ETags. It is safe for concurrent use.
type tags struct {
	mu    sync.Mutex
	known map[string]string
}

// of returns the ETag of a file. It is weak because the file may be sent compressed.
func (t *tags) of(name string, info fs.FileInfo, content io.ReadSeeker) (string, error) {
	if !info.ModTime().IsZero() {
		return fmt.Sprintf(`W/"%x-%x"`, info.ModTime().UnixNano(), info.Size()), nil
	}
	t.mu.Lock() // also while a file is read: not by everybody who asks at the same time
	defer t.mu.Unlock()
	if tag, ok := t.known[name]; ok {
		return tag, nil
	}
	all, err := readAgain(content)
	if err != nil {
		return "", err
	}
	if t.known == nil {
		t.known = make(map[string]string)
	}
	t.known[name] = tagOf(all)
	return t.known[name], nil
}

// readAgain returns the whole content, which can be read once more afterwards.
func readAgain(content io.ReadSeeker) ([]byte, error) {
	all, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	_, err = content.Seek(0, io.SeekStart)
	return all, err
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
	packed    func() ([]byte, error) // as pack makes it, when it is first asked for
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
		l["/socket.io/"+name] = &asset{
			name: name, tag: tagOf(content), content: content,
			packed: sync.OnceValues(func() ([]byte, error) { return pack(content) }),
		}
	}
	return l, nil
}

// serveLibrary serves a file of the library.
func (s *server) serveLibrary(w http.ResponseWriter, r *http.Request) {
	// It is no route of the router's, but shall be seen as one.
	chi.RouteContext(r.Context()).RoutePatterns = []string{"/socket.io/*"}
	file := s.library[r.URL.Path]
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
	if takesPacked(r) {
		packed, err := file.packed()
		if err != nil {
			s.refuseUse(w, r, "library", err)
			return
		}
		if packed != nil {
			content = packedContent(h, packed)
		}
	}
	http.ServeContent(w, r, file.name, time.Time{}, content)
}

// built is a middleware that stands in for the embedded pages if they cannot work.
func (s *server) built(next http.Handler) http.Handler {
	if s.foreign || s.library["/socket.io/"+ourLibrary] != nil {
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
