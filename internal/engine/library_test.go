package engine

import (
	"reflect"
	"testing"
	"testing/synctest"

	eio "github.com/zishang520/socket.io/servers/engine/v3"
)

// Methods that only the library needs are on types that only the library gets.
func TestTheLibraryGetsAFacade(t *testing.T) {
	if _, is := any(new(Session)).(eio.Socket); is {
		t.Error("a session is the library's socket itself")
	}
	if _, is := any(new(Server)).(eio.BaseServer); is {
		t.Error("a server is the library's server itself")
	}
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		s.dial(t, "").connect()
		sock := s.socket(t)
		l := session(t, sock)
		if sock.Conn() != l.Socket() {
			t.Error("the socket below is not its session's")
		}
		if clients := s.engine.layer.Clients().Values(); len(clients) != 1 || clients[0] != l.Socket() {
			t.Errorf("the library is told of %d sessions, or of another one", len(clients))
		}
	})
}

// An option that is changed once the server works would count for a part of it.
func TestOptionsAreFixed(t *testing.T) {
	for f := range reflect.TypeFor[Server]().Fields() {
		if f.IsExported() {
			t.Errorf("anybody can set a server's %s", f.Name)
		}
	}
}

// Asking for a session's state must not open it, or tell anybody.
func TestTheStateOfAnOpeningSession(t *testing.T) {
	var states []string
	prepare := func(s *server) {
		s.bind()
		s.engine.OnSession(func(l *Session) {
			for range 2 {
				states = append(states, l.Socket().ReadyState())
			}
		})
	}
	bubble(t, prepare, func(t *testing.T, s *server) {
		c := s.poll(t)
		c.connect()
		states = append(states, session(t, s.socket(t)).Socket().ReadyState())
	})
	if want := []string{"opening", "opening", "open"}; !reflect.DeepEqual(states, want) {
		t.Errorf("got %q, want %q", states, want)
	}
}

// An end is told once to everybody who asks, before it or after.
func TestOnClose(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		s.dial(t, "").connect()
		l := session(t, s.socket(t))
		told := 0
		tell := func() { told++ }
		l.OnClose(tell)
		synctest.Wait()
		if told != 0 {
			t.Fatal("it was told before the end")
		}
		l.Close(true)
		l.Close(true)
		synctest.Wait()
		if told != 1 {
			t.Errorf("told %d times, want 1", told)
		}
		l.OnClose(tell)
		synctest.Wait()
		if told != 2 {
			t.Errorf("told %d times, want 2", told)
		}
	})
}
