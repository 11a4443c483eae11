package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"securechat/internal/folder"
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
	".png":         "image/png",
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

// inert are the extensions of static files that run nothing and load nothing, not even as a
// document of their own, since nobody takes them for another type than they are served with. SVG and
// HTML can run scripts, and so can types that are not known here.
var inert = []string{".ico", ".json", ".map", ".png", ".txt", ".webmanifest", ".woff", ".woff2"}

// loaders are the extensions of static files that load others, and of which a worker can be made. The
// policy of such a file counts for what it loads then. The embedded pages have one of their
// own for all of that, and make no worker of a static file.
var loaders = []string{".css", ".js", ".mjs"}

// isPartOnly reports whether the policies of documents mean nothing in a static file.
func (s *server) isPartOnly(name string) bool {
	extension := strings.ToLower(path.Ext(name))
	return slices.Contains(inert, extension) || !s.foreign && slices.Contains(loaders, extension)
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
	s.serveFile(w, r, name, cache, file, info, s.isPartOnly(name))
}

// serveFile serves a file that was opened. A browser may keep it for as long as cache says. A file
// that is never more than a part of a page comes without the policies of documents.
func (s *server) serveFile(w http.ResponseWriter, r *http.Request, name, cache string, file fs.File, info fs.FileInfo, partOnly bool) {
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
	if c := codingFor(r); c != nil && isText(name) && (s.static.build != "" || info.Size() >= minPacked) {
		packed, err := s.static.packs.of(packedName{name, c}, tag, info.Size(), content)
		if err != nil {
			s.refuseUse(w, r, "static", err)
			return
		}
		if packed != nil {
			content = c.content(h, packed)
		}
	}
	if partOnly {
		dropPolicies(h)
	}
	http.ServeContent(w, r, name, info.ModTime(), content)
}
