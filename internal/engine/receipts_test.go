package engine

import (
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/gorilla/websocket"
)

func TestAPongConfirms(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.dial(t, "")
		c.connect()
		sock := s.socket(t)
		l := session(t, sock)

		// The answer to the handshake is a message too.
		c.expect("2")
		if l.Confirmed() >= l.Created() {
			t.Fatal("confirmed without an answer")
		}
		eventually(t, "an answer is owed", func() bool { return l.Silence() > 0 })
		c.send("3")
		eventually(t, "the handshake is confirmed", func() bool { return l.Confirmed() == l.Created() })
		if l.Silence() != 0 {
			t.Error("nothing is owed any more")
		}

		// One ping is under way at a time, behind what it asks about.
		_ = sock.Emit("one")
		c.expect(`42["one"]`)
		c.expect("2")
		_ = sock.Emit("two")
		c.expect(`42["two"]`)
		before := l.Confirmed()
		c.send("3")
		eventually(t, "the first is confirmed", func() bool { return l.Confirmed() == before+1 })
		c.expect("2")
		c.send("3")
		eventually(t, "all are confirmed", func() bool { return l.Confirmed() == l.Created() })

		// In a rush there are fewer, and in the end all is confirmed as well.
		const rush = 300
		messages, pings := 0, 0
		for i := range rush {
			_ = sock.Emit("rush")
			for messages <= i {
				if c.expect("") == "2" {
					pings++
					c.send("3")
					continue
				}
				messages++
			}
		}
		for l.Confirmed() != l.Created() {
			select {
			case <-c.frames: // a ping
				pings++
				c.send("3")
			case <-time.After(time.Millisecond):
			}
		}
		if pings >= rush/2 {
			t.Errorf("%d pings for %d messages", pings, rush)
		}
	})
}

// Pings for receipts and those of the heartbeat are one and the same to a client.
func TestHeartbeat(t *testing.T) {
	t.Run("answered", func(t *testing.T) {
		bubble(t, (*server).bind, func(t *testing.T, s *server) {
			c := s.dial(t, "")
			c.connect()
			sock := s.socket(t)
			for end := time.Now().Add(100 * options().PingInterval); time.Now().Before(end); {
				synctest.Wait()
				for len(c.frames) > 0 {
					if c.expect("") == "2" {
						c.send("3")
						_ = sock.Emit("more") // of which a receipt is wanted
					}
				}
				time.Sleep(time.Second)
			}
			if s.engine.ClientsCount() != 1 {
				t.Error("it has ended")
			}
		})
	})
	t.Run("unanswered", func(t *testing.T) {
		bubble(t, (*server).bind, func(t *testing.T, s *server) {
			c := s.dial(t, "")
			c.connect()
			sock := s.socket(t)
			why := make(chan any, 1)
			_ = sock.On("disconnecting", func(args ...any) { why <- args[0] })
			c.send("3", "3", "3") // in stock: they answer nothing to come, but the first what was asked
			time.Sleep(options().PingInterval + options().PingInterval/beats + options().PingTimeout)
			if got := receive(t, why); got != "ping timeout" {
				t.Errorf("closed by %v", got)
			}
		})
	})
}

func TestPollsConfirm(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		l := session(t, sock)
		if l.Confirmed() != 0 {
			t.Fatal("the answer to the handshake may have been lost")
		}
		time.Sleep(time.Millisecond)
		if l.Silence() == 0 {
			t.Fatal("a client between two polls owes one")
		}

		got := make(chan string, 1)
		go func() { got <- c.get() }()
		eventually(t, "the handshake is confirmed", func() bool { return l.Confirmed() == 1 })
		if l.Silence() != 0 {
			t.Fatal("a waiting client owes nothing")
		}
		_ = sock.Emit("one")
		if f := receive(t, got); f != `42["one"]` {
			t.Fatal(f)
		}
		if l.Confirmed() != 1 {
			t.Fatal("confirmed without a further poll")
		}
		go func() { got <- c.get() }()
		eventually(t, "the message is confirmed", func() bool { return l.Confirmed() == 2 })
		_ = sock.Emit("two")
		receive(t, got)
	})
}

// A message that is sent between two polls waits for the next, and is not taken for
// read before the one after that.
func TestBetweenTwoPolls(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		l := session(t, sock)
		for _, text := range []string{"one", "two"} {
			_ = sock.Emit(text)
		}
		if f := c.get(); f != `42["one"]`+"\x1e"+`42["two"]` {
			t.Fatal(f)
		}
		if n := l.Confirmed(); n != 1 {
			t.Fatalf("%d messages were taken for read, not one", n)
		}
		got := make(chan string, 1)
		go func() { got <- c.get() }()
		eventually(t, "both are confirmed", func() bool { return l.Confirmed() == 3 })
		_ = sock.Emit("last")
		receive(t, got)
	})
}

