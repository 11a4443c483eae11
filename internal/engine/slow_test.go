package engine

import (
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/servers/socket/v3"
)

// unread returns a connected client that reads only when it is told to.
func (s *server) unread(t *testing.T) (*ws.Conn, *socket.Socket) {
	t.Helper()
	conn, _, err := s.tryDial(t, "EIO=4&transport=websocket")
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMessage(ws.TextMessage, []byte("40")); err != nil {
		t.Fatal(err)
	}
	read(t, conn, "0{")
	read(t, conn, "40{")
	return conn, s.socket(t)
}

// read requires the beginning of the next frame.
func read(t *testing.T, conn *ws.Conn, prefix string) {
	t.Helper()
	if _, data, err := conn.ReadMessage(); err != nil || !strings.HasPrefix(string(data), prefix) {
		t.Fatalf("got %q, %v; want %q…", data, err, prefix)
	}
}

// withoutPings leaves only what a test sends.
func withoutPings(o *Options) { o.Receipts, o.PingInterval = false, 24*time.Hour }

// deadlined notes the latest deadline for writing.
type deadlined struct {
	net.Conn
	latest atomic.Value // time.Time
}

func (d *deadlined) SetWriteDeadline(t time.Time) error {
	d.latest.Store(t)
	return d.Conn.SetWriteDeadline(t)
}

// Who was slow once, but not too slow, may be so again later.
func TestSlowButInTime(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		var d *deadlined
		s.wrap = func(c net.Conn) net.Conn {
			d = &deadlined{Conn: c}
			return d
		}
		conn, sock := s.unread(t)
		for range 3 {
			_ = sock.Emit("x")
			time.Sleep(options().WriteTimeout - time.Millisecond)
			read(t, conn, `42["x"]`)
			time.Sleep(time.Hour)
			if latest := d.latest.Load(); latest != (time.Time{}) {
				t.Errorf("whatever is written now has to be by %v", latest)
			}
		}
		if s.engine.ClientsCount() != 1 {
			t.Error("it was put out")
		}
	}, withoutPings)
}

// The time in which a closed session has to end does not begin anew with what the
// client takes of it.
func TestSlowDuringClose(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		conn, sock := s.unread(t)
		_ = sock.Emit("x")
		synctest.Wait() // it is being written
		_ = sock.Emit("y")
		began := time.Now()
		session(t, sock).Close(false)
		time.Sleep(closeGrace / 2)
		read(t, conn, `42["x"]`)
		time.Sleep(closeGrace / 2)
		synctest.Wait()
		s.gone(t, began, closeGrace)
	}, withoutPings)
}

// A client that goes while it takes nothing is gone at once: its session does not
// wait to answer behind what is being written, which the client may take after all.
// Not in a bubble, as its clock would stand still if it did.
func TestCloseByWhoTakesNothing(t *testing.T) {
	t.Parallel()
	s := newEngine(withoutPings)
	s.bind()
	s.pipes = newPipeListener()
	s.serve(t)
	conn, sock := s.unread(t)
	l := session(t, sock)
	_ = sock.Emit("x")
	for !l.busy() {
		time.Sleep(time.Millisecond)
	}
	if err := conn.WriteMessage(ws.CloseMessage, ws.FormatCloseMessage(ws.CloseNormalClosure, "")); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(closeGrace/4, func() { _, _, _ = conn.ReadMessage() })
	defer late.Stop()
	receive(t, l.Done())
}

// A write to the client that is under way goes on to its end: the answer to a close
// neither gets lost over it nor comes between.
func TestCloseWhileSomethingIsWritten(t *testing.T) {
	bubble(t, (*server).bind, func(t *testing.T, s *server) {
		conn, sock := s.unread(t)
		synctest.Wait()
		l := session(t, sock)
		w := l.carrier.(*websocket)
		l.mu.Lock()
		w.flushing = true
		l.mu.Unlock()
		_ = sock.Emit("x")
		if err := conn.WriteMessage(ws.CloseMessage, ws.FormatCloseMessage(ws.CloseNormalClosure, "")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case <-l.Done():
			t.Error("it did not wait")
		default:
		}
		w.flush()
		if _, _, err := conn.ReadMessage(); !ws.IsCloseError(err, ws.CloseNormalClosure) {
			t.Errorf("got %v", err)
		}
		<-l.Done()
	}, withoutPings)
}

// busy reports whether something is being written that finds no room.
func (s *Session) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.carrier.(*websocket).stuck && s.out.empty()
}

// A client that answers no ping is gone, but if much was on its way to it, it may only be
// slow: the ping waits behind that. What it is known to have got does not count.
func TestSilenceBehindMuchIsSlowness(t *testing.T) {
	for name, tt := range map[string]struct {
		bytes    int
		answered bool // the pings before the silence
		want     error
	}{
		"nothing on its way":       {0, false, nil},
		"as much as people say":    {maxLag - 4<<10, false, nil},
		"more":                     {maxLag, false, ErrTooSlow},
		"more, which has arrived":  {10 * maxLag, true, nil},
		"much more, not confirmed": {10 * maxLag, false, ErrTooSlow},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, (*server).bind, func(t *testing.T, s *server) {
				conn, sock := s.unread(t)
				l := session(t, sock)
				ended := make(chan error, 1)
				_ = l.Socket().Once("close", func(args ...any) {
					err, _ := args[1].(error)
					ended <- err
				})
				var silent atomic.Bool
				silent.Store(!tt.answered)
				go func() { // it reads all that comes, and is silent
					for {
						_, data, err := conn.ReadMessage()
						if err != nil {
							return
						}
						if string(data) == "2" && !silent.Load() {
							_ = conn.WriteMessage(ws.TextMessage, []byte("3"))
						}
					}
				}()
				for sent := 0; sent < tt.bytes; sent += 1 << 10 {
					_ = sock.Emit("x", strings.Repeat("x", 1<<10))
				}
				time.Sleep(time.Minute) // what can be confirmed is
				silent.Store(true)
				time.Sleep(time.Minute)
				select {
				case err := <-ended:
					if !errors.Is(err, tt.want) {
						t.Errorf("it ended with %v, want %v", err, tt.want)
					}
				default:
					t.Error("it is still open")
				}
			})
		})
	}
}
