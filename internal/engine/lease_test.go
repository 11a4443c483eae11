package engine

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/gorilla/websocket"
)

const heldEvent = 100_000

// holding has a server hold events of so many bytes.
func holding(o *Options) {
	o.MaxEvent = heldEvent
	o.Skim = func() Skimmer { return ignorant{} }
}

func longEvent(size int) string { return `42["` + strings.Repeat("x", size) + `"]` }

// halfEvent begins a long event by a websocket, and does not end it.
func (c *wsClient) halfEvent() {
	_, _ = c.conn.NetConn().Write([]byte(rawFrame(0x01, longEvent(heldEvent / 2)[:heldEvent/3])))
}

// halfPost begins a request with a long event, and does not end it.
func (c *pollClient) halfPost(t *testing.T, s *server) net.Conn {
	t.Helper()
	conn := s.raw(t)
	_, err := fmt.Fprintf(conn, "POST /socket.io/?%s HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n%s",
		c.url[strings.Index(c.url, "?")+1:], heldEvent, longEvent(heldEvent / 2)[:heldEvent/3])
	if err != nil {
		t.Error(err)
	}
	return conn
}

// holds reports whether packets hold a part of a budget.
func (b *budget) holds() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.held) > 0
}

func (b *budget) whole(bytes int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left == bytes && len(b.held) == 0 && len(b.waiting) == 0
}

// The budget is whole again, however the packets and their sessions end.
func TestBudgetIsGivenBack(t *testing.T) {
	s := newServer(t, holding, func(o *Options) { o.WriteTimeout = patience })
	givenBack := func(t *testing.T, l *Session) {
		t.Helper()
		receive(t, l.Done())
		eventually(t, "all is given back", func() bool {
			return s.engine.strangers.whole(strangersBudget) && s.engine.vouched.whole(membersBudget)
		})
		for len(s.said) > 0 {
			<-s.said
		}
	}
	for name, say := range map[string]func(c *wsClient){
		"handled":   func(c *wsClient) { c.send(longEvent(50_000)) },
		"too long":  func(c *wsClient) { c.send(longEvent(200_000)) },
		"malformed": func(c *wsClient) { c.tries(longEvent(50_000) + "]") },
		"two":       func(c *wsClient) { c.send(longEvent(50_000), longEvent(60_000)) },
		"many":      func(c *wsClient) { c.tries(slicesRepeat(longEvent(50_000), 20)...) },
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(t, "")
			c.connect()
			l := session(t, s.socket(t))
			say(c)
			c.tries("41")
			_ = c.conn.WriteControl(ws.CloseMessage, nil, time.Now().Add(patience))
			_ = c.conn.Close()
			givenBack(t, l)
		})
	}
	for i, end := range endings {
		t.Run(fmt.Sprintf("amid a frame/%d", i), func(t *testing.T) {
			c := s.dial(t, "")
			c.connect()
			sock := s.socket(t)
			if i%2 == 0 {
				session(t, sock).Vouch()
			}
			c.halfEvent()
			eventually(t, "it holds a part", func() bool { return s.engine.strangers.holds() || s.engine.vouched.holds() })
			end(c, session(t, sock), sock)
			_ = c.conn.Close()
			givenBack(t, session(t, sock))
		})
	}
	for name, end := range map[string]func(c *pollClient, conn net.Conn, l *Session){
		"the connection ends":        func(_ *pollClient, conn net.Conn, _ *Session) { _ = conn.Close() },
		"another request":            func(c *pollClient, _ net.Conn, _ *Session) { c.do(http.MethodPost, "3") },
		"we close":                   func(_ *pollClient, _ net.Conn, l *Session) { l.Close(false) },
		"we close, without a word":   func(_ *pollClient, _ net.Conn, l *Session) { l.Close(true) },
		"it does not keep up":        func(_ *pollClient, _ net.Conn, l *Session) { overflow(l) },
		"it goes on to be malformed": func(_ *pollClient, conn net.Conn, _ *Session) { _, _ = conn.Write([]byte("\x1e9\x1e")) },
	} {
		t.Run("amid a body/"+name, func(t *testing.T) {
			c := s.poll(t)
			c.connect()
			l := session(t, s.socket(t))
			conn := c.halfPost(t, s)
			eventually(t, "it holds a part", s.engine.strangers.holds)
			end(c, conn, l)
			givenBack(t, l)
		})
	}
}

