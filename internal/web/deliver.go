package web

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// A client has answerTime to make room for each answerChunk of an answer, so it is not
// the whole that is timed but the progress: about a kilobyte a second is enough. A slow
// phone's three kilobytes a second fill a chunk in eleven seconds; the rest is for the
// system, which tells of room only when a third of its buffer is empty again.
//
// An answer that nobody reads ends after answerTime, however long it is.
const (
	answerChunk = 32 << 10
	answerTime  = 30 * time.Second
)

// copyBuffer is how much of a file is in memory for each client that reads it.
const copyBuffer = 8 << 10

// hurry gives the client of a response answerTime from now on. What has no deadlines, as
// a test's recorder, is left alone.
func hurry(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime))
}

// deliver is a middleware for answers that are written and done: whoever does not take
// them in time loses the connection.
func deliver(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hurry(w)
		defer hurry(w) // what is left in the server's buffer is written after the handler
		next.ServeHTTP(delivery{w}, r)
	})
}

// delivery is a ResponseWriter that times progress. It writes what it is given without
// a copy: an answer that many do not read is in memory once.
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
	out := struct{ io.Writer }{d} // without this method
	if l, ok := r.(*io.LimitedReader); ok {
		if whole, ok := l.R.(*bytes.Reader); ok && int64(whole.Len()) <= l.N {
			return whole.WriteTo(out)
		}
	}
	return io.CopyBuffer(out, r, make([]byte, copyBuffer))
}

// collect is a middleware that writes an answer when its handler is done: while a client
// takes it, nothing that made it is kept, such as the compressor.
func collect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &collection{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(c, r)
		if c.body.Len() > 0 {
			w.Header().Set("Content-Length", strconv.Itoa(c.body.Len()))
		}
		w.WriteHeader(c.status)
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
