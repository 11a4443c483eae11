package engine

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	ws "github.com/gorilla/websocket"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
)

// readBuffer is enough for most of what people say at once. Longer messages are
// not read through the buffer.
const readBuffer = 512

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

// websocket is one connection, which carries its session or is a candidate for that.
// Gorilla's implementation reads from it, frame by frame; we write whole frames,
// several at once if several wait (flush.go).
type websocket struct {
	session *Session
	conn    *ws.Conn
	socket  nonblocking // the same connection

	// These are guarded by session.mu.
	probed      bool          // a probe was answered
	flushing    bool          // somebody is writing, or is about to
	stuck       bool          // and waits for room, or has failed
	readerWaits chan struct{} // closed when nobody writes any more, for the reader, which answers the client's close; nil if it does not wait
}

func newWebsocket(s *Session, conn *ws.Conn) *websocket {
	w := &websocket{session: s, conn: conn}
	w.socket.init(w.net())
	conn.SetReadLimit(s.server.options.MaxPayload)
	conn.SetPingHandler(func(data string) error {
		w.answerPing(data)
		return nil
	})
	conn.SetCloseHandler(func(int, string) error {
		w.answerClose()
		return nil // the reader is told as well, and ends
	})
	return w
}

// net returns the connection below the websocket.
func (w *websocket) net() net.Conn { return w.conn.NetConn() }

func (w *websocket) transport() string { return transports.WEBSOCKET }

func (w *websocket) writableLocked() bool { return true }

// beginFlushLocked returns the websocket unless somebody else is flushing it.
func (w *websocket) beginFlushLocked() *websocket {
	if w.flushing {
		return nil
	}
	w.flushing = true
	return w
}

func (w *websocket) confirmsByPingLocked() bool { return true }

// askLocked sends a ping, unless one is under way.
func (w *websocket) askLocked(now time.Time) bool {
	if s := w.session; len(s.receipts.pings) == 0 && s.state != stateClosed {
		s.pingLocked(now)
	}
	return true
}

func (w *websocket) silenceLocked(now time.Time) time.Duration {
	return w.session.receipts.sincePing(now)
}

// finishLocked has what waits flushed, and then a goodbye.
func (w *websocket) finishLocked() {
	w.boundClose()
	w.session.flushLocked()
}

func (w *websocket) cutLocked() { w.cut() }

// carriesLocked reports whether the session has moved to the websocket, or began by it.
func (w *websocket) carriesLocked() bool { return w.session.carrier == carrier(w) }

// read reads until the connection ends. It is the connection's only reader.
func (w *websocket) read() {
	s := w.session
	defer func() {
		_ = w.net().Close()
		s.release()
	}()
	for {
		kind, r, err := w.conn.NextReader()
		var p packet
		if err == nil {
			p, err = (&intake{session: s, binary: kind == ws.BinaryMessage}).readMessage(r)
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

// answerPing answers a ping of the websocket's own: in its turn if the websocket carries
// the session, else by itself.
func (w *websocket) answerPing(data string) {
	s := w.session
	pong := newMessage(framePong, []byte(data))
	s.mu.Lock()
	carries := w.carriesLocked()
	s.mu.Unlock()
	if carries {
		s.send(pong)
		return
	}
	_ = w.write(pong.frame) // an error means that the connection is gone
}

// answerClose notes that the client closes the websocket, and answers as the protocol
// wants it (RFC 6455, section 5.5.1), after what is just being written. A client
// that has no room for that will not take the answer. Answering may fail: then there
// is nobody.
func (w *websocket) answerClose() {
	if !w.awaitTurn() {
		return
	}
	_ = w.net().SetWriteDeadline(time.Now().Add(closeGrace))
	_, _ = w.net().Write(normalCloseFrame.frame)
}

// awaitTurn waits until nobody writes any more, and reports whether the answer to
// the client's close can be written.
func (w *websocket) awaitTurn() bool {
	s := w.session
	s.mu.Lock()
	if !w.carriesLocked() { // the session goes on by polling
		s.mu.Unlock()
		return true
	}
	s.noteGoodbyeLocked()
	if w.stuck {
		s.mu.Unlock()
		return false
	}
	var written chan struct{}
	if w.flushing {
		written = make(chan struct{})
		w.readerWaits = written
	}
	w.flushing = true // nothing else begins to write
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
	return !w.stuck
}

// write writes whole frames. The client has to make room for them in time. When the
// session has ended there is less of it: the reader closes the connection then.
func (w *websocket) write(frames []byte) error {
	if err := w.net().SetWriteDeadline(time.Now().Add(w.session.server.options.WriteTimeout)); err != nil {
		return err
	}
	if _, err := w.net().Write(frames); err != nil {
		return err
	}
	return w.net().SetWriteDeadline(time.Time{})
}

// sayGoodbye closes the websocket after all else was written. The reader ends when the
// client has answered, or has had its time.
func (w *websocket) sayGoodbye() {
	if _, err := w.net().Write(normalCloseFrame.frame); err != nil {
		w.cut()
		return
	}
	if half, ok := w.net().(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // an error means that the connection is gone
	}
}

// boundClose bounds the time until the end of the connection.
func (w *websocket) boundClose() { _ = w.net().SetDeadline(time.Now().Add(closeGrace)) }

// cut ends the connection, and so its reader.
func (w *websocket) cut() { _ = w.net().Close() }
