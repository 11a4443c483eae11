package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// patience bounds every wait for an answer outside of the traffic itself.
const patience = 20 * time.Second

// socket is a Socket.IO connection over a websocket, spoken frame by frame: one
// event a frame, and the text of an event is looked at only where it has to be.
//
// Before listen it is used by one goroutine at a time; then post may be called
// from any, and reading is up to listen.
type socket struct {
	crowd  *crowdState
	room   *chatroom
	member int // in the room, from 0

	conn *websocket.Conn
	buf  []byte // the frame read last

	mu     sync.Mutex // held while writing
	letter letter
	sent   atomic.Uint64 // own messages so far; written with mu held

	scanner   scanner
	next      []uint64      // the sequence number due from each member
	delivered atomic.Uint64 // messages received; everything below is written before it
	latencies []int64       // of its own messages in the window, in nanoseconds
	listening chan struct{} // closed when nothing is read any more; nil before listen
}

// greet enters the main namespace.
func (s *socket) greet() error {
	if err := s.await("0{", nil); err != nil {
		return fmt.Errorf("no Engine.IO handshake: %w", err)
	}
	if err := s.write([]byte("40")); err != nil {
		return err
	}
	if err := s.await("40", nil); err != nil {
		return fmt.Errorf("no Socket.IO handshake: %w", err)
	}
	return nil
}

// join enters a room under a name.
func (s *socket) join(roomID, name string) error {
	if err := s.emit("join", map[string]string{"room": roomID, "display_name": name}); err != nil {
		return err
	}
	return s.awaitEvent("join_success", nil)
}

// emit sends an event.
func (s *socket) emit(event string, payload any) error {
	frame, err := json.Marshal([]any{event, payload})
	if err != nil {
		return err
	}
	return s.write(append([]byte("42"), frame...))
}

// awaitEvent reads until an event comes and puts its payload into dst, unless
// that is nil.
func (s *socket) awaitEvent(event string, dst any) error {
	err := s.await(`42["`+event+`"`, dst)
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", event, err)
	}
	return nil
}

// await reads until a frame comes that begins with the prefix.
func (s *socket) await(prefix string, dst any) error {
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	for {
		frame, err := s.read()
		switch {
		case err != nil:
			return err
		case bytes.HasPrefix(frame, []byte(prefix)):
			return payload(frame, dst)
		}
		if err := s.common(frame); err != nil {
			return err
		}
	}
}

// payload decodes the first argument of an event.
func payload(frame []byte, dst any) error {
	if dst == nil {
		return nil
	}
	var event []json.RawMessage
	if err := json.Unmarshal(frame[len("42"):], &event); err != nil {
		return err
	}
	if len(event) < 2 {
		return fmt.Errorf("an event without a payload: %.100s", frame)
	}
	return json.Unmarshal(event[1], dst)
}

// common deals with what can come at any time: pings, and words that end
// everything. The rest is not for us.
func (s *socket) common(frame []byte) error {
	switch {
	case string(frame) == "2":
		return s.write([]byte("3"))
	case len(frame) > 0 && frame[0] == '1', bytes.HasPrefix(frame, []byte("41")), bytes.HasPrefix(frame, []byte("44")),
		bytes.HasPrefix(frame, []byte(`42["room_error"`)):
		return fmt.Errorf("the server said %.300s", frame)
	}
	return nil
}

// read returns the next frame, which is valid until the next call.
func (s *socket) read() ([]byte, error) {
	_, r, err := s.conn.NextReader()
	if err != nil {
		return nil, err
	}
	for n := 0; ; {
		if n == len(s.buf) {
			s.buf = append(s.buf, make([]byte, max(512, n))...)
		}
		m, err := r.Read(s.buf[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return s.buf[:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (s *socket) write(frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writeLocked(frame)
}

func (s *socket) writeLocked(frame []byte) error {
	// A server that has stopped to read must not stop us for ever.
	if err := s.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	return s.conn.WriteMessage(websocket.TextMessage, frame)
}

// listen begins to read in the background, and goes on until the connection or
// the crowd ends.
func (s *socket) listen() error {
	if err := s.conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	s.letter = newLetter(s.room.id)
	s.next = make([]uint64, s.room.size)
	s.listening = make(chan struct{})
	go func() {
		defer close(s.listening)
		for {
			frame, err := s.read()
			if err == nil {
				err = s.take(frame)
			}
			if err != nil {
				s.crowd.fail(fmt.Errorf("%s: %w", s, err))
				return
			}
		}
	}()
	return nil
}

// take handles one frame.
func (s *socket) take(frame []byte) error {
	if !bytes.HasPrefix(frame, []byte(`42["message"`)) {
		return s.common(frame)
	}
	stamp, ok := s.scanner.scan(frame)
	if !ok {
		return fmt.Errorf("a message that nobody sent: %.200s", frame)
	}
	if err := s.check(stamp); err != nil {
		return err
	}
	if stamp.member == s.member {
		if err := s.echoed(stamp); err != nil {
			return err
		}
	}
	s.delivered.Add(1)
	return nil
}

// check holds a message against what is due from its sender.
func (s *socket) check(m stamp) error {
	if m.room != s.room.index || m.member >= len(s.next) {
		return fmt.Errorf("a message of member %d of room %d, in the wrong room", m.member, m.room)
	}
	due := s.next[m.member]
	switch {
	case m.seq > due:
		return fmt.Errorf("lost or out of order: message %d of member %d came when %d was due", m.seq, m.member, due)
	case m.seq < due:
		return fmt.Errorf("again or out of order: message %d of member %d came when %d was due", m.seq, m.member, due)
	}
	s.next[m.member]++
	return nil
}

// echoed notes how long the own message took, and sends the next in a closed
// loop.
func (s *socket) echoed(m stamp) error {
	now := s.crowd.now()
	if m.due >= s.crowd.from.Load() {
		s.latencies = append(s.latencies, now-m.due)
	}
	if s.crowd.looping.Load() {
		return s.post(now)
	}
	return nil
}

// post sends the next message, which was due at a time of the crowd's clock.
func (s *socket) post(due int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	frame := s.letter.stamp(stamp{s.room.index, s.member, s.sent.Load(), due})
	s.sent.Add(1)
	return s.writeLocked(frame)
}

func (s *socket) String() string {
	return fmt.Sprintf("member %d of room %d", s.member, s.room.index)
}

func quoted(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be written
	}
	return b
}
