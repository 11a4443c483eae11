package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// pipes is a listener of connections that hold nothing: what is written waits for who
// reads it.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// serve serves the handler in the test's bubble and returns how to connect to it.
func serve(t *testing.T, handler http.Handler) (dial func() net.Conn) {
	t.Helper()
	l := pipes{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() {
		_ = server.Close()
		wg.Wait()
	})
	return func() net.Conn {
		ours, theirs := net.Pipe()
		l.conns <- theirs
		return ours
	}
}

// large is content of which gzip can save nothing.
func large(n int) []byte {
	content := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(content)
	return content
}

func deliveryHandler(t *testing.T) http.Handler {
	return newHandler(t, &fakeService{}, func(o *Options) {
		o.Static = fstest.MapFS{"large.bin": {Data: large(400 << 10), ModTime: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
		o.Library = fstest.MapFS{"socket.io.min.js": {Data: large(200 << 10)}, "socket.io.esm.min.js": {Data: []byte("1")}}
		o.Socket = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("sid") != "" {
				time.Sleep(5 * time.Minute) // a poll: as long as it likes
			}
			_, _ = io.WriteString(w, "ok")
		})
	})
}

// An answer that nobody reads must not hold a connection and what belongs to it.
func TestUnreadAnswersEnd(t *testing.T) {
	for _, test := range []struct {
		request string
		within  time.Duration
	}{
		{"GET /", answerTime},
		{"GET /nothing-here", answerTime},
		{"GET /healthz", answerTime},
		{"POST /join", answerTime},
		{"GET /static/large.bin", answerTime},
		{"GET /static/nothing", answerTime},
		{"GET /socket.io/socket.io.min.js", answerTime},
		{"GET /socket.io/?EIO=4&transport=polling", answerTime},
		{"POST /socket.io/?EIO=4&transport=polling&sid=x", 5*time.Minute + answerTime},
		{"GET /socket.io/?EIO=4&transport=polling&sid=x", 5*time.Minute + answerTime},
	} {
		t.Run(test.request, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := serve(t, deliveryHandler(t))()
				began := time.Now()
				fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: chat.example\r\nContent-Length: 0\r\nAccept-Encoding: gzip\r\n\r\n", test.request)
				// A pipe tells a writer that the other end is closed.
				for {
					_ = c.SetWriteDeadline(time.Now().Add(time.Second))
					if _, err := c.Write([]byte("G")); errors.Is(err, io.ErrClosedPipe) {
						break
					}
					time.Sleep(time.Second)
					if time.Since(began) > time.Hour {
						t.Fatal("still open after an hour")
					}
				}
				if took := time.Since(began); took > test.within+5*time.Second {
					t.Errorf("open for %v, want %v", took, test.within)
				}
			})
		})
	}
}

// An honest phone at the edge of a network takes three kilobytes a second.
func TestSlowReadersAreServed(t *testing.T) {
	for path, want := range map[string][]byte{
		"/static/large.bin":           large(400 << 10),
		"/socket.io/socket.io.min.js": large(200 << 10),
	} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := serve(t, deliveryHandler(t))()
				fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n\r\n", path)
				answer, err := http.ReadResponse(bufio.NewReader(slowly{c}), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer answer.Body.Close()
				if got, err := io.ReadAll(answer.Body); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d of %d bytes, %v", len(got), len(want), err)
				}
			})
		})
	}
}

type slowly struct{ net.Conn }

func (s slowly) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p[:min(len(p), 3000)])
	time.Sleep(time.Duration(n) * time.Second / 3000)
	return n, err
}

// A stale deadline of one answer must not end the next one.
func TestDeadlinesDoNotOutliveTheirAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, deliveryHandler(t))()
		reader := bufio.NewReader(c)
		for _, path := range []string{"/healthz", "/socket.io/?EIO=4&transport=polling&sid=x", "/healthz", "/socket.io/?EIO=4&transport=polling", "/"} {
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: chat.example\r\n\r\n", path)
			answer, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("%s: %d, %v", path, answer.StatusCode, err)
			}
			_ = answer.Body.Close()
			time.Sleep(answerTime + 30*time.Second)
		}
	})
}

