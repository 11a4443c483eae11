package gateway

import (
	"context"
	"errors"
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
	// over is set when nobody listens any more, and closed once the room is watched no longer:
	// whoever comes meanwhile would otherwise have it watched twice.
	over chan struct{}
}

// watch has a room watched from its return on, until unwatch is called. It returns the error of
// begin, for all that wait for the same.
func (w *watches) watch(ctx context.Context, roomID string) (unwatch func(), err error) {
	room, first := w.find(roomID)
	if first {
		room.err = errNotWatched
		defer w.begun(roomID, room) // also if begin panics: others wait for it
		room.release, room.err = w.begin(context.WithoutCancel(ctx), roomID)
	} else {
		<-room.ready
	}
	if room.err != nil {
		return nil, room.err
	}
	return sync.OnceFunc(func() { w.unwatch(roomID, room) }), nil
}

var errNotWatched = errors.New("gateway: a room could not be watched")

// begun tells those who wait how the watch began. One that failed is forgotten.
func (w *watches) begun(roomID string, room *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if room.err != nil {
		delete(w.rooms, roomID)
	}
	close(room.ready)
}

// find returns the watch of a room, and whether the caller is the first who has to begin it.
func (w *watches) find(roomID string) (room *watch, first bool) {
	for {
		w.mu.Lock()
		room = w.rooms[roomID]
		if room == nil {
			if w.rooms == nil {
				w.rooms = make(map[string]*watch)
			}
			room = &watch{listeners: 1, ready: make(chan struct{})}
			w.rooms[roomID] = room
			w.mu.Unlock()
			return room, true
		}
		over := room.over
		if over == nil {
			room.listeners++
			w.mu.Unlock()
			return room, false
		}
		w.mu.Unlock()
		<-over
	}
}

func (w *watches) unwatch(roomID string, room *watch) {
	w.mu.Lock()
	if room.listeners--; room.listeners > 0 {
		w.mu.Unlock()
		return
	}
	room.over = make(chan struct{})
	w.mu.Unlock()
	room.release()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.rooms, roomID)
	close(room.over)
}
