package engine

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/zishang520/socket.io/parsers/socket/v3/parser"
	"github.com/zishang520/socket.io/servers/socket/v3"
	args "github.com/zishang520/socket.io/v3/pkg/slices"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

type adapterBuilder struct{}

// New is called with each namespace, when it is made.
func (adapterBuilder) New(n socket.Namespace) socket.Adapter {
	a := &adapter{
		Adapter:     socket.MakeAdapter(),
		subscribers: make(map[socket.SocketId]*subscriber),
		rooms:       make(map[socket.Room][]*subscriber),
	}
	a.Prototype(a)
	a.Construct(n)
	n.Use(func(s *socket.Socket, next func(*socket.ExtendedError)) {
		trimQueue(taskQueue(s)) // also of a socket that comes to nothing
		next(nil)
	})
	_ = n.On("connection", func(event ...any) { // cannot fail
		s := args.TryGetAny[*socket.Socket](event, 0)
		if s == nil {
			return
		}
		// When all have been told of the connection, its events may come. The
		// library's queue has nothing to do any more.
		s.Enqueue(func() {
			if session := SessionOf(s); session != nil {
				session.connected(s)
			}
			taskQueue(s).TryClose()
		})
	})
	return a
}

// adapter knows which socket is in which Socket.IO room, and sends broadcasts the short
// way (broadcast.go): encoded and framed once, then put into the outbox of each session.
// There they keep their order with all else that the session is sent. It does not tell
// listeners to outgoing packets, which nobody here has.
//
// In the library's own adapter a socket that enters a room just as the last other
// one leaves it can end up in a room that is no longer there, and hear nothing.
type adapter struct {
	socket.Adapter

	mu          sync.RWMutex
	subscribers map[socket.SocketId]*subscriber
	rooms       map[socket.Room][]*subscriber // without each socket's own room
}

// subscriber is a socket and the rooms that it is in.
type subscriber struct {
	socket  *socket.Socket
	session *Session
	rooms   []socket.Room // without its own
}

// ownRoom returns the room with the socket's id for a name. Every socket is in its own.
func (m *subscriber) ownRoom() socket.Room { return socket.Room(m.socket.Id()) }

// AddAll puts a socket into rooms.
func (a *adapter) AddAll(id socket.SocketId, rooms *types.Set[socket.Room]) {
	s, ok := a.Nsp().Sockets().Load(id)
	if !ok {
		return
	}
	session := SessionOf(s)
	if session == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.subscribers[id]
	if m == nil {
		// A socket enters its own room first, and once. A later call has come after DelAll.
		if !rooms.Has(socket.Room(id)) {
			return
		}
		m = &subscriber{socket: s, session: session}
		a.subscribers[id] = m
	}
	for _, room := range rooms.Keys() {
		if room == m.ownRoom() || slices.Contains(m.rooms, room) {
			continue
		}
		m.rooms = append(m.rooms, room)
		a.rooms[room] = append(a.rooms[room], m)
	}
}

// Del takes a socket out of a room.
func (a *adapter) Del(id socket.SocketId, room socket.Room) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m := a.subscribers[id]; m != nil {
		m.rooms = slices.DeleteFunc(m.rooms, func(r socket.Room) bool { return r == room })
		a.unsubscribeLocked(m, room)
	}
}

// DelAll takes a socket out of all its rooms.
func (a *adapter) DelAll(id socket.SocketId) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.subscribers[id]
	if m == nil {
		return
	}
	delete(a.subscribers, id)
	for _, room := range m.rooms {
		a.unsubscribeLocked(m, room)
	}
	m.rooms = nil
}

func (a *adapter) unsubscribeLocked(m *subscriber, room socket.Room) {
	left := slices.DeleteFunc(a.rooms[room], func(other *subscriber) bool { return other == m })
	if a.rooms[room] = left; len(left) == 0 {
		delete(a.rooms, room)
	}
}

// SocketRooms returns the rooms that a socket is in, nil if there is no such
// socket.
func (a *adapter) SocketRooms(id socket.SocketId) *types.Set[socket.Room] {
	a.mu.RLock()
	defer a.mu.RUnlock()
	m := a.subscribers[id]
	if m == nil {
		return nil
	}
	rooms := types.NewSet(m.rooms...)
	rooms.Add(m.ownRoom())
	return rooms
}

// Rooms returns who is in which room, at this moment.
func (a *adapter) Rooms() *types.Map[socket.Room, *types.Set[socket.SocketId]] {
	rooms := &types.Map[socket.Room, *types.Set[socket.SocketId]]{}
	a.mu.RLock()
	defer a.mu.RUnlock()
	for id, m := range a.subscribers {
		for _, room := range append([]socket.Room{m.ownRoom()}, m.rooms...) {
			in, _ := rooms.LoadOrStore(room, types.NewSet[socket.SocketId]())
			in.Add(id)
		}
	}
	return rooms
}

