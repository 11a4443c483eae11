package engine

import (
	"encoding/json"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/queue"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

var (
	errEvent       = errors.New("engine: malformed Socket.IO packet")
	errAttachments = errors.New("engine: too large attachments")
)

// registerPatience is how long messages wait for the Socket.IO connection that
// they belong to.
const registerPatience = 10 * time.Second

// The first byte of Socket.IO packets (Socket.IO protocol 5) that are looked for.
const (
	sioConnect      = '0'
	sioDisconnect   = '1'
	sioEvent        = '2'
	sioAck          = '3'
	sioConnectError = '4'
	sioBinaryEvent  = '5'
	sioBinaryAck    = '6'
)

const mainNamespace = "/"

// upper is how a session stands with the Socket.IO layer.
//
// Only requests to connect are left to the library. It has for every socket a
// queue, with a goroutine, for what the client says: unbounded, and emptied of
// what is not handled yet when the connection ends. Events are handled on the
// session's inbox instead, and call the same listeners: those of OnAny and of On.
// Middleware of sockets (Use) is not called.
type upper struct {
	pending *incoming // waits for attachments, if not nil; used by the inbox alone
	held    int64     // bytes of these; used by the inbox alone

	mu      sync.Mutex
	asked   int              // requests to connect
	settled int              // of these, answered
	all     chan struct{}    // closed when all are answered; nil if nobody waits
	sockets []*socket.Socket // one a namespace
	said    bool             // the client took leave of a socket
	taking  bool             // that is being told to the library
}

// handle handles a message of the client's. It runs in the inbox.
func (s *Session) handle(p packet) {
	defer s.contain()
	defer p.lease.release()
	if s.server.layer == nil {
		s.Emit("data", bufferOf(p))
		return
	}
	whole, err := s.upper.decode(p, s.server)
	switch {
	case err != nil:
		s.end(reasonServer, err, false)
	case whole == nil: // attachments follow
	case whole.kind == sioConnect:
		s.upper.await(s.done) // one at a time
		if s.upper.socket(whole.namespace) != nil {
			return // JavaScript's client asks again if its page says connect() before the answer is there
		}
		s.upper.ask()
		if s.ReadyState() == "open" {
			s.Emit("data", types.NewStringBuffer(whole.body))
		}
	default:
		s.upper.await(s.done)
		s.dispatch(whole)
	}
}

// decode returns the packet that a message completes, nil if it does not.
func (u *upper) decode(p packet, v *Server) (whole *incoming, err error) {
	switch {
	case u.pending != nil:
		return u.attach(p, v)
	case p.binary:
		return nil, errEvent // it was not announced
	case p.long != nil:
		whole = p.long
	default:
		if whole, err = v.decodePacket(p.data); err != nil {
			return nil, err
		}
	}
	if whole.attachments > 0 {
		u.pending, u.held = whole, 0
		return nil, nil
	}
	return whole, nil
}

// attach adds an attachment to the packet that waits for it. All of them together may be
// as large as one message.
func (u *upper) attach(p packet, v *Server) (*incoming, error) {
	whole := u.pending
	u.held += int64(len(p.data))
	switch {
	case !p.binary:
		return nil, errEvent
	case u.held > v.MaxPayload:
		return nil, errAttachments
	}
	if v.Decode == nil {
		whole.parts = append(whole.parts, p.data)
	}
	if whole.attachments--; whole.attachments > 0 {
		return nil, nil
	}
	u.pending = nil
	if v.Decode != nil {
		return whole, nil
	}
	_, err := attach(whole.event, whole.parts)
	return whole, err
}

// bufferOf returns a message in the form that the library knows.
func bufferOf(p packet) types.BufferInterface {
	if p.binary {
		return types.NewBytesBuffer(p.data)
	}
	return types.NewStringBuffer(p.data)
}

// dispatch does what a packet asks for.
func (s *Session) dispatch(p *incoming) {
	sock := s.upper.socket(p.namespace)
	if sock == nil {
		s.Close(false) // nobody may speak there
		return
	}
	switch p.kind {
	case sioEvent, sioBinaryEvent:
		event := p.event
		if p.id != nil {
			event = append(event, s.ack(sock, *p.id))
		}
		for _, listener := range sock.ListenersAny() {
			listener(event...)
		}
		if name, ok := event[0].(string); ok {
			sock.EmitUntyped(name, event[1:]...)
		}
	case sioAck, sioBinaryAck:
		s.answered(sock, p)
	case sioDisconnect:
		s.upper.takeLeave(sock)
	default:
		s.Close(false) // only servers say that
	}
}

// answered passes on the answer to an event of ours. One that nobody asked for is not
// decoded.
func (s *Session) answered(sock *socket.Socket, p *incoming) {
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
		_, err = attach(answer, p.parts)
	}
	if err != nil {
		s.end(reasonServer, errEvent, false)
		return
	}
	ack(answer, nil)
}