// An answer that many clients leave unread must be in memory once for all of them, and
// nothing else with it. The compressor alone took hundreds of kilobytes for each of a
// thousand clients.
func TestUnreadAnswersCostNoCopies(t *testing.T) {
	text := []byte(strings.Repeat("a line of text that packs well, "+string(large(64)), 5000))
	h := newHandler(t, &fakeService{}, func(o *Options) {
		o.Static = fstest.MapFS{"a.js": {Data: text, ModTime: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
		o.Library = fstest.MapFS{"socket.io.min.js.map": {Data: text}, "socket.io.esm.min.js": {Data: []byte("1")}}
	})
	for _, path := range []string{"/socket.io/socket.io.min.js.map", "/static/a.js"} {
		var bodies [][]byte
		for range 2 {
			w := &blocked{header: http.Header{}}
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Accept-Encoding", "gzip")
			h.ServeHTTP(w, r)
			if w.header.Get("Content-Encoding") != "gzip" || len(w.first) == 0 {
				t.Fatalf("%s: %v", path, w.header)
			}
			bodies = append(bodies, w.first)
		}
		if &bodies[0][0] != &bodies[1][0] {
			t.Errorf("%s: two answers are two copies", path)
		}
		if _, err := gzip.NewReader(bytes.NewReader(bodies[0])); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// blocked remembers the first that it is given to write.
type blocked struct {
	header http.Header
	first  []byte
}

func (b *blocked) Header() http.Header { return b.header }
func (b *blocked) WriteHeader(int)     {}
func (b *blocked) Write(p []byte) (int, error) {
	if b.first == nil {
		b.first = p
	}
	return len(p), nil
}

func TestPacksAreBounded(t *testing.T) {
	var p packs
	named := func(file string) packedName { return packedName{file, codings[0]} }
	text := bytes.Repeat([]byte("text "), 1000)
	first, err := p.of(named("a"), "1", int64(len(text)), bytes.NewReader(text))
	if err != nil || len(first) == 0 {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	for _, tag := range []string{"1", "2", "2", "3"} { // a file that changes takes one place
		if _, err := p.of(named("a"), tag, int64(len(text)), bytes.NewReader(text)); err != nil || p.size != len(first) {
			t.Errorf("%d bytes, want %d: %v", p.size, len(first), err)
		}
	}
	if body, err := p.of(named("huge"), "1", maxPacked+1, nil); body != nil || err != nil {
		t.Errorf("a huge file: %d bytes, %v", len(body), err)
	}
	p.size = packBudget
	if body, err := p.of(named("b"), "1", int64(len(text)), bytes.NewReader(text)); body != nil || err != nil || p.size != packBudget {
		t.Errorf("beyond the budget: %d bytes, %v", len(body), err)
	}
}

// blockedReader says that it is read, and waits until it may go on.
type blockedReader struct {
	io.ReadSeeker
	reading, goOn chan struct{}
}

func (b blockedReader) Read(p []byte) (int, error) {
	b.reading <- struct{}{}
	<-b.goOn
	return b.ReadSeeker.Read(p)
}

// Threat: while one file is packed, which takes long for a large one, nobody gets any.
func TestPackedFilesWaitForNobody(t *testing.T) {
	var p packs
	ready, slow := packedName{"ready", codings[0]}, packedName{"slow", codings[0]}
	text := bytes.Repeat([]byte("text "), 1000)
	want, err := p.of(ready, "1", int64(len(text)), bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r := blockedReader{bytes.NewReader(text), make(chan struct{}), make(chan struct{})}
	done := make(chan error)
	go func() {
		_, err := p.of(slow, "1", int64(len(text)), r)
		done <- err
	}()
	<-r.reading
	if got, err := p.of(ready, "1", int64(len(text)), nil); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
	}
	close(r.goOn)
	for {
		select {
		case <-r.reading:
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}

// However many do not take their pages, what these hold is bounded: who has taken the
// longest makes room.
func TestUntakenPagesAreBoundedTogether(t *testing.T) {
	u := &untaken{limit: 1000}
	ended := make([]bool, 4)
	begin := func(i, bytes int) (done func()) { return u.begin(bytes, func() { ended[i] = true }) }
	first, second := begin(0, 400), begin(1, 400)
	begin(2, 100)()
	if ended[0] || ended[1] {
		t.Fatal("a page was ended though there is room")
	}
	huge := begin(3, 5000)
	if !ended[0] || !ended[1] || ended[2] || ended[3] {
		t.Errorf("ended: %v", ended)
	}
	first()
	second()
	huge()
	huge()
	if u.bytes != 0 || u.pages.Len() != 0 {
		t.Errorf("%d bytes of %d pages are left", u.bytes, u.pages.Len())
	}
}
