package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/servers/socket/v3"
)

// bigMessage is more than a client's outbox has room for besides others; all
// share it.
var bigMessage = newPacket(make([]byte, maxQueued/2), false)

// overflow sends more than anybody takes.
func overflow(l *Session) {
	for {
		select {
		case <-l.Done():
			return
		default:
			l.send(bigMessage)
		}
	}
}

// endings are the ways in which a session with a Socket.IO connection, carried by
// a websocket, can end. They begin the end; that it comes is waited for later.
var endings = []func(c *wsClient, l *Session, sock *socket.Socket){
	func(c *wsClient, _ *Session, _ *socket.Socket) { // close frame
		_ = c.conn.WriteControl(ws.CloseMessage, ws.FormatCloseMessage(ws.CloseNormalClosure, ""), time.Now().Add(patience))
	},
	func(c *wsClient, _ *Session, _ *socket.Socket) { _ = c.conn.Close() }, // end of TCP
	func(c *wsClient, _ *Session, _ *socket.Socket) { c.tries("1") },
	func(c *wsClient, _ *Session, _ *socket.Socket) { c.tries("41"); _ = c.conn.Close() },
	func(c *wsClient, _ *Session, _ *socket.Socket) { c.tries("41", "40", "1") },
	func(c *wsClient, _ *Session, _ *socket.Socket) { c.tries("9") },                             // no packet
	func(c *wsClient, _ *Session, _ *socket.Socket) { c.tries("47") },                            // no Socket.IO packet
	func(c *wsClient, _ *Session, _ *socket.Socket) { c.tries(`451-["x"]`); _ = c.conn.Close() }, // half an event
	func(c *wsClient, _ *Session, _ *socket.Socket) {
		c.tries("40/none,", `42["x"]`, "40", "3", "41")
		_ = c.conn.Close()
	}, // state
	func(_ *wsClient, _ *Session, sock *socket.Socket) { sock.Disconnect(true) },
	func(c *wsClient, _ *Session, sock *socket.Socket) { sock.Disconnect(false); _ = c.conn.Close() },
	func(_ *wsClient, l *Session, _ *socket.Socket) { l.Close(false) },
	func(_ *wsClient, l *Session, _ *socket.Socket) { l.Close(true) },
	func(c *wsClient, l *Session, _ *socket.Socket) { l.Close(false); _ = c.conn.Close() },
	func(_ *wsClient, l *Session, _ *socket.Socket) { overflow(l) },
}

// polledEndings are those of a session that polls.
var polledEndings = []func(t *testing.T, s *server, c *pollClient, l *Session){
	func(_ *testing.T, _ *server, c *pollClient, _ *Session) { c.post("1") },
	func(_ *testing.T, _ *server, c *pollClient, _ *Session) { c.post("41\x1e1") },
	func(_ *testing.T, _ *server, c *pollClient, _ *Session) { c.do(http.MethodPost, "9") },
	func(_ *testing.T, _ *server, c *pollClient, l *Session) { // told while it waits
		answer := c.goGet()
		l.Close(false)
		<-answer
	},
	func(_ *testing.T, _ *server, _ *pollClient, l *Session) { l.Close(false) }, // never asks
	func(_ *testing.T, _ *server, _ *pollClient, l *Session) { l.Close(true) },
	func(t *testing.T, _ *server, c *pollClient, l *Session) { // two polls
		first := c.goGet()
		eventually(t, "the poll waits", l.waits)
		c.do(http.MethodGet, "")
		<-first
	},
	func(t *testing.T, s *server, c *pollClient, l *Session) { // abandoned poll
		ctx, abandon := context.WithCancel(t.Context())
		defer abandon()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, http.NoBody)
		if err != nil {
			t.Error(err)
			return
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if resp, err := s.web.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}()
		eventually(t, "the poll waits", l.waits)
		abandon()
		<-ended
	},
	func(t *testing.T, s *server, c *pollClient, l *Session) { // abandoned body
		conn, err := s.connect(t.Context(), "", "")
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = fmt.Fprintf(conn, "POST /?%s HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n4", c.url[strings.Index(c.url, "?")+1:])
		eventually(t, "the body is read", l.reads)
		_ = conn.Close()
	},
	func(_ *testing.T, _ *server, _ *pollClient, l *Session) { overflow(l) },
	func(t *testing.T, s *server, c *pollClient, _ *Session) { // a probe that is let down
		w := s.dialBare(t, "&sid="+c.sid())
		w.tries("2probe")
		c.post("1")
		w.drain()
		_ = w.conn.Close()
	},
	func(t *testing.T, s *server, c *pollClient, _ *Session) { // a probe that lets down
		w := s.dialBare(t, "&sid="+c.sid())
		w.tries("2probe")
		_ = w.conn.Close()
		w.drain()
		c.post("1")
	},
}

// reads reports whether a body is being read.
func (s *Session) reads() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polling.body != nil
}

