package engine

import (
	"errors"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	ws "github.com/gorilla/websocket"
)

const (
	// closeGrace is how long a connection that we close may take to send what
	// is under way and to answer the goodbye.
	closeGrace = time.Second
	// batchSize bounds what is put together into one write.
	batchSize = 32 << 10
	// readBuffer is enough for most of what people say at once. What is longer
	// is not read through the buffer.
	readBuffer = 512
)

// upgrader accepts websockets. Origins are not its business: see Server.
var upgrader = ws.Upgrader{
	ReadBufferSize:  readBuffer,
	WriteBufferPool: new(sync.Pool), // we write to the connection ourselves
	CheckOrigin:     func(*http.Request) bool { return true },
	Error: func(w http.ResponseWriter, _ *http.Request, _ int, _ error) {
		w.Header().Set("Sec-WebSocket-Version", "13") // it may be for another (RFC 6455, section 4.2.2)
		refuse(w, badRequest)
	},
}

// batchSlack is the room in a batch's buffer for what follows its packets: a ping, and
// a trailer of common length.
const batchSlack = 256

// batches are buffers for what is written together.
var batches = sync.Pool{New: func() any {
	b := make([]byte, 0, batchSize+batchSlack)
	return &b
}}

// websocket is one connection. Gorilla's implementation reads from it, frame by
// frame; we write whole frames, several at once if several wait.
type websocket struct {
	session *Session
	conn    *ws.Conn
	net     net.Conn
	socket  nonblocking // the same connection
	probed  bool        // a probe was answered; guarded by session.mu
}

func newWebsocket(s *Session, conn *ws.Conn) *websocket {
	w := &websocket{session: s, conn: conn, net: conn.NetConn()}
	w.socket.init(w.net)
	conn.SetReadLimit(s.server.MaxPayload)
	conn.SetPingHandler(func(data string) error {
		w.pong(data)
		return nil
	})
	conn.SetCloseHandler(func(int, string) error {
		w.closed()
		return nil // the reader is told as well, and ends
	})
	return w
}

// pong answers a ping of the websocket's own: in its turn if the websocket carries
// the session, else by itself.
func (w *websocket) pong(data string) {
	s := w.session
	answer := newMessage(framePong, []byte(data))
	if s.Upgraded() {
		s.send(answer)
		return
	}
	_ = w.write(answer.frame) // an error means that the connection is gone
}

// closed notes that the client closes the websocket, and answers as the protocol
// wants it (RFC 6455, section 5.5.1), after what is just being written: but a client
// that has no room for that will not take the answer. Answering may fail: then there
// is nobody.
func (w *websocket) closed() {
	if !w.turnToAnswer() {
		return
	}
	_ = w.net.SetWriteDeadline(time.Now().Add(closeGrace))
	_, _ = w.net.Write(normalCloseFrame.frame)
}

// turnToAnswer waits until nobody writes any more, and reports whether the answer to
// the client's close can be written.
func (w *websocket) turnToAnswer() bool {
	s := w.session
	s.mu.Lock()
	if s.ws != w { // the session goes on by polling
		s.mu.Unlock()
		return true
	}
	s.noteGoodbyeLocked()
	if s.stuck {
		s.mu.Unlock()
		return false
	}
	var written chan struct{}
	if s.flushing {
		written = make(chan struct{})
		s.parting = written
	}
	s.flushing = true // nothing else begins to write
	s.mu.Unlock()
	if written == nil {
		return true
	}
	select {
	case <-written:
	case <-time.After(closeGrace):
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.stuck
}

// read reads until the connection ends. It is the connection's only reader.
func (w *websocket) read() {
	s := w.session
	defer func() {
		_ = w.net.Close()
		s.release()
	}()
	for {
		kind, r, err := w.conn.NextReader()
		var p packet
		if err == nil {
			p, err = s.read(r, kind == ws.BinaryMessage)
		}
		switch {
		case err == nil:
			s.receive(p)
		case isMistake(err):
			s.fail(reasonParse, err) // and on, until the end of the connection
		case isLost(err):
			s.fail(reasonClient, err)
			return
		default:
			s.fail(reasonError, err)
			return
		}
	}
}

// isLost reports whether an error of reading is the connection's end, rather
// than a mistake of the client's.
func isLost(err error) bool {
	_, closed := errors.AsType[*ws.CloseError](err)
	_, network := errors.AsType[net.Error](err)
	return closed || network
}

// await answers the client's probe, and returns when the client moves to this
// websocket: the session has moved then. It reports false if it does not.
func (w *websocket) await() bool {
	s := w.session
	_ = w.conn.SetReadDeadline(time.Now().Add(s.server.UpgradeTimeout))
	w.conn.SetReadLimit(maxShort)
	defer w.conn.SetReadLimit(s.server.MaxPayload)
	for probed := false; ; probed = true {
		_, data, err := w.conn.ReadMessage()
		switch {
		case err != nil:
			return false
		case probed && string(data) == "5":
			return s.moveTo(w)
		case string(data) != "2probe" || !s.probedBy(w):
			return false
		}
	}
}

// write writes whole frames. The client has to make room for them in time. When the
// session has ended there is less of it: the reader closes the connection then.
func (w *websocket) write(frames []byte) error {
	if err := w.net.SetWriteDeadline(time.Now().Add(w.session.server.WriteTimeout)); err != nil {
		return err
	}
	if _, err := w.net.Write(frames); err != nil {
		return err
	}
	return w.net.SetWriteDeadline(time.Time{})
}

// leave says goodbye after all else was written. The reader ends when the client
// has answered, or has had its time.
func (w *websocket) leave() {
	if _, err := w.net.Write(normalCloseFrame.frame); err != nil {
		w.cut()
		return
	}
	if half, ok := w.net.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // an error means that the connection is gone
	}
}

