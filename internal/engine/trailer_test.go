package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zishang520/socket.io/servers/socket/v3"
)

// trailed broadcasts an event that has a trailer to a session.
func trailed(t *testing.T, sock *socket.Socket, name string, trailer Event) (position uint64) {
	t.Helper()
	b, err := NewBroadcast(sock.Nsp(), trailer, Event{name})
	if err != nil {
		t.Fatal(err)
	}
	position, _ = b.To(session(t, sock))
	b.Flush()
	return position
}

// unflushed keeps a session from being flushed until it is released.
func unflushed(t *testing.T, l *Session) (release func()) {
	t.Helper()
	w := l.carrier.(*websocket)
	eventually(t, "nobody writes", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return w.beginFlushLocked() != nil
	})
	return w.flush
}

func TestATrailerFollows(t *testing.T) {
	t.Parallel()
	series := func(l *Session, sock *socket.Socket, from, to int) {
		l.SendSeries(sock, to-from+1, func(i int) (event, trailer Event) {
			return Event{"series", from + i}, Event{"place", fmt.Sprint(from + i)}
		})
	}
	for name, tt := range map[string]struct {
		send func(sock *socket.Socket, l *Session)
		want []string
	}{
		"one event": {func(sock *socket.Socket, _ *Session) {
			trailed(t, sock, "one", Event{"place", "1"})
		}, []string{`["one"]`, `["place","1"]`}},
		"the last of several": {func(sock *socket.Socket, _ *Session) {
			trailed(t, sock, "one", Event{"place", "1"})
			trailed(t, sock, "two", Event{"place", "2"})
			trailed(t, sock, "three", Event{"place", "3"})
		}, []string{`["one"]`, `["two"]`, `["three"]`, `["place","3"]`}},
		"all that leaves with it": {func(sock *socket.Socket, _ *Session) {
			trailed(t, sock, "one", Event{"place", "1"})
			_ = sock.Emit("without")
			trailed(t, sock, "none", nil)
		}, []string{`["one"]`, `["without"]`, `["none"]`, `["place","1"]`}},
		"a series": {func(sock *socket.Socket, l *Session) {
			series(l, sock, 1, 3)
			trailed(t, sock, "four", Event{"place", "4"})
		}, []string{`["series",1]`, `["series",2]`, `["series",3]`, `["four"]`, `["place","4"]`}},
		"a series of one": {func(sock *socket.Socket, l *Session) { series(l, sock, 1, 1) },
			[]string{`["series",1]`, `["place","1"]`}},
	} {
		want := slices.Clone(tt.want)
		for i := range want {
			want[i] = "42" + want[i]
		}
		t.Run(name+", websocket", func(t *testing.T) {
			s := newServer(t, withoutPings)
			c := s.dial(t, "")
			c.connect()
			sock := s.socket(t)
			release := unflushed(t, session(t, sock))
			tt.send(sock, session(t, sock))
			release()
			for _, w := range want {
				if got := c.expect(""); got != w {
					t.Fatalf("%s in place of %s", got, w)
				}
			}
		})
		t.Run(name+", polling", func(t *testing.T) {
			s := newServer(t, withoutPings)
			c := s.poll(t)
			c.connect()
			sock := s.socket(t)
			tt.send(sock, session(t, sock))
			if got := strings.Split(c.get(), "\x1e"); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// The trailer of a write tells what the write holds, however many writes there are.
func TestEveryWriteHasItsTrailer(t *testing.T) {
	s := newServer(t, withoutPings)
	c := s.dial(t, "")
	c.connect()
	sock := s.socket(t)
	l := session(t, sock)
	text := strings.Repeat("x", batchSize/8)
	release := unflushed(t, l)
	const n = 20
	l.SendSeries(sock, n, func(i int) (event, trailer Event) { return Event{"one", i, text}, Event{"place", fmt.Sprint(i)} })
	release()
	seen, places := 0, 0
	for seen < n || places == 0 {
		frame := c.expect("")
		if !strings.HasPrefix(frame, `42["place"`) {
			seen++
			places = 0
			continue
		}
		places++
		if frame != fmt.Sprintf(`42["place","%d"]`, seen-1) || places > 1 {
			t.Fatalf("%s behind %d events", frame, seen)
		}
	}
}

// Trailers have no position: the account is of events alone.
func TestTrailersAreNotCounted(t *testing.T) {
	s := newServer(t)
	c := s.dial(t, "")
	c.connect()
	sock := s.socket(t)
	l := session(t, sock)
	before := l.Created()
	for i := range uint64(3) {
		if position := trailed(t, sock, "one", Event{"place", "1"}); position != before+i+1 {
			t.Errorf("position %d, want %d", position, before+i+1)
		}
	}
	eventually(t, "all is confirmed", func() bool {
		select {
		case f := <-c.frames:
			if f == "2" {
				c.send("3")
			}
		default:
		}
		return l.Confirmed() == l.Created()
	})
	if l.Created() != before+3 {
		t.Errorf("%d events, want %d", l.Created(), before+3)
	}
}

// Most events are one for many. Such an event is framed once with its trailer: nothing is
// put together for each session.
func TestATrailerIsSharedToo(t *testing.T) {
	s := newServer(t, withoutPings)
	c := s.dial(t, "")
	c.connect()
	sock := s.socket(t)
	l := session(t, sock)
	release := unflushed(t, l)
	b, err := NewBroadcast(sock.Nsp(), Event{"place", "1"}, Event{"one"})
	if err != nil {
		t.Fatal(err)
	}
	b.To(l)
	l.mu.Lock()
	next := l.carrier.(*websocket).batchLocked()
	l.mu.Unlock()
	if next.buffer != nil || &next.frames[0] != &b.packets[0].frame[0] {
		t.Error("a copy was made")
	}
	release()
}
