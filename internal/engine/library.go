package engine

import (
	"io"
	"reflect"
	"runtime"
	"sync"

	eiopacket "github.com/zishang520/socket.io/parsers/engine/v3/packet"
	eio "github.com/zishang520/socket.io/servers/engine/v3"
	"github.com/zishang520/socket.io/servers/engine/v3/transports"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/queue"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

// This file holds all that the Socket.IO library requires of its Engine.IO server and
// that has no other use: methods that its interfaces name, and repairs from outside.

// Bind puts a Socket.IO server on top of the Engine.IO server and returns it.
func (v *Server) Bind(o *socket.ServerOptions) *socket.Server {
	o.SetAdapter(adapterBuilder{})
	// The library's own connect timer ends at once, without effect: see introduce.
	o.SetConnectTimeout(1)
	v.layer = &layer{BaseServer: eio.MakeBaseServer(), server: v}
	return socket.NewServer(nil, o).Bind(v.layer)
}

// layer is a Server as the library knows it.
type layer struct {
	eio.BaseServer // the library listens here for "connection"
	server         *Server
}

// Clients returns the open sessions, at this moment.
func (l *layer) Clients() *types.Map[string, eio.Socket] {
	clients := &types.Map[string, eio.Socket]{}
	for s := range l.server.all {
		clients.Store(s.id, &s.facade)
	}
	return clients
}

// ClientsCount is [Server.ClientsCount].
func (l *layer) ClientsCount() uint64 { return l.server.ClientsCount() }

// Close is [Server.Close].
func (l *layer) Close() eio.BaseServer {
	l.server.Close()
	return l
}

// introduce lets the library listen to a session. It returns when the library's connect
// timer for the session has run: a timer that is stopped before leaks its goroutine.
// The timer closes a session that is open, so the session opens only afterwards. Nobody
// else may know of the session, since its end stops the timer.
func (l *layer) introduce(s *Session) {
	ran := make(chan struct{}, 1)
	s.facade.timerRan = ran
	l.Emit("connection", &s.facade)
	<-ran
	s.facade.timerRan = nil
}

// facade is a Session as the library knows it. It has the methods that the library's
// interface names, of which the Socket.IO layer uses a part.
type facade struct {
	emitter  // the Socket.IO layer listens here
	session  *Session
	timerRan chan<- struct{} // see introduce; nil but for that time
}

var _ eio.Socket = (*facade)(nil)

// SessionOf returns the session below a Socket.IO socket, nil if that is of another server.
func SessionOf(s *socket.Socket) *Session {
	f, ok := s.Conn().(*facade)
	if !ok {
		return nil
	}
	return f.session
}

// Socket returns the session as the library knows it. Without a Socket.IO layer this is
// where to listen for "data" and "close", and to send.
func (s *Session) Socket() eio.Socket { return &s.facade }

// Construct does nothing: newSession has done it.
func (f *facade) Construct(string, eio.BaseServer, transports.Transport, *types.HttpContext, int) {}

// Id is [Session.Id].
func (f *facade) Id() string { return f.session.Id() }

// Protocol returns the revision of the protocol, which is 4.
func (f *facade) Protocol() int { return 4 }

// Request returns the handshake's request, without a body.
func (f *facade) Request() *types.HttpContext { return f.session.request.Load() }

// RemoteAddress returns the address that the handshake came from, which may be
// a proxy's.
func (f *facade) RemoteAddress() string { return f.session.remote }

// ReadyState returns "opening", "open" or "closed". Nobody but the library's connect timer
// asks while the session opens, which is how introduce learns that it has run.
func (f *facade) ReadyState() string {
	state := f.session.currentState()
	if state == stateOpening {
		f.noteTimerRan()
	}
	return state.String()
}

func (f *facade) noteTimerRan() {
	select {
	case f.timerRan <- struct{}{}:
	default: // it is known, or introduce is over
	}
}

// SetReadyState does nothing: the session knows its state.
func (f *facade) SetReadyState(string) {}

// Upgraded reports whether a websocket carries the session.
func (f *facade) Upgraded() bool { return f.Transport().Name() == transports.WEBSOCKET }

// Upgrading reports whether the session may soon move to a websocket.
func (f *facade) Upgrading() bool {
	s := f.session
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.candidate != nil
}

// MaybeUpgrade does nothing: upgrade.go does it.
func (f *facade) MaybeUpgrade(transports.Transport) {}

// Transport returns the name of what carries the session, and whether it could
// write at once. It has no other method of the library's interface.
func (f *facade) Transport() transports.Transport { return facadeTransport{session: f.session} }

type facadeTransport struct {
	transports.Transport
	session *Session
}

// Name returns "polling" or "websocket".
func (t facadeTransport) Name() string {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.carrier.transport()
}

// Writable reports whether a packet would be on its way at once.
func (t facadeTransport) Writable() bool {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writableLocked()
}

// Send is Write.
func (f *facade) Send(data io.Reader, o *eiopacket.Options, fn eio.SendCallback) eio.Socket {
	return f.Write(data, o, fn)
}

// Write sends a message of the Socket.IO layer: text if data is a string
// buffer, else binary. Options and callback have no use here.
func (f *facade) Write(data io.Reader, _ *eiopacket.Options, _ eio.SendCallback) eio.Socket {
	s := f.session
	body, err := bytesOf(data)
	if err != nil {
		s.server.options.Log.Error("a packet could not be read", "error", err)
		return f
	}
	_, text := data.(*types.StringBuffer)
	if text && s.sockets.suppresses(body) {
		return f
	}
	s.send(newPacket(body, !text))
	return f
}

func bytesOf(data io.Reader) ([]byte, error) {
	if buffer, ok := data.(types.BufferInterface); ok {
		return buffer.Bytes(), nil
	}
	return io.ReadAll(data)
}

// Close is [Session.Close].
func (f *facade) Close(discard bool) { f.session.Close(discard) }

// bufferOf returns a client's message in the form that the library knows.
func bufferOf(p packet) types.BufferInterface {
	if p.binary {
		return types.NewBytesBuffer(p.data)
	}
	return types.NewStringBuffer(p.data)
}

// taskQueue returns the library's queue of what a socket has to handle. It panics
// if the library is not the version this was written for.
func taskQueue(s *socket.Socket) *queue.Queue {
	f := reflect.ValueOf(s).Elem().FieldByName("taskQueue")
	if f.Type() != reflect.TypeFor[*queue.Queue]() {
		panic("engine: no task queue in a socket")
	}
	return (*queue.Queue)(f.UnsafePointer())
}

// trimQueue takes from a queue that was just made what it costs for nothing: room for
// 1,024 tasks, of which there will be two, and a finalizer on a reference cycle. That
// keeps the queue for ever, and has no use: the queue's goroutine holds the queue until
// it is closed.
func trimQueue(q *queue.Queue) {
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
