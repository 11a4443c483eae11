package engine

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/servers/socket/v3"
)

// patience bounds every wait of the tests; only a failing test waits that long.
const patience = 10 * time.Second

// server is a Socket.IO server, and the sockets that came.
type server struct {
	*httptest.Server
	io     *socket.Server
	engine *Server
	came   chan *socket.Socket
	said   chan string // names of events received
}

// options are those of the tests, which expect no timeout.
func options() Options {
	return Options{
		PingInterval:   25 * time.Second,
		PingTimeout:    20 * time.Second,
		UpgradeTimeout: 2 * patience,
		ConnectTimeout: 2 * patience,
		WriteTimeout:   15 * time.Second,
		MaxPayload:     1_000_000,
		Receipts:       true,
	}
}

func newServer(t *testing.T, configure ...func(*Options)) *server {
	t.Helper()
	o := options()
	for _, c := range configure {
		c(&o)
	}
	s := &server{engine: New(o), came: make(chan *socket.Socket, 1000), said: make(chan string, 1000)}
	s.io = s.engine.Bind(socket.DefaultServerOptions())
	_ = s.io.On("connection", func(args ...any) {
		c := args[0].(*socket.Socket)
		c.Use(func(event []any, _ func(error)) {
			name, _ := event[0].(string)
			s.said <- name
		})
		s.came <- c
	})
	s.Server = httptest.NewServer(s.engine)
	t.Cleanup(s.Server.Close)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.engine.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *server) socket(t *testing.T) *socket.Socket { return receive(t, s.came) }

// session returns what carries a socket.
func session(t *testing.T, s *socket.Socket) *Session {
	t.Helper()
	found, ok := s.Conn().(*Session)
	if !ok {
		t.Fatalf("a connection is a %T", s.Conn())
	}
	return found
}

// waits reports whether a poll waits.
func (s *Session) waits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.poll != nil
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
	frames chan string // closed at the end of the connection
	err    error       // why; valid once frames is closed
}

func (s *server) dial(t *testing.T, query string) *wsClient {
	t.Helper()
	conn, _, err := ws.DefaultDialer.Dial(strings.Replace(s.URL, "http", "ws", 1)+"/socket.io/?EIO=4&transport=websocket"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &wsClient{t: t, conn: conn, frames: make(chan string, 10_000)}
	go func() {
		defer close(c.frames)
		for {
			_, b, err := conn.ReadMessage()
			if err != nil {
				c.err = err
				return
			}
			c.frames <- string(b)
		}
	}()
	return c
}

func (c *wsClient) send(frames ...string) {
	c.t.Helper()
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
	url string
}

func (s *server) poll(t *testing.T) *pollClient {
	t.Helper()
	c := &pollClient{t: t, url: s.URL + "/socket.io/?EIO=4&transport=polling"}
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
	resp, err := http.DefaultClient.Do(req)
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
