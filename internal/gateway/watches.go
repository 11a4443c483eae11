package gateway

import (
	"context"
	"sync"
)

// watches has every chat room watched that a connection of this process listens to, each once,
// however many listen. Its methods are safe for concurrent use.
type watches struct {
	// begin has a room watched until release is called; set before use.
	begin func(ctx context.Context, roomID string) (release func(), err error)

	mu    sync.Mutex
	rooms map[string]*watch
}

// watch is one room that is watched, or is about to be.
type watch struct {
	listeners int
	ready     chan struct{} // closed when the fields below are set
	release   func()
	err       error
}

// watch has a room watched from its return on, until unwatch is called. It returns the error of
// begin, for all that wait for the same.
func (w *watches) watch(ctx context.Context, roomID string) (unwatch func(), err error) {
	w.mu.Lock()
	room := w.rooms[roomID]
	first := room == nil
	if first {
		if w.rooms == nil {
			w.rooms = make(map[string]*watch)
		}
		room = &watch{ready: make(chan struct{})}
		w.rooms[roomID] = room
	}
	room.listeners++
	w.mu.Unlock()
	if first {
		room.release, room.err = w.begin(context.WithoutCancel(ctx), roomID) // others wait for it
		close(room.ready)
	}
	<-room.ready
	unwatch = sync.OnceFunc(func() { w.unwatch(roomID, room) })
	if room.err != nil {
		unwatch()
		return nil, room.err
	}
	return unwatch, nil
}

func (w *watches) unwatch(roomID string, room *watch) {
	w.mu.Lock()
	room.listeners--
	over := room.listeners == 0
	if over && w.rooms[roomID] == room {
		delete(w.rooms, roomID)
	}
	w.mu.Unlock()
	if over && room.release != nil {
		room.release()
	}
}
