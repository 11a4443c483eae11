package engine

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/servers/socket/v3"
)

// witness is a socket and the numbers that it has said.
type witness struct {
	*socket.Socket
	heard chan int
}

// listenServer returns a server all of whose sockets are in a room, and are
// listened to.
func listenServer(t *testing.T) (*server, <-chan *witness) {
	t.Helper()
	s := newEngine()
	s.io = s.engine.Bind(socket.DefaultServerOptions())
	came := make(chan *witness, 1000)
	_ = s.io.On("connection", func(args ...any) {
		l := &witness{args[0].(*socket.Socket), make(chan int, 10_000)}
		l.OnAny(func(event ...any) {
			if len(event) != 2 || event[0] != "up" {
				return
			}
			if n, ok := event[1].(float64); ok {
				l.heard <- int(n)
			}
		})
		l.Join("room")
		came <- l
	})
	s.serve(t)
	return s, came
}

// hears requires the numbers up to n, each once and in order.
func (l *witness) hears(t *testing.T, n int) {
	t.Helper()
	for want := range n {
		if got := receive(t, l.heard); got != want {
			t.Fatalf("heard %d in place of %d", got, want)
		}
	}
}

func up(i int) string { return fmt.Sprintf(`42["up",%d]`, i) }

// counter requires the numbers that a client is told to come each once and in
// order, up to n.
type counter struct{ next, n int }

// took takes a packet and reports whether it is a ping, to be answered.
func (c *counter) took(t *testing.T, packet string) (ping bool) {
	t.Helper()
	if !strings.HasPrefix(packet, `42["down"`) {
		return packet == "2"
	}
	if want := fmt.Sprintf(`42["down",%d]`, c.next); packet != want {
		t.Errorf("told %s in place of %s", packet, want)
	}
	c.next++
	return false
}

func (c *counter) done() bool { return c.next >= c.n }

// reads reads until the client was told all.
func (c *wsClient) reads(count *counter) {
	c.t.Helper()
	for !count.done() && !c.t.Failed() {
		select {
		case f, open := <-c.frames:
			if !open {
				c.t.Errorf("closed after %d: %v", count.next, c.err)
				return
			}
			if count.took(c.t, f) {
				c.send("3")
			}
		case <-time.After(patience):
			c.t.Errorf("waited in vain for %d", count.next)
		}
	}
}

// reads reads until the client was told all, or stop says so.
func (c *pollClient) reads(count *counter, stop func() bool) {
	c.t.Helper()
	for !count.done() && !stop() && !c.t.Failed() {
		for p := range strings.SplitSeq(c.get(), "\x1e") {
			if count.took(c.t, p) {
				c.post("3")
			}
		}
	}
}

// posts has a client say the numbers from a to b, many at once.
func (c *pollClient) posts(a, b int) {
	c.t.Helper()
	for a < b {
		var payload []string
		for ; a < b && len(payload) < 50; a++ {
			payload = append(payload, up(a))
		}
		c.post(strings.Join(payload, "\x1e"))
	}
}

// tell tells a socket the numbers from a to b, by turns directly and by
// broadcast.
func (s *server) tell(l *witness, a, b int) {
	for i := a; i < b; i++ {
		if i%2 == 0 {
			_ = l.Emit("down", i)
		} else {
			_ = s.io.To(socket.Room(l.Id())).Emit("down", i)
		}
	}
}

// bustle lets other clients come and go until stop is called.
func (s *server) bustle(t *testing.T) (stop func()) {
	var over atomic.Bool
	var all sync.WaitGroup
	all.Go(func() {
		for i := 0; !over.Load() && !t.Failed(); i++ {
			c := s.dial(t, "")
			c.connect()
			c.send(up(0))
			if i%2 == 0 {
				c.send("1")
			}
			_ = c.conn.Close()
		}
	})
	all.Go(func() {
		for !over.Load() && !t.Failed() {
			c := s.poll(t)
			c.post("40")
			c.move(s).send(up(0), "41", "1")
		}
	})
	return func() {
		over.Store(true)
		all.Wait()
	}
}

// socketOf returns the witness of a client.
func socketOf(t *testing.T, came <-chan *witness, id string) *witness {
	t.Helper()
	for {
		if l := receive(t, came); session(t, l.Socket).Id() == id {
			return l
		}
	}
}

// connectAs does the Socket.IO handshake and returns the witness of the client.
func connectAs(t *testing.T, c *wsClient, came <-chan *witness) *witness {
	t.Helper()
	open := c.expect("0{")
	c.send("40")
	c.expect("40{")
	return socketOf(t, came, strings.Split(open, `"`)[3])
}

