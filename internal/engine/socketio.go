package engine

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// Only requests to connect are left to the library. It has a queue of a client's packets
// for every socket, with a goroutine. The queue has no bound, and loses the packets that are
// not handled when the connection ends. Events are handled on the session's inbox instead,
// and call the same listeners: those of OnAny and of On. Middleware of sockets (Use) is not
// called.

// receive takes a packet of the client's. It is called by one goroutine at a
// time, and waits while too much of what came before is not handled yet.
func (s *Session) receive(p packet) {
	switch p.kind {
	case packetMessage:
		if len(p.data) > 0 && p.data[0] == sioConnect && !p.binary {
			s.introduced.Store(true)
		}
		if !s.inbox.addWithin(len(p.data), s.done, func() { s.handle(p) }) {
			p.lease.release()
		}
	case packetPong:
		s.receivePong()
	case packetClose:
		s.receiveClose()
	case packetPing:
		s.fail(reasonError, errHeartbeat) // in this revision they are the server's
	}
}

// handle handles a message of the client's. It runs in the inbox.
func (s *Session) handle(p packet) {
	defer s.contain("handling a packet")
	defer p.lease.release()
	if s.server.layer == nil {
		s.facade.Emit("data", bufferOf(p))
		return
	}
	whole, err := s.assembly.decode(p, &s.server.options)
	switch {
	case err != nil:
		s.end(reasonServer, err, false)
	case whole == nil: // attachments follow
	case whole.kind == sioConnect:
		s.connect(whole)
	default:
		s.sockets.awaitAnswers(s.done)
		s.dispatch(whole)
	}
}

// connect passes a request to connect on to the library, one at a time.
func (s *Session) connect(p *incoming) {
	s.sockets.awaitAnswers(s.done)
	if s.sockets.in(p.namespace) != nil {
		return // JavaScript's client asks again if its page says connect() before the answer is there
	}
	s.sockets.request()
	if s.currentState() == stateOpen {
		s.facade.Emit("data", types.NewStringBuffer(p.body))
	}
}

// connected notes a Socket.IO connection. The library may have made it just as
// the session ended, and told nobody.
func (s *Session) connected(sock *socket.Socket) {
	s.mu.Lock()
	ended := s.state == stateClosed
	if s.connectTimer != nil {
		s.connectTimer.Stop()
		s.connectTimer = nil
	}
	s.mu.Unlock()
	if ended {
		sock.Disconnect(false)
		return
	}
	s.sockets.add(sock)
}

// dispatch does what a packet asks for.
func (s *Session) dispatch(p *incoming) {
	sock := s.sockets.in(p.namespace)
	if sock == nil {
		s.Close(false) // nobody may speak there
		return
	}
	switch p.kind {
	case sioEvent, sioBinaryEvent:
		event := p.event
		if p.id != nil {
			event = append(event, s.ackOf(sock, *p.id))
		}
		for _, listener := range sock.ListenersAny() {
			listener(event...)
		}
		if name, ok := event[0].(string); ok {
			sock.EmitUntyped(name, event[1:]...)
		}
	case sioAck, sioBinaryAck:
		s.receiveAck(sock, p)
	case sioDisconnect:
		s.sockets.disconnect(sock)
	default:
		s.Close(false) // only servers say that
	}
}

// ackOf returns a function that acknowledges an event of the client's, once.
func (s *Session) ackOf(sock *socket.Socket, id uint64) socket.Ack {
	var once sync.Once
	return func(answer []any, _ error) {
		once.Do(func() {
			s.send(encode(sock.Nsp(), &parser.Packet{Type: parser.ACK, Id: &id, Data: answer})...)
		})
	}
}

// receiveAck passes on the acknowledgement of an event of ours. One that nobody asked for
// is not decoded.
func (s *Session) receiveAck(sock *socket.Socket, p *incoming) {
	if p.id == nil {
		return
	}
	ack, ok := sock.Acks().LoadAndDelete(*p.id)
	if !ok {
		return
	}
	var answer []any
	err := json.Unmarshal(p.body, &answer)
	if err == nil {
		_, err = fillIn(answer, p.parts)
	}
	if err != nil {
		s.end(reasonServer, errEvent, false)
		return
	}
	ack(answer, nil)
}

// SaidGoodbye reports whether the client disconnected a Socket.IO socket, in
// the way of that protocol.
func (s *Session) SaidGoodbye() bool { return s.sockets.saidGoodbye() }

// Do has f called after all that has happened to the session before, and before
// all that happens later.
func (s *Session) Do(f func()) {
	s.inbox.add(func() {
		defer s.contain("handling a packet")
		f()
	})
}

// contain keeps a fault in the library's handling of what a client sent, or in the making of
// what it is sent, from ending the process: that session alone is lost. Deferred around either.
func (s *Session) contain(while string) {
	if fault := recover(); fault != nil {
		s.server.options.Log.Error("a session had to be ended", "while", while, "type", fmt.Sprintf("%T", fault), "stack", string(debug.Stack()))
		go s.fail(reasonError, nil)
	}
}
