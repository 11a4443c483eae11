package engine

import "testing"

// An event that is offered reaches clients that can take it at once, and nobody later.
func TestOffer(t *testing.T) {
	t.Parallel()
	s := newServer(t, withoutPings)
	offer := func(l *Session, name string) (taken bool) {
		b, err := NewBroadcast(s.io.Sockets(), nil, Event{name})
		if err != nil {
			t.Fatal(err)
		}
		before := l.Created()
		b.Offer(l)
		b.Flush()
		return l.Created() > before
	}
	t.Run("websocket", func(t *testing.T) {
		c := s.dial(t, "")
		c.connect()
		sock := s.socket(t)
		l := session(t, sock)
		release := unflushed(t, l)
		_ = sock.Emit("first")
		if offer(l, "dropped") {
			t.Error("it was put behind what waits")
		}
		release()
		c.expect(`42["first"]`)
		eventually(t, "nothing waits", func() bool { return offer(l, "second") })
		if got := c.expect(""); got != `42["second"]` {
			t.Errorf("%s in place of the second", got)
		}
		_ = c.conn.Close()
		receive(t, l.Done())
		if offer(l, "late") {
			t.Error("a session that has ended took something")
		}
	})
	t.Run("polling", func(t *testing.T) {
		c := s.poll(t)
		c.connect()
		l := session(t, s.socket(t))
		if offer(l, "dropped") {
			t.Error("it waits for a poll that has not come")
		}
		polled := make(chan string, 1)
		go func() { polled <- c.get() }()
		eventually(t, "a poll waits", l.waits)
		if !offer(l, "taken") {
			t.Error("a poll that waits is not answered")
		}
		if got := receive(t, polled); got != `42["taken"]` {
			t.Errorf("the poll is answered with %s", got)
		}
	})
}
