package web

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// coding is a way to pack the body of an answer.
type coding struct {
	name   string // as Accept-Encoding and Content-Encoding have it
	writer func(out io.Writer, size int) (io.WriteCloser, error)
}

// codings are those that files are packed in, each as small as it gets. Equally welcome ones are
// taken in this order, the smallest first.
var codings = []*coding{
	{"br", func(out io.Writer, size int) (io.WriteCloser, error) {
		return brotli.NewWriterOptions(out, brotli.WriterOptions{Quality: quality(size), LGWin: window(size)}), nil
	}},
	{"gzip", func(out io.Writer, _ int) (io.WriteCloser, error) {
		return gzip.NewWriterLevel(out, gzip.BestCompression)
	}},
}

// quality returns how hard Brotli tries to make so many bytes small. The best it can do is for
// files such as ours: of a megabyte it would take seconds, and a hundred megabytes of memory.
func quality(size int) int {
	const small, good = 64 << 10, 5
	if size <= small {
		return brotli.BestCompression
	}
	return good
}

// window returns the binary logarithm of the smallest window of Brotli's that holds so many
// bytes. Its default is the largest one, for which a packer takes 20 times as much memory.
func window(size int) int {
	const smallest, largest, unused = 16, 22, 16
	bits := smallest
	for bits < largest && 1<<bits-unused < size {
		bits++
	}
	return bits
}

// pack returns content in packed form; nil if that saves nothing.
func (c *coding) pack(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := c.writer(&packed, len(content))
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

// texts are the extensions of files that packing makes much smaller. Pictures, sounds and fonts are
// packed in their own way: they would take the longest, for nothing, while others wait.
var texts = []string{".css", ".csv", ".html", ".js", ".json", ".map", ".md", ".mjs", ".svg", ".txt", ".wasm", ".webmanifest", ".xml"}

func isText(name string) bool { return slices.Contains(texts, strings.ToLower(path.Ext(name))) }

// packs keeps packed files. It packs a file when somebody first asks for it, since most
// files are source maps, for which hardly anybody asks. It is safe for concurrent use.
type packs struct {
	// packing is held while a file is packed. Otherwise a thousand clients that ask at
	// once would have it packed a thousand times. It is taken before mu.
	packing sync.Mutex

	mu    sync.Mutex
	known map[packedName]packedFile
	size  int // of all packed files, in bytes
}

type packedName struct {
	file   string
	coding *coding
}

type packedFile struct {
	tag  string
	body []byte // nil if packing saves nothing
}

// of returns a file in packed form, nil if it is to be served as it is.
func (p *packs) of(name packedName, tag string, size int64, content io.ReadSeeker) ([]byte, error) {
	if size > maxPacked {
		return nil, nil
	}
	if packed, ok := p.get(name, tag); ok {
		return packed, nil
	}
	p.packing.Lock()
	defer p.packing.Unlock()
	if packed, ok := p.get(name, tag); ok {
		return packed, nil
	}
	all, err := readAgain(content)
	if err != nil {
		return nil, err
	}
	body, err := name.coding.pack(all)
	if err != nil {
		return nil, err
	}
	return p.put(name, packedFile{tag, body}), nil
}

func (p *packs) get(name packedName, tag string) (packed []byte, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	file, ok := p.known[name]
	return file.body, ok && file.tag == tag
}

// put keeps a file, if there is room for it, and returns what to serve.
func (p *packs) put(name packedName, file packedFile) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.known[name]
	if p.size+len(file.body)-len(before.body) > packBudget {
		file.body = nil
	}
	if p.known == nil {
		p.known = make(map[packedName]packedFile)
	}
	p.size += len(file.body) - len(before.body)
	p.known[name] = file
	return file.body
}

// codingFor returns in which coding a file is best sent as the answer to a request; nil if as it
// is. A request for a range is not answered with a packed file, since its bytes are counted in
// the file as it is. A request with a condition that can fail is not either, since the answer to
// that has no body whose length could be told.
func codingFor(r *http.Request) *coding {
	for _, name := range []string{"Range", "If-Match", "If-Unmodified-Since"} {
		if r.Header.Get(name) != "" {
			return nil
		}
	}
	weights := map[string]float64{}
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		weights[strings.ToLower(strings.TrimSpace(name))] = weightOf(params)
	}
	var best *coding
	most := weights["identity"] // the file as it is has no advantage, unless somebody prefers it
	for _, c := range codings {
		weight, named := weights[c.name]
		if !named {
			weight = weights["*"]
		}
		if weight > 0 && (weight > most || best == nil && weight == most) {
			best, most = c, weight
		}
	}
	return best
}

// content announces a packed body and returns it. It has an ETag of its own, as each form
// of a file has, so that no cache takes one for the other.
func (c *coding) content(h http.Header, packed []byte) *bytes.Reader {
	h.Set("Content-Encoding", c.name)
	h.Set("Content-Length", strconv.Itoa(len(packed)))
	h.Set("ETag", strings.TrimSuffix(h.Get("ETag"), `"`)+"-"+c.name+`"`)
	return bytes.NewReader(packed)
}
