package engine

import (
	"bufio"
	"errors"
	"maps"
	"net"
	"net/http"
	"sync"
)

var errOver = errors.New("engine: the request is over")

// responder is a ResponseWriter that may be used after its handler returned:
// then nothing is written. The library does so when a client goes away just as
// it is being answered, and keeps a session's first ResponseWriter for as long as
// the session, which must not cost a connection's buffers.
type responder struct {
	header http.Header

	mu sync.Mutex
	w  http.ResponseWriter // nil once the handler has returned
}

func (r *responder) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.w = nil
}

func (r *responder) Header() http.Header { return r.header }

func (r *responder) WriteHeader(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.w == nil {
		return
	}
	maps.Copy(r.w.Header(), r.header)
	r.w.WriteHeader(status)
}

// Write writes the body; the library calls WriteHeader before.
func (r *responder) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.w == nil {
		return 0, errOver
	}
	return r.w.Write(b)
}

// Hijack hands the connection over to the websocket.
func (r *responder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.w == nil {
		return nil, nil, errOver
	}
	w := r.w
	r.w = nil // the connection is no longer HTTP's
	return http.NewResponseController(w).Hijack()
}