// hurry bounds the time until the end of the connection.
func (w *websocket) hurry() { _ = w.net.SetDeadline(time.Now().Add(closeGrace)) }

// cut ends the connection, and so its reader.
func (w *websocket) cut() { _ = w.net.Close() }

// batch is what is written at once.
type batch struct {
	w      *websocket
	frames []byte
	buffer *[]byte // that frames are in, if it is one of batches
}

// flushAll flushes sessions that were claimed, one after the other, without waiting
// for any. A goroutine for each would cost about as much as it has to do. What else
// there is to do comes first: other messages that have arrived may be on their way
// to the same sessions, and go with this one.
func flushAll(sessions []*Session) {
	runtime.Gosched()
	for _, s := range sessions {
		s.flush()
	}
}

// flush writes what waits and finds room. If there is no room for all, the rest is
// left to a goroutine that waits. There is one who flushes at a time: whoever has
// claimed the session.
func (s *Session) flush() {
	for {
		b, ok := s.nextBatch()
		if !ok {
			return
		}
		n, err := b.w.socket.write(b.frames)
		if err == nil && n < len(b.frames) {
			s.setStuck(true)
			go s.flushRest(b, n)
			return
		}
		if !s.written(b, err) {
			return
		}
	}
}

// flushRest writes what is left of a batch when there is room, and goes on.
func (s *Session) flushRest(b batch, n int) {
	if s.written(b, b.w.write(b.frames[n:])) {
		s.setStuck(false)
		s.flush()
	}
}

// setStuck notes whether what is being written is left to a goroutine that waits.
func (s *Session) setStuck(stuck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stuck = stuck
}

// nextBatch takes the next batch out of the outbox. If there is none, the session
// is free to be claimed again; if it has ended, it takes its leave.
func (s *Session) nextBatch() (batch, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.yieldLocked() {
		return batch{}, false // the session stays claimed
	}
	b := batch{w: s.ws}
	if b.frames, b.buffer = s.batchLocked(); b.frames != nil {
		return b, true
	}
	s.flushing = false
	if s.closed && s.graceful {
		go b.w.leave()
	}
	return batch{}, false
}

// yieldLocked leaves the websocket to the reader, if that waits to answer a close.
func (s *Session) yieldLocked() bool {
	if s.parting == nil {
		return false
	}
	close(s.parting)
	s.parting = nil
	return true
}

// written notes how writing a batch has ended, and reports whether more can be
// written. If not, the session stays claimed: nobody is to try again.
func (s *Session) written(b batch, err error) bool {
	if b.buffer != nil {
		batches.Put(b.buffer)
	}
	if err == nil {
		return true
	}
	s.mu.Lock()
	s.stuck = true
	s.yieldLocked()
	s.mu.Unlock()
	s.unwritable(b.w, err)
	return false
}

// unwritable ends the session over an error of writing. Of a client that is gone,
// rather than slow, there may be more to read, the last of which is its goodbye:
// then the end is the reader's to find.
func (s *Session) unwritable(w *websocket, err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		s.fail(reasonError, slow(err))
		return
	}
	w.hurry()
}

// batchLocked takes out of the outbox what is to be written next, nil if there
// is nothing. If a buffer was needed to put it together, that is returned too.
func (s *Session) batchLocked() (frames []byte, buffer *[]byte) {
	var trailer func() *message
	for m := s.out.first(); m != nil; m = s.out.first() {
		if len(frames) > 0 && len(frames)+m.size > batchSize {
			break
		}
		s.out.drop()
		s.receipts.handOver(m)
		if frames == nil && m.whole() && (s.out.empty() || m.size > batchSize) {
			frames = m.frame // shared: nothing may be appended to it
			break
		}
		if buffer == nil {
			buffer = batches.Get().(*[]byte) //nolint:forcetypeassert // nothing else is in it
			frames = (*buffer)[:0]
		}
		frames = append(frames, m.own()...)
		if m.trailer != nil {
			trailer = m.trailer
		}
	}
	if trailer != nil {
		frames = append(frames, trailer().frame...)
	}
	if s.closed || !s.takePingLocked() {
		return frames, buffer
	}
	if buffer == nil {
		if frames == nil {
			return pingMessage.frame, nil
		}
		buffer = batches.Get().(*[]byte) //nolint:forcetypeassert // nothing else is in it
		frames = append((*buffer)[:0], frames...)
	}
	return append(frames, pingMessage.frame...), buffer
}