// Messages back to back, both ways at once, arrive each once and in order, also
// while others come and go.
func TestFloodsKeepTheirOrder(t *testing.T) {
	const n = 5_000
	t.Run("websocket", func(t *testing.T) {
		s, came := listenServer(t)
		defer s.bustle(t)()
		c := s.dial(t, "")
		l := connectAs(t, c, came)
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() { c.reads(&counter{n: n}) })
		all.Go(func() { s.tell(l, 0, n) })
		all.Go(func() {
			for i := range n {
				c.send(up(i))
			}
		})
		l.hears(t, n)
	})
	t.Run("polling", func(t *testing.T) {
		s, came := listenServer(t)
		defer s.bustle(t)()
		c := s.poll(t)
		c.connect()
		l := socketOf(t, came, c.sid())
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() { c.reads(&counter{n: n}, func() bool { return false }) })
		all.Go(func() { s.tell(l, 0, n) })
		all.Go(func() { c.posts(0, n) })
		l.hears(t, n)
	})
	t.Run("across the upgrade", func(t *testing.T) {
		s, came := listenServer(t)
		defer s.bustle(t)()
		for range 3 {
			floodAcrossTheUpgrade(t, s, came, n)
		}
	})
}

func floodAcrossTheUpgrade(t *testing.T, s *server, came <-chan *witness, n int) {
	t.Helper()
	c := s.poll(t)
	c.connect()
	l := socketOf(t, came, c.sid())
	var (
		all, polls, posts sync.WaitGroup
		pause             atomic.Bool
		told              = &counter{n: n}
		begins, ends      = make(chan struct{}), make(chan struct{}) // of the upgrade
	)
	defer all.Wait()
	all.Go(func() { // the server speaks before, during and after it
		s.tell(l, 0, n/3)
		<-begins
		s.tell(l, n/3, 2*n/3)
		<-ends
		s.tell(l, 2*n/3, n)
	})
	polls.Go(func() { c.reads(told, pause.Load) })
	posts.Go(func() { c.posts(0, n/2) })

	w := s.dial(t, "&sid="+c.sid())
	close(begins)
	w.send("2probe")
	w.expect("3probe")
	posts.Wait()
	pause.Store(true)
	polls.Wait() // the server answers the one that is under way
	w.send("5")
	close(ends)
	all.Go(func() { w.reads(told) })
	for i := n / 2; i < n; i++ {
		w.send(up(i))
	}
	l.hears(t, n)
}

// Hundreds of clients move to websockets while a room is spoken to without a
// pause: each is told everything from the moment it is in, once and in order.
func TestUpgradesDuringBroadcasts(t *testing.T) {
	clients, most := 400, 20_000
	if raced {
		clients, most = 120, 4_000
	}
	s, came := listenServer(t)
	var (
		mu      sync.Mutex // of both
		next    int
		over    atomic.Bool
		speaker sync.WaitGroup
	)
	stage := make(map[string]int) // session → first number it is to be told
	speak := func() {
		mu.Lock()
		defer mu.Unlock()
		_ = s.io.To("stage").Emit("down", next)
		next++
	}
	moved := make(chan struct{}, clients)
	speaker.Go(func() {
		for !over.Load() {
			speak()
			// Fast while there is something to disturb, but not faster than clients
			// and server, who share the machine, can take it.
			if next > most {
				<-time.After(time.Millisecond)
			} else if next%10 == 0 {
				<-time.After(100 * time.Microsecond)
			}
		}
	})
	var all sync.WaitGroup
	turns := make(chan struct{}, 20) // at once
	for range clients {
		turns <- struct{}{}
		c := s.poll(t)
		c.connect()
		l := socketOf(t, came, c.sid())
		mu.Lock()
		l.Join("stage")
		stage[c.sid()] = next
		count := &counter{next: next, n: 1 << 30}
		mu.Unlock()
		all.Go(func() {
			defer func() { <-turns }()
			var pause atomic.Bool
			var polls sync.WaitGroup
			polls.Go(func() { c.reads(count, pause.Load) })
			w := s.dial(t, "&sid="+c.sid())
			w.send("2probe")
			w.expect("3probe")
			pause.Store(true)
			polls.Wait()
			w.send("5")
			mu.Lock()
			count.n = next + 200
			mu.Unlock()
			w.reads(count)
			moved <- struct{}{}
			w.send("1")
		})
	}
	all.Wait()
	over.Store(true)
	speaker.Wait()
	if len(moved) != clients {
		t.Errorf("%d of %d moved", len(moved), clients)
	}
}