// A fault in handling an event keeps nothing.
func TestAFaultGivesItsBudgetBack(t *testing.T) {
	s := newServer(t, holding, func(o *Options) { o.Decode = func([]byte) ([]any, error) { panic("a fault") } })
	c := s.dial(t, "")
	c.connect()
	l := session(t, s.socket(t))
	c.tries(longEvent(50_000))
	receive(t, l.Done())
	eventually(t, "all is given back", func() bool { return s.engine.strangers.whole(strangersBudget) })
}

// Bodies and frames that are never finished end with the heartbeat, and what they held is there
// again. So is what their sessions waited for.
func TestUnfinishedEventsEnd(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		for range 3 {
			c := s.poll(t)
			c.connect()
			s.socket(t)
			conn := c.halfPost(t, s)
			go func() { _, _ = conn.Read(make([]byte, 1000)) }()
			w := s.dial(t, "")
			w.connect()
			s.socket(t)
			w.halfEvent()
		}
		synctest.Wait()
		if !s.engine.strangers.holds() {
			t.Error("nothing is held")
		}
		o := options()
		time.Sleep(o.PingInterval + o.PingInterval/beats + o.PingTimeout + 2*closeGrace)
		synctest.Wait()
		if n := s.engine.ClientsCount(); n != 0 {
			t.Errorf("%d sessions", n)
		}
		s.engine.strangers.untouched(t, strangersBudget)
	}, holding)
}

// However much strangers hold, members do not wait for it: neither one that is known, nor one
// that turns out to be one while it waits.
func TestStrangersDoNotStarveMembers(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		all := part(t, s.engine.strangers, strangersBudget, func() {})
		all.arrived()
		open := func() (*wsClient, *Session) {
			c := s.dial(t, "")
			c.connect()
			return c, session(t, s.socket(t))
		}
		began := time.Now()
		say := func(c *wsClient) {
			t.Helper()
			go c.tries(longEvent(50_000))
			synctest.Wait()
		}
		member, l := open()
		l.Vouch()
		say(member)
		if len(s.said) != 1 {
			t.Error("a member is not heard")
		}
		returning, l := open()
		say(returning)
		if len(s.said) != 1 {
			t.Error("one who nobody knows is heard")
		}
		l.Vouch()
		synctest.Wait()
		if len(s.said) != 2 {
			t.Error("a member who came back is not heard")
		}
		s.engine.vouched.untouched(t, membersBudget)
		if took := time.Since(began); took >= leaseShare/4 {
			t.Errorf("somebody waited for %v", took)
		}

		stranger, l := open()
		say(stranger)
		time.Sleep(leasePatience)
		receive(t, l.Done()) // there was nothing for it
		all.release()
		s.engine.strangers.untouched(t, strangersBudget)
	}, holding)
}

// A packet takes of the budget about what there is of it, rather than what there could be.
func TestBudgetGrowsWithThePacket(t *testing.T) {
	s := newServer(t, holding)
	const clients = 20
	for range clients {
		c := s.dial(t, "")
		c.connect()
		_, _ = c.conn.NetConn().Write([]byte(rawFrame(0x01, longEvent(10_000)[:8000])))
	}
	eventually(t, "all hold a part", func() bool {
		b := s.engine.strangers
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.held) == clients
	})
	b := s.engine.strangers
	b.mu.Lock()
	defer b.mu.Unlock()
	if held := strangersBudget - b.left; held > clients*2*8000+clients*2*chunkSize {
		t.Errorf("%d bytes are held", held)
	}
}
