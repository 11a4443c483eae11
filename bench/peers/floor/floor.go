// Package floor is the least that a straightforward chat server does: what
// others are held against. It speaks just enough of Socket.IO for the load
// generator, over bare websockets. It has no pages, no limits, no heartbeat and
// no queues: who does not read stops everybody.
package floor

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// maxFrame bounds what a client sends, in bytes, so that the header of what is
// made of it has one of two forms.
const maxFrame = 8 << 10

// Server is the handler of all requests. The zero value is ready to use, and
// safe for concurrent use.
type Server struct {
	mu    sync.RWMutex
	rooms map[string]*chatroom
}

type chatroom struct {
	mu      sync.RWMutex
	sockets map[*socket]struct{}
	last    atomic.Uint64 // message
}

type socket struct {
	mu     sync.Mutex // held while writing
	conn   net.Conn
	room   *chatroom
	roomID string
	member string
	name   string
}

// message has the fields of our own server's, so that it is as long.
type message struct {
	Sender    string `json:"sender"`
	Content   string `json:"content"`
	Timestamp string `json:"timestamp"`
	ID        uint64 `json:"id"`
	Member    string `json:"member"`
	Name      string `json:"name"`
	At        int64  `json:"at"`
}

// request has the fields of all events that clients send.
type request struct {
	Room    string `json:"room"`
	Name    string `json:"display_name"`
	Message string `json:"message"`
}

var upgrader = websocket.Upgrader{
	ReadBufferSize: 1024, WriteBufferSize: 512,
	CheckOrigin: func(*http.Request) bool { return true },
}

// ServeHTTP serves one connection until it ends.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer conn.Close()
	conn.SetReadLimit(maxFrame)
	s := &socket{conn: conn.NetConn(), member: uuid.NewString()}
	defer s.leave()
	if s.write(frameOf(fmt.Appendf(nil, `0{"sid":%q,"upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":%d}`, s.member, maxFrame))) != nil {
		return
	}
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil || srv.handle(s, string(frame)) != nil {
			return
		}
	}
}

// handle answers one frame. An error ends the connection.
func (srv *Server) handle(s *socket, frame string) error {
	if frame == "40" {
		return s.write(frameOf(fmt.Appendf(nil, `40{"sid":%q}`, s.member)))
	}
	if !strings.HasPrefix(frame, `42[`) {
		return nil
	}
	var name string
	var asked request
	if err := json.Unmarshal([]byte(frame[2:]), &[]any{&name, &asked}); err != nil {
		return err
	}
	switch name {
	case "join":
		return srv.join(s, asked)
	case "message":
		return s.say(asked)
	}
	return nil
}

func (srv *Server) join(s *socket, asked request) error {
	s.leave()
	srv.mu.Lock()
	if srv.rooms == nil {
		srv.rooms = make(map[string]*chatroom)
	}
	r := srv.rooms[asked.Room]
	if r == nil {
		r = &chatroom{sockets: make(map[*socket]struct{})}
		srv.rooms[asked.Room] = r
	}
	srv.mu.Unlock()

	s.room, s.roomID, s.name = r, asked.Room, asked.Name
	r.mu.Lock()
	r.sockets[s] = struct{}{}
	count := len(r.sockets)
	r.mu.Unlock()
	return s.write(frameOf(fmt.Appendf(nil, `42["join_success",{"count":%d}]`, count)))
}

func (s *socket) leave() {
	if s.room == nil {
		return
	}
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	delete(s.room.sockets, s)
}

// say sends a message to everybody in the room: framed once, and written by
// whoever received it.
func (s *socket) say(asked request) error {
	if s.room == nil || asked.Room != s.roomID {
		return nil
	}
	now, id := time.Now(), s.room.last.Add(1)
	event, err := json.Marshal([]any{"message", message{
		Sender: html.EscapeString(s.name), Content: html.EscapeString(asked.Message), Timestamp: now.Format(time.TimeOnly),
		ID: id, Member: s.member, Name: s.name, At: now.UnixMilli(),
	}, fmt.Sprintf("%s:%d", s.roomID, id)})
	if err != nil {
		return err
	}
	frame := frameOf(append([]byte("42"), event...))
	s.room.mu.RLock()
	defer s.room.mu.RUnlock()
	for other := range s.room.sockets {
		_ = other.write(frame) // its own reader finds out
	}
	return nil
}

func (s *socket) write(frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.conn.Write(frame)
	return err
}

// frameOf returns a text as one frame of the websocket protocol.
func frameOf(text []byte) []byte {
	const finalText = 0x81
	header := []byte{finalText, byte(len(text))}
	if len(text) > 125 {
		header = binary.BigEndian.AppendUint16([]byte{finalText, 126}, uint16(len(text)))
	}
	return append(header, text...)
}
