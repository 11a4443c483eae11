package gateway

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"securechat/room"
)

// wire stands in for a link: it moves when something is sent, and sends
// nothing once it is cut.
type wire struct {
	created, confirmed uint64
	cut                bool
}

func (w *wire) Account() (sent, confirmed uint64) { return w.created, w.confirmed }

// accept takes one message, as a session does.
func (w *wire) accept() (position, confirmed uint64) {
	if w.cut {
		return 0, w.confirmed
	}
	w.created++
	return w.created, w.confirmed
}

// send sends the messages from to up to, as the gateway does.
func (w *wire) send(m *marks, from, to uint64) {
	for seq := from; seq <= to; seq++ {
		m.deliver("room", seq, w.accept)
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		play            func(*marks, *wire)
		confirmed, sent uint64
	}{
		"nothing sent": {func(*marks, *wire) {}, 10, 10},
		"sent and not confirmed": {func(m *marks, w *wire) {
			w.send(m, 11, 13)
		}, 10, 13},
		"confirmed in part": {func(m *marks, w *wire) {
			w.send(m, 11, 13)
			w.confirmed = w.created - 1
		}, 12, 13},
		// The connection has ended and its conn has not heard of it: everything
		// that was sent before is confirmed, and the rest was not sent at all.
		"dropped by the library": {func(m *marks, w *wire) {
			w.send(m, 11, 13)
			w.confirmed, w.cut = w.created, true
			w.send(m, 14, 16)
		}, 13, 13},
		"dropped after something else was sent": {func(m *marks, w *wire) {
			w.send(m, 11, 11)
			w.created++ // an event of another kind
			w.confirmed, w.cut = w.created, true
			w.send(m, 12, 12)
		}, 11, 11},
		"confirmed after the end": {func(m *marks, w *wire) {
			w.send(m, 11, 12)
			w.cut = true
			w.send(m, 13, 13)
			w.confirmed = w.created
		}, 12, 12},
		"after a replay that was not sent": {func(m *marks, w *wire) {
			m.reset("room", 10, nil)
			m.replay("room", []line{{entry: &room.Message{Seq: 11}, last: true}}, func() uint64 { return 0 })
			w.send(m, 12, 12)
			w.confirmed = w.created
		}, 10, 10},
		// Events that a replay will hold must not come before it.
		"before a replay": {func(m *marks, w *wire) {
			m.reset("room", 10, nil)
			w.send(m, 11, 11)
			w.confirmed = w.created
		}, 10, 10},
		"in a replay of two lines an entry": {func(m *marks, w *wire) {
			m.reset("room", 10, nil)
			eleven, twelve := room.Message{Seq: 11}, room.Message{Seq: 12}
			m.replay("room", []line{{entry: &eleven}, {entry: &eleven, last: true}, {entry: &twelve}, {entry: &twelve, last: true}}, func() uint64 {
				w.created += 4
				return w.created - 3
			})
			w.confirmed = w.created - 1
		}, 11, 12},
		// It moved to another room while the message was being sent.
		"of another room": {func(m *marks, w *wire) {
			m.deliver("another room", 500, w.accept)
			w.confirmed = w.created
		}, 10, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m marks
			w := &wire{created: 100, confirmed: 100}
			m.reset("room", 10, nil)
			m.replay("room", nil, nil)
			tt.play(&m, w)
			m.dropConfirmedLocked(w.confirmed)
			if sent := m.sent().seq; m.base != tt.confirmed || sent != tt.sent {
				t.Errorf("confirmed %d, sent %d; want %d, %d", m.base, sent, tt.confirmed, tt.sent)
			}
		})
	}
}

func TestOffset(t *testing.T) {
	o := offset{"room", 7}
	if got, ok := parseOffset(o.String()); !ok || got != o {
		t.Errorf("got %v, %t", got, ok)
	}
	for _, s := range []string{"", ":", "room", "room:", ":7", "room:x", "room:-1", "room:7 ", "room:99999999999999999999"} {
		if got, ok := parseOffset(s); ok {
			t.Errorf("%q is none, got %v", s, got)
		}
	}
}

// cutting has something happen once, before a connection enters.
type cutting struct {
	*room.Service
	armed atomic.Bool
	cut   func(room.Attach)
}

func (s *cutting) Connect(ctx context.Context, a room.Attach) error {
	if s.armed.CompareAndSwap(true, false) {
		s.cut(a)
	}
	return s.Service.Connect(ctx, a)
}

// Threat: a page of the time before pages had names comes back by a connection that is cut while
// it enters, and is then sent everything again, which it shows twice.
func TestAConnectionThatIsCutWhileItEnters(t *testing.T) {
	s := newServer(t)
	service := &cutting{Service: s.rooms}
	s.gateway.options.Service = service
	alice, code := s.create("alice", "Alice")
	bob := s.admit("bob", "Bob", code, alice)
	a := s.connect(visit{session: "alice"}).join(alice)
	first := s.connect(visit{session: "bob"}).join(bob)
	a.say(alice, "seen")
	first.expect("message")
	s.settled(first)
	isLost := func() bool {
		b := s.state(bob.Room).Members[1]
		return len(b.Conns) == 0 && len(b.Lost) == 1
	}
	first.drop()
	s.eventually("its loss is known", isLost)

	entering, cut := make(chan struct{}), make(chan struct{})
	service.cut = func(at room.Attach) {
		close(entering)
		<-cut
		c := s.gateway.conn(at.Conn.ID)
		s.eventually("its end is known", func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.gone })
	}
	service.armed.Store(true)
	second := s.connect(visit{session: "bob", quiet: true})
	<-entering
	second.drop()
	close(cut)
	s.eventually("its loss is known", func() bool { return !service.armed.Load() && isLost() })
	third := s.connect(visit{session: "bob"})
	third.barrier()
	equal(t, "it reads", third.texts(), nil)
}

// A page may leave a room and enter it again, by one connection. Messages that are on their way
// to it meanwhile are sent again if that connection is then cut.
func TestWhatWasOnItsWayOverALeaving(t *testing.T) {
	s, members := newTalk(t)
	alice, bob, a, b := members.alice, members.bob, members.a, members.b
	b.goSilent() // whatever it gets now is not known to have arrived
	a.say(alice, "on its way")
	b.expect("message")
	b.forget()
	b.emit("leave_room", fmt.Sprintf(`{"room":%q}`, bob.Room))
	b.join(bob)
	equal(t, "by the same connection it reads", b.texts(), nil)
	conn := s.connOf(b)
	b.drop()
	<-conn.ctx.Done()
	again := s.connect(visit{session: "bob"})
	again.barrier()
	equal(t, "by the next one it reads", again.texts(), []string{"on its way"})
}
