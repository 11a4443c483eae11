package engine

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/servers/socket/v3"
)

// patience bounds every wait of the tests; only a failing test waits that long.
const patience = 30 * time.Second

// The program sets these for its server.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
)

// server is a Socket.IO server, and the sockets that came.
type server struct {
	*httptest.Server
	io     *socket.Server // nil if there is no Socket.IO layer
	engine *Server
	came   chan *socket.Socket
	said   chan string // names of events received
	web    *http.Client
	dialer net.Dialer              // of TCP
	pipes  *pipeListener           // nil if it listens by TCP
	wrap   func(net.Conn) net.Conn // of the server's end of a pipe, if not nil
}

// connect opens a connection to the server.
func (s *server) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	if s.pipes != nil {
		return s.pipes.dial(ctx, s.wrap)
	}
	return s.dialer.DialContext(ctx, "tcp", s.Listener.Addr().String())
}

// raw opens a connection that speaks what the test says.
func (s *server) raw(t *testing.T) net.Conn {
	t.Helper()
	conn, err := s.connect(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// options are those of the tests, which expect no timeout.
func options() Options {
	return Options{
		PingInterval:   25 * time.Second,
		PingTimeout:    20 * time.Second,
		UpgradeTimeout: 20 * time.Second,
		ConnectTimeout: 20 * time.Second,
		WriteTimeout:   15 * time.Second,
		MaxPayload:     1_000_000,
		Receipts:       true,
	}
}

func newServer(t *testing.T, configure ...func(*Options)) *server {
	t.Helper()
	s := newEngine(configure...)
	s.bind()
	s.serve(t)
	return s
}

// newEngine returns a server that is not served yet, without a Socket.IO layer.
func newEngine(configure ...func(*Options)) *server {
	o := options()
	for _, c := range configure {
		c(&o)
	}
	return &server{engine: New(o), came: make(chan *socket.Socket, 1000), said: make(chan string, 1000)}
}

// bind puts a Socket.IO layer on top that keeps the sockets and the names of
// what they say.
func (s *server) bind() {
	s.io = s.engine.Bind(socket.DefaultServerOptions())
	_ = s.io.On("connection", func(args ...any) {
		c := args[0].(*socket.Socket)
		c.OnAny(func(event ...any) {
			name, _ := event[0].(string)
			s.said <- name
		})
		s.came <- c
	})
}

// serve serves until the end of the test: by TCP, unless there are pipes.
func (s *server) serve(t *testing.T) {
	t.Helper()
	s.web = &http.Client{Transport: &http.Transport{DialContext: s.connect, MaxIdleConnsPerHost: 1000}}
	s.Server = &httptest.Server{Config: &http.Server{
		Handler:           s.engine,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // of what clients do wrong
	}}
	if s.pipes != nil {
		s.Listener = s.pipes
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s.Listener = l
	}
	s.Start()
	t.Cleanup(s.Server.Close)
	t.Cleanup(s.web.CloseIdleConnections)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.engine.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
}

func (s *server) socket(t *testing.T) *socket.Socket { return receive(t, s.came) }

// session returns what carries a socket.
func session(t *testing.T, s *socket.Socket) *Session {
	t.Helper()
	found := SessionOf(s)
	if found == nil {
		t.Fatalf("a connection is a %T", s.Conn())
	}
	return found
}

// waits reports whether a poll waits.
func (s *Session) waits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polling.poll != nil
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// wsClient speaks raw frames.
type wsClient struct {
	t      *testing.T
	conn   *ws.Conn
	frames chan string // binary ones in the form that polling has; closed at the end of the connection
	pongs  chan string // answers to the websocket's own pings
	err    error       // why; valid once frames is closed

	mu sync.Mutex // of writing
}

// tryDial returns a websocket that nobody reads from, or why there is none.
func (s *server) tryDial(t *testing.T, query string) (*ws.Conn, *http.Response, error) {
	t.Helper()
	dialer := ws.Dialer{NetDialContext: s.connect, HandshakeTimeout: patience}
	conn, resp, err := dialer.DialContext(t.Context(), strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?"+query, nil)
	if err == nil {
		t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, resp, err
}

func (s *server) dial(t *testing.T, query string) *wsClient {
	t.Helper()
	conn, _, err := s.tryDial(t, "EIO=4&transport=websocket"+query)
	if err != nil {
		t.Fatal(err)
	}
	return listenTo(t, conn, 10_000)
}

// listenTo reads what comes by a websocket until its end.
func listenTo(t *testing.T, conn *ws.Conn, capacity int) *wsClient {
	c := &wsClient{t: t, conn: conn, frames: make(chan string, capacity), pongs: make(chan string, 100)}
	conn.SetPongHandler(func(data string) error {
		c.pongs <- data
		return nil
	})
	go func() {
		defer close(c.frames)
		for {
			kind, b, err := conn.ReadMessage()
			if err != nil {
				c.err = err
				return
			}
			if kind == ws.BinaryMessage {
				b = newPacket(b, true).appendPolled(nil)
			}
			c.frames <- string(b)
		}
	}()
	return c
}

func (c *wsClient) send(frames ...string) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range frames {
		if err := c.conn.WriteMessage(ws.TextMessage, []byte(f)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// expect waits for the next frame and requires its beginning.
func (c *wsClient) expect(prefix string) string {
	c.t.Helper()
	select {
	case f, ok := <-c.frames:
		if !ok {
			c.t.Fatalf("closed while waiting for %q: %v", prefix, c.err)
		}
		if !strings.HasPrefix(f, prefix) {
			c.t.Fatalf("got %q, want %q…", f, prefix)
		}
		return f
	case <-time.After(patience):
		c.t.Fatalf("waited in vain for %q", prefix)
		return ""
	}
}

// ended waits until the server has closed the connection, and nothing else.
func (c *wsClient) ended() {
	c.t.Helper()
	if f, open := <-c.frames; open {
		c.t.Fatalf("got %q, want the end", f)
	}
}

// connect does the Socket.IO handshake.
func (c *wsClient) connect() {
	c.t.Helper()
	c.expect("0{")
	c.send("40")
	c.expect("40{")
}

// pollClient speaks raw payloads.
type pollClient struct {
	t   *testing.T
	web *http.Client
	url string

	mu sync.Mutex // of posting: one request at a time
}

func (s *server) poll(t *testing.T) *pollClient {
	t.Helper()
	c := &pollClient{t: t, web: s.web, url: s.URL + "/socket.io/?EIO=4&transport=polling"}
	var open struct{ Sid string }
	if err := json.Unmarshal([]byte(c.get()[1:]), &open); err != nil {
		t.Fatal(err)
	}
	c.url += "&sid=" + open.Sid
	return c
}

func (c *pollClient) sid() string { return c.url[strings.LastIndex(c.url, "=")+1:] }

func (c *pollClient) get() string {
	c.t.Helper()
	status, body := c.do(http.MethodGet, "")
	if status != http.StatusOK {
		c.t.Fatalf("GET: %d %s", status, body)
	}
	return body
}

func (c *pollClient) post(payload string) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if status, body := c.do(http.MethodPost, payload); status != http.StatusOK || body != "ok" {
		c.t.Fatalf("POST: %d %s", status, body)
	}
}

func (c *pollClient) do(method, body string) (int, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := c.web.Do(req)
	if err != nil {
		c.t.Error(err)
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Error(err)
	}
	return resp.StatusCode, string(b)
}

func (c *pollClient) connect() {
	c.t.Helper()
	c.post("40")
	if got := c.get(); !strings.HasPrefix(got, "40{") {
		c.t.Fatalf("got %q, want 40{…", got)
	}
}

// Created returns the position of the message that was sent last.
func (s *Session) Created() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.receipts.created
}

// Confirmed returns the position up to which everything has arrived.
func (s *Session) Confirmed() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.receipts.confirmed
}

// Goodbye reports whether the client closed the connection in the way of the
// protocol, rather than being lost.
func (s *Session) Goodbye() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.goodbye
}

// Silence returns for how long the client owes an answer; zero if it owes none.
func (s *Session) Silence() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.carrier.silenceLocked(time.Now())
}
