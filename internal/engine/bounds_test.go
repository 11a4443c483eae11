package engine

import (
	"bytes"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	ws "github.com/gorilla/websocket"
)

// A stranger must not make the server hold ten attachments of the largest size
// by announcing an eleventh that never comes.
func TestAttachmentsAreBoundedTogether(t *testing.T) {
	s := newServer(t, func(o *Options) { o.MaxPayload = 1000 })
	c := s.dial(t, "")
	c.connect()
	l := session(t, s.socket(t))
	c.send(`453-["x",{"_placeholder":true,"num":0}]`)
	for range 2 {
		_ = c.conn.WriteMessage(ws.BinaryMessage, make([]byte, 600))
	}
	receive(t, l.Done())

	// In good measure they are heard, one event after the other.
	c = s.dial(t, "")
	c.connect()
	for range 3 {
		c.send(`451-["fine",{"_placeholder":true,"num":0}]`)
		_ = c.conn.WriteMessage(ws.BinaryMessage, make([]byte, 600))
		if got := receive(t, s.said); got != "fine" {
			t.Fatal(got)
		}
	}
}

// The protocol knows no number of attachments that would be too many.
func TestManyAttachments(t *testing.T) {
	s := newServer(t)
	c := s.dial(t, "")
	c.connect()
	c.send(`4540-["fine",{"_placeholder":true,"num":39}]`)
	for range 40 {
		_ = c.conn.WriteMessage(ws.BinaryMessage, []byte("x"))
	}
	if got := receive(t, s.said); got != "fine" {
		t.Fatal(got)
	}
}

// A body of the shortest packets must not cost many times its size.
func TestPayloadsAreNotAmplified(t *testing.T) {
	const size = 3 << 20
	for _, unit := range []string{"6\x1e", "\x1e"} {
		body := append(bytes.Repeat([]byte(unit), size/len(unit)), '6')
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s := &Session{server: New(options())}
		_ = (&intake{session: s}).readPayload(bytes.NewReader(body), func(packet) {})
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > size {
			t.Errorf("%d bytes for a body of %d", n, size)
		}
	}
}

// A socket that enters a room while it ends must not stay in the books for ever.
func TestLateJoinsAreForgotten(t *testing.T) {
	s := newServer(t)
	a := s.io.Sockets().Adapter().(*adapter)
	for range 50 {
		c := s.dial(t, "")
		c.connect()
		sock := s.socket(t)
		stop := make(chan struct{})
		var joining sync.WaitGroup
		joining.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					sock.Join("room")
				}
			}
		})
		_ = c.conn.Close()
		eventually(t, "it has ended", func() bool { return !sock.Connected() })
		close(stop)
		joining.Wait()
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if len(a.subscribers) > 0 || len(a.rooms) > 0 {
		t.Errorf("%d subscribers and %d rooms are left", len(a.subscribers), len(a.rooms))
	}
}

// Nothing in the protocol keeps a client from saying the same t twice: the .NET client, and
// with it Unity's, says whole seconds.
func TestTheCacheBusterMeansNothing(t *testing.T) {
	s := newServer(t)
	c := s.poll(t)
	c.connect()
	sock := s.socket(t)
	c.url += "&t=1700000000"
	for _, said := range []string{"one", "two", "two"} {
		c.post(`42["` + said + `"]`)
		if got := receive(t, s.said); got != said {
			t.Errorf("heard %s in place of %s", got, said)
		}
	}
	for _, said := range []string{"three", "four"} {
		_ = sock.Emit(said)
		if got := c.get(); got != `42["`+said+`"]` {
			t.Error(got)
		}
	}
}

// After a gap nothing may follow: a page would say that it has seen what is behind
// it.
func TestNothingFollowsARefusedPacket(t *testing.T) {
	s := newServer(t)
	l := session(t, s.deaf(t))
	large := newPacket(make([]byte, maxQueued/3), false)
	small := newPacket([]byte("small"), false)
	for range 1000 {
		before := l.Created()
		l.send(small, large) // all or none
		switch l.Created() {
		case before + 2:
			continue
		case before:
		default:
			t.Fatal("a part was accepted")
		}
		l.send(small)
		b := Broadcast{packets: []*message{small}}
		if position, _ := b.To(l); position != 0 || l.Created() != before {
			t.Error("something was accepted after the gap")
		}
		receive(t, l.Done())
		return
	}
	t.Fatal("everything was accepted")
}

// One request to connect is answered before the next is made: a namespace has one
// socket in a session.
func TestOneSocketANamespace(t *testing.T) {
	s := newServer(t)
	c := s.poll(t)
	c.do(http.MethodPost, strings.TrimSuffix(strings.Repeat("40\x1e", 500), "\x1e"))
	last := make(chan struct{})
	_ = s.socket(t).On("last", func(...any) { close(last) })
	c.post(`42["last"]`)
	receive(t, last)
	if len(s.came) > 0 {
		t.Errorf("%d sockets more", len(s.came))
	}
}

// The leave that a client took of one connection is not that of the next.
func TestSaidGoodbyeIsOfTheLatestConnection(t *testing.T) {
	s := newServer(t)
	c := s.dial(t, "")
	c.connect()
	l := session(t, s.socket(t))
	c.send("41")
	eventually(t, "it has said goodbye", l.SaidGoodbye)
	c.send("40")
	s.socket(t)
	eventually(t, "that is of the past", func() bool { return !l.SaidGoodbye() })
}

// An answer to a poll is encoded while the session is locked, and broadcasts wait for
// that.
func TestOnePollTakesLittle(t *testing.T) {
	s := newServer(t)
	c := s.poll(t)
	c.connect()
	sock := s.socket(t)
	text := strings.Repeat("x", 1000)
	session(t, sock).SendSeries(sock, 1000, func(i int) (event, trailer Event) { return Event{"one", i, text}, nil })
	if got := c.get(); len(got) > maxPolled || len(got) < maxPolled/2 {
		t.Errorf("%d bytes", len(got))
	}
	eventually(t, "series are bounded as well", func() bool {
		return session(t, sock).SendSeries(sock, 100_000, func(i int) (event, trailer Event) { return Event{"one", i, text}, nil }) == 0
	})
	receive(t, session(t, sock).Done())
}