// ack returns what answers an event, once.
func (s *Session) ack(sock *socket.Socket, id uint64) socket.Ack {
	var once sync.Once
	return func(answer []any, _ error) {
		once.Do(func() {
			s.send(encode(sock.Nsp(), &parser.Packet{Type: parser.ACK, Id: &id, Data: answer})...)
		})
	}
}

// SaidGoodbye reports whether the client took leave of a Socket.IO connection, in
// the way of that protocol.
func (s *Session) SaidGoodbye() bool {
	s.upper.mu.Lock()
	defer s.upper.mu.Unlock()
	return s.upper.said
}

// Do has f called after all that has happened to the session before, and before
// all that happens later.
func (s *Session) Do(f func()) {
	s.inbox.add(func() {
		defer s.contain()
		f()
	})
}

// registered notes a Socket.IO connection. The library may have made it just as
// the session ended, and told nobody.
func (s *Session) registered(sock *socket.Socket) {
	s.mu.Lock()
	ended := s.closed
	if s.connectTimer != nil {
		s.connectTimer.Stop()
		s.connectTimer = nil
	}
	s.mu.Unlock()
	if ended {
		sock.Disconnect(false)
		return
	}

	u := &s.upper
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sockets = append(slices.DeleteFunc(u.sockets, (*socket.Socket).Disconnected), sock)
	u.said = false // it is of an earlier one
	u.settleLocked()
}

// socket returns the open socket of a namespace, nil if there is none.
func (u *upper) socket(namespace string) *socket.Socket {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, s := range u.sockets {
		if s.Nsp().Name() == namespace && s.Connected() {
			return s
		}
	}
	return nil
}

// ask notes a request to connect.
func (u *upper) ask() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked++
}

// await waits until every request to connect is answered: the library does it on
// a goroutine of its own.
func (u *upper) await(done <-chan struct{}) {
	u.mu.Lock()
	if u.settled >= u.asked {
		u.mu.Unlock()
		return
	}
	if u.all == nil {
		u.all = make(chan struct{})
	}
	all := u.all
	u.mu.Unlock()
	late := time.NewTimer(registerPatience)
	defer late.Stop()
	select {
	case <-all:
	case <-late.C:
	case <-done:
	}
}

func (u *upper) settleLocked() {
	u.settled++
	if u.settled >= u.asked && u.all != nil {
		close(u.all)
		u.all = nil
	}
}

// takeLeave tells the library that the client took leave of a socket. It knows no
// other way than to take leave itself, which is not sent: see swallows.
func (u *upper) takeLeave(sock *socket.Socket) {
	u.note(true)
	defer u.note(false)
	sock.Disconnect(false)
}

// note notes that the client has taken leave, and whether that is being told.
func (u *upper) note(taking bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.taking = taking
	u.said = true
}

// swallows looks at what the library sends, and reports whether it is not to be
// sent: a goodbye to a client that has said it.
func (u *upper) swallows(text []byte) bool {
	if len(text) == 0 || text[0] != sioDisconnect && text[0] != sioConnectError {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if text[0] == sioConnectError {
		u.settleLocked()
		return false
	}
	return u.taking
}

// connected reports whether there ever was a Socket.IO connection.
func (u *upper) connected() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.sockets != nil
}

// tasksOf returns the library's queue of what a socket has to handle. It panics
// if the library is not the version this was written for.
func tasksOf(s *socket.Socket) *queue.Queue {
	f := reflect.ValueOf(s).Elem().FieldByName("taskQueue")
	if f.Type() != reflect.TypeFor[*queue.Queue]() {
		panic("engine: no task queue in a socket")
	}
	return (*queue.Queue)(f.UnsafePointer())
}

// slim takes from a queue that was just made what it costs for nothing: room for
// 1,024 tasks, of which there will be two, and a finalizer on a reference cycle,
// which keeps the queue for ever; it has no other use, as the queue's goroutine
// holds the queue until it is closed.
func slim(q *queue.Queue) {
	runtime.SetFinalizer(q, nil)
	fields := reflect.ValueOf(q).Elem()
	mu, tasks := fieldOf[sync.Mutex](fields, "mu"), fieldOf[[]func()](fields, "tasks")
	mu.Lock()
	defer mu.Unlock()
	*tasks = append([]func(){}, *tasks...)
}

// fieldOf returns a pointer to a field that is not exported.
func fieldOf[T any](fields reflect.Value, name string) *T {
	f := fields.FieldByName(name)
	if f.Type() != reflect.TypeFor[T]() {
		panic("engine: no " + name + " in a task queue")
	}
	return (*T)(f.Addr().UnsafePointer())
}