// A client is heard to its last word, however it leaves, and although the server is
// speaking to it.
func TestLastWordsOfClients(t *testing.T) {
	const n = 300
	s, came := listenServer(t)
	var over atomic.Bool
	var speaker sync.WaitGroup
	speaker.Go(func() {
		for !over.Load() {
			_ = s.io.To("room").Emit("talk", "while they leave")
			<-time.After(50 * time.Microsecond)
		}
	})
	t.Cleanup(func() {
		over.Store(true)
		speaker.Wait()
	})
	words := func(c *wsClient) {
		for i := range n {
			c.send(up(i))
		}
	}
	closeFrame := func(c *wsClient) {
		_ = c.conn.WriteControl(ws.CloseMessage, ws.FormatCloseMessage(ws.CloseGoingAway, ""), time.Now().Add(patience))
	}
	// Only one direction ends here. If both did, the client's own kernel would discard what it has said.
	endTCP := func(c *wsClient) { _ = c.conn.NetConn().(*net.TCPConn).CloseWrite() }
	for name, leave := range map[string]func(c *wsClient){
		"close frame":             closeFrame,
		"close frame, end of TCP": func(c *wsClient) { closeFrame(c); endTCP(c) },
		"end of TCP":              endTCP,
		"1":                       func(c *wsClient) { c.send("1") },
		"41":                      func(c *wsClient) { c.send("41") },
		"41 and 1":                func(c *wsClient) { c.send("41", "1") },
	} {
		t.Run("websocket, "+name, func(t *testing.T) {
			for range 10 {
				c := s.dial(t, "")
				l := connectAs(t, c, came)
				words(c)
				leave(c)
				l.hears(t, n)
			}
		})
		t.Run("upgraded, "+name, func(t *testing.T) {
			for range 10 {
				c := s.poll(t)
				c.connect()
				l := socketOf(t, came, c.sid())
				w := c.move(s)
				words(w)
				leave(w)
				l.hears(t, n)
			}
		})
	}
	var payload strings.Builder
	for i := range n {
		payload.WriteString(up(i) + "\x1e")
	}
	t.Run("polling, 1 at once", func(t *testing.T) {
		for range 10 {
			c := s.poll(t)
			c.connect()
			l := socketOf(t, came, c.sid())
			c.post(payload.String() + "1")
			l.hears(t, n)
		}
	})
	t.Run("polling, 1 afterwards", func(t *testing.T) {
		for range 10 {
			c := s.poll(t)
			c.connect()
			l := socketOf(t, came, c.sid())
			c.post(strings.TrimSuffix(payload.String(), "\x1e"))
			c.post("1")
			l.hears(t, n)
		}
	})
	t.Run("polling, 41 and 1 with the request to connect", func(t *testing.T) {
		for range 10 {
			c := s.poll(t)
			c.post("40\x1e" + payload.String() + "41")
			socketOf(t, came, c.sid()).hears(t, n)
		}
	})
}

// brokenConn is a connection that cannot be written to from some moment on, as
// if the client had gone, while there is still something to read.
type brokenConn struct {
	net.Conn
	broken atomic.Bool
}

func (c *brokenConn) Write(b []byte) (int, error) {
	if c.broken.Load() {
		return 0, &net.OpError{Op: "write", Err: syscall.EPIPE}
	}
	return c.Conn.Write(b)
}

// Who says something and goes, as a tab that is closed, may be found gone by a
// write before it is heard.
func TestLastWordsBehindABrokenWrite(t *testing.T) {
	var link *brokenConn
	prepare := func(s *server) {
		s.bind()
		s.wrap = func(c net.Conn) net.Conn {
			link = &brokenConn{Conn: c}
			return link
		}
	}
	for name, goodbye := range map[string]bool{"close frame": true, "end of TCP": false, "silence": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, prepare, func(t *testing.T, s *server) {
				c := s.dial(t, "")
				c.connect()
				sock := s.socket(t)
				l := session(t, sock)
				synctest.Wait()
				link.broken.Store(true)
				_ = sock.Emit("nobody hears this")
				synctest.Wait()
				c.send(`42["one"]`, `42["two"]`)
				began := time.Now()
				switch name {
				case "close frame":
					_ = c.conn.WriteControl(ws.CloseMessage, nil, time.Now().Add(patience))
				case "end of TCP":
					_ = c.conn.Close()
				}
				for _, want := range []string{"one", "two"} {
					if got := receive(t, s.said); got != want {
						t.Errorf("heard %q in place of %q", got, want)
					}
				}
				receive(t, l.Done())
				if took := time.Since(began); took > closeGrace {
					t.Errorf("it took %v", took)
				}
				if l.Goodbye() != goodbye {
					t.Errorf("goodbye %t", l.Goodbye())
				}
			})
		})
	}
}
