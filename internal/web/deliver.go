package web

import (
	"bytes"
	"container/list"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"securechat/internal/connlimit"
)

// A client has answerTime to make room for each answerChunk of an answer. So the progress
// is timed and not the whole, and about a kilobyte a second is enough. A slow phone's
// three kilobytes a second fill a chunk in eleven seconds. The rest of the time is for the
// system, which tells of room only when a third of its buffer is empty again.
//
// An answer that nobody reads ends after answerTime, however long it is.
const (
	answerChunk = 32 << 10
	answerTime  = 30 * time.Second
)

// copyBuffer is the size in bytes of the part of a file that is in memory for each client.
const copyBuffer = 8 << 10

// hurry gives the client of a response answerTime from now on. It does nothing to a
// ResponseWriter without deadlines, such as a test's recorder.
func hurry(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime))
}

// deliver is a middleware for answers that are written and done. A client that does not
// take its answer in time loses the connection.
func deliver(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hurry(w)
		defer hurry(w) // the server writes the rest of its buffer after the handler
		next.ServeHTTP(delivery{w}, r)
	})
}

// delivery is a ResponseWriter that times progress. It makes no copy, so that an answer
// that many clients leave unread is in memory once.
type delivery struct{ http.ResponseWriter }

// Unwrap is for http.ResponseController.
func (d delivery) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d delivery) Write(p []byte) (n int, err error) {
	for len(p) > answerChunk && err == nil {
		var m int
		hurry(d.ResponseWriter)
		m, err = d.ResponseWriter.Write(p[:answerChunk])
		n, p = n+m, p[m:]
	}
	if err != nil {
		return n, err
	}
	hurry(d.ResponseWriter)
	m, err := d.ResponseWriter.Write(p)
	return n + m, err
}

// ReadFrom implements io.ReaderFrom for http.ServeContent.
func (d delivery) ReadFrom(r io.Reader) (int64, error) {
	out := struct{ io.Writer }{d} // hides this method from io.Copy
	if l, ok := r.(*io.LimitedReader); ok {
		if whole, ok := l.R.(*bytes.Reader); ok && int64(whole.Len()) <= l.N {
			return whole.WriteTo(out)
		}
	}
	return io.CopyBuffer(out, r, make([]byte, copyBuffer))
}

// maxUntaken bounds the bytes of all pages that wait for their clients to take them. Few
// pages wait, since the system's buffer holds more than most pages have.
const maxUntaken = 32 << 20

// untaken knows the pages that wait for their clients. It is safe for concurrent use.
type untaken struct {
	limit int // bytes

	mu    sync.Mutex
	bytes int
	pages list.List // *untakenPage, the one that has waited the longest first
}

type untakenPage struct {
	bytes int
	end   func()
}

// begin counts a page until done is called. If there are too many bytes, the pages that
// have waited the longest are ended by their end functions.
func (u *untaken) begin(bytes int, end func()) (done func()) {
	u.mu.Lock()
	own := u.pages.PushBack(&untakenPage{bytes, end})
	u.bytes += bytes
	var ended []*untakenPage
	for oldest := u.pages.Front(); u.bytes > u.limit && oldest != own; oldest = u.pages.Front() {
		ended = append(ended, u.takeLocked(oldest))
	}
	u.mu.Unlock()
	for _, page := range ended {
		page.end()
	}
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.takeLocked(own)
	}
}

// takeLocked stops counting a page. A second call does nothing.
func (u *untaken) takeLocked(e *list.Element) *untakenPage {
	page := e.Value.(*untakenPage) //nolint:forcetypeassert // nothing else is in it
	u.bytes -= page.bytes
	page.bytes = 0
	u.pages.Remove(e) // a second call does nothing
	return page
}

// collect is a middleware that writes an answer when its handler is done. So while a
// client takes the answer, the parts that made it, such as the compressor, are free.
func (u *untaken) collect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &collection{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(c, r)
		if c.body.Len() > 0 {
			w.Header().Set("Content-Length", strconv.Itoa(c.body.Len()))
		}
		w.WriteHeader(c.status)
		defer u.begin(c.body.Len(), func() {
			if conn := connlimit.Of(r); conn != nil {
				_ = conn.Close() // it may be closed already
			}
		})()
		_, _ = w.Write(c.body.Bytes()) // an error means that the client is gone, or too slow
	})
}

type collection struct {
	http.ResponseWriter
	status  int
	decided bool
	body    bytes.Buffer
}

// Unwrap is for http.ResponseController.
func (c *collection) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *collection) WriteHeader(status int) {
	if !c.decided {
		c.status, c.decided = status, true
	}
}

func (c *collection) Write(p []byte) (int, error) {
	c.decided = true
	return c.body.Write(p)
}
