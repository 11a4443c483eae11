package room

import (
	"slices"
	"sync"
)

// Watcher hears what happens in the rooms that it watches.
type Watcher interface {
	// Announce is called with events of a room in the order of their Seq, each once, and by one
	// goroutine at a time for each room. It must not block, and must not call back into the
	// service or the store. It must not panic, or others who watch the room may not hear the
	// events.
	Announce(room string, events []Event)
}

// Feed hands the events of one room to everybody who watches it in this process. A store has
// one for each room. The zero value is ready for use, and all methods are safe for concurrent
// use.
//
// Its promises are these:
//
//  1. Each watcher hears the events in the order in which they were published, each once.
//  2. A watcher hears every event that is published from the return of Watch on, and none that
//     was published before.
//  3. When HandOn returns, every event that was published before its call has been handed on.
//  4. Observe calls its function between two events: all before it were handed on, and none after.
//
// The order of locks is in docs/architecture.md.
type Feed struct {
	turn sync.Mutex // held while events are handed on

	mu       sync.Mutex
	watchers []Watcher
	pending  []Event
}

// LogReader reads the entries of a room's log that a connection is sent when it enters.
type LogReader interface {
	// Between returns the entries after a sequence number and up to another, oldest first, in a
	// slice of the caller's own.
	Between(after, until uint64) []Message
}

// Watch has w hear what happens in the room until release is called, which has to be once.
func (f *Feed) Watch(room string, w Watcher, log LogReader) (release func()) {
	f.turn.Lock()
	defer f.turn.Unlock()
	for {
		f.handOn(room, log)
		if f.add(w) {
			return func() { f.remove(w) }
		}
	}
}

// add adds a watcher. It reports false if events are pending, which the watcher must not hear.
func (f *Feed) add(w Watcher) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.pending) > 0 {
		return false
	}
	f.watchers = append(slices.Clip(f.watchers), w)
	return true
}

func (f *Feed) remove(w Watcher) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.watchers, w); i >= 0 {
		f.watchers = slices.Delete(slices.Clone(f.watchers), i, i+1)
	}
	if len(f.watchers) == 0 {
		f.pending = nil
	}
}

// Publish takes events of the room, to be handed on by HandOn; the slice is the feed's from
// then on. A store calls it while it commits them, so that the order of the commits is the
// feed's.
func (f *Feed) Publish(events []Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(f.watchers) == 0:
	case f.pending == nil:
		f.pending = events
	default:
		f.pending = append(f.pending, events...)
	}
}

// HandOn hands on what was published. A store calls it with no locks held.
func (f *Feed) HandOn(room string, log LogReader) {
	f.turn.Lock()
	defer f.turn.Unlock()
	f.handOn(room, log)
}

// Observe calls tell with the room as of the last event that was handed on; see Store.Observe.
// current returns the room as it is.
func (f *Feed) Observe(current func() *Room, log LogReader, tell func(*Room)) {
	f.turn.Lock()
	defer f.turn.Unlock()
	for {
		r := current()
		if !f.handOn(r.ID, log) {
			tell(r)
			return
		}
	}
}

// handOn hands on what is pending, and reports whether there was something. The turn is held.
func (f *Feed) handOn(room string, log LogReader) bool {
	f.mu.Lock()
	watchers, events := f.watchers, f.pending
	f.pending = nil
	f.mu.Unlock()
	if len(events) == 0 {
		return false
	}
	for i := range events {
		if a, ok := events[i].Body.(Attached); ok {
			events[i].Body = a.with(log.Between(a.After, a.Until))
		}
	}
	for _, w := range watchers {
		w.Announce(room, events)
	}
	return true
}
