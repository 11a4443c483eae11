package engine

import (
	"bufio"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zishang520/socket.io/servers/socket/v3"
)

// benched is a server for benchmarks, whose clients connect by websocket and join one room.
type benched struct {
	*httptest.Server
	io     *socket.Server
	engine *Server
	joined chan struct{}
	heard  atomic.Int64  // events
	all    chan struct{} // is sent to when another benchedBurst of them was heard
}

// benchedBurst is how many events a client says at once.
const benchedBurst = 50

func newBenched(b *testing.B) *benched {
	b.Helper()
	o := options()
	o.Receipts, o.PingInterval = false, time.Hour
	s := &benched{engine: New(o), joined: make(chan struct{}), all: make(chan struct{}, 1)}
	s.io = s.engine.Bind(socket.DefaultServerOptions())
	_ = s.io.On("connection", func(args ...any) {
		c := args[0].(*socket.Socket)
		c.Join("room")
		_ = c.On("said", func(...any) {
			if s.heard.Add(1)%benchedBurst == 0 {
				s.all <- struct{}{}
			}
		})
		s.joined <- struct{}{}
	})
	s.Server = httptest.NewServer(s.engine)
	b.Cleanup(func() {
		s.engine.Close()
		s.Close()
	})
	return s
}

// client returns a connected client, and what reads from it.
func (s *benched) client(b *testing.B) (net.Conn, *bufio.Reader) {
	b.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	_, _ = io.WriteString(conn, "GET /?EIO=4&transport=websocket HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	r := bufio.NewReader(conn)
	for line := ""; line != "\r\n"; {
		if line, err = r.ReadString('\n'); err != nil {
			b.Fatal(err)
		}
	}
	_, _ = io.WriteString(conn, rawFrame(0x81, "40"))
	<-s.joined
	return conn, r
}

// One event to a room of 50, until each of them has it.
func BenchmarkBroadcast(b *testing.B) {
	const clients = 50
	s := newBenched(b)
	var arrived atomic.Int64
	all := make(chan struct{}, 1)
	for range clients {
		_, r := s.client(b)
		go func() {
			for {
				switch c, err := r.ReadByte(); {
				case err != nil:
					return
				case c == '~' && arrived.Add(1)%clients == 0: // it ends the event
					all <- struct{}{}
				}
			}
		}()
	}
	text := strings.Repeat("x", 100) + "~"
	b.ReportAllocs()
	for b.Loop() {
		_ = s.io.To("room").Emit("word", text)
		<-all
	}
}

// One burst of events by a client, until all are handled.
func BenchmarkReceive(b *testing.B) {
	s := newBenched(b)
	conn, _ := s.client(b)
	frames := []byte(strings.Repeat(rawFrame(0x81, `42["said","`+strings.Repeat("x", 100)+`"]`), benchedBurst))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = conn.Write(frames)
		<-s.all
	}
}

// An idle session's memory, with its client's in this process.
func BenchmarkIdle(b *testing.B) {
	const clients = 500
	for b.Loop() {
		s := newBenched(b)
		s.client(b) // what is made once
		before := settledHeap()
		for range clients {
			s.client(b)
		}
		b.ReportMetric(float64(settledHeap()-before)/clients, "B/session")
	}
}
