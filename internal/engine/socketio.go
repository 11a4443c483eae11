package engine

import (
	"errors"
	"reflect"
	"runtime"
	gslices "slices"
	"sync"
	"time"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/queue"
	"github.com/zishang520/socket.io/v3/pkg/slices"
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
	sioConnectError = '4'
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
	decoder *eventDecoder // waits for attachments, if not nil; used by the inbox alone
	held    int64         // bytes that it holds; used by the inbox alone

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
	if s.server.layer == nil {
		s.Emit("data", bufferOf(p))
		return
	}
	whole, err := s.upper.decode(p, s.server.MaxPayload)
	switch {
	case err != nil:
		s.end(reasonServer, err, false)
	case whole == nil: // attachments follow
	case whole.Type == parser.CONNECT:
		s.upper.await(s.done) // one at a time
		s.upper.ask()
		if s.ReadyState() == "open" {
			s.Emit("data", bufferOf(p))
		}
	default:
		s.upper.await(s.done)
		s.dispatch(whole)
	}
}

// eventDecoder is a decoder of the library, and what it has made.
type eventDecoder struct {
	parser.Decoder
	decoded *parser.Packet
}

// decoders are those that wait for no attachments.
var decoders = sync.Pool{New: func() any {
	d := &eventDecoder{Decoder: parser.NewDecoder()}
	_ = d.On("decoded", func(args ...any) { // called by Add; On cannot fail
		d.decoded = slices.TryGetAny[*parser.Packet](args, 0)
	})
	return d
}}

// decode returns the packet that a message completes, nil if it does not. All
// attachments of a packet together may be as large as one message.
func (u *upper) decode(p packet, limit int64) (*parser.Packet, error) {
	d := u.decoder
	if d == nil && isEvent(p) {
		return decodeEvent(p.data)
	}
	if d == nil {
		d = decoders.Get().(*eventDecoder) //nolint:forcetypeassert // nothing else is in it
	}
	u.decoder = nil
	if u.held += int64(len(p.data)); u.held > limit {
		return nil, errAttachments
	}
	if d.Add(bufferOf(p)) != nil {
		return nil, errEvent // its own error may quote the client
	}
	whole := d.decoded
	if whole == nil {
		u.decoder = d // attachments follow
		return nil, nil
	}
	d.decoded, u.held = nil, 0
	if whole.Type != parser.BINARY_EVENT && whole.Type != parser.BINARY_ACK {
		decoders.Put(d) // the others may believe that more is to come
	}
	return whole, nil
}

// bufferOf returns a message in the form that the library knows.
func bufferOf(p packet) types.BufferInterface {
	if p.binary {
		return types.NewBytesBuffer(p.data)
	}
	return types.NewStringBuffer(p.data)
}

// dispatch does what a packet asks for.
func (s *Session) dispatch(p *parser.Packet) {
	sock := s.upper.socket(p.Nsp)
	if sock == nil {
		s.Close(false) // nobody may speak there
		return
	}
	switch p.Type {
	case parser.EVENT, parser.BINARY_EVENT:
		event, _ := p.Data.([]any) // the decoder makes no other
		if p.Id != nil {
			event = append(event, s.ack(sock, *p.Id))
		}
		for _, listener := range sock.ListenersAny() {
			listener(event...)
		}
		if name, ok := event[0].(string); ok {
			sock.EmitUntyped(name, event[1:]...)
		}
	case parser.ACK, parser.BINARY_ACK:
		answer, _ := p.Data.([]any)
		if p.Id == nil {
			return
		}
		if ack, ok := sock.Acks().LoadAndDelete(*p.Id); ok {
			ack(answer, nil)
		}
	case parser.DISCONNECT:
		s.upper.takeLeave(sock)
	default:
		s.Close(false) // only servers say that
	}
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
	u.sockets = append(gslices.DeleteFunc(u.sockets, (*socket.Socket).Disconnected), sock)
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