func TestTheUpgradeConfirms(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		l := session(t, sock)
		w := s.dial(t, "&sid="+c.sid())
		w.send("2probe")
		w.expect("3probe")
		if l.Confirmed() != 0 {
			t.Fatal("a probe proves nothing")
		}
		w.send("5")
		eventually(t, "all is confirmed", func() bool { return l.Confirmed() == 1 })
		_ = sock.Emit("one")
		w.expect(`42["one"]`)
		w.expect("2")
		w.send("3")
		eventually(t, "the message is confirmed", func() bool { return l.Confirmed() == 2 })
		if status, _ := c.do("GET", ""); status != 400 {
			t.Errorf("a poll after the upgrade got %d", status)
		}
	})
}

func TestProbe(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		never := func() { t.Error("a websocket needs no provocation") }

		c := s.dial(t, "")
		c.connect()
		l := session(t, s.socket(t))
		c.expect("2")
		c.send("3")
		eventually(t, "nothing is owed", func() bool { return l.Confirmed() == l.Created() })
		alive := make(chan bool, 1)
		go func() { alive <- l.Alive(t.Context(), patience, never) }()
		c.expect("2")
		c.send("3")
		if !receive(t, alive) {
			t.Error("who answers is alive")
		}
		began := time.Now()
		if l.Alive(t.Context(), 100*time.Millisecond, never) {
			t.Error("who does not answer is not")
		}
		if l.Alive(t.Context(), 100*time.Millisecond, never) || time.Since(began) > 200*time.Millisecond {
			t.Error("patience is over, there is nothing to wait for")
		}
		go func() { alive <- l.Alive(t.Context(), patience, never) }()
		_ = c.conn.Close()
		if receive(t, alive) {
			t.Error("who is gone is not alive")
		}

		p := s.poll(t)
		p.connect()
		sock := s.socket(t)
		l = session(t, sock)
		got := make(chan string, 1)
		go func() { got <- p.get() }()
		eventually(t, "the client waits", l.waits)
		go func() { alive <- l.Alive(t.Context(), patience, func() { _ = sock.Emit("pong") }) }()
		if f := receive(t, got); f != `42["pong"]` {
			t.Fatal(f)
		}
		go func() { got <- p.get() }()
		if !receive(t, alive) {
			t.Error("who polls again is alive")
		}
		_ = sock.Emit("last")
		receive(t, got)
	})
}

func TestGoodbye(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, test := range map[string]struct {
		leave func(*wsClient)
		want  bool
	}{
		"close frame":  {func(c *wsClient) { _ = c.conn.WriteControl(ws.CloseMessage, nil, time.Now().Add(patience)) }, true},
		"end of TCP":   {func(c *wsClient) { _ = c.conn.Close() }, false},
		"client crash": {func(c *wsClient) { c.send("9") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(t, "")
			c.connect()
			l := session(t, s.socket(t))
			test.leave(c)
			receive(t, l.Done())
			if l.Goodbye() != test.want {
				t.Errorf("got %t", l.Goodbye())
			}
		})
	}
	t.Run("polling", func(t *testing.T) {
		c := s.poll(t)
		c.connect()
		l := session(t, s.socket(t))
		c.post("1")
		receive(t, l.Done())
		if !l.Goodbye() {
			t.Error("got false")
		}
	})
}

// Messages that wait for a poll when the client moves to a websocket come by that, and
// before all else.
func TestTheUpgradeTakesLeftoversAlong(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		sock := s.socket(t)
		_ = sock.Emit("one")
		w := s.dial(t, "&sid="+c.sid())
		w.send("2probe")
		w.expect("3probe")
		_ = sock.Emit("two")
		w.send("5")
		w.expect(`42["one"]`)
		w.expect(`42["two"]`)
		w.expect("2")
		w.send("3")
		l := session(t, sock)
		eventually(t, "all is confirmed", func() bool { return l.Confirmed() == 3 })
	})
}

// A pong that comes when the session has ended does not start its clock again.
func TestPongAfterTheEnd(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		_, sock := s.unread(t)
		l := session(t, sock)
		l.mu.Lock()
		l.receipts.pinged(time.Now())
		l.mu.Unlock()
		l.Close(true)
		l.receivePong()
		if l.heartbeat.Stop() {
			t.Error("its clock goes on")
		}
	}, withoutPings)
}
