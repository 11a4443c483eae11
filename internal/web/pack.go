package web

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// pack returns content in gzip's form, as small as it gets; nil if that saves nothing.
func pack(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if packed.Len() >= len(content) {
		return nil, nil
	}
	return bytes.Clone(packed.Bytes()), nil
}

// Files are packed once and kept packed. A file that is too large is served as it is.
const (
	maxPacked  = 2 << 20  // the size of one file before packing, in bytes
	packBudget = 16 << 20 // the size of all packed files, in bytes
	minPacked  = 1 << 10  // the size of a file that may change, in bytes: a smaller one is not worth a place
)

// packs keeps packed files. It packs a file when somebody first asks for it, since most
// files are source maps, for which hardly anybody asks. It is safe for concurrent use.
type packs struct {
	mu    sync.Mutex
	known map[string]packedFile // by name
	size  int                   // of all packed files, in bytes
}

type packedFile struct {
	tag  string
	body []byte // nil if packing saves nothing
}

// of returns a file in packed form, nil if it is to be served as it is.
func (p *packs) of(name, tag string, size int64, content io.ReadSeeker) ([]byte, error) {
	if size > maxPacked {
		return nil, nil
	}
	// The lock is held while a file is packed. Otherwise a thousand clients that ask at
	// once would have it packed a thousand times.
	p.mu.Lock()
	defer p.mu.Unlock()
	before, ok := p.known[name]
	if ok && before.tag == tag {
		return before.body, nil
	}
	all, err := readAgain(content)
	if err != nil {
		return nil, err
	}
	body, err := pack(all)
	if err != nil {
		return nil, err
	}
	if p.size+len(body)-len(before.body) > packBudget {
		body = nil
	}
	if p.known == nil {
		p.known = make(map[string]packedFile)
	}
	p.size += len(body) - len(before.body)
	p.known[name] = packedFile{tag, body}
	return body, nil
}

// takesPacked reports whether a request is best answered with the packed file. A request
// for a range is not, since its bytes are counted in the file as it is. A request with a
// condition is not either, since its answer may have no body whose length could be told.
func takesPacked(r *http.Request) bool {
	if r.Header.Get("Range") != "" || r.Header.Get("If-Match") != "" {
		return false
	}
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return weightOf(params) > 0
		}
	}
	return false
}

// packedContent announces packed content and returns it.
func packedContent(h http.Header, packed []byte) *bytes.Reader {
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Length", strconv.Itoa(len(packed)))
	return bytes.NewReader(packed)
}
