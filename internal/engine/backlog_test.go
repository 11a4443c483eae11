package engine

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"
)

// deaf connects a websocket that nobody reads from.
func (s *server) deaf(t *testing.T) *socket.Socket {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprint(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	// "40", masked by zeros.
	if _, err := conn.Write([]byte{0x81, 0x82, 0, 0, 0, 0, '4', '0'}); err != nil {
		t.Fatal(err)
	}
	return s.socket(t)
}

// A client that does not read is put out when there is too much for it; what
// waits for it until then is bounded, and nobody else notices.
func TestDeafClient(t *testing.T) {
	s := newServer(t)
	deaf := s.deaf(t)
	c := s.dial(t, "")
	c.connect()
	for _, sock := range []*socket.Socket{deaf, s.socket(t)} {
		sock.Join("room")
	}
	why := make(chan any, 1)
	_ = deaf.On("disconnect", func(args ...any) { why <- args[0] })
	text := strings.Repeat("x", 100_000)
	ended := session(t, deaf).Done()
	for sent := 0; ; sent++ {
		if sent > 1000 {
			t.Fatal("100 MB were accepted for a client that does not read")
		}
		_ = s.io.To("room").Emit("much", text)
		for !strings.HasPrefix(c.expect(""), `42["much"`) {
			c.send("3") // it was a ping
		}
		select {
		case <-ended:
		default:
			if l := session(t, deaf); l.waiting() > maxQueued {
				t.Fatalf("%d bytes wait", l.waiting())
			}
			continue
		}
		break
	}
	if got := receive(t, why); got != reasonError {
		t.Errorf("closed by %q", got)
	}
	eventually(t, "it is forgotten", func() bool { return s.engine.ClientsCount() == 1 })
}

// waiting returns how many bytes wait for the client.
func (s *Session) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.bytes
}

// So is one that takes nothing for too long, however little there is.
func TestWriteTimeout(t *testing.T) {
	s := newServer(t, func(o *Options) { o.WriteTimeout = 50 * time.Millisecond })
	t.Run("websocket", func(t *testing.T) {
		deaf := s.deaf(t)
		l := session(t, deaf)
		text := strings.Repeat("x", 100_000)
		for open := true; open; {
			// Never more than the outbox takes, so that it is not that.
			if l.waiting() == 0 {
				_ = deaf.Emit("much", text)
			}
			select {
			case <-l.Done():
				open = false
			case <-time.After(time.Millisecond):
			}
		}
	})
	t.Run("polling", func(t *testing.T) {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		l := session(t, sock)
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
			t.Fatal(err)
		}
		_ = sock.Emit("much", strings.Repeat("x", 16<<20))
		path := strings.TrimPrefix(c.url, s.URL)
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path); err != nil {
			t.Fatal(err)
		}
		receive(t, l.Done())
	})
}

// An event that is made only when its turn comes keeps its place among all else, and
// does not wait in memory.
func TestSeries(t *testing.T) {
	const n = 30_000
	text := strings.Repeat("x", 1000)
	t.Run("websocket", func(t *testing.T) {
		s := newServer(t)
		c := s.dial(t, "") // reads no more than what its channel takes
		c.connect()
		sock := s.socket(t)
		l := session(t, sock)
		_ = sock.Emit("before")
		made := 0 // guarded by l.mu
		first := l.SendSeries(sock, n, func(i int) (event, trailer Event) {
			if i != made {
				t.Errorf("%d in place of %d", i, made)
			}
			made++
			return Event{"one", i, text}, nil
		})
		_ = sock.Emit("after")
		if first != 3 || l.Created() != n+3 { // the answer to the handshake was the first
			t.Errorf("first %d of %d", first, l.Created())
		}
		next := -1
		for frame := ""; frame != `42["after"]`; {
			if frame = c.expect(""); frame == "2" {
				c.send("3")
				continue
			}
			want := `42["before"]`
			if next >= 0 {
				want = fmt.Sprintf(`42["one",%d,`, next)
			}
			if next < n && !strings.HasPrefix(frame, want) {
				t.Fatalf("%.30s in place of %s", frame, want)
			}
			next++
			l.mu.Lock()
			if waits := l.out.bytes; waits > maxQueued {
				t.Errorf("%d bytes wait", waits)
			}
			if next == 0 && made == n {
				t.Error("all of them were made before their turn")
			}
			l.mu.Unlock()
		}
		if next != n+1 {
			t.Errorf("%d of %d", next-1, n)
		}
	})
	t.Run("polling", func(t *testing.T) {
		s := newServer(t)
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		l := session(t, sock)
		_ = sock.Emit("before")
		l.SendSeries(sock, n, func(i int) (event, trailer Event) { return Event{"one", i, text}, nil })
		_ = sock.Emit("after")
		next, polls := 0, 0
		for last := ""; last != `42["after"]`; polls++ {
			payload := c.get()
			if len(payload) > maxPolled {
				t.Fatalf("%d bytes in one answer", len(payload))
			}
			for p := range strings.SplitSeq(payload, "\x1e") {
				last = p
				if !strings.HasPrefix(p, `42["one"`) {
					continue
				}
				if !strings.HasPrefix(p, fmt.Sprintf(`42["one",%d,`, next)) {
					t.Fatalf("%.30s in place of %d", p, next)
				}
				next++
			}
		}
		if next != n || polls < 10 {
			t.Errorf("%d of %d by %d polls", next, n, polls)
		}
	})
}

// A fault in the making of what a client is sent ends its session, and nothing else.
func TestAFaultInASeries(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := s.dial(t, "")
	c.connect()
	sock := s.socket(t)
	l := session(t, sock)
	l.SendSeries(sock, 3, func(i int) (event, trailer Event) {
		if i == 1 {
			panic("a fault")
		}
		return Event{"one", i}, nil
	})
	<-l.Done()
	other := s.dial(t, "")
	other.connect()
}