// Sids returns which rooms each socket is in, at this moment.
func (a *adapter) Sids() *types.Map[socket.SocketId, *types.Set[socket.Room]] {
	sids := &types.Map[socket.SocketId, *types.Set[socket.Room]]{}
	a.mu.RLock()
	defer a.mu.RUnlock()
	for id, m := range a.subscribers {
		sids.Store(id, types.NewSet(append([]socket.Room{m.ownRoom()}, m.rooms...)...))
	}
	return sids
}

// Broadcast sends a packet to every socket in at least one of the rooms, or to
// all if there are no rooms.
func (a *adapter) Broadcast(p *parser.Packet, o *socket.BroadcastOptions) {
	b := Broadcast{packets: encode(a.Nsp(), p)}
	volatile := o != nil && o.Flags != nil && o.Flags.Volatile
	a.mu.RLock()
	a.eachLocked(o, func(m *subscriber) {
		if volatile {
			b.Offer(m.session)
		} else {
			b.To(m.session)
		}
	})
	a.mu.RUnlock()
	b.Flush()
}

// BroadcastWithAck sends a packet and has ack called with each answer.
func (a *adapter) BroadcastWithAck(p *parser.Packet, o *socket.BroadcastOptions, counted func(uint64), ack socket.Ack) {
	id := a.Nsp().Ids()
	p.Id = &id
	packets := encode(a.Nsp(), p)
	var count atomic.Uint64
	func() {
		a.mu.RLock()
		defer a.mu.RUnlock()
		a.eachLocked(o, func(m *subscriber) {
			count.Add(1)
			m.socket.Acks().Store(id, ack)
			m.session.send(packets...)
		})
	}()
	counted(count.Load())
}

// eachLocked calls f, once, with every socket that the options select: those in at least one
// of the rooms, or all if there are none, without those in a room that is excepted.
func (a *adapter) eachLocked(o *socket.BroadcastOptions, f func(*subscriber)) {
	var rooms, except []socket.Room
	if o != nil && o.Rooms != nil {
		rooms = o.Rooms.Keys()
	}
	if o != nil && o.Except != nil {
		except = o.Except.Keys()
	}
	if len(rooms) == 0 {
		for _, m := range a.subscribers {
			if !m.inAny(except) {
				f(m)
			}
		}
		return
	}
	for i, room := range rooms {
		if m := a.subscribers[socket.SocketId(room)]; m != nil && !m.inAny(rooms[:i]) && !m.inAny(except) {
			f(m)
		}
		for _, m := range a.rooms[room] {
			if !m.inAny(rooms[:i]) && !m.inAny(except) {
				f(m)
			}
		}
	}
}

// inAny reports whether the socket is in one of the rooms.
func (m *subscriber) inAny(rooms []socket.Room) bool {
	for _, room := range rooms {
		if room == m.ownRoom() || slices.Contains(m.rooms, room) {
			return true
		}
	}
	return false
}

// selected returns the sockets that the options select; see eachLocked.
func (a *adapter) selected(o *socket.BroadcastOptions) []*socket.Socket {
	a.mu.RLock()
	defer a.mu.RUnlock()
	var sockets []*socket.Socket
	a.eachLocked(o, func(m *subscriber) { sockets = append(sockets, m.socket) })
	return sockets
}

// Sockets returns the ids of the sockets in at least one of the rooms.
func (a *adapter) Sockets(rooms *types.Set[socket.Room]) *types.Set[socket.SocketId] {
	ids := types.NewSet[socket.SocketId]()
	for _, s := range a.selected(&socket.BroadcastOptions{Rooms: rooms}) {
		ids.Add(s.Id())
	}
	return ids
}

// FetchSockets returns the sockets that the options select.
func (a *adapter) FetchSockets(o *socket.BroadcastOptions) func(func([]socket.SocketDetails, error)) {
	return func(found func([]socket.SocketDetails, error)) {
		var details []socket.SocketDetails
		for _, s := range a.selected(o) {
			details = append(details, s)
		}
		found(details, nil)
	}
}

// AddSockets puts the sockets that the options select into rooms.
func (a *adapter) AddSockets(o *socket.BroadcastOptions, rooms []socket.Room) {
	for _, s := range a.selected(o) {
		s.Join(rooms...)
	}
}

// DelSockets takes the sockets that the options select out of rooms.
func (a *adapter) DelSockets(o *socket.BroadcastOptions, rooms []socket.Room) {
	for _, s := range a.selected(o) {
		for _, room := range rooms {
			s.Leave(room)
		}
	}
}

// DisconnectSockets ends the sockets that the options select.
func (a *adapter) DisconnectSockets(o *socket.BroadcastOptions, status bool) {
	for _, s := range a.selected(o) {
		s.Disconnect(status)
	}
}
