package engine

import (
	"sync"

	"github.com/zishang520/socket.io/servers/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

type adapterBuilder struct{}

func (adapterBuilder) New(n socket.Namespace) socket.Adapter {
	a := &adapter{Adapter: socket.MakeAdapter()}
	a.Prototype(a)
	a.Construct(n)
	return a
}

// adapter makes entering and leaving Socket.IO rooms exclude each other. In
// the library's own, a socket that enters a room just as the last other one
// leaves it can end up in a room that is no longer there, and hear nothing.
type adapter struct {
	socket.Adapter
	mu sync.Mutex
}

func (a *adapter) AddAll(id socket.SocketId, rooms *types.Set[socket.Room]) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Adapter.AddAll(id, rooms)
}

func (a *adapter) Del(id socket.SocketId, room socket.Room) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Adapter.Del(id, room)
}

func (a *adapter) DelAll(id socket.SocketId) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Adapter.DelAll(id)
}