// A closed connection must leave nothing behind, however it was closed: neither
// a goroutine nor memory.
func TestNothingIsLeft(t *testing.T) {
	total, first := 3_000, 500
	if raced {
		total = 1_000
	}
	s := newEngine(func(o *Options) { o.WriteTimeout, o.PingInterval = patience, time.Hour })
	s.io = s.engine.Bind(socket.DefaultServerOptions())
	var speaking sync.Mutex // to the room: whoever has left it is not in the middle of being told something
	var came sync.Map       // session id → *socket.Socket
	_ = s.io.On("connection", func(args ...any) {
		sock := args[0].(*socket.Socket)
		sock.Join("room")
		sock.OnAny(func(...any) { _ = sock.Emit("answer") })
		came.Store(session(t, sock).Id(), sock)
	})
	s.serve(t)
	goroutines := runtime.NumGoroutine()
	find := func(id string) (*socket.Socket, *Session) {
		var found any
		eventually(t, "the connection is known", func() (ok bool) {
			found, ok = came.LoadAndDelete(id)
			return ok
		})
		sock := found.(*socket.Socket)
		return sock, session(t, sock)
	}
	one := func(i int) {
		how := i / 3
		if i%3 == 0 { // only polls
			c := s.poll(t)
			c.post("40\x1e" + `42["x"]`)
			sock, l := find(c.sid())
			speaking.Lock()
			sock.Leave("room")
			speaking.Unlock()
			for got := ""; !strings.Contains(got, `42["answer"]`) && !t.Failed(); {
				got = c.get() // the next would wait
			}
			polledEndings[how%len(polledEndings)](t, s, c, l)
			return
		}
		var c *wsClient
		var id string
		if i%3 == 1 {
			c = s.dialBare(t, "")
			id = strings.Split(c.expect("0{"), `"`)[3]
			c.tries("40", `42["x"]`)
		} else { // moves
			p := s.poll(t)
			id = p.sid()
			c = s.dialBare(t, "&sid="+id)
			c.tries("2probe")
			c.expect("3probe")
			c.tries("5", "40", `42["x"]`)
		}
		sock, l := find(id)
		endings[how%len(endings)](c, l, sock)
		c.drain()
		_ = c.conn.Close()
	}
	use := func(n int) {
		var all sync.WaitGroup
		turns := make(chan struct{}, 300) // at once: they wait for the most part
		for i := range n {
			turns <- struct{}{}
			all.Go(func() {
				defer func() { <-turns }()
				one(i)
			})
			if i%50 == 0 {
				speaking.Lock()
				_ = s.io.To("room").Emit("word", "to whom it may concern")
				speaking.Unlock()
			}
		}
		all.Wait()
		eventually(t, "all are gone", func() bool { return s.engine.ClientsCount() == 0 })
		came.Clear()
		s.web.CloseIdleConnections()
	}

	use(first) // what is made once
	heap := settledHeap()
	use(total)
	eventually(t, fmt.Sprintf("no more than %d goroutines are left", goroutines), func() bool {
		return runtime.NumGoroutine() <= goroutines // some rest a moment before they end
	})
	const each = 200 // bytes; much less than a session, more than what the runtime keeps of goroutines
	if more := settledHeap() - heap; more > int64(total)*each {
		t.Errorf("%d bytes more are left after %d connections", more, total)
	}
}

func settledHeap() int64 {
	var m runtime.MemStats
	for range 3 { // also what only a collection frees for the next one
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// dialBare is dial without anything that is kept until the end of the test: the
// caller closes the connection and drains it.
func (s *server) dialBare(t *testing.T, query string) *wsClient {
	t.Helper()
	dialer := ws.Dialer{NetDialContext: s.connect, HandshakeTimeout: patience}
	conn, _, err := dialer.DialContext(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	return listenTo(t, conn, 100)
}

// So must one that nobody closed, when it has timed out.
func TestNothingIsLeftOfTheLost(t *testing.T) {
	const n = 300
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		before := bubbled()
		for i := range n {
			switch i % 4 {
			case 0: // says nothing
				conn, _ := s.rawWebsocket(t, "")
				go func() { _, _ = io.Copy(io.Discard, conn) }()
			case 1: // connects and reads, but does not answer
				s.dial(t, "").connect()
			case 2: // polls no more
				s.poll(t).connect()
			case 3: // moved, and reads no more
				conn, _ := s.rawWebsocket(t, "&sid="+s.poll(t).sid())
				_, _ = io.WriteString(conn, rawFrame(0x81, "2probe")+rawFrame(0x81, "5")+rawFrame(0x81, "40"))
			}
		}
		if n := s.engine.ClientsCount(); n != 300 {
			t.Errorf("%d sessions", n)
		}
		time.Sleep(options().PingInterval + options().PingTimeout + closeGrace)
		if n := s.engine.ClientsCount(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		s.web.CloseIdleConnections()
		time.Sleep(time.Minute)
		if after := bubbled(); after > before {
			t.Errorf("%d goroutines became %d", before, after)
		}
	})
}

// bubbled counts the goroutines of a bubble that are at rest. The runtime's own count
// still has some that have just ended.
func bubbled() int {
	synctest.Wait()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte(", synctest bubble "))
}

// A session that ends must not end the connection that it came by: a proxy's carries others
// next. Here the answer takes longer than what the session gives its last request to arrive.
func TestTheEndOfASessionLeavesTheConnectionToOthers(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		var ended error
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ended = r.Context().Err()
			s.engine.ServeHTTP(w, r)
			time.Sleep(2 * closeGrace)
		})
		c := s.poll(t)
		c.post("1")
		s.poll(t)
		if ended != nil {
			t.Errorf("the next request is over before it begins: %v", ended)
		}
	})
}

// A connection does not go on after the rest of a request that was not taken in whole.
func TestARefusedBodyEndsTheConnection(t *testing.T) {
	for name, body := range map[string]string{
		"a mistake":               "x",
		"a mistake after the end": "1\x1ex",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, (*server).bind, func(t *testing.T, s *server) {
				c := s.poll(t)
				resp, err := c.web.Post(c.url, "text/plain", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusBadRequest || !resp.Close {
					t.Errorf("%d, and the connection closes: %t", resp.StatusCode, resp.Close)
				}
			})
		})
	}
}
