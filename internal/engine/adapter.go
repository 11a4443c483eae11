package engine

import (
	"sync"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/slices"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

type adapterBuilder struct{}

// New is called with each namespace, when it is made.
func (adapterBuilder) New(n socket.Namespace) socket.Adapter {
	a := &adapter{Adapter: socket.MakeAdapter(), rooms: make(map[socket.Room]map[socket.SocketId]*Session)}
	a.Prototype(a)
	a.Construct(n)
	n.Use(func(s *socket.Socket, next func(*socket.ExtendedError)) {
		tasksOf(s) // also of one that comes to nothing
		next(nil)
	})
	_ = n.On("connection", func(args ...any) { // cannot fail
		s := slices.TryGetAny[*socket.Socket](args, 0)
		if s == nil {
			return
		}
		if session, ok := s.Conn().(*Session); ok {
			session.admission.registered(tasksOf(s))
		}
	})
	return a
}

// adapter sends broadcasts the short way: encoded and framed once, then put into
// the outbox of each session, where they keep their order with all else that the
// session is sent. Listeners to outgoing packets, which nobody here has, are not
// told.
//
// It also makes entering and leaving Socket.IO rooms exclude each other. In the
// library's own, a socket that enters a room just as the last other one leaves it
// can end up in a room that is no longer there, and hear nothing.
type adapter struct {
	socket.Adapter

	mu    sync.RWMutex
	rooms map[socket.Room]map[socket.SocketId]*Session
}

// AddAll puts a socket into rooms.
func (a *adapter) AddAll(id socket.SocketId, rooms *types.Set[socket.Room]) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Adapter.AddAll(id, rooms)
	s, ok := a.Nsp().Sockets().Load(id)
	if !ok {
		return
	}
	session, ok := s.Conn().(*Session)
	if !ok {
		return
	}
	for _, room := range rooms.Keys() {
		in := a.rooms[room]
		if in == nil {
			in = make(map[socket.SocketId]*Session)
			a.rooms[room] = in
		}
		in[id] = session
	}
}

// Del takes a socket out of a room.
func (a *adapter) Del(id socket.SocketId, room socket.Room) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Adapter.Del(id, room)
	a.delLocked(id, room)
}

// DelAll takes a socket out of all its rooms.
func (a *adapter) DelAll(id socket.SocketId) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if rooms := a.SocketRooms(id); rooms != nil {
		for _, room := range rooms.Keys() {
			a.delLocked(id, room)
		}
	}
	a.Adapter.DelAll(id)
}

func (a *adapter) delLocked(id socket.SocketId, room socket.Room) {
	in := a.rooms[room]
	delete(in, id)
	if len(in) == 0 {
		delete(a.rooms, room)
	}
}

// Broadcast sends a packet to every socket in at least one of the rooms, or to
// all if there are no rooms.
func (a *adapter) Broadcast(p *parser.Packet, o *socket.BroadcastOptions) {
	if o == nil || o.Rooms == nil || o.Rooms.Len() == 0 || o.Except != nil && o.Except.Len() > 0 || o.Flags != nil && o.Flags.Volatile {
		a.Adapter.Broadcast(p, o) // the long way: nothing that is done often
		return
	}
	p.Nsp = a.Nsp().Name()
	encoded := a.Nsp().Server().Encoder().Encode(p)
	packets := make([]*message, len(encoded))
	for i, part := range encoded {
		packets[i] = newPacket(part.Bytes(), i > 0) // attachments follow the text
	}
	rooms := o.Rooms.Keys()

	a.mu.RLock()
	defer a.mu.RUnlock()
	for i, room := range rooms {
		for id, session := range a.rooms[room] {
			if !a.inAnyLocked(id, rooms[:i]) {
				session.send(packets...)
			}
		}
	}
}

// inAnyLocked reports whether a socket is in one of the rooms.
func (a *adapter) inAnyLocked(id socket.SocketId, rooms []socket.Room) bool {
	for _, room := range rooms {
		if _, in := a.rooms[room][id]; in {
			return true
		}
	}
	return false
}
